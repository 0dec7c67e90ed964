"""Kill switches, limits and breakers that were read once, failed open, or lifted themselves."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from engine import events as ev
from engine import requests as rq
from engine.clock import SystemClock
from engine.decision import Action
from engine.messages import BookSnapshot
from engine.operator import obey
from engine.safety.breakers import Breaker
from engine.settings import Settings
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from tests.accidents.stage import falls_to, held, scene, steady, told
from tests.engine.build import MARKET, START, START_MS, market
from tests.engine.fakes import ORDINARY, always, events_of

UP = always(Action.BUY)
TO_MIDNIGHT_S = -START % 86_400
"""From the start of the tests' window to the next midnight (UTC), seconds."""


def flips(call: int) -> Action:
    return Action(1 + call // 10 % 2)


def test_F40_a_halt_in_the_middle_of_a_run_stops_the_next_order() -> None:
    engine, venue = scene(told(steady), flips)
    engine.advance(START_MS + 60_000)
    sent = len(venue.calls)
    assert sent > 2
    engine.latch.shut_now("halt by another thread")  # nothing else is told
    engine.advance(START_MS + 200_000)
    assert len(venue.calls) == sent


def test_F41_a_latch_that_is_a_folder_or_noise_halts_from_the_first_tick(tmp_path: Path) -> None:
    for name, make in (("folder", Path.mkdir), ("noise", lambda p: p.write_bytes(b"\xff\x00"))):
        path = tmp_path / name
        make(path)
        engine, venue = scene(told(steady), UP, latch=Latch(path, SystemClock()))
        engine.advance(START_MS + 60_000)
        assert engine.state() is TradingState.HALTED
        assert venue.calls == []


def test_F42_a_stop_that_is_asked_for_answers_with_what_the_venue_said() -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 100)
    engine.latch.shut_now("halt by control socket")
    said = obey(engine, rq.Halt("control socket"))
    assert "0/1" in said
    engine.advance(START_MS + 5_000)
    assert engine.stop is not None
    assert "1/1 confirmed" in engine.stop.view(engine.t_ms).sentence
    assert venue.cancels == 1


def test_F43_spending_up_to_the_cap_is_no_loss_and_trips_nothing() -> None:
    limits = ORDINARY.limits.model_copy(update={"daily_loss": Decimal(150)})
    settings = ORDINARY.model_copy(update={"limits": limits, "trade_size": Decimal(500)})
    engine, venue = scene(told(steady), UP, settings)
    engine.advance(START_MS + 300_000)
    assert len(venue.calls) == 1
    assert -engine.journal.ledger.cash > 120 * MICRO
    assert engine.state() is TradingState.ACTIVE
    assert not engine.breakers.tripped
    assert engine.journal.ledger.realised == 0


def test_F44_a_loss_that_is_not_realised_counts_in_the_limit() -> None:
    limits = ORDINARY.limits.model_copy(update={"daily_loss": Decimal(200)})
    settings = ORDINARY.model_copy(update={"limits": limits, "trade_size": Decimal(500)})
    crash = told(falls_to(400, 30))
    other = [m for m in told(steady, market("ETH")) if m.t_ms > START_MS + 60_000]
    listed = told(steady, market("ETH"))[:1]
    engine, venue = scene(
        [*crash, *listed, *other],
        lambda c: Action.BUY,
        settings,
        assets=("BTC", "ETH"),
    )
    engine.advance(START_MS + 120_000)
    assert engine.journal.ledger.realised == 0
    assert [intent.market.asset for _, intent in venue.calls] == ["BTC"]
    assert engine.journal.denials["DAILY_LOSS"] > 0


def test_F45_a_breaker_outlives_half_an_hour_and_a_midnight_without_a_trade() -> None:
    windows = [market(start=START + TO_MIDNIGHT_S - 1_800 + 900 * i) for i in range(5)]
    messages = [m for one in windows for m in told(steady, one, every_ms=2_000)]
    engine, venue = scene(messages, UP, start_ms=windows[0].start_ms)
    engine.trip(Breaker.REJECTS, "5 orders rejected, limit 5")
    engine.over(Breaker.REJECTS)
    engine.advance(windows[-1].end_ms)
    assert len(events_of(engine, ev.DayOpened)) == 2
    assert venue.calls == []
    assert engine.state() is TradingState.REDUCING


def test_F47_a_program_without_a_settings_file_has_every_limit() -> None:
    limits = Settings().limits
    stated = {name: getattr(limits, name) for name in type(limits).model_fields}
    assert all(value > 0 for value in stated.values())
    rich = Settings(trade_size=Decimal(10_000))
    engine, venue = scene(told(steady), UP, rich)
    engine.advance(START_MS + 300_000)
    assert venue.calls == []
    assert engine.journal.denials["ORDER_SIZE"] > 0
    assert engine.t_ms > MARKET.start_ms


def test_F24_a_policy_whose_every_order_is_refused_is_stopped_and_keeps_its_money() -> None:
    engine, venue = scene(told(steady), UP)
    venue.refuses = lambda _: "not enough balance"
    engine.advance(START_MS + 600_000)
    assert len(venue.calls) == engine.settings.safety.rejects
    assert engine.state() is TradingState.REDUCING
    assert (held(engine), engine.journal.ledger.cash) == (0, 0)


def test_F01_no_position_expires_though_nothing_but_exits_works() -> None:
    """The safety loop runs where the money is: in the tick, not in a task that can be left out."""
    quiet = [m for m in told(steady) if not isinstance(m, BookSnapshot) or m.t_ms % 2_000 == 0]
    engine, _ = scene(quiet, UP)
    engine.advance(START_MS + 60_000)
    assert held(engine) > 0
    engine.ladder.forward = lambda current, temporal: (_ for _ in ()).throw(AssertionError)  # type: ignore[method-assign]  # nobody may be asked from here on
    for breaker in Breaker:
        engine.trip(breaker, "all at once")
    engine.decider.decide = lambda t_ms, rows: ([], ())  # type: ignore[method-assign]  # the policy is gone
    engine.advance(MARKET.end_ms - 1)
    assert engine.journal.ledger.open_slugs() == []
    assert engine.meters.unmanaged == 0
