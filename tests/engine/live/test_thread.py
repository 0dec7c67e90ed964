"""The program's own thread on local venues: real models, learning, recording and its replay."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from engine.clock import SystemClock
from engine.feeds.live.clock import MarketClock
from engine.home import VARIABLE, Home
from engine.session import Plan, open_session
from engine.settings import Settings
from engine.snapshot import Snapshot
from engine.sources import LiveRun, ReplayRun
from engine.summary import Summary
from engine.thread import EngineThread
from tests.engine.live.replayed import session_of
from tests.venues import world
from tests.venues.clock import MachineClock
from tests.venues.town import Town, town_thread

RATE = 12.0
BEGINS_MS = world.START_MS + 90_000
LEAVE_S = 3.0


def home(root: Path) -> Home:
    return Home.open({VARIABLE: str(root)})


def waited(thread: EngineThread, true: Callable[[Snapshot], bool], seconds: float) -> Snapshot:
    """The first snapshot of which `true` holds; real seconds."""
    deadline = time.monotonic() + seconds
    while not true(thread.latest()):
        assert thread.alive(), thread.failure
        assert time.monotonic() < deadline, thread.latest()
        time.sleep(0.02)
    return thread.latest()


def lived(town: Town, settings: Settings, home: Home, tapes: Path) -> Summary:
    """A live run of a while, left in order and in time."""
    machine = MachineClock(town.clock)
    plan = Plan(LiveRun(record=tapes), settings, learn=True)
    with ExitStack() as held:
        clock = MarketClock(machine, RATE)
        thread = open_session(plan, home, held, SystemClock(), clock)
        thread.start()
        waited(thread, lambda shot: shot.decisions > 100, 15)
        shot = waited(thread, lambda shot: shot.t_ms > BEGINS_MS + 60_000, 15)
        assert thread.leave(LEAVE_S), "it did not leave in time"
    assert thread.failure is None
    assert shot.feeds is not None
    assert thread.summary is not None
    return thread.summary


def replayed(tape: Path, settings: Settings, home: Home) -> Summary:
    with ExitStack() as held:
        plan = Plan(ReplayRun(tape), settings, speed=math.inf, learn=False)
        thread = open_session(plan, home, held)
        thread.start()
        assert thread.wait_ended(60)
        assert thread.leave(LEAVE_S)
    assert thread.failure is None
    assert thread.summary is not None
    return thread.summary


def test_a_run_in_the_program_s_thread_replays_to_the_same_events(tmp_path: Path) -> None:
    town = Town(7, world.Plan(assets=("BTC", "ETH")), RATE, BEGINS_MS)
    with town_thread(town):
        settings = town.settings.model_copy(update={"decision_rule": "sample"})
        live = lived(town, settings, home(tmp_path / "live"), tmp_path / "tapes")
    again = replayed(session_of(tmp_path / "tapes"), settings, home(tmp_path / "replay"))
    assert live.decisions > 100
    assert (again.decisions, again.orders, again.fills) == (live.decisions, live.orders, live.fills)
    assert again.event_hash == live.event_hash
