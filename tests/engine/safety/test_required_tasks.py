"""A guarded engine in its own thread, with one of the tasks taken out that it must not be without.

`test_patrol` shows the same of the patrol alone; here all that a session joins up has to hold.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import events as ev
from engine.built import Built
from engine.clock import Clock, SystemClock
from engine.control.address import socket_path
from engine.control.server import ControlServer
from engine.core import Engine
from engine.guards import Guards, Posts
from engine.home import Home
from engine.safety.duties import Duties, Duty
from engine.safety.patrol import Patrol
from engine.safety.stop_file import StopFile
from engine.safety.watchdog import Watchdog
from engine.settings import Safety
from engine.thread import EngineThread
from engine.trading_state import Latch
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, engine_on, window
from tests.engine.test_thread import built, until

SPEED = 50.0
PATIENT = Safety(stuck_s=60.0, duty_s=30.0, loop_gap_s=30.0, disk_floor_mb=0)
STRICT = PATIENT.model_copy(update={"duty_s": 0.5})
"""So that a missing task is not waited for long."""


class Run:
    """A guarded run of one window, and every state that its log tells."""

    def __init__(self, root: Path, safety: Safety, clock: Clock | None = None) -> None:
        self.home = Home.open({"TRADE_CONSOLE_HOME": str(root)})
        self.states: list[tuple[str, str]] = []
        """(state, reason)."""
        self.engine: Engine | None = None
        clock = clock or SystemClock()
        self.latch = Latch(self.home.halt_latch, clock, self.home.stop_file)
        posts = Posts(
            safety,
            SPEED,
            self.home,
            StopFile(self.home.stop_file, clock.mono),
            socket_path(self.home),
        )
        self.thread = EngineThread(self._built, self.latch, clock, SPEED, seed=1, posts=posts)

    def _built(self) -> Built:
        made = built(self.latch, settings=ORDINARY)
        made.engine.journal.listeners.append(self._told)
        self.engine = made.engine
        return made

    def _told(self, _slug: str, event: ev.Event, _realised: int) -> None:
        if isinstance(event, ev.StateChanged):
            self.states.append((event.after, event.reason))

    def trades(self) -> None:
        """Half a minute of market time, or the end of it."""
        self.thread.start()
        try:
            assert until(lambda: self._reached(START_MS + 30_000), 20)
        finally:
            assert self.thread.leave(10)

    def _reached(self, t_ms: int) -> bool:
        return self.thread.failure is not None or (
            self.engine is not None and self.engine.t_ms >= t_ms
        )

    def tripped(self) -> dict[str, str]:
        """Breaker -> reason, as the screen shows them."""
        return {b.name: b.reason for b in self.thread.latest().safety.breakers}


def nothing(*_: object) -> None:
    return None


async def never(*_: object) -> None:
    return None


TASKS = {
    Duty.EXITS: (Engine, "_look_after_exits", nothing),
    Duty.RECONCILE: (Engine, "_compare", nothing),
    Duty.LATCH: (Patrol, "_watch_latch", nothing),
    Duty.STOP_FILE: (Patrol, "_hear", nothing),
    Duty.DISK: (Patrol, "_watch_disk", nothing),
    Duty.CONTROL: (ControlServer, "_prove", never),
    Duty.WATCHDOG: (Watchdog, "look", nothing),
}
"""Task -> where it is done, and what does nothing in its place."""
SAYS = {Duty.RECONCILE: "the venue's account is not compared yet"}


def test_a_run_with_every_task_becomes_active(tmp_path: Path) -> None:
    run = Run(tmp_path, PATIENT)
    run.trades()
    assert run.thread.failure is None
    assert "ACTIVE" in [state for state, _ in run.states]


def test_every_required_task_is_taken_out_below() -> None:
    assert {*TASKS, Duty.FEEDS} == set(Duty)


@pytest.mark.parametrize("removed", TASKS)
def test_F01_a_run_without_any_one_task_is_never_active(
    removed: Duty, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where, name, instead = TASKS[removed]
    monkeypatch.setattr(where, name, instead)
    run = Run(tmp_path, STRICT)
    run.trades()
    assert run.thread.failure is None
    assert "ACTIVE" not in [state for state, _ in run.states]
    says = SAYS.get(removed, removed.value)
    assert run.engine is not None
    assert any(says in why for why in (run.engine.why(), *(reason for _, reason in run.states)))
    assert run.thread.summary is not None
    assert run.thread.summary.orders == 0


def test_F01_without_its_patrol_a_run_never_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Patrol, "turn", nothing)
    run = Run(tmp_path, STRICT)
    run.thread.start()
    assert run.thread.wait_started(20)
    assert not until(lambda: run._reached(START_MS + 1_000), 1.5)
    assert run.thread.leave(10)
    assert {state for state, _ in run.states} == {"RECONCILING"}


class Connections:
    """What guards see of a live feed, whose tasks all end at once."""

    async def run(self) -> None:
        return None


def test_F01_without_the_tasks_of_a_live_feed_a_run_is_never_active(tmp_path: Path) -> None:
    home, clock = Home.open({"TRADE_CONSOLE_HOME": str(tmp_path)}), SystemClock()
    engine = engine_on(window())
    thread = EngineThread(lambda: built(engine.latch), engine.latch, clock, 1.0, seed=1)
    live = Connections()
    guards = Guards(
        engine,
        Posts(STRICT, 1.0, home),
        clock,
        thread,
        live,  # type: ignore[arg-type]  # all that guards use of one
    )
    states = asyncio.run(_states(guards, engine))
    assert "ACTIVE" not in states
    assert Duty.FEEDS.value in engine.why()


async def _states(guards: Guards, engine: Engine) -> set[str]:
    """Every state of some turns, long enough for the guards to give a task up."""
    seen = set()
    async with guards.standing():
        while engine.unproven:
            await asyncio.sleep(0.05)
            guards.turn(Duties({}))
            seen.add(engine.state().value)
    return seen
