from __future__ import annotations

import numpy as np
import pytest

from engine.evaluation.slots import slots_of
from engine.evaluation.verdict import MIN_SLOTS, Word, difference, judge, judge_quickly
from engine.units import MICRO
from tests.engine.evaluation.tapes import window_result

RUNS = 200


def without_edge(rng: np.random.Generator, count: int, rho: float) -> list[int]:
    """Heavy-tailed, dependent differences of mean zero, micro-dollars."""
    shocks = rng.standard_t(3, count + 50)
    for i in range(1, len(shocks)):
        shocks[i] += rho * shocks[i - 1]
    return [round(x * 10 * MICRO) for x in shocks[50:]]


@pytest.mark.parametrize(("count", "rho"), [(30, 0.0), (44, 0.3), (100, 0.4)])
def test_without_an_edge_it_says_better_in_at_most_5_percent(count: int, rho: float) -> None:
    rng = np.random.default_rng(2026)
    words: list[Word] = [judge(without_edge(rng, count, rho), run).verdict for run in range(RUNS)]
    assert words.count("better") <= 0.05 * RUNS
    assert words.count("worse") <= 0.05 * RUNS


def test_a_planted_edge_is_found() -> None:
    rng = np.random.default_rng(1)
    found = [judge([d + 10 * MICRO for d in without_edge(rng, 100, 0.2)], run) for run in range(50)]
    words = [one.verdict for one in found]
    assert words.count("better") >= 45
    assert words.count("worse") == 0


def test_worse_is_better_the_other_way_round() -> None:
    rng = np.random.default_rng(1)
    for run in range(20):
        given = [d + 6 * MICRO for d in without_edge(rng, 60, 0.0)]
        one, other = judge(given, run), judge([-d for d in given], run)
        assert {one.verdict, other.verdict} in ({"better", "worse"}, {"not shown"})
        assert one.low == pytest.approx(-(other.high or 0.0))


def test_fewer_slots_than_needed_show_nothing_however_clear() -> None:
    short, enough = (judge([MICRO + i for i in range(n)], 1) for n in (MIN_SLOTS - 1, MIN_SLOTS))
    assert short.verdict == "not shown"
    assert "29 of the 30" in short.why
    assert short.low is not None
    assert short.low > 0
    assert enough.verdict == "better"


def test_slots_in_which_both_did_the_same_are_no_evidence() -> None:
    found = judge([*([0] * 500), *([MICRO] * (MIN_SLOTS - 1))], 1)
    assert (found.slots, found.differing) == (529, 29)
    assert found.verdict == "not shown"


def test_an_arm_that_is_the_reference_is_not_shown_to_differ() -> None:
    found = judge([0] * 100, 1)
    assert (found.mean, found.low, found.high) == (0.0, 0.0, 0.0)
    assert found.verdict == "not shown"


def test_too_few_slots_have_no_interval_and_none_no_mean() -> None:
    few = judge([MICRO] * 5, 1)
    assert (few.mean, few.low, few.high) == (1.0, None, None)
    none = judge([], 1)
    assert (none.mean, none.low, none.slots) == (None, None, 0)
    assert few.verdict == none.verdict == "not shown"


def test_one_lucky_slot_is_not_enough() -> None:
    rng = np.random.default_rng(1)
    losses = [round(-abs(x) * MICRO) for x in rng.normal(size=59)]
    assert judge([*losses, 5_000 * MICRO], 1).verdict == "not shown"


def test_among_many_comparisons_a_verdict_takes_more() -> None:
    rng = np.random.default_rng(4)
    given = [d + 5 * MICRO for d in without_edge(rng, 60, 0.0)]
    alone, among = judge(given, 1), judge(given, 1, comparisons=20)
    assert (alone.verdict, alone.corrected) == ("better", "better")
    assert (among.verdict, among.corrected) == ("better", "not shown")
    assert (alone.low, alone.high) == (among.low, among.high)
    assert judge([d + 40 * MICRO for d in given], 1, comparisons=20).corrected == "better"


def test_twenty_comparisons_without_an_edge_show_hardly_anything_once_corrected() -> None:
    rng = np.random.default_rng(9)
    wrong = sum(
        any(
            judge(without_edge(rng, 40, 0.0), run, comparisons=20).corrected != "not shown"
            for _ in range(20)
        )
        for run in range(10)
    )
    assert wrong <= 1


def test_a_quick_verdict_is_nearly_the_whole_one() -> None:
    rng = np.random.default_rng(2)
    for count in (20, 60, 128):
        given = [d + 3 * MICRO for d in without_edge(rng, count, 0.2)]
        slow, quick = judge(given, 1), judge_quickly(given, 1)
        assert quick.mean == pytest.approx(slow.mean)
        assert (quick.slots, quick.differing) == (slow.slots, slow.differing)
        width = (slow.high or 0.0) - (slow.low or 0.0)
        assert quick.low == pytest.approx(slow.low, abs=0.15 * width)
        assert quick.high == pytest.approx(slow.high, abs=0.15 * width)


def test_a_quick_verdict_on_a_long_series_takes_neighbours_together_and_loses_no_edge() -> None:
    rng = np.random.default_rng(2)
    edge = [d + 4 * MICRO for d in without_edge(rng, 3_001, 0.2)]
    assert judge_quickly(edge, 1).verdict == "better"
    words = [judge_quickly(without_edge(rng, 1_000, 0.3), run).verdict for run in range(60)]
    assert words.count("better") <= 0.05 * 60
    assert judge_quickly(edge, 1).slots == 3_001


def test_two_arms_are_paired_slot_by_slot_and_never_across() -> None:
    ours = slots_of([window_result(300 * i, 9 * MICRO) for i in range(40)])
    theirs = slots_of([window_result(300 * i, 4 * MICRO) for i in range(40)])
    assert difference(ours, theirs, 1).mean == pytest.approx(5.0)
    with pytest.raises(ValueError, match="same slots"):
        difference(ours, theirs[1:], 1)
