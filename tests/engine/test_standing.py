"""What takes an engine out of ACTIVE in market time, and what it takes to come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action, Floats
from engine.eventlog import EventLog
from engine.messages import BookSnapshot, Message
from engine.operator import obey
from engine.safety.breakers import Breaker
from engine.safety.duties import Duty
from engine.settings import PaperVenue, Safety, Settings
from engine.trading_state import Latch, TradingState
from engine.venue import Statement, Unknown
from models.ladder import Fall
from tests.engine.build import LIMITS, MARKET, START_MS
from tests.engine.fakes import ORDINARY, SURE, FakeLadder, always, engine_on, events_of, window

UP = always(Action.BUY)


def in_flux(call: int) -> Action:
    return Action.BUY if call // 20 % 2 else Action.SELL


def strict(paper: PaperVenue = SURE, **safety: object) -> Settings:
    return ORDINARY.model_copy(update={"paper": paper, "safety": Safety(**safety)})  # type: ignore[arg-type]  # forwards to the model


def changes(engine: Engine) -> list[tuple[str, str, str]]:
    told = events_of(engine, ev.StateChanged)
    return [(e.before, e.after, e.reason) for e in told]  # type: ignore[union-attr]  # narrowed by kind


def tripped(engine: Engine) -> dict[Breaker, str]:
    return {trip.breaker: trip.reason for trip in engine.breakers.tripped}


# ---- orders -----------------------------------------------------------------------------------


def test_F24_rejects_in_a_row_stop_opening_until_a_person_looks() -> None:
    refusing = SURE.model_copy(update={"reject_rate": 1.0})
    engine = engine_on(window(), UP, strict(refusing, rejects=3))
    engine.advance(START_MS + 300_000)
    assert len(events_of(engine, ev.OrderRejected)) == 3
    assert engine.state() is TradingState.REDUCING
    assert tripped(engine) == {Breaker.REJECTS: "3 orders rejected, limit 3"}
    obey(engine, rq.AdmitOpens())
    assert engine.state() is TradingState.ACTIVE
    engine.advance(START_MS + 500_000)
    assert len(events_of(engine, ev.OrderRejected)) == 6


def test_fills_that_fail_to_settle_stop_opening() -> None:
    failing = SURE.model_copy(update={"settle_failure_rate": 1.0})
    limits = LIMITS.model_copy(update={"opens_per_minute": 600})
    settings = strict(failing, errors_of=5).model_copy(update={"limits": limits})
    engine = engine_on(window(), UP, settings)
    engine.advance(START_MS + 300_000)
    assert Breaker.ERRORS in tripped(engine)
    assert engine.state() is TradingState.REDUCING
    sent = len(events_of(engine, ev.OrderSent))
    engine.advance(START_MS + 600_000)
    assert len(events_of(engine, ev.OrderSent)) == sent


@pytest.mark.parametrize("breaker", [Breaker.REJECTS, Breaker.MODEL, Breaker.MISMATCH])
def test_a_breaker_that_waits_for_a_person_survives_a_restart(
    tmp_path: Path, breaker: Breaker
) -> None:
    path = tmp_path / "log.sqlite"
    first = engine_on(window(), UP, log=EventLog(path))
    first.trip(breaker, "measured 3, limit 2")
    first.journal.log.commit()
    first.journal.log.close()
    second = engine_on(window(), UP, log=EventLog(path))
    second.advance(START_MS + 60_000)
    assert second.state() is TradingState.REDUCING
    assert tripped(second) == {breaker: "measured 3, limit 2"}
    obey(second, rq.AdmitOpens())
    second.journal.log.close()
    third = engine_on(window(), UP, log=EventLog(path), start_ms=START_MS + 60_000)
    assert third.state() is TradingState.ACTIVE


def test_a_breaker_that_waits_for_evidence_is_cleared_by_the_next_starts_reconciliation(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.sqlite"
    first = engine_on(window(), log=EventLog(path))
    first.trip(Breaker.LOOP_GAP, "6.0 s, limit 5 s")
    first.journal.log.commit()
    first.journal.log.close()
    second = engine_on(window(), log=EventLog(path))
    assert second.state() is TradingState.ACTIVE
    (cleared,) = events_of(second, ev.BreakerCleared)
    assert cleared == ev.BreakerCleared("loop gap", "reconciled")


# ---- sources ----------------------------------------------------------------------------------


def _between(message: Message, begin_s: float, end_s: float) -> bool:
    at = (message.t_ms - START_MS) / 1000
    return isinstance(message, BookSnapshot) and begin_s < at < end_s


def test_F52_a_silent_source_stops_opening_until_it_speaks_and_the_account_is_equal() -> None:
    gap = [m for m in window() if not _between(m, 100, 300)]
    engine = engine_on(gap, settings=strict(data_gap_s=60.0, reconcile_s=10.0))
    engine.advance(START_MS + 160_000)
    assert engine.state() is TradingState.ACTIVE
    engine.advance(START_MS + 299_000)
    assert engine.state() is TradingState.REDUCING
    assert tripped(engine)[Breaker.DATA_GAP].startswith("book silent for 199 s, limit 60")
    engine.advance(START_MS + 320_000)
    assert engine.state() is TradingState.ACTIVE
    assert changes(engine)[-2:] == [
        ("ACTIVE", "REDUCING", "data gap: book silent for 60 s, limit 60 s"),
        ("REDUCING", "ACTIVE", "data gap cleared: reconciled"),
    ]


def test_F51_a_loop_that_turns_is_no_sign_of_a_source_that_lives() -> None:
    frozen = [m for m in window() if not _between(m, 100, 900)]
    engine = engine_on(frozen, settings=strict(data_gap_s=60.0))
    for second in range(100, 800):
        engine.advance(START_MS + second * 1000)
    assert engine.state() is TradingState.REDUCING
    assert engine.duties.stale(engine.t_ms / 1000) == ()


# ---- models -----------------------------------------------------------------------------------


class SickLadder(FakeLadder):
    """Its champion gives no finite number on the calls of `sick`; the next rung does."""

    def __init__(self, sick: range) -> None:
        super().__init__(UP)
        self._sick = sick

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        probs, values, _ = super().forward(current, temporal)
        if self.calls not in self._sick:
            return probs, values, ()
        return probs, np.zeros_like(values), (Fall("champion", "checkpoint", "output is NaN"),)


def on_ladder(ladder: FakeLadder) -> Engine:
    engine = engine_on(window(), UP)
    engine.ladder = engine.decider.ladder = ladder  # type: ignore[assignment]  # has what is used
    return engine


def test_a_model_without_finite_output_falls_and_stops_opening() -> None:
    engine = on_ladder(SickLadder(range(1, 2)))
    engine.advance(START_MS + 60_000)
    assert events_of(engine, ev.OrderSent) == []
    assert len(events_of(engine, ev.ModelChanged)) == 1
    assert tripped(engine) == {Breaker.MODEL: "champion: output is NaN"}
    obey(engine, rq.AdmitOpens())
    engine.advance(START_MS + 70_000)
    assert engine.state() is TradingState.ACTIVE
    assert len(events_of(engine, ev.OrderSent)) == 1


def test_a_person_cannot_clear_a_model_that_is_still_sick() -> None:
    engine = on_ladder(SickLadder(range(1, 10_000)))
    engine.advance(START_MS + 60_000)
    obey(engine, rq.AdmitOpens())
    assert engine.state() is TradingState.REDUCING


def test_a_rung_that_cannot_be_loaded_at_the_start_trips_nothing() -> None:
    engine = engine_on(window(), UP)
    session = ev.SessionOpened("paper", "script", 1, "fake", "0", "0")
    engine.start(session, (Fall("champion", "checkpoint", "the file is missing"),))
    assert tripped(engine) == {}


# ---- the account ------------------------------------------------------------------------------


class Telling:
    """What a venue says of our account, until it is told otherwise."""

    def __init__(self, engine: Engine) -> None:
        self._true = engine.venue.statement
        self.lie: Callable[[Statement], Statement | Unknown] | None = None
        engine.venue.statement = self  # type: ignore[method-assign]  # stands for the venue

    def __call__(self, t_ms: int) -> Statement | Unknown:
        said = self._true(t_ms)
        if self.lie is None or isinstance(said, Unknown):
            return said
        return self.lie(said)


def _more(said: Statement) -> Statement:
    return Statement(said.t_ms, said.orders, said.fills, ((MARKET.up_token, 5_000_000),))


def _silent(_: Statement) -> Unknown:
    return Unknown("no answer for 3 s")


def test_shares_that_nobody_here_bought_stop_opening_when_they_are_seen_twice() -> None:
    engine = engine_on(window())
    telling = Telling(engine)
    engine.advance(START_MS + 5_000)
    telling.lie = _more
    engine.advance(START_MS + 15_000)
    assert engine.state() is TradingState.ACTIVE
    engine.advance(START_MS + 25_000)
    assert engine.state() is TradingState.REDUCING
    assert "5" in tripped(engine)[Breaker.MISMATCH]
    obey(engine, rq.AdmitOpens())
    assert engine.state() is TradingState.REDUCING  # refused while it lasts
    telling.lie = None
    engine.advance(START_MS + 40_000)
    assert engine.state() is TradingState.REDUCING  # equal again; a person still has to look
    obey(engine, rq.AdmitOpens())
    assert engine.state() is TradingState.ACTIVE


def test_a_venue_that_does_not_answer_is_no_equal_account() -> None:
    engine = engine_on(window(), UP, strict(reconcile_s=10.0, duty_s=5.0))
    telling = Telling(engine)
    telling.lie = _silent
    engine.advance(START_MS + 15_000)
    assert engine.state() is TradingState.ACTIVE
    engine.advance(START_MS + 16_000)
    assert engine.state() is TradingState.REDUCING
    assert "reconciliation ran 1" in engine.reducing_because()
    telling.lie = None
    engine.advance(START_MS + 18_000)
    assert engine.state() is TradingState.ACTIVE


def test_nothing_opens_before_the_first_answer_of_the_venue() -> None:
    engine = engine_on(window(), UP)
    engine.doubt("the clock jumped")
    telling = Telling(engine)
    telling.lie = _silent
    engine.advance(START_MS + 60_000)
    assert engine.state() is TradingState.RECONCILING
    assert events_of(engine, ev.OrderSent) == []
    assert engine.why() == "the venue's account is not known: no answer for 3 s"
    telling.lie = None
    engine.advance(START_MS + 62_000)
    assert engine.state() is TradingState.ACTIVE
    assert len(events_of(engine, ev.OrderSent)) == 1


def test_what_cannot_follow_from_our_books_changes_nothing_in_them_and_stops_opening() -> None:
    engine = engine_on(window())
    engine.advance(START_MS + 1_000)
    sent = ev.OrderSent(
        "o1", MARKET.slug, "BTC", "UP", MARKET.up_token, "BUY", 1, 5000, 1, "open", None
    )
    engine._believe(engine.t_ms, sent)
    engine._believe(engine.t_ms, replace(sent, amount=2))
    assert Breaker.MISMATCH in tripped(engine)
    assert engine.journal.ledger.working["o1"].amount == 1


# ---- tasks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("removed", ["_look_after_exits", "_compare"])
def test_F01_without_its_own_tasks_an_engine_is_never_active(
    removed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine, removed, lambda _self, _t_ms: None)
    engine = engine_on(window(), UP)
    for second in range(60):
        engine.advance(START_MS + second * 1000)
        assert engine.state() is not TradingState.ACTIVE
    assert events_of(engine, ev.OrderSent) == []


@pytest.mark.parametrize(
    ("dies", "duty", "limit_s"),
    [("_look_after_exits", Duty.EXITS, 5.0), ("_compare", Duty.RECONCILE, 15.0)],
)
def test_F55_a_task_that_dies_stops_opening_within_its_limit_and_is_named(
    dies: str, duty: Duty, limit_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = engine_on(window(), settings=strict(reconcile_s=10.0, duty_s=5.0))
    engine.advance(START_MS + 60_000)
    monkeypatch.setattr(Engine, dies, lambda _self, _t_ms: None)
    engine.advance(START_MS + 60_000 + round(limit_s * 1000) + 1_000)
    assert engine.state() is TradingState.REDUCING
    assert engine.reducing_because().startswith(f"{duty} ran ")


@pytest.mark.parametrize("decision_ms", [100, 5_000, 10_000, 60_000])
def test_an_engine_that_decides_seldom_is_as_active_as_one_that_decides_often(
    decision_ms: int,
) -> None:
    """It proved its tasks at each decision, and once called them stale before the next one."""
    seldom = ORDINARY.model_copy(update={"decision_ms": decision_ms})
    engine = engine_on(window(), UP, seldom)
    engine.advance(START_MS + 300_000)
    assert engine.state() is TradingState.ACTIVE
    assert TradingState.REDUCING not in [after for _, after, _ in changes(engine)]
    assert len(events_of(engine, ev.OrderSent)) > 0


# ---- what is told -----------------------------------------------------------------------------


def test_each_change_of_state_says_why_and_so_does_another_cause_of_the_same_state() -> None:
    engine = engine_on(window())
    obey(engine, rq.ReduceOnly())
    engine.trip(Breaker.DISK, "12 MB free, floor 64 MB")
    engine.trip(Breaker.DISK, "11 MB free, floor 64 MB")
    obey(engine, rq.AdmitOpens())
    engine.over(Breaker.DISK)
    engine.advance(START_MS + 15_000)
    full, less = (f"disk: {n} MB free, floor 64 MB" for n in (12, 11))
    assert changes(engine)[2:] == [
        ("ACTIVE", "REDUCING", "operator"),
        ("REDUCING", "REDUCING", f"{full}; operator"),
        ("REDUCING", "REDUCING", less),
        ("REDUCING", "ACTIVE", "disk cleared: reconciled"),
    ]


def test_a_halt_hides_every_other_cause_and_forgets_none() -> None:
    engine = engine_on(window(), latch=Latch(None))
    engine.trip(Breaker.REJECTS, "5 orders rejected, limit 5")
    obey(engine, rq.Halt("key"))
    assert engine.why() == "halt by key"
    obey(engine, rq.Resume("RESUME"))
    assert engine.state() is TradingState.REDUCING
    assert engine.why() == "rejects in a row: 5 orders rejected, limit 5"


@pytest.mark.parametrize("step_ms", [500, 1_700, 60_000])
def test_breakers_trip_and_clear_at_the_same_instants_whatever_the_pace(step_ms: int) -> None:
    faulty = PaperVenue(reject_rate=0.5, settle_failure_rate=0.3, latency_sigma=0)

    def run(step: int) -> str:
        gap = [m for m in window() if not _between(m, 300, 420)]
        engine = engine_on(gap, in_flux, strict(faulty, rejects=3, errors_of=6))
        for t in range(START_MS, MARKET.end_ms + 120_000, step):
            engine.advance(t)
        engine.advance(MARKET.end_ms + 120_000)
        assert events_of(engine, ev.BreakerTripped)
        return engine.journal.log.digest()

    assert run(step_ms) == run(250)
