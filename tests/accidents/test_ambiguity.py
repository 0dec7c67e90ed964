"""Orders of which nobody knows what became of them, sent twice, or sent by whoever likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.decision import Action
from engine.eventlog import EventLog
from engine.exposure import exposure_of
from engine.intents import closing, opening
from engine.ledger import Holding
from engine.market import Outcome
from engine.order import Intent, Purpose
from engine.reconcile import differences
from engine.settings import Settings
from engine.trading_state import TradingState
from engine.units import BP, MICRO
from engine.venue import Statement, VenueOrder
from tests.accidents.stage import held, scene, steady, told
from tests.engine.build import MARKET, NOW, START_MS, book, fill, market
from tests.engine.fakes import ORDINARY, SURE, always, events_of

UP = always(Action.BUY)
LOST = ORDINARY.model_copy(
    update={"paper": SURE.model_copy(update={"lost_answer_rate": 1.0, "unknown_ms": 20_000})}
)


def buys_at(tick: int) -> Callable[[int], Action]:
    return lambda call: Action.BUY if call >= tick else Action.HOLD


def test_F28_an_order_without_an_answer_keeps_its_exposure_and_may_still_be_a_position() -> None:
    outcomes = set()
    for tick in range(12):  # which of them reached the book is the venue's draw
        engine, venue = scene(told(steady), buys_at(tick), LOST)
        for _ in range(tick):
            venue.inner.send("other", _intent())  # moves the venue's draws on
        engine.advance(START_MS + tick * 500 + 5_000)
        (order,) = engine.journal.ledger.working.values()
        assert exposure_of(engine.journal.ledger).total == order.reserve > 0
        assert len(venue.calls) == 1
        engine.advance(START_MS + tick * 500 + 20_400)
        outcomes.add(held(engine) > 0)
    assert outcomes == {True, False}


def _intent() -> Intent:
    return opening(market("ETH"), Outcome.UP, book(), 10 * MICRO, 1, NOW)


def test_F29_an_order_of_unknown_fate_is_written_down_and_nobody_waits_for_it() -> None:
    both = [*told(steady), *told(steady, market("ETH"))]
    small = LOST.model_copy(update={"trade_size": Decimal(100)})
    engine, _ = scene(both, UP, small, assets=("BTC", "ETH"))
    engine.advance(START_MS + 10_000)
    lost = events_of(engine, ev.OrderAmbiguous)
    assert {e.until_ms > engine.t_ms for e in lost} == {True}  # type: ignore[union-attr]  # narrowed by kind
    assert len(lost) == 2
    assert engine.journal.decisions == 2 * 21


def test_F30_a_restart_sends_no_intent_again(tmp_path: Path) -> None:
    path = tmp_path / "log"
    log = EventLog(path)
    engine, venue = scene(told(steady), UP, log=log)
    engine.advance(START_MS + 100)
    assert [name for name, _ in venue.calls] == ["o1"]
    log.close()
    log = EventLog(path)
    engine, venue = scene(told(steady), UP, log=log, start_ms=START_MS + 1_000)
    engine.advance(START_MS + 15_000)
    assert venue.calls == []
    engine.advance(START_MS + 40_000)
    assert [name for name, _ in venue.calls] == ["o2"]
    log.close()


def test_F31_an_order_is_booked_and_durable_before_the_venue_hears_of_it() -> None:
    engine, venue = scene(told(steady), UP)
    seen: list[tuple[bool, int]] = []

    def look(_: Intent) -> str | None:
        ledger = engine.journal.ledger
        seen.append(("o1" in ledger.working, engine.journal.log.waiting))
        return None

    venue.refuses = look
    engine.advance(START_MS + 5_000)
    assert seen == [(True, 0)]


WRONG = (
    lambda s: replace(s, shares=((MARKET.up_token, 7 * MICRO),)),
    lambda s: replace(s, shares=()),
    lambda s: replace(s, fills=(*s.fills, fill("x9.0"))),
    lambda s: replace(s, orders=(*s.orders, VenueOrder("x9", True, 0))),
)


@pytest.mark.parametrize("wrong", WRONG)
def test_F32_a_comparison_finds_every_planted_difference(wrong: object) -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    right = venue.inner.statement(engine.t_ms)
    assert differences(engine.journal.ledger, right) == ()
    assert differences(engine.journal.ledger, wrong(right))  # type: ignore[operator]  # a callable of the list above
    venue.account = wrong  # type: ignore[assignment]  # as above
    engine.advance(START_MS + 90_000)
    assert engine.state() is TradingState.REDUCING


def test_F35_a_ledger_opened_on_paper_tells_paper_of_every_session() -> None:
    engine, _ = scene(told(steady), UP)
    assert {e.mode for e in events_of(engine, ev.SessionOpened)} == {"paper"}  # type: ignore[union-attr]  # as above


@given(
    bid=st.integers(1, 98),
    tick=st.sampled_from((100, 10)),
    stake=st.integers(1, 500 * MICRO),
    ticks=st.integers(0, 50),
)
def test_F39_every_limit_is_on_the_tick_and_reaches_the_book_it_was_made_on(
    bid: int, tick: int, stake: int, ticks: int
) -> None:
    of = market(tick_bp=tick)
    shown = book(((bid * 100, MICRO),), (((bid + 1) * 100, MICRO),))
    bought = opening(of, Outcome.UP, shown, stake, ticks, NOW)
    holding = Holding(of.slug, "BTC", Outcome.UP, of.up_token, shares=100 * MICRO)
    sold = closing(of, holding, shown, Purpose.CLOSE, ticks, NOW)
    for intent in (bought, sold):
        assert intent.limit_bp % tick == 0
        assert 0 < intent.limit_bp < BP
    assert bought.limit_bp >= shown.asks[0][0]
    assert sold.limit_bp <= shown.bids[0][0]


def test_F33_and_nothing_in_a_statement_is_taken_on_trust() -> None:
    """A wrong account of ours (another address of the same person) is a difference, not ours."""
    engine, _ = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    other = Statement(engine.t_ms, (), (), (("somebody's token", 5 * MICRO),))
    found = "; ".join(differences(engine.journal.ledger, other))
    assert "a token that we do not know" in found
    assert MARKET.slug in found


def test_F34_no_setting_and_no_run_makes_orders_real_by_accident() -> None:
    with pytest.raises(ValueError, match="extra"):
        Settings.model_validate({"mode": "live"})
