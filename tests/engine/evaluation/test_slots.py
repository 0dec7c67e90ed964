from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.evaluation.accounts import WindowResult
from engine.evaluation.slots import (
    executable,
    max_drawdown,
    slots_of,
    total_at_cost,
    total_without_best,
)
from tests.engine.evaluation.tapes import window_result

MONEY = st.integers(-(10**9), 10**9)
RESULTS = st.lists(MONEY, max_size=30)
WINDOWS = st.lists(
    st.builds(
        window_result,
        st.integers(0, 20).map(lambda i: 300 * i),
        MONEY,
        known=st.booleans(),
        asset=st.sampled_from(("BTC", "ETH")),
    )
)


@given(WINDOWS)
def test_slots_add_up_to_the_windows_that_are_known(windows: list[WindowResult]) -> None:
    slots, known = slots_of(windows), [w for w in windows if w.known]
    assert sum(slot.pnl for slot in slots) == sum(w.pnl for w in known)
    assert sum(slot.pnl_mid for slot in slots) == sum(w.pnl_mid for w in known)
    assert sum(slot.fees for slot in slots) == sum(w.fees for w in known)
    assert sum(slot.windows for slot in slots) == len(known)
    starts = [slot.start for slot in slots]
    assert starts == sorted({w.start for w in known})


def test_all_assets_of_one_start_are_one_slot() -> None:
    slots = slots_of([window_result(0, 5), window_result(0, 7, asset="ETH"), window_result(300, 1)])
    assert [(slot.windows, slot.pnl) for slot in slots] == [(2, 12), (1, 1)]


def test_an_unknown_outcome_is_no_slot_and_not_a_zero() -> None:
    slots = slots_of([window_result(0, 5), window_result(300, 9, known=False)])
    assert [slot.start for slot in slots] == [0]


def test_a_slot_without_books_is_not_executable() -> None:
    bookless = WindowResult("x", "BTC", 0, True, False, 0, 4, 0, 0, ())
    slots = slots_of([bookless, window_result(300)])
    assert [slot.start for slot in executable(slots)] == [300]


@given(RESULTS)
def test_leaving_out_more_of_the_best_never_helps(results: list[int]) -> None:
    totals = [total_without_best(results, count) for count in range(len(results) + 2)]
    assert totals[0] == sum(results)
    assert all(more <= less for less, more in pairwise(totals))


def test_leaving_out_the_best_leaves_the_losses() -> None:
    assert total_without_best([5, -3, 9, 1], 1) == 3
    assert total_without_best([5, -3, 9, 1], 5) == -3
    assert total_without_best([-5, -3], 1) == -8


@given(MONEY, st.integers(0, 10**9))
def test_higher_costs_never_help(pnl: int, costs: int) -> None:
    totals = [total_at_cost(pnl, costs, percent) for percent in (0, 100, 150, 200)]
    assert totals[:2] == [pnl + costs, pnl]
    assert totals[3] == pnl - costs
    assert all(dear <= cheap for cheap, dear in pairwise(totals))


@given(RESULTS)
def test_the_drawdown_is_the_worst_pair_of_levels(results: list[int]) -> None:
    levels = [sum(results[:i]) for i in range(len(results) + 1)]
    worst = max(levels[i] - levels[j] for i in range(len(levels)) for j in range(i, len(levels)))
    assert max_drawdown(results) == worst
