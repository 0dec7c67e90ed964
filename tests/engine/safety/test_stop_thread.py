"""The stop of an engine in its own thread: while it works, and while it stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest

from engine import requests as rq
from engine.clock import SystemClock
from engine.denial import Denial
from engine.gate import Gate, Situation
from engine.guards import Posts
from engine.home import Home
from engine.messages import Message
from engine.order import Intent
from engine.safety.drill import drill
from engine.safety.stop_file import StopFile
from engine.session import Plan, open_session
from engine.settings import Limits, Safety, Settings
from engine.sources import SimRun
from engine.thread import EngineThread
from engine.trading_state import Latch
from tests.engine.fakes import ScriptedFeed, window
from tests.engine.test_thread import built, until

PATIENT = Safety(stuck_s=60.0, duty_s=30.0, loop_gap_s=30.0, disk_floor_mb=0)
"""So that no slow machine stops an engine that a test did not stop."""
QUICK = PATIENT.model_copy(update={"stuck_s": 2.0})


class FreezingFeed(ScriptedFeed):
    """Blocks the engine's thread where it is asked to, as a call into C would."""

    def __init__(self) -> None:
        super().__init__(window())
        self.moves = threading.Event()
        self.moves.set()

    def poll(self, until_ms: int) -> list[Message]:
        self.moves.wait()
        return super().poll(until_ms)


class Ground:
    """A guarded engine and what a test does to it."""

    def __init__(self, root: Path, safety: Safety) -> None:
        self.home = Home.open({"TRADE_CONSOLE_HOME": str(root)})
        self.feed = FreezingFeed()
        clock = SystemClock()
        self.latch = Latch(self.home.halt_latch, clock, self.home.stop_file)
        stop_file = StopFile(self.home.stop_file, clock.mono)
        posts = Posts(safety, speed=20.0, home=self.home, stop_file=stop_file)
        self.engine = EngineThread(
            lambda: built(self.latch, feed=self.feed), self.latch, clock, 20.0, seed=1, posts=posts
        )

    def stop_is_done(self) -> bool:
        stop = self.engine.latest().safety.stop
        return stop is not None and stop.done


@contextmanager
def running(root: Path, safety: Safety = PATIENT) -> Iterator[Ground]:
    ground = Ground(root, safety)
    ground.engine.start()
    try:
        assert ground.engine.wait_started(30)
        yield ground
    finally:
        ground.feed.moves.set()
        ground.engine.leave(10)


def test_a_stop_ends_in_evidence_that_other_shells_can_read(tmp_path: Path) -> None:
    with running(tmp_path) as ground:
        assert until(lambda: ground.engine.latest().orders > 0)
        ground.engine.ask(rq.Halt("key"))
        assert until(ground.stop_is_done)
        stop = ground.engine.latest().safety.stop
    assert stop is not None
    assert (stop.grade, stop.origin, stop.kept) == ("halt", "key", True)
    assert stop.latched_ms is not None
    assert stop.confirmed == stop.orders
    assert Latch(ground.home.halt_latch).reason == "halt by key"


def test_F40_a_stop_file_that_appears_mid_run_stops_it(tmp_path: Path) -> None:
    with running(tmp_path) as ground:
        ground.home.stop_file.touch()
        assert until(ground.stop_is_done)
        stop = ground.engine.latest().safety.stop
        ground.engine.ask(rq.Resume("RESUME"))
        assert until(lambda: any("remove it" in line.text for line in ground.engine.latest().log))
        assert ground.latch.shut
    assert stop is not None
    assert stop.origin == "stop file"


def test_F16_a_frozen_engine_is_halted_on_disk_and_cancels_when_it_moves_again(
    tmp_path: Path,
) -> None:
    with running(tmp_path, QUICK) as ground:
        assert until(lambda: ground.engine.latest().orders > 0)
        ground.feed.moves.clear()
        assert until(lambda: ground.latch.shut)
        assert until(lambda: Latch(ground.home.halt_latch).shut)
        assert ground.latch.reason == "halt by watchdog"
        ground.feed.moves.set()
        assert until(ground.stop_is_done)
        assert until(lambda: any("moves again" in line.text for line in ground.engine.latest().log))
        assert ground.engine.latest().state == "HALTED"


def test_F01_an_engine_whose_patrol_is_called_no_more_is_halted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(tmp_path, QUICK) as ground:
        assert until(lambda: ground.engine.latest().orders > 0)
        monkeypatch.setattr("engine.guards.Guards.turn", lambda *_: None)
        assert until(lambda: ground.latch.shut)
        assert ground.latch.reason == "halt by watchdog"
        assert until(lambda: Latch(ground.home.halt_latch).shut)


def test_F40_a_frozen_engine_still_hears_the_stop_file(tmp_path: Path) -> None:
    with running(tmp_path) as ground:
        ground.feed.moves.clear()
        ground.home.stop_file.touch()
        assert until(lambda: Latch(ground.home.halt_latch).shut)


@pytest.mark.parametrize("stop", [rq.Halt("key"), rq.Flatten("key")])
def test_a_stop_with_a_latch_that_cannot_be_written_holds_in_memory_and_says_so(
    stop: rq.Stopping, tmp_path: Path
) -> None:
    with running(tmp_path) as ground:
        ground.home.halt_latch.mkdir()
        (ground.home.halt_latch / "in the way").touch()
        ground.engine.ask(stop)
        assert until(ground.stop_is_done)
        assert ground.engine.latest().state == "HALTED"
        shown = ground.engine.latest().safety.stop
    assert shown is not None
    assert "in memory only" in shown.sentence


def test_the_drill_of_a_start_is_on_the_screen_and_in_no_account(tmp_path: Path) -> None:
    with running(tmp_path) as ground:
        drilled = ground.engine.latest().safety.drill
        assert ground.engine.latest().safety.stop is None
    assert drilled.passed
    assert not Latch(ground.home.halt_latch).shut


class OpenGate(Gate):
    """Lets everything pass, always."""

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        return None


def test_a_failed_drill_keeps_the_engine_reducing_and_no_order_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.guards.drill", partial(drill, gate=OpenGate(Limits())))
    with running(tmp_path) as ground:
        begun = ground.engine.latest().t_ms
        assert until(lambda: ground.engine.latest().t_ms > begun + 20_000)
        snap = ground.engine.latest()
    assert snap.state == "REDUCING"
    assert "stop drill: the gate let an order pass after the latch was shut" in snap.state_reason
    assert snap.orders == 0


def test_a_stop_while_the_challenger_learns_is_done_and_holds(tmp_path: Path) -> None:
    home = Home.open({"TRADE_CONSOLE_HOME": str(tmp_path)})
    plan = Plan(SimRun(), Settings(safety=PATIENT), speed=120.0, learn=True)
    with ExitStack() as held:
        engine = open_session(plan, home, held)
        engine.start()
        try:
            assert until(lambda: engine.latest().learning.accepted > 0, 60)
            engine.ask(rq.Halt("key"))
            sent = engine.latest().orders
            assert until(lambda: engine.latest().safety.stop is not None)
            then = engine.latest().t_ms
            assert until(lambda: engine.latest().t_ms > then + 30_000, 60)
            snap = engine.latest()
        finally:
            engine.leave(20)
    assert snap.state == "HALTED"
    assert snap.orders <= sent + 4  # one of each asset may have left before the key
    assert snap.safety.stop is not None
    assert snap.safety.stop.done
    assert Latch(home.halt_latch).shut
