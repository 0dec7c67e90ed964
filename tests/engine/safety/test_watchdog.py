from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.requests import Flatten, Halt, Stopping
from engine.safety.duties import Duties, Duty
from engine.safety.watchdog import LOOK_S, MOST_AT_ONCE_S, Watchdog, Watched
from engine.trading_state import Latch
from tests.engine.safety.clocks import ManualClock

STUCK_S = 5.0


@dataclass
class FrozenEngine:
    """An engine whose thread turns when a test says so."""

    latch: Latch
    turns: int = 0
    running: bool = True
    file: Stopping | None = None
    asked: list[Stopping] = field(default_factory=list)
    heard: Callable[[], object] = bool

    def ask(self, request: Stopping) -> None:
        self.latch.shut_now(request.why)
        self.asked.append(request)

    def take(self) -> Stopping | None:
        self.heard()
        taken, self.file = self.file, None
        return taken


@dataclass
class Kennel:
    """A watchdog, what it watches and what it said."""

    path: Path
    clock: ManualClock = field(default_factory=ManualClock)
    told: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.latch = Latch(self.path, self.clock)
        self.engine = FrozenEngine(self.latch)
        self.duties = Duties({Duty.WATCHDOG: 2.0})
        self.dog = Watchdog(
            Watched(
                turns=lambda: self.engine.turns,
                running=lambda: self.engine.running,
                ask=self.engine.ask,
                asked=self.engine.take,
            ),
            self.latch,
            self.clock,
            STUCK_S,
            self.duties,
            lambda level, text: self.told.append((level, text)),
        )

    def pass_time(self, seconds: float, step: float = LOOK_S) -> None:
        """Look every `step` seconds, the engine standing still."""
        for _ in range(round(seconds / step)):
            self.clock.now += step
            self.dog.look()


@pytest.fixture
def kennel(tmp_path: Path) -> Kennel:
    return Kennel(tmp_path / "HALTED")


def test_an_engine_that_turns_is_left_alone(kennel: Kennel) -> None:
    for _ in range(100):
        kennel.engine.turns += 1
        kennel.pass_time(LOOK_S)
    assert not kennel.latch.shut
    assert kennel.told == []
    assert kennel.dog.stuck_s is None


def test_F16_a_frozen_engine_has_its_gate_shut_in_memory_and_on_disk(kennel: Kennel) -> None:
    kennel.pass_time(STUCK_S)
    assert not kennel.latch.shut
    kennel.pass_time(2 * LOOK_S)
    assert kennel.latch.reason == "halt by watchdog"
    assert Latch(kennel.path).shut
    assert kennel.dog.stuck_s is not None
    (told,) = kennel.told
    assert told[0] == "alarm"
    assert told[1] == "the engine has not moved for 5.0 s, limit 5 s; the gate is shut"


def test_it_bites_once_and_asks_the_engine_to_cancel_when_it_can(kennel: Kennel) -> None:
    kennel.pass_time(60)
    (asked,) = kennel.engine.asked
    assert isinstance(asked, Halt)
    assert asked.origin == "watchdog"
    assert asked.asked_mono is not None
    assert len(kennel.told) == 1


def test_it_says_when_the_engine_moves_again_and_opens_nothing(kennel: Kennel) -> None:
    kennel.pass_time(8)
    kennel.engine.turns += 1
    kennel.pass_time(LOOK_S)
    assert kennel.told[-1] == ("alarm", "the engine moves again after 7.8 s; still HALTED")
    assert kennel.dog.stuck_s is None
    assert kennel.latch.shut


def test_an_engine_that_freezes_again_is_told_again(kennel: Kennel) -> None:
    for _ in range(2):
        kennel.pass_time(8)
        kennel.engine.turns += 1
    assert [text[:28] for _, text in kennel.told] == [
        "the engine has not moved for",
        "the engine moves again after",
        "the engine has not moved for",
    ]


def test_a_start_may_take_as_long_as_it_takes(kennel: Kennel) -> None:
    kennel.engine.running = False
    kennel.pass_time(120)
    assert not kennel.latch.shut
    kennel.engine.running = True
    kennel.pass_time(STUCK_S - LOOK_S)
    assert not kennel.latch.shut


def test_a_closed_lid_is_no_stuck_engine(kennel: Kennel) -> None:
    kennel.pass_time(LOOK_S)
    kennel.clock.now += 3_600
    kennel.dog.look()
    assert not kennel.latch.shut
    kennel.engine.turns += 1
    kennel.pass_time(STUCK_S)
    assert not kennel.latch.shut


def test_a_watchdog_that_is_slow_itself_still_bites(kennel: Kennel) -> None:
    kennel.pass_time(STUCK_S + 2 * MOST_AT_ONCE_S, step=MOST_AT_ONCE_S)
    assert kennel.latch.shut


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("stop", [Halt("stop file", 1.0), Flatten("stop file", 1.0)])
def test_a_stop_file_is_heard_though_the_engine_stands_still_or_starts(
    stop: Stopping, running: bool, kennel: Kennel
) -> None:
    kennel.engine.running = running
    kennel.engine.file = stop
    kennel.pass_time(2 * LOOK_S)
    assert kennel.engine.asked == [stop]
    assert kennel.latch.reason == stop.why


def test_a_stop_while_the_engine_starts_is_on_disk_before_it_has_started(kennel: Kennel) -> None:
    kennel.engine.running = False
    kennel.latch.shut_now("halt by key")
    kennel.pass_time(LOOK_S)
    assert Latch(kennel.path).reason == "halt by key"


def test_the_engine_writes_its_own_latch_where_it_turns(kennel: Kennel) -> None:
    kennel.latch.shut_now("halt by key")
    for _ in range(4):
        kennel.engine.turns += 1
        kennel.pass_time(LOOK_S)
    assert not kennel.path.exists()
    kennel.pass_time(2 * LOOK_S)
    assert kennel.path.exists()


def test_on_a_disk_that_takes_nothing_the_gate_is_shut_all_the_same(tmp_path: Path) -> None:
    kennel = Kennel(tmp_path / "nowhere" / "HALTED")
    kennel.pass_time(STUCK_S + 4 * LOOK_S)
    assert kennel.latch.shut
    texts = [text for _, text in kennel.told]
    assert len(texts) == 2
    assert "holds in memory" in texts[1]


def test_a_stop_in_the_last_moment_of_a_run_is_written_too(kennel: Kennel) -> None:
    with kennel.dog:
        kennel.latch.shut_now("halt by key")
    assert Latch(kennel.path).reason == "halt by key"


def test_a_run_without_a_stop_leaves_no_latch(kennel: Kennel) -> None:
    with kennel.dog:
        pass
    assert not kennel.path.exists()


def test_every_look_is_a_stamp(kennel: Kennel) -> None:
    assert kennel.duties.stale(0.0)
    kennel.pass_time(1.0)
    assert not kennel.duties.stale(kennel.clock.now)
    stamp = kennel.duties.last(Duty.WATCHDOG)
    assert stamp is not None
    assert stamp.note == "the engine moved 0.8 s ago"


def test_its_thread_looks_by_itself_and_ends_with_the_run(kennel: Kennel) -> None:
    looked = threading.Event()
    kennel.engine.heard = looked.set
    with kennel.dog:
        assert looked.wait(10)
    assert not any(thread.name == "watchdog" for thread in threading.enumerate())
