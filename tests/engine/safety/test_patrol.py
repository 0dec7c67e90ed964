from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.home import Home
from engine.operator import obey
from engine.requests import Flatten, Halt, Stopping
from engine.safety.breakers import Breaker
from engine.safety.duties import Duty
from engine.safety.patrol import Patrol, Stops
from engine.settings import Safety
from engine.trading_state import Latch, TradingState
from tests.engine.build import START_MS
from tests.engine.fakes import always, engine_on, events_of, window
from tests.engine.safety.clocks import ManualClock

SAFETY = Safety()
OTHERS = (Duty.CONTROL, Duty.WATCHDOG, Duty.FEEDS)
ROOMY = 10_000_000_000


@dataclass
class Machine:
    """A machine on which everything is as a test sets it."""

    folder: Path
    speed: float = 1.0
    others: Collection[Duty] = ()
    free: int | OSError = ROOMY
    clock: ManualClock = field(default_factory=lambda: ManualClock(100.0))
    stops: list[Stopping] = field(default_factory=list)
    """Asked for, and not passed on."""

    def __post_init__(self) -> None:
        self.home = Home.under(self.folder)
        for folder in self.home.folders:
            folder.mkdir(parents=True, exist_ok=True)
        self.latch = Latch(self.home.halt_latch, self.clock)
        self.engine: Engine = engine_on(window(), always(Action.BUY), latch=self.latch)
        self.patrol = Patrol(
            self.engine,
            self.latch,
            self.home,
            self.clock,
            SAFETY,
            self.speed,
            Stops(asked=lambda: self.stops.pop(0) if self.stops else None, ask=self.ask),
            self.others,
            self.free_bytes,
        )

    def ask(self, request: Stopping) -> None:
        self.latch.shut_now(request.why)
        obey(self.engine, request)

    def free_bytes(self, _: Path) -> int:
        if isinstance(self.free, OSError):
            raise self.free
        return self.free

    def after(self, seconds: float, *alive: Duty, wall: float | None = None) -> None:
        """One turn, so many real seconds later; `wall`: as the wall clock sees them."""
        self.clock.now += seconds
        self.clock.wall += round((seconds if wall is None else wall) * 1000)
        for duty in alive:
            self.patrol.duties.stamp(duty, self.clock.now)
        self.patrol.turn()

    def spend(self, seconds: float, *alive: Duty) -> None:
        """Turns for so long, ten a second."""
        for _ in range(round(seconds * 10)):
            self.after(0.1, *alive)

    def trades(self, seconds: float) -> TradingState:
        """Market time passes as well; what the state is then."""
        self.engine.advance(self.engine.t_ms + round(seconds * 1000))
        return self.engine.state()

    @property
    def tripped(self) -> dict[Breaker, str]:
        return {trip.breaker: trip.reason for trip in self.engine.breakers.tripped}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_sound_machine_trips_nothing_and_trades(machine: Machine) -> None:
    machine.spend(30)
    assert machine.patrol.may_begin
    assert machine.tripped == {}
    assert machine.trades(5) is TradingState.ACTIVE


# ---- every task must have run -----------------------------------------------------------------


@pytest.mark.parametrize("missing", OTHERS)
@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_F01_without_any_one_task_the_engine_is_never_active(
    tmp_path: Path, missing: Duty, speed: float
) -> None:
    machine = Machine(tmp_path, speed, OTHERS)
    alive = [duty for duty in OTHERS if duty is not missing]
    machine.after(0, *alive)
    assert machine.engine.state() is TradingState.RECONCILING
    assert missing.value in machine.engine.why()
    assert [machine.patrol.ready, machine.patrol.may_begin] == [False, False]
    for _ in range(100):
        machine.after(0.1, *alive)
        assert machine.engine.state() is not TradingState.ACTIVE
    assert machine.patrol.may_begin  # it goes on, in REDUCING, and says so
    assert machine.trades(60) is TradingState.REDUCING
    assert machine.tripped == {Breaker.DUTY: f"{missing} has not run yet"}


@pytest.mark.parametrize("dead", OTHERS)
def test_F55_a_task_that_died_takes_the_engine_to_reducing_within_its_limit(
    tmp_path: Path, dead: Duty
) -> None:
    machine = Machine(tmp_path, 1.0, OTHERS)
    machine.spend(10, *OTHERS)
    assert machine.engine.state() is TradingState.ACTIVE
    alive = [duty for duty in OTHERS if duty is not dead]
    machine.spend(SAFETY.duty_s - 0.2, *alive)
    assert machine.engine.state() is TradingState.ACTIVE
    machine.spend(0.5, *alive)
    assert machine.engine.state() is TradingState.REDUCING
    assert machine.tripped[Breaker.DUTY].startswith(f"{dead} ran 5.")


def test_a_task_that_came_back_clears_with_the_next_comparison_and_not_before(
    tmp_path: Path,
) -> None:
    machine = Machine(tmp_path, 1.0, (Duty.WATCHDOG,))
    machine.spend(1, Duty.WATCHDOG)
    machine.spend(6)
    machine.spend(60, Duty.WATCHDOG)
    assert machine.engine.state() is TradingState.REDUCING  # market time stood still meanwhile
    assert machine.trades(SAFETY.reconcile_s + 1) is TradingState.ACTIVE
    (cleared,) = events_of(machine.engine, ev.BreakerCleared)
    assert cleared == ev.BreakerCleared("safety task", "reconciled")


def test_the_first_signs_of_all_tasks_change_nothing_in_the_log(tmp_path: Path) -> None:
    def told(machine: Machine, turns: int) -> list[ev.Event]:
        for _ in range(turns):
            machine.after(0.1)
        machine.after(0.1, *machine.others)
        return [
            *events_of(machine.engine, ev.StateChanged),
            *events_of(machine.engine, ev.BreakerTripped),
        ]

    slow = told(Machine(tmp_path / "slow", 1.0, OTHERS), 30)
    assert slow == told(Machine(tmp_path / "quick", math.inf), 0)
    assert [event.after for event in slow] == ["RECONCILING", "ACTIVE"]  # type: ignore[union-attr]


def test_a_machine_of_any_pace_changes_nothing_at_infinite_speed(tmp_path: Path) -> None:
    machine = Machine(tmp_path, math.inf, OTHERS, free=0)
    machine.after(0, *OTHERS)
    for _ in range(20):
        machine.after(100.0, wall=-5_000.0)
    assert machine.tripped == {}
    assert machine.trades(5) is TradingState.ACTIVE


# ---- stops ------------------------------------------------------------------------------------


@pytest.mark.parametrize("speed", [1.0, math.inf])
@pytest.mark.parametrize("request_", [Halt("stop file"), Flatten("signal SIGUSR1")])
def test_a_stop_by_file_or_signal_is_passed_on_at_any_speed(
    tmp_path: Path, request_: Stopping, speed: float
) -> None:
    machine = Machine(tmp_path, speed)
    machine.after(0)
    machine.stops.append(request_)
    machine.after(0.1)
    assert machine.latch.reason == request_.why
    assert machine.trades(60) is TradingState.HALTED
    assert events_of(machine.engine, ev.OrderSent) == []


def test_F40_a_latch_file_that_appears_while_running_halts(machine: Machine) -> None:
    machine.spend(2)
    machine.home.halt_latch.write_text("halt by another shell\n")
    machine.spend(1.1)
    assert machine.engine.state() is TradingState.HALTED
    assert machine.latch.reason == "halt by another shell"


def test_F41_a_latch_file_that_vanishes_is_written_again_and_told(machine: Machine) -> None:
    machine.after(0)
    machine.ask(Halt("key"))
    machine.spend(2)
    machine.home.halt_latch.unlink()
    machine.spend(5)
    assert machine.engine.state() is TradingState.HALTED
    assert Latch(machine.home.halt_latch).reason == "halt by key"
    (noted,) = [n for n in events_of(machine.engine, ev.GuardNoted) if "vanished" in n.text]  # type: ignore[union-attr]
    assert noted.level == "alarm"  # type: ignore[union-attr]


# ---- the machine ------------------------------------------------------------------------------


def test_a_full_disk_stops_opening_until_there_is_room_and_an_equal_account(
    machine: Machine,
) -> None:
    machine.spend(1)
    machine.free = 12_000_000
    machine.spend(5.1)
    assert machine.tripped == {Breaker.DISK: "12 MB free, floor 64 MB"}
    machine.free = 70_000_000  # above the floor, and too little to call it over
    machine.spend(5.1)
    assert machine.trades(60) is TradingState.REDUCING
    machine.free = 80_000_000
    machine.spend(5.1)
    assert machine.engine.state() is TradingState.REDUCING
    assert machine.trades(SAFETY.reconcile_s + 1) is TradingState.ACTIVE


def test_a_disk_that_cannot_be_asked_is_not_taken_for_an_empty_one(machine: Machine) -> None:
    machine.spend(1)
    machine.free = OSError("stale handle")
    machine.spend(10.5)
    assert Breaker.DUTY in machine.tripped
    assert machine.tripped[Breaker.DUTY].startswith("disk ran ")


def test_a_loop_that_stood_still_stops_opening_until_the_next_comparison(
    machine: Machine,
) -> None:
    machine.spend(1)
    machine.after(SAFETY.loop_gap_s)
    assert machine.tripped == {}
    machine.after(6.0)
    expected = "the engine answered nothing for 6.0 s, limit 5 s"
    assert machine.tripped == {Breaker.LOOP_GAP: expected}
    machine.spend(60)
    assert machine.engine.state() is TradingState.REDUCING
    assert machine.trades(SAFETY.reconcile_s + 1) is TradingState.ACTIVE


@pytest.mark.parametrize("jump", [3_600.0, -3.0])
def test_a_wall_clock_that_jumps_puts_the_account_in_doubt(machine: Machine, jump: float) -> None:
    machine.spend(1)
    machine.after(0.1, wall=0.1 + jump)
    assert machine.engine.state() is TradingState.RECONCILING
    assert f"{jump:+.1f} s" in machine.engine.why()
    machine.spend(1)
    assert machine.engine.state() is TradingState.RECONCILING
    assert machine.trades(2) is TradingState.ACTIVE
    changes = [e.after for e in events_of(machine.engine, ev.StateChanged)]  # type: ignore[union-attr]
    assert changes == ["RECONCILING", "ACTIVE", "RECONCILING", "ACTIVE"]


def test_no_order_opens_while_the_machine_is_in_doubt(machine: Machine) -> None:
    machine.spend(1)
    machine.after(0.1, wall=3_600.0)
    machine.engine.reconciled = False
    machine.engine.advance(START_MS + 500)
    assert events_of(machine.engine, ev.OrderSent) == []
