from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.exposure import exposure_of
from engine.market import Outcome
from engine.messages import BadMessage, BookSnapshot, MarketListed, Message, MidQuote, Resolution
from engine.operator import obey
from engine.picture import picture
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from tests.engine.build import LIMITS, MARKET, START_MS, market
from tests.engine.fakes import (
    DEEP,
    HOLDS,
    ORDINARY,
    SURE,
    always,
    books,
    engine_on,
    events_of,
    window,
)
from tests.engine.numbers import numbers_in

END = MARKET.end_ms
AFTER = END + 120_000
UP = always(Action.BUY)
DOWN = always(Action.SELL)


def up_then_down(flip: int) -> object:
    return lambda call: Action.BUY if call < flip else Action.SELL


def orders(engine: object) -> list[ev.OrderSent]:
    return events_of(engine, ev.OrderSent)  # type: ignore[arg-type,return-value]  # narrows by kind


def test_buy_opens_up_and_sell_opens_down_by_buying_its_own_token() -> None:
    for wants, outcome in ((UP, Outcome.UP), (DOWN, Outcome.DOWN)):
        engine = engine_on(window(), wants)
        engine.advance(START_MS + 5_000)
        (sent,) = orders(engine)
        assert (sent.side, sent.token_id) == ("BUY", MARKET.token(outcome))


def test_an_order_is_scaled_by_confidence() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 5_000)
    (sent,) = orders(engine)
    assert sent.amount == round(500 * (0.25 + 0.75 * 2 * abs(0.495 - 0.5)), 2) * MICRO


def test_the_opposite_action_closes_before_anything_is_opened() -> None:
    engine = engine_on(window(), lambda c: Action.BUY if c < 10 else Action.SELL)
    engine.advance(START_MS + 10_000)
    first, second, *_ = orders(engine)
    assert (first.side, first.outcome, first.purpose) == ("BUY", "UP", "open")
    assert (second.side, second.outcome, second.purpose) == ("SELL", "UP", "close")


def test_wanting_what_is_held_keeps_it() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 300_000)
    assert len(orders(engine)) == 1


def test_every_window_ends_flat_or_explained() -> None:
    engine = engine_on(window(), UP)
    engine.advance(AFTER)
    assert engine.journal.ledger.open_slugs() == []
    assert engine.meters.unmanaged == 0
    assert [o.purpose for o in orders(engine)] == ["open", "cutoff"]


def test_positions_are_sold_before_the_last_two_minutes_end() -> None:
    engine = engine_on(window(), UP)
    engine.advance(END - 121_000)
    assert engine.journal.ledger.open_slugs()
    engine.advance(END - 100_000)
    assert not engine.journal.ledger.open_slugs()


def test_F11_F05_a_failed_exit_leaves_the_position_open_and_loud() -> None:
    silent = [m for m in window() if not _book_after(m, END - 300_000)]
    engine = engine_on(silent, UP)
    engine.advance(END - 1)
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    assert engine.journal.ledger.realised == 0
    engine.advance(AFTER)
    assert engine.journal.ledger.realised > 0
    (awaiting,) = events_of(engine, ev.WindowAwaiting)
    assert "unmanaged" not in str(awaiting)
    assert engine.meters.unmanaged == 0


def _book_after(message: object, t_ms: int) -> bool:
    return isinstance(message, BookSnapshot) and message.t_ms > t_ms


def _without_bids(message: Message) -> Message:
    assert isinstance(message, BookSnapshot)
    return replace(message, bids=())


def test_a_one_sided_book_at_the_end_blocks_the_exit_with_its_reason() -> None:
    gone = [_without_bids(m) if _book_after(m, END - 200_000) else m for m in window()]
    engine = engine_on(gone, UP)
    engine.advance(END - 1)
    blocked = events_of(engine, ev.ExitBlocked)
    assert any("no bids" in e.reason for e in blocked)  # type: ignore[union-attr]
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]


def test_the_verdict_pays_and_not_the_last_mid() -> None:
    stuck = [m for m in window(verdict=Outcome.DOWN) if not _book_after(m, END - 300_000)]
    engine = engine_on(stuck, UP)
    engine.advance(AFTER)
    cost = sum(f.shares * f.price_bp // 10_000 + f.fee for f in _fills(engine))
    assert engine.journal.ledger.realised == pytest.approx(-cost, abs=2)


def _fills(engine: object) -> list[ev.FillMatched]:
    return events_of(engine, ev.FillMatched)  # type: ignore[arg-type,return-value]


def test_a_verdict_that_nobody_knows_stays_awaiting() -> None:
    stuck = [m for m in window(verdict=None) if not _book_after(m, END - 300_000)]
    engine = engine_on(stuck, UP)
    engine.advance(AFTER)
    assert engine.journal.ledger.awaiting
    assert engine.journal.ledger.realised == 0


def test_no_order_leaves_after_halt() -> None:
    engine = engine_on(window(), lambda c: Action.BUY if c % 20 < 10 else Action.SELL)
    engine.advance(START_MS + 60_000)
    before = len(orders(engine))
    engine.latch.shut_now("halt by key")
    obey(engine, rq.Halt("key"))
    engine.advance(AFTER)
    assert len(orders(engine)) == before
    assert engine.state() is TradingState.HALTED


def test_a_halted_position_is_held_and_its_window_says_why() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    engine.latch.shut_now("halt by key")
    engine.advance(END)
    (awaiting,) = events_of(engine, ev.WindowAwaiting)
    assert "halt" in awaiting.reason  # type: ignore[union-attr]
    assert engine.meters.unmanaged == 0


def test_F12_flatten_sells_through_the_venue_and_stays_halted() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    engine.latch.shut_now("flatten by key")
    obey(engine, rq.Flatten("key"))
    engine.advance(START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() == []
    assert orders(engine)[-1].purpose == "flatten"
    assert engine.state() is TradingState.HALTED


def test_resume_needs_the_word_and_then_trades_again(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    engine = engine_on(window(), UP, latch=latch)
    latch.shut_now("key")
    obey(engine, rq.Halt("key"))
    obey(engine, rq.Resume("please"))
    assert engine.state() is TradingState.HALTED
    obey(engine, rq.Resume("RESUME"))
    assert engine.state() is TradingState.ACTIVE
    assert not (tmp_path / "HALTED").exists()


def test_a_latch_from_before_keeps_a_new_engine_halted(tmp_path: Path) -> None:
    (tmp_path / "HALTED").write_text("halt by key")
    engine = engine_on(window(), UP, latch=Latch(tmp_path / "HALTED"))
    engine.advance(START_MS + 60_000)
    assert orders(engine) == []


def test_reduce_only_opens_nothing_and_lets_exits_pass() -> None:
    engine = engine_on(window(), lambda c: Action.BUY if c < 100 else Action.SELL)
    engine.advance(START_MS + 30_000)
    obey(engine, rq.ReduceOnly())
    engine.advance(START_MS + 90_000)
    assert [o.side for o in orders(engine)] == ["BUY", "SELL"]
    obey(engine, rq.AdmitOpens())
    engine.advance(START_MS + 95_000)
    assert [o.side for o in orders(engine)] == ["BUY", "SELL", "BUY"]


def test_leaving_sells_everything_without_latching_a_halt() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.CloseOut("quit"))
    engine.advance(START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() == []
    assert not engine.latch.shut


def test_a_source_without_books_denies_every_order_and_moves_only_the_mid_account() -> None:
    mids: list[Message] = [
        MarketListed(START_MS, MARKET),
        *(MidQuote(START_MS + i * 5_000, MARKET.slug, 0.5 + (i % 20) / 100) for i in range(180)),
        Resolution(END + 60_000, MARKET.slug, Outcome.UP, "scripted"),
    ]
    engine = engine_on(
        mids, lambda c: (Action.BUY, Action.SELL)[c // 40 % 2], has=frozenset({"mid"})
    )
    engine.advance(AFTER)
    assert orders(engine) == []
    assert engine.journal.denials["NO_BOOK"] > 0
    assert engine.journal.ledger.mid.trades > 1
    assert engine.journal.ledger.mid.total() != 0
    assert engine.journal.ledger.realised == 0


def test_the_mid_account_shows_what_costs_leave_out() -> None:
    engine = engine_on(window(), lambda c: (Action.BUY, Action.SELL)[c // 30 % 2])
    engine.advance(AFTER)
    ledger = engine.journal.ledger
    assert ledger.mid.total() == 0
    assert ledger.realised < 0
    assert ledger.fees > 0


def test_history_is_cleared_when_the_window_closes() -> None:
    engine = engine_on(window(), UP)
    engine.advance(END - 1_000)
    assert len(engine.desks["BTC"].history) == 5
    engine.advance(END)
    assert len(engine.desks["BTC"].history) == 0


def test_an_invalid_row_is_neither_decided_on_nor_stored() -> None:
    crossed = (((5_100, MICRO),), ((5_000, MICRO),))
    engine = engine_on(window(shown=crossed), UP)
    engine.advance(START_MS + 30_000)
    assert engine.journal.decisions == 0
    assert len(engine.desks["BTC"].history) == 0
    shown = picture(engine, 1, 0.0, 1.0).assets[0]
    assert shown.row_invalid is not None
    assert "crossed" in shown.row_invalid


def test_bad_messages_are_counted_and_never_fatal() -> None:
    engine = engine_on([*window(), BadMessage(START_MS + 1, "polymarket", "not JSON")], UP)
    engine.advance(START_MS + 1_000)
    assert engine.intake.bad["polymarket"] == 1


def test_messages_of_a_closed_window_are_not_believed() -> None:
    late = books(until_ms=END + 30_000)
    engine = engine_on([*window(), *late], UP)
    engine.advance(AFTER)
    assert engine.desks["BTC"].books == {}
    assert engine.intake.bad["book"] == 0


def test_the_daily_limit_holds_with_every_exit_failing() -> None:
    limit = Decimal(700)
    later = [market(start=MARKET.window_start + 900 * i) for i in range(6)]
    messages: list[Message] = []
    for one in later:
        messages += [
            m for m in window(one, verdict=Outcome.DOWN) if not _book_after(m, one.end_ms - 300_000)
        ]
    limits = LIMITS.model_copy(update={"daily_loss": limit})
    settings = ORDINARY.model_copy(update={"limits": limits})
    engine = engine_on(messages, UP, settings)
    engine.advance(later[-1].end_ms + 120_000)
    lost = -engine.journal.ledger.realised
    assert 500 * MICRO < lost <= int(limit) * MICRO
    assert engine.journal.denials["DAILY_LOSS"] > 0


def test_the_worst_case_never_lies_on_the_way() -> None:
    engine = engine_on(
        window(verdict=Outcome.DOWN), lambda c: (Action.BUY, Action.SELL)[c // 7 % 2]
    )
    for t in range(START_MS, AFTER, 60_000):
        engine.advance(t)
        worst = exposure_of(engine.journal.ledger).worst_day
        assert engine.journal.ledger.realised >= worst


@pytest.mark.parametrize("step", [500, 700, 60_000])
def test_the_pace_of_the_clock_changes_nothing(step: int) -> None:
    wants = lambda c: (Action.BUY, Action.HOLD, Action.SELL)[c // 9 % 3]  # noqa: E731 - one line says it
    whole = engine_on(window(), wants)
    whole.advance(AFTER)
    steps = engine_on(window(), wants)
    for t in range(START_MS, AFTER, step):
        steps.advance(t)
    steps.advance(AFTER)
    assert steps.journal.log.digest() == whole.journal.log.digest()


def test_an_order_in_flight_at_a_crash_keeps_its_exposure_until_it_can_no_longer_fill(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.sqlite"
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"taker_delay_ms": 5_000})})
    first = engine_on(window(), UP, slow, EventLog(path))
    first.advance(START_MS + 3_000)
    assert first.journal.ledger.working
    first.journal.log.close()
    reserved = exposure_of(first.journal.ledger).total
    second = engine_on(window(), HOLDS, slow, EventLog(path), start_ms=START_MS + 3_000)
    assert exposure_of(second.journal.ledger).total == reserved > 0
    second.advance(START_MS + slow.paper.unknown_ms + 15_000)
    assert second.journal.ledger.working == {}
    assert exposure_of(second.journal.ledger).total == 0


def test_a_restart_in_the_window_goes_on_with_the_same_position(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    first = engine_on(window(), UP, log=EventLog(path))
    first.advance(START_MS + 60_500)
    before = picture(first, 1, 0.0, 1.0)
    first.journal.log.close()
    second = engine_on(window(), UP, log=EventLog(path), start_ms=START_MS + 60_500)
    second.advance(START_MS + 60_500)
    after = picture(second, 1, 0.0, 1.0)
    assert after.pnl == before.pnl
    assert after.assets[0].position is not None
    assert after.assets[0].position.shares == before.assets[0].position.shares  # type: ignore[union-attr]
    second.advance(AFTER)
    assert second.journal.ledger.open_slugs() == []
    assert second.meters.unmanaged == 0


def test_what_was_counted_before_a_restart_counts_after_it(tmp_path: Path) -> None:
    def counts(engine: Engine) -> tuple[int, ...]:
        shown = picture(engine, 1, 0.0, 1.0)
        return (shown.windows, shown.decisions, shown.orders, shown.fills)

    first = engine_on(window(), UP, log=EventLog(tmp_path / "log.sqlite"))
    first.advance(START_MS + 60_500)
    before = counts(first)
    first.journal.log.close()
    second = engine_on(
        window(), UP, log=EventLog(tmp_path / "log.sqlite"), start_ms=START_MS + 60_501
    )
    second.advance(START_MS + 60_600)
    assert counts(second) == before == (1, 122, 1, 1)


def test_nothing_in_a_snapshot_is_infinite_or_nan() -> None:
    engine = engine_on(window(shown=DEEP), UP)
    for t in (START_MS, START_MS + 2_000, END - 1, AFTER):
        engine.advance(t)
        assert all(map(math.isfinite, numbers_in(picture(engine, 1, 0.0, 1.0))))
