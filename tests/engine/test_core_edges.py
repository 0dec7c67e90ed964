"""What happens at the wrong time: early verdicts, late voids, midnights, earlier halts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.market import Outcome
from engine.messages import (
    BadMessage,
    BookSnapshot,
    MarketListed,
    Message,
    PriceToBeat,
    Resolution,
)
from engine.operator import obey
from engine.order import Side
from engine.picture import picture
from engine.trader import TOO_LATE, Trader
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from engine.windows import RETURNED, UNMANAGED
from tests.engine.build import LIMITS, MARKET, NOW, START_MS, fill, market
from tests.engine.fakes import ORDINARY, SURE, always, books, engine_on, events_of, window

END = MARKET.end_ms
AFTER = END + 120_000
UP = always(Action.BUY)
SLOW = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"taker_delay_ms": 5_000})})


def verdict(t_ms: int, outcome: Outcome | None) -> Resolution:
    return Resolution(t_ms, MARKET.slug, outcome, "scripted")


def verdicts(engine: Engine) -> list[str | None]:
    return [e.outcome for e in events_of(engine, ev.WindowResolved)]  # type: ignore[union-attr]  # events of one kind


def notes(engine: Engine) -> list[str]:
    return [e.text for e in events_of(engine, ev.Noted)]  # type: ignore[union-attr]  # events of one kind


def test_a_verdict_on_a_running_window_is_not_believed_and_breaks_no_sale_on_its_way() -> None:
    early = verdict(START_MS + 103_000, Outcome.DOWN)
    engine = engine_on([*window(), early], lambda c: Action.BUY if c < 200 else Action.SELL, SLOW)
    engine.advance(START_MS + 102_000)
    assert [o.side for o in engine.journal.ledger.working.values()] == ["SELL"]
    engine.advance(AFTER)
    assert verdicts(engine) == ["UP"]
    assert engine.intake.bad["resolution"] == 1
    assert engine.journal.ledger.open_slugs() == []


def test_the_first_verdict_stays_and_a_contradiction_is_told() -> None:
    others = [verdict(END + 70_000, Outcome.DOWN), verdict(END + 80_000, Outcome.UP)]
    engine = engine_on([*window(), *others])
    engine.advance(AFTER)
    assert verdicts(engine) == ["UP"]
    assert any("contradicts" in text for text in notes(engine))


def test_that_nobody_knows_is_written_once_and_gives_way_to_knowledge() -> None:
    unknown = [verdict(END + 1_000 * i, None) for i in range(1, 9)]
    engine = engine_on([*window(), *unknown])
    engine.advance(AFTER)
    assert verdicts(engine) == [None, "UP"]


def test_what_is_wrong_with_a_message_is_told_at_its_time_whatever_the_pace() -> None:
    messages = [*window(), BadMessage(START_MS + 650, "polymarket", "not JSON")]
    whole, paced = engine_on(messages), engine_on(messages)
    whole.advance(START_MS + 1_000)
    for t in (START_MS + 600, START_MS + 1_000):
        paced.advance(t)
    assert paced.journal.log.digest() == whole.journal.log.digest()


def test_shares_that_come_back_after_the_end_await_the_verdict_with_a_reason() -> None:
    failing = SURE.model_copy(update={"settle_failure_rate": 1.0, "settle_ms": 20_000})
    engine = engine_on(window(), settings=ORDINARY.model_copy(update={"paper": failing}))
    engine.advance(END - 10_000)
    bought = fill("o0.0", shares=100)
    engine.journal.record(END - 10_000, bought)
    engine.journal.record(END - 10_000, ev.FillSettled("o0.0"))
    engine.advance(END - 5_000)
    assert engine.journal.ledger.open_slugs() == []
    engine.advance(END + 30_000)
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    assert "failed to settle" in engine.journal.ledger.awaiting[MARKET.slug]
    assert engine.meters.unmanaged == 0


def test_an_event_that_cannot_be_never_gets_into_the_log(tmp_path: Path) -> None:
    journal = Journal(EventLog(tmp_path / "log.sqlite"), lambda: 0)
    with pytest.raises(ValueError, match="more than is held"):
        journal.record(NOW, fill("o1.0", Side.SELL))
    journal.log.close()
    assert list(EventLog(tmp_path / "log.sqlite").replay()) == []


def test_the_daily_limit_holds_over_midnight_without_the_profit_of_the_day() -> None:
    limits = LIMITS.model_copy(update={"daily_loss": Decimal(100)})
    engine = engine_on(window(), UP, ORDINARY.model_copy(update={"limits": limits}))
    yesterday = market(start=MARKET.window_start - 900)
    for event in (
        ev.MarketSeen.of(yesterday),
        ev.DayOpened("2026-01-05", 0),
        fill(shares=1_000, price_bp=5_000, of=yesterday),
        ev.WindowResolved(yesterday.slug, "UP", "scripted"),
    ):
        engine.journal.record(START_MS, event)
    engine.advance(START_MS + 5_000)
    assert engine.journal.ledger.realised > 400 * MICRO
    assert events_of(engine, ev.OrderSent) == []
    assert engine.journal.denials["DAILY_LOSS"] > 0


def test_admitting_opens_ends_a_closing_out_and_no_flatten() -> None:
    engine = engine_on(window(), UP)
    selling = []
    for request in (rq.CloseOut("quit"), rq.AdmitOpens(), rq.Flatten("key"), rq.AdmitOpens()):
        obey(engine, request)
        selling.append(engine.selling_off())
    assert selling == [True, False, True, True]


def test_a_halt_of_an_earlier_run_sells_too_where_the_settings_say_so(tmp_path: Path) -> None:
    flatten = ORDINARY.model_copy(update={"when_halted": "flatten"})
    first = engine_on(window(), UP, log=EventLog(tmp_path / "log.sqlite"))
    first.advance(START_MS + 60_500)
    first.journal.log.close()
    (tmp_path / "HALTED").write_text("halt by key")
    second = engine_on(
        window(),
        UP,
        flatten,
        EventLog(tmp_path / "log.sqlite"),
        Latch(tmp_path / "HALTED"),
        start_ms=START_MS + 60_500,
    )
    assert second.journal.ledger.open_slugs()
    second.advance(START_MS + 70_000)
    assert second.journal.ledger.open_slugs() == []
    assert second.state() is TradingState.HALTED


def _blind(message: Message, begin_ms: int, end_ms: int) -> Message:
    if isinstance(message, BookSnapshot) and begin_ms <= message.t_ms < end_ms:
        return replace(message, bids=())
    return message


def test_flatten_waits_out_an_invalid_book_and_its_reason_dies_with_the_position() -> None:
    dark, light = START_MS + 60_000, START_MS + 90_000
    engine = engine_on([_blind(m, dark, light) for m in window()], UP)
    engine.advance(dark + 1_000)
    obey(engine, rq.Flatten("key"))
    engine.advance(dark + 5_000)
    assert _note_of_position(engine) == "exit blocked: UP one-sided book: no bids"
    engine.advance(light + 10_000)
    assert engine.journal.ledger.open_slugs() == []
    obey(engine, rq.Resume("RESUME"))
    engine.advance(light + 20_000)
    assert _note_of_position(engine) == ""


def _note_of_position(engine: Engine) -> str | None:
    shown = picture(engine, 1, 0.0, 1.0).assets[0].position
    return None if shown is None else shown.note


def test_a_position_on_its_way_out_is_shown_as_such() -> None:
    engine = engine_on(window(), UP, SLOW)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Flatten("key"))
    engine.advance(START_MS + 61_000)
    assert _note_of_position(engine) == "being sold"


def test_a_halt_cancels_what_is_in_flight() -> None:
    engine = engine_on(window(), UP, SLOW)
    engine.advance(START_MS + 1_000)
    assert engine.journal.ledger.working
    obey(engine, rq.Halt("key"))
    engine.advance(START_MS + 60_000)
    assert engine.journal.ledger.open_slugs() == []
    assert events_of(engine, ev.OrderDone) == [ev.OrderDone("o1", "cancelled")]
    assert len(events_of(engine, ev.OrderSent)) == 1


def test_a_halt_holds_what_had_matched_before_the_cancel_came() -> None:
    engine = engine_on(window(), UP, SLOW)
    engine.advance(START_MS + 1_000)
    arrives_ms = engine.journal.ledger.sent_ms["o1"] + 5_090
    engine.advance(arrives_ms - 50)
    obey(engine, rq.Halt("key"))
    engine.advance(START_MS + 60_000)
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    engine.advance(END)
    (reason,) = engine.journal.ledger.awaiting.values()
    assert "halted" in reason
    assert reason != UNMANAGED


def test_prices_of_a_window_that_never_ran_are_not_kept_for_ever() -> None:
    beside = market(start=MARKET.window_start - 300, seconds=1_200)
    later = market(start=MARKET.window_start + 9_000)
    engine = engine_on(
        [
            *window(),
            MarketListed(START_MS, beside),
            *books(beside),
            PriceToBeat(END + 5_000, MARKET.slug, 90_000.0),
            MarketListed(later.start_ms, later),
        ]
    )
    engine.advance(later.start_ms)
    desk = engine.desks["BTC"]
    assert (desk.books, desk.price_to_beat) == ({}, {})


def test_shares_below_the_venues_minimum_keep_nobody_from_opening_and_are_explained() -> None:
    engine = engine_on(window(), lambda c: Action.BUY if c < 100 else Action.HOLD)
    engine.journal.record(START_MS, ev.MarketSeen.of(MARKET))
    small = fill("o0.0", shares=4, outcome=Outcome.DOWN)
    engine.journal.record(START_MS, small)
    engine.journal.record(START_MS, ev.FillSettled(small.fill_id))
    engine.advance(START_MS + 5_000)
    assert [o.outcome for o in events_of(engine, ev.OrderSent)] == ["UP"]  # type: ignore[union-attr]  # events of one kind
    engine.advance(END)
    assert "held to the resolution" in engine.journal.ledger.awaiting[MARKET.slug]
    assert engine.meters.unmanaged == 0


def test_nothing_is_sold_on_a_silent_book_and_the_window_says_so() -> None:
    silent = [m for m in window() if not isinstance(m, BookSnapshot) or m.t_ms < END - 300_000]
    engine = engine_on(silent, UP)
    engine.advance(END)
    assert [o.side for o in events_of(engine, ev.OrderSent)] == ["BUY"]  # type: ignore[union-attr]  # events of one kind
    assert "s old" in engine.journal.ledger.awaiting[MARKET.slug]


def test_a_match_that_a_killed_run_left_unsettled_settles_in_the_next_one(tmp_path: Path) -> None:
    first = engine_on(window(), UP, log=EventLog(tmp_path / "log.sqlite"))
    first.advance(START_MS + 1_000)
    assert first.journal.ledger.pending
    first.journal.log.close()
    second = engine_on(
        window(), UP, log=EventLog(tmp_path / "log.sqlite"), start_ms=START_MS + 1_001
    )
    second.advance(START_MS + 10_000)
    assert second.journal.ledger.pending == {}
    (held,) = second.journal.ledger.holdings.values()
    assert held.unsettled == 0


def test_a_sale_that_fails_to_settle_after_the_end_is_explained_by_the_next_tick() -> None:
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"settle_ms": 300_000})})
    engine = engine_on(window(), UP, slow)
    engine.advance(END + 1_000)
    (sale,) = {booked.fill for booked in engine.journal.ledger.pending.values()}
    assert (sale.side, engine.journal.ledger.awaiting) == ("SELL", {})
    engine.journal.record(engine.t_ms, ev.FillVoided(sale.fill_id))
    engine.advance(engine.t_ms + ORDINARY.decision_ms)
    assert engine.journal.ledger.awaiting == {MARKET.slug: RETURNED}
    assert engine.meters.unmanaged == 0


def sold_once(call: int) -> Action:
    return Action.BUY if call < 1_100 else Action.SELL if call == 1_100 else Action.HOLD


def with_a_sale_that_does_not_settle() -> tuple[Engine, ev.FillMatched]:
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"settle_ms": 400_000})})
    engine = engine_on(window(), sold_once, slow)
    engine.advance(END - 100)
    pending = engine.journal.ledger.pending.values()
    (sale,) = {booked.fill for booked in pending if booked.fill.side == "SELL"}
    return engine, sale


def test_a_sale_that_fails_to_settle_between_the_last_look_and_the_end_is_explained() -> None:
    """Found by a simulated day (seed 20086): it was called a window that no rule tried to sell."""
    engine, sale = with_a_sale_that_does_not_settle()
    engine.journal.record(engine.t_ms, ev.FillVoided(sale.fill_id))
    engine.advance(END)
    assert engine.journal.ledger.awaiting == {MARKET.slug: TOO_LATE}
    assert engine.meters.unmanaged == 0


def test_a_sale_that_failed_to_settle_in_time_is_no_excuse_for_an_exit_rule_that_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trader, "_leave_window", lambda *_: None)
    engine, sale = with_a_sale_that_does_not_settle()
    engine.t_ms = END - 2_000
    engine.journal.record(engine.t_ms, ev.FillVoided(sale.fill_id))
    engine.trader.sell_what_must_go(END - 1_000, False)
    engine.advance(END)
    assert engine.journal.ledger.awaiting == {MARKET.slug: UNMANAGED}
    assert engine.meters.unmanaged == 1


def test_a_purchase_that_fails_to_settle_is_no_excuse_for_an_exit_rule_that_is_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Trader, "_leave_window", lambda *_: None)
    engine = engine_on(window(), UP)
    engine.advance(END - 100)
    more = fill("o0.0", shares=10)
    engine.journal.record(engine.t_ms, more)
    engine.journal.record(engine.t_ms, ev.FillVoided(more.fill_id))
    engine.advance(END)
    assert engine.journal.ledger.awaiting == {MARKET.slug: UNMANAGED}


def test_an_exit_rule_that_finds_the_policys_own_order_under_way_has_looked() -> None:
    cutoff = ORDINARY.limits.exit_cutoff
    first_look = round((1 - cutoff) * MARKET.window_seconds * 1000 / ORDINARY.decision_ms)
    engine = engine_on(
        window(), lambda call: Action.BUY if call < first_look else Action.SELL, SLOW
    )
    engine.advance(START_MS + first_look * ORDINARY.decision_ms)
    (order,) = engine.journal.ledger.working.values()
    assert order.purpose == "close"
    assert engine.trader.held_because == {MARKET.slug: "an order of it was under way"}
