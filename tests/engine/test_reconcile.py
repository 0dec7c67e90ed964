from __future__ import annotations

from dataclasses import replace

import pytest

from engine import events as ev
from engine.ledger import Ledger
from engine.market import Outcome
from engine.order import Side
from engine.reconcile import differences, settle, settle_at_start
from engine.units import MICRO
from engine.venue import Statement, VenueOrder
from tests.engine.build import MARKET, NOW, fill
from tests.engine.trading import sent, told

UNKNOWN_MS = 20_000
LAST_MS = NOW + UNKNOWN_MS
ORDER = sent(1, Side.BUY, Outcome.UP, 50 * MICRO)
FILL = fill("o1.0", shares=100)
NOTHING = Statement(NOW, (), (), ())
MATCHED = Statement(
    NOW, (VenueOrder("o1", working=False, filled=100 * MICRO),), (FILL,),
    ((MARKET.up_token, 100 * MICRO),),
)  # fmt: skip


def found_at_start(ledger: Ledger, statement: Statement, t_ms: int = NOW) -> list[ev.Event]:
    return settle_at_start(ledger, statement, t_ms, UNKNOWN_MS)


def test_books_that_agree_differ_in_nothing() -> None:
    ledger = told([ORDER, FILL, ev.OrderDone("o1", "filled")])
    assert differences(ledger, MATCHED) == ()
    assert settle(ledger, MATCHED, NOW, UNKNOWN_MS) == []


def test_a_fill_that_a_killed_process_never_heard_of_is_booked_once() -> None:
    ledger = told([ORDER])
    found = found_at_start(ledger, MATCHED)
    assert found == [FILL, ev.OrderDone("o1", "filled")]
    for event in found:
        ledger.apply(NOW, event)
    assert differences(ledger, MATCHED) == ()
    assert found_at_start(ledger, MATCHED) == []


def test_F28_an_order_that_the_venue_does_not_know_stays_reserved_until_its_last_moment() -> None:
    ledger = told([ORDER])
    (lost,) = found_at_start(ledger, NOTHING)
    assert lost == ev.OrderAmbiguous("o1", LAST_MS, "it was under way when the program ended")
    ledger.apply(NOW, lost)
    assert settle(ledger, NOTHING, LAST_MS, UNKNOWN_MS) == []
    assert settle(ledger, NOTHING, LAST_MS + 1, UNKNOWN_MS) == [ev.OrderDone("o1", "absent")]


def test_an_order_that_is_long_past_its_last_moment_is_absent_at_the_start() -> None:
    assert found_at_start(told([ORDER]), NOTHING, LAST_MS + 1) == [ev.OrderDone("o1", "absent")]


def test_a_match_that_is_told_after_the_last_moment_is_booked_and_nothing_differs() -> None:
    ledger = told([ORDER, ev.OrderDone("o1", "absent")])
    assert settle(ledger, MATCHED, NOW, UNKNOWN_MS) == [FILL]
    ledger.apply(NOW, FILL)
    assert differences(ledger, MATCHED) == ()


@pytest.mark.parametrize("how", ["filled", "partly filled", "cancelled", "killed"])
def test_a_match_that_was_lost_on_its_way_is_booked_whatever_was_said_of_its_order(
    how: str,
) -> None:
    """Found by a simulated hour (seed 30411): a killed process had taken the match with it, the end
    of the order was told again, and the position stayed wrong."""
    ledger = told([ORDER, ev.OrderDone("o1", how)])
    (found,) = settle(ledger, MATCHED, NOW, UNKNOWN_MS)
    assert found == FILL
    ledger.apply(NOW, found)
    assert differences(ledger, MATCHED) == ()


@pytest.mark.parametrize(
    "told_of",
    [
        fill("o1.1", shares=1),
        replace(fill("o1.1", shares=1), token_id=MARKET.down_token),
        fill("o1.1", Side.SELL, shares=1),
    ],
    ids=["more than ordered", "another token", "another side"],
)
def test_a_match_that_its_order_cannot_have_made_is_not_booked(told_of: ev.FillMatched) -> None:
    ledger = told([ORDER, FILL, ev.OrderDone("o1", "filled")])
    statement = replace(MATCHED, fills=(FILL, told_of))
    assert settle(ledger, statement, NOW, UNKNOWN_MS) == []
    assert differences(ledger, statement)


def test_a_match_of_an_order_that_was_never_ours_is_not_booked() -> None:
    ledger = told([])
    assert settle(ledger, MATCHED, NOW, UNKNOWN_MS) == []
    assert differences(ledger, MATCHED)


def test_an_order_without_an_answer_keeps_the_last_moment_that_was_said_first() -> None:
    ledger = told([ORDER, ev.OrderAmbiguous("o1", NOW + 90_000, "lost")])
    assert found_at_start(ledger, NOTHING, NOW + 60_000) == []


def test_an_order_under_way_is_left_alone_while_the_venue_works_it() -> None:
    working = Statement(NOW, (VenueOrder("o1", working=True, filled=0),), (), ())
    ledger = told([ORDER])
    assert found_at_start(ledger, working, LAST_MS + 1) == []
    assert differences(ledger, working) == ()


@pytest.mark.parametrize(("filled", "how"), [(0, "killed"), (40, "partly filled"), (100, "filled")])
def test_the_end_of_an_order_is_told_by_what_it_filled(filled: int, how: str) -> None:
    over = VenueOrder("o1", working=False, filled=filled * MICRO)
    fills = (fill("o1.0", shares=filled),) if filled else ()
    found = settle(told([ORDER]), Statement(NOW, (over,), fills, ()), NOW, UNKNOWN_MS)
    assert found[-1] == ev.OrderDone("o1", how)


def test_a_sale_that_filled_in_part_leaves_the_rest_held() -> None:
    ledger = told([FILL, ev.FillSettled("o1.0"), sent(2, Side.SELL, Outcome.UP, 60 * MICRO)])
    sale = fill("o2.0", Side.SELL, shares=25)
    over = VenueOrder("o2", working=False, filled=25 * MICRO)
    for event in settle(ledger, Statement(NOW, (over,), (sale,), ()), NOW, UNKNOWN_MS):
        ledger.apply(NOW, event)
    assert ledger.holdings[MARKET.up_token].shares == 75 * MICRO
    assert not ledger.working


@pytest.mark.parametrize(
    ("statement", "clause"),
    [
        (
            replace(MATCHED, shares=((MARKET.up_token, 6_250_000),)),
            "holds 6.25 shares, we count 100",
        ),
        (replace(MATCHED, shares=()), "holds 0 shares, we count 100"),
        (replace(MATCHED, shares=(*MATCHED.shares, ("x", MICRO))), "a token that we do not know"),
        (replace(MATCHED, fills=(FILL, fill("o1.1"))), "fill o1.1"),
        (
            replace(MATCHED, orders=(VenueOrder("o9", working=True, filled=0),)),
            "order o9 is under way",
        ),
    ],
    ids=["fewer", "none", "foreign", "unheard", "order"],
)
def test_each_difference_is_one_clause(statement: Statement, clause: str) -> None:
    ledger = told([ORDER, FILL, ev.OrderDone("o1", "filled")])
    (told_of,) = differences(ledger, statement)
    assert clause in told_of


def test_an_order_that_is_over_at_the_venue_alone_is_a_difference() -> None:
    over = replace(NOTHING, orders=(VenueOrder("o1", working=False, filled=0),))
    assert differences(told([ORDER]), over) == ("order o1 is over at the venue and under way here",)


def test_what_the_ledger_has_paid_out_is_not_compared() -> None:
    ledger = told([FILL, ev.FillSettled("o1.0"), ev.WindowResolved(MARKET.slug, "UP", "x")])
    assert differences(ledger, replace(MATCHED, orders=())) == ()
