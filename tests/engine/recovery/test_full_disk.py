"""A disk without room, on a real small file system where one can be mounted and on SQLite's own."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine import events as ev
from engine.decision import Action
from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.log_reserve import Reserve
from engine.safety.breakers import Breaker
from engine.trading_state import TradingState
from tests.engine.build import MARKET, NOW, START_MS
from tests.engine.fakes import always, engine_on, events_of, window
from tests.engine.safety.test_patrol import Machine
from tests.engine.test_eventlog import decision

RESERVE = 128 * 1024
"""Bytes."""
UP = always(Action.BUY)
LINE = ev.Noted("info", "a line that takes room " * 40)


@dataclass(frozen=True, slots=True)
class Disk:
    """A small file system, and the ballast that fills it."""

    folder: Path

    def fill(self) -> None:
        with (self.folder / "ballast").open("ab", buffering=0) as file:
            for size in (1 << 16, 1 << 12, 1):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def log(self) -> EventLog:
        reserve = Reserve(self.folder / "reserve", RESERVE)
        return EventLog(self.folder / "log.sqlite", reserve=reserve)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    mount, umount = shutil.which("mount"), shutil.which("umount")
    if mount is None or umount is None or os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    here = str(tmp_path)
    made = subprocess.run([mount, "-t", "tmpfs", "-o", "size=2m", "tmpfs", here], check=False)
    if made.returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield Disk(tmp_path)
    finally:
        subprocess.run([umount, "-l", here], check=True)


class Room(Reserve):
    """A reserve of SQLite pages: a disk that is full as far as one log goes."""

    def __init__(self, path: Path, pages: int) -> None:
        super().__init__(path, 1)
        self.pages = pages
        self.log: EventLog | None = None

    def give_up(self) -> bool:
        if not super().give_up():
            return False
        most(self.log, self.pages)
        return True

    def _make(self) -> bool:
        return self.log is None


class Tight(Reserve):
    """Never held, unless a test says so: a disk that takes events and has no room to spare."""

    def _make(self) -> bool:
        return False


def most(log: EventLog | None, pages: int) -> None:
    """Let the log's disk take so many pages more; SQLite's own word for a disk that is full."""
    assert log is not None
    (there,) = log._db.execute("PRAGMA page_count").fetchone()
    log._db.execute(f"PRAGMA max_page_count = {there + pages}")


def written(log: EventLog, lines: int) -> None:
    for _ in range(lines):
        log.append(NOW, 0, LINE)
    log.commit()


def found(log: EventLog) -> int:
    return len(list(log.replay()))


def test_a_full_disk_loses_nothing_that_was_recorded(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.sqlite")
    written(log, 3)
    most(log, 0)
    for lines in (20, 20):
        written(log, lines)
        assert log.trouble == f"{log.path} cannot be written (database or disk is full)"
    assert log.waiting == 40
    most(log, 1_000)
    log.commit()
    assert (log.waiting, found(log)) == (0, 43)
    assert not log.trouble


def test_decisions_wait_as_well(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.sqlite")
    most(log, 0)
    for i in range(50):
        log.decide(decision(i, 1))
    log.commit()
    assert log.trouble is not None
    most(log, 1_000)
    assert log.decided() == 0
    log.commit()
    assert log.decided() == 50


def test_the_hash_of_a_run_does_not_depend_on_the_disk(tmp_path: Path) -> None:
    full, sound = EventLog(tmp_path / "full.sqlite"), EventLog(tmp_path / "sound.sqlite")
    most(full, 0)
    for log in (full, sound):
        written(log, 20)
        log.decide(decision(1, 1))
    assert full.digest() == sound.digest()
    most(full, 1_000)


def test_what_is_lost_after_all_is_told_at_the_end(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.sqlite")
    written(log, 3)
    most(log, 0)
    written(log, 20)
    with pytest.raises(LedgerError, match="20 events since the last commit are lost"):
        log.close()
    assert found(EventLog(tmp_path / "log.sqlite")) == 3


def test_a_commit_that_was_kept_though_it_failed_is_not_written_twice(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log.sqlite")
    log.append(NOW, 0, LINE)
    kept = list(log._events)
    log.commit()
    log._events, log.trouble = kept, "an error of the disk in the last instant"
    written(log, 2)
    assert (log.waiting, found(log)) == (0, 3)
    assert not log.trouble


def test_the_reserve_takes_what_the_disk_does_not(disk: Disk) -> None:
    log = disk.log()
    written(log, 3)
    disk.fill()
    written(log, 20)
    assert "disk" in (log.trouble or "")
    assert log.waiting == 0
    assert not (disk.folder / "reserve").exists()
    log.close()
    assert found(EventLog(disk.folder / "log.sqlite")) == 23


def test_beyond_the_reserve_events_wait_and_none_is_lost(disk: Disk) -> None:
    log = disk.log()
    written(log, 3)
    disk.fill()
    for _ in range(40):
        written(log, 20)
    assert log.waiting > 0
    disk.free()
    log.commit()
    assert (log.trouble, log.waiting) == (None, 0)
    assert found(log) == 803


def test_the_reserve_is_made_again_when_there_is_room(disk: Disk) -> None:
    log = disk.log()
    written(log, 1)
    disk.fill()
    written(log, 20)
    disk.free()
    log.commit()
    assert log.trouble is None
    assert (disk.folder / "reserve").stat().st_size == RESERVE


def test_decisions_do_not_use_up_the_reserve(disk: Disk) -> None:
    log = disk.log()
    written(log, 1)
    disk.fill()
    for i in range(2_000):
        log.decide(decision(i, 1))
        log.commit()
    written(log, 5)
    assert log.waiting == 0
    disk.free()
    log.commit()
    assert log.decided() == 2_000


def test_a_disk_without_room_for_a_reserve_is_no_sound_disk(disk: Disk) -> None:
    disk.fill()
    (disk.folder / "ballast").write_bytes(b"x" * (1 << 20) + b"x" * (1 << 19) + b"x" * (1 << 17))
    log = disk.log()
    written(log, 1)
    assert log.waiting == 0
    assert "no room left for a reserve" in (log.trouble or "")


@pytest.fixture
def room(tmp_path: Path) -> Callable[[int], EventLog]:
    def made(pages: int) -> EventLog:
        reserve = Room(tmp_path / "reserve", pages)
        log = EventLog(tmp_path / "log.sqlite", reserve=reserve)
        log.commit()
        reserve.log = log
        return log

    return made


def test_no_order_is_opened_on_a_disk_that_is_not_sound(room: Callable[[int], EventLog]) -> None:
    log = room(1_000)
    engine = engine_on(window(), UP, log=log)
    most(log, 0)
    written(log, 20)
    assert log.trouble is not None
    engine.advance(START_MS + 60_000)
    assert events_of(engine, ev.FillMatched) == []
    assert all("never sent" in str(end) for end in events_of(engine, ev.OrderDone))
    assert events_of(engine, ev.OrderSent)
    assert engine.journal.ledger.working == {}


def test_an_exit_is_sold_on_the_reserve(room: Callable[[int], EventLog]) -> None:
    log = room(1_000)
    engine = engine_on(window(), UP, log=log)
    engine.advance(START_MS + 60_000)
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    most(log, 0)
    engine.flattening = engine.reduce_only = True
    engine.advance(START_MS + 200_000)
    assert log.trouble is not None
    assert log.waiting == 0
    assert engine.journal.ledger.open_slugs() == []


def test_no_order_leaves_that_would_not_survive_us(room: Callable[[int], EventLog]) -> None:
    log = room(0)
    engine = engine_on(window(), UP, log=log)
    engine.advance(START_MS + 60_000)
    most(log, 0)
    for _ in range(20):
        log.append(NOW, 0, LINE)
    engine.flattening = engine.reduce_only = True
    engine.advance(START_MS + 200_000)
    assert log.waiting > 0
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    most(log, 1_000)
    engine.advance(START_MS + 260_000)
    assert engine.journal.ledger.open_slugs() == []


@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_on_its_last_room_the_engine_only_reduces(tmp_path: Path, speed: float) -> None:
    machine = Machine(tmp_path, speed)
    log = machine.engine.journal.log
    assert isinstance(log, EventLog)
    log._reserve = room = Tight(tmp_path / "reserve")
    log.commit()
    machine.spend(1)
    assert machine.trades(1) is TradingState.REDUCING
    assert machine.tripped[Breaker.DISK] == log.trouble
    room.held = True
    machine.spend(10)
    assert machine.engine.breakers.tripped[0].lasts is False


@pytest.mark.parametrize("speed", [1.0, math.inf])
def test_without_any_room_the_engine_halts(tmp_path: Path, speed: float) -> None:
    machine = Machine(tmp_path, speed)
    log = machine.engine.journal.log
    assert isinstance(log, EventLog)
    most(log, 0)
    for _ in range(40):
        log.append(NOW, 0, LINE)
    log.commit()
    machine.spend(0.1)
    assert machine.engine.state() is TradingState.HALTED
    assert "an event log that takes nothing more" in (machine.latch.reason or "")
    most(log, 1_000)
