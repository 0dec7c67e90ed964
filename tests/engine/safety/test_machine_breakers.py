"""What is wrong with the machine, seen by a whole run in its own thread.

`test_patrol` has the limits and what clears each; here the run must notice at all.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from engine.clock import SystemClock
from engine.core import Engine
from engine.safety.breakers import Breaker
from tests.engine.build import START_MS
from tests.engine.safety.test_required_tasks import PATIENT, Run
from tests.engine.test_thread import until


class SetClock:
    """A machine whose wall clock somebody sets (`engine.clock.Clock`)."""

    def __init__(self) -> None:
        self.true, self.set_by_ms = SystemClock(), 0

    def wall_ms(self) -> int:
        return self.true.wall_ms() + self.set_by_ms

    def mono(self) -> float:
        return self.true.mono()


def begun(run: Run) -> None:
    run.thread.start()
    assert until(lambda: run._reached(START_MS + 1_000), 20)
    assert run.tripped() == {}


def test_a_disk_without_room_is_tripped_before_anything_is_opened(tmp_path: Path) -> None:
    run = Run(tmp_path, PATIENT.model_copy(update={"disk_floor_mb": 10_000_000}))
    run.trades()
    assert "ACTIVE" not in [state for state, _ in run.states]
    assert run.tripped()[Breaker.DISK].endswith("MB free, floor 10000000 MB")


def test_a_wall_clock_that_is_set_is_noticed_and_puts_the_account_in_doubt(
    tmp_path: Path,
) -> None:
    clock = SetClock()
    run = Run(tmp_path, PATIENT, clock)
    begun(run)
    clock.set_by_ms = 3_600_000
    assert until(lambda: any(state == "RECONCILING" for state, _ in run.states[2:]))
    assert run.thread.leave(10)
    assert any("the wall clock jumped by +3600" in reason for _, reason in run.states)


def test_a_loop_that_stands_still_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path, PATIENT.model_copy(update={"loop_gap_s": 0.5}))
    tick = Engine._tick

    def slow_once(engine: Engine, t_ms: int) -> None:
        monkeypatch.setattr(Engine, "_tick", tick)
        time.sleep(0.8)
        tick(engine, t_ms)

    begun(run)
    monkeypatch.setattr(Engine, "_tick", slow_once)
    stood = f"{Breaker.LOOP_GAP}: the engine answered nothing for "
    assert until(lambda: any(reason.startswith(stood) for _, reason in run.states))
    assert run.thread.leave(10)
