from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import events as ev
from engine import requests as rq
from engine.built import Built
from engine.clock import SystemClock
from engine.core import Engine
from engine.decision import Action
from engine.end import ended
from engine.errors import RecordingError
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.messages import BadMessage, Message
from engine.pace import NAP_S, Pace, to_the_tick, trail_s
from engine.settings import Settings
from engine.thread import EngineThread
from engine.trading_state import Latch
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, FakeLadder, ScriptedFeed, always, window

WANTS_UP = always(Action.BUY)


def built(
    latch: Latch,
    wants: Callable[[int], Action] = WANTS_UP,
    feed: ScriptedFeed | None = None,
    settings: Settings = ORDINARY,
) -> Built:
    engine = Engine(
        feed or ScriptedFeed(window()),
        Journal(EventLog(None), lambda: 0),
        FakeLadder(wants),  # type: ignore[arg-type]  # has what the engine uses of a ladder
        settings,
        latch,
        seed=1,
    )
    session = ev.SessionOpened("paper", "script", 1, "fake", "0", "0")
    return Built(engine, lambda: engine.start(session, ()), engine.journal.log.close, tuple)


def hosted(
    speed: float = math.inf, latch: Latch | None = None, build: Callable[[], Built] | None = None
) -> EngineThread:
    shut = latch or Latch(None)
    return EngineThread(build or (lambda: built(shut)), shut, SystemClock(), speed, seed=1)


def until(true: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.01)
    return False


def test_a_run_to_the_end_leaves_a_summary() -> None:
    engine = hosted()
    engine.start()
    assert engine.wait_ended(20)
    assert engine.failure is None
    assert engine.summary is not None
    assert (engine.summary.windows, engine.summary.open_positions) == (1, 0)
    assert engine.latest().finished


def test_the_gate_is_shut_before_a_halt_request_returns() -> None:
    latch = Latch(None)
    engine = hosted(latch=latch)  # never started: nobody reads the queue
    engine.ask(rq.Halt("key"))
    assert latch.reason == "halt by key"


def test_a_halt_is_seen_in_a_snapshot_and_stops_all_orders() -> None:
    engine = hosted(speed=50.0, build=None)
    engine.start()
    assert until(lambda: engine.latest().orders > 0)
    engine.ask(rq.Halt("key"))
    assert until(lambda: engine.latest().state == "HALTED")
    sent = engine.latest().orders
    time.sleep(0.3)
    assert engine.latest().orders == sent
    assert engine.leave()


def test_leaving_in_the_middle_keeps_the_positions_and_is_quick() -> None:
    engine = hosted(speed=50.0)
    engine.start()
    assert until(lambda: engine.latest().orders > 0)
    assert engine.leave(3.0)
    assert engine.summary is not None
    assert engine.summary.unmanaged_expiries == 0


def test_a_start_that_fails_is_one_sentence_and_halted() -> None:
    def broken() -> Built:
        raise RecordingError("tape.jsonl.gz: is empty")

    engine = hosted(build=broken)
    engine.start()
    assert engine.wait_started(5)
    assert engine.failure == "tape.jsonl.gz: is empty"
    assert engine.latest().failure == engine.failure
    assert engine.latest().state == "HALTED"


def breaks_at_the_fourth(call: int) -> Action:
    """A policy that dies in the middle of a run."""
    if call == 3:
        raise ZeroDivisionError("on purpose")
    return Action.HOLD


def test_an_engine_that_breaks_shuts_the_gate_and_says_why() -> None:
    latch = Latch(None)
    engine = hosted(latch=latch, build=lambda: built(latch, breaks_at_the_fourth))
    engine.start()
    assert engine.wait_ended(10)
    assert engine.failure is not None
    assert "on purpose" in engine.failure
    assert latch.shut


def test_the_engine_lives_in_one_thread_of_its_own() -> None:
    seen: set[str] = set()

    def watched() -> Built:
        def wants(_: int) -> Action:
            seen.add(threading.current_thread().name)
            return Action.HOLD

        seen.add(threading.current_thread().name)
        return built(Latch(None), wants)

    engine = hosted(build=watched)
    engine.start()
    assert engine.wait_ended(20)
    assert seen == {"engine"}


@dataclass
class HandClock:
    """A clock that is moved by hand."""

    now: float = 100.0

    def wall_ms(self) -> int:
        return 0

    def mono(self) -> float:
        return self.now


class BusyClock(HandClock):
    """A clock on which every look takes a millisecond."""

    def mono(self) -> float:
        self.now += 0.001
        return self.now


def test_market_time_follows_real_time_at_its_speed() -> None:
    clock = HandClock()
    pace = Pace(clock, START_MS, 20.0)
    clock.now += 1.5
    assert pace.target_ms() == START_MS + 30_000


class CountingFeed(ScriptedFeed):
    """Remembers up to which instants it was asked."""

    def __init__(self, messages: Iterable[Message]) -> None:
        super().__init__(messages)
        self.polled: list[int] = []

    def poll(self, until_ms: int) -> list[Message]:
        self.polled.append(until_ms)
        return super().poll(until_ms)


def test_a_turn_that_has_caught_up_ends_at_once() -> None:
    clock = HandClock()
    feed = CountingFeed(window())
    engine = built(Latch(None), feed=feed).engine
    pace = Pace(clock, START_MS, 1.0)
    clock.now += 0.7503
    pace.turn(engine)
    assert feed.polled == [START_MS + 500, START_MS + 750]


@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_a_decision_is_due_at_its_tick_and_no_nap_reaches_beyond_it(speed: float) -> None:
    clock = HandClock()
    engine = built(Latch(None)).engine
    pace = Pace(clock, START_MS, speed)
    clock.now += 0.480 / speed
    pace.turn(engine)  # amid two ticks
    assert not pace.due(engine)
    assert pace.nap_s(engine) == pytest.approx(0.020 / speed)
    clock.now += 0.021 / speed
    assert pace.due(engine)
    assert pace.nap_s(engine) == 0.0


def test_naps_stay_short_while_no_decision_is_due_for_long() -> None:
    clock = HandClock()
    engine = built(Latch(None)).engine
    assert Pace(clock, START_MS, 0.1).nap_s(engine) == NAP_S


def test_a_market_without_a_pace_never_naps() -> None:
    engine = built(Latch(None)).engine
    pace = Pace(HandClock(), START_MS, math.inf)
    assert pace.due(engine)
    assert pace.nap_s(engine) == 0.0


def test_a_machine_too_slow_for_the_speed_does_not_pile_up_debt() -> None:
    clock = HandClock()
    engine = built(Latch(None)).engine
    pace = Pace(clock, START_MS, 20.0)
    clock.now += 60.0  # the lid was closed
    pace.turn(engine)
    assert pace.target_ms() - engine.t_ms < 2_000 * 20


def test_a_start_that_fails_does_not_halt_the_next_one(tmp_path: Path) -> None:
    def broken() -> Built:
        raise RecordingError("tape.jsonl.gz: is empty")

    latch = Latch(tmp_path / "HALTED")
    engine = hosted(latch=latch, build=broken)
    engine.start()
    assert engine.wait_ended(5)
    assert engine.latest().state == "HALTED"
    assert not latch.shut
    assert not (tmp_path / "HALTED").exists()


def test_an_engine_that_breaks_in_the_middle_halts_the_next_start(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    engine = hosted(latch=latch, build=lambda: built(latch, breaks_at_the_fourth))
    engine.start()
    assert engine.wait_ended(10)
    assert Latch(tmp_path / "HALTED").shut


class ResumingQueue:
    """Carries out an earlier RESUME at the worst moment: just before a stop is queued."""

    def __init__(self, latch: Latch) -> None:
        self._latch = latch

    def put(self, _: rq.Request) -> None:
        self._latch.release("RESUME")


def test_a_halt_stays_shut_though_an_earlier_resume_is_carried_out_meanwhile() -> None:
    latch = Latch(None)
    engine = hosted(latch=latch)
    engine._asked = ResumingQueue(latch)  # type: ignore[assignment]  # stands for the other thread
    engine.ask(rq.Halt("key"))
    assert latch.reason == "halt by key"


def test_a_run_ends_though_the_venue_settles_after_the_feeds_end() -> None:
    late = ORDINARY.model_copy(
        update={"paper": ORDINARY.paper.model_copy(update={"settle_ms": 600_000})}
    )
    feed = ScriptedFeed(window(), end_ms=START_MS + 60_000)
    parts = built(Latch(None), feed=feed, settings=late)
    parts.open()
    engine, pace = parts.engine, Pace(BusyClock(), START_MS, math.inf)
    for _ in range(200):
        pace.turn(engine)
    assert engine.t_ms > START_MS + 600_000
    assert ended(engine)
    assert engine.journal.ledger.pending == {}


def test_a_halt_that_could_not_be_written_is_told_with_the_failure(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "nowhere" / "HALTED")
    engine = hosted(latch=latch, build=lambda: built(latch, breaks_at_the_fourth))
    engine.start()
    assert engine.wait_ended(10)
    assert engine.failure is not None
    assert "on purpose" in engine.failure
    assert "holds in memory" in engine.failure


def at_a_pace(speed: float, begins_ms: int) -> tuple[str, int]:
    """Hash and end of a run whose data stop at an odd instant."""
    clock = BusyClock()
    odd = [m for m in window() if m.t_ms < START_MS + 61_000]
    odd.append(BadMessage(START_MS + 61_207, "tape", "cut"))
    feed = ScriptedFeed(odd, start_ms=START_MS + begins_ms)
    parts = built(Latch(None), feed=feed)
    parts.open()
    engine, pace = parts.engine, Pace(clock, START_MS + begins_ms, speed)
    while not ended(engine):
        clock.now += 0.0113
        pace.turn(engine)
    to_the_tick(engine)
    engine.finish("complete")
    return engine.journal.log.digest(), engine.t_ms


@pytest.mark.parametrize("begins_ms", [0, 130])
def test_a_run_has_one_hash_and_one_end_at_every_speed(begins_ms: int) -> None:
    found = {at_a_pace(speed, begins_ms) for speed in (1.0, 7.3, 20.0, 2_000.0, math.inf)}
    assert [end for _, end in found] == [START_MS + 61_500]


def test_a_challenger_may_not_trail_further_at_a_high_speed_than_memory_allows() -> None:
    assert [trail_s(speed) for speed in (1.0, 20.0, 100.0, 100_000.0)] == [5.0, 100.0, 120.0, 120.0]


@dataclass
class SlowLearner:
    """A challenger that needs a piece of work for every tick of the champion, and never ends one
    before it is asked."""

    champion: Engine
    reached_ms: int
    worked: int = 0
    updating: bool = False

    @property
    def learner(self) -> SlowLearner:
        return self

    @property
    def behind(self) -> bool:
        return self.reached_ms < self.champion.t_ms

    @property
    def behind_s(self) -> float:
        return (self.champion.t_ms - self.reached_ms) / 1000

    def watch(self) -> None:
        pass

    def work(self) -> None:
        self.worked += 1
        self.reached_ms += 500

    def keep_up(self, most_s: float) -> None:
        pass


def taught(speed: float, trails_s: float, due: bool) -> int:
    """Pieces of work done in one visit to a challenger that trails so far."""
    clock = HandClock()
    parts = built(Latch(None))
    parts.open()
    parts.engine.advance(START_MS + 300_000)
    host = EngineThread(lambda: parts, Latch(None), clock, speed, seed=1)
    host._published = math.inf  # a picture of this challenger could not be drawn
    pace = Pace(clock, parts.engine.t_ms, speed)
    clock.now += 600 / speed if due else 0.0
    slow = SlowLearner(parts.engine, parts.engine.t_ms - round(trails_s * 1000))
    asyncio.run(host._teach(parts, slow, pace))  # type: ignore[arg-type]  # has what the host uses
    return slow.worked


def test_a_challenger_waits_as_soon_as_the_champion_has_a_decision_to_make() -> None:
    assert taught(speed=1.0, trails_s=4.0, due=True) == 0
    assert taught(speed=20.0, trails_s=99.0, due=True) == 0


def test_a_challenger_catches_up_while_the_champion_has_nothing_to_do() -> None:
    assert taught(speed=1.0, trails_s=4.0, due=False) == 8


def test_the_market_waits_only_for_what_trails_too_far_and_only_until_it_does_not() -> None:
    assert taught(speed=1.0, trails_s=6.0, due=True) == 3
    assert taught(speed=1_000.0, trails_s=121.0, due=True) == 3
