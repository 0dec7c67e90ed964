"""Selling out within a time, and letting a terminal go while pipes and files stay."""

from __future__ import annotations

import os
import pty
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from console.hangup import let_go, sell_out, sellable
from engine.requests import CloseOut
from engine.snapshot import Snapshot
from tests.console.fakes import FakeEngine, sample_snapshot


@dataclass
class Passing:
    """A clock that moves when somebody waits."""

    now: float = 0.0

    def wall_ms(self) -> int:
        return 0

    def mono(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


def test_what_is_not_sold_in_time_is_told() -> None:
    engine, clock = FakeEngine(sample_snapshot()), Passing()
    assert not sell_out(engine, "hangup", 2.0, clock.wait, clock)
    assert engine.requests == [CloseOut("hangup")]
    assert clock.now == pytest.approx(2.0, abs=0.2)


def test_little_is_waited_for_where_nothing_is_held() -> None:
    engine, clock = FakeEngine(Snapshot()), Passing()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        engine.change(seq=engine.latest().seq + 1)

    assert sell_out(engine, "quit", 2.0, wait, clock)
    assert clock.now == pytest.approx(0.2)


def test_what_was_bought_since_the_last_picture_is_sold_too() -> None:
    engine, clock = FakeEngine(Snapshot()), Passing()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        engine.change(seq=engine.latest().seq + 1, assets=sample_snapshot().assets)

    assert not sell_out(engine, "quit", 2.0, wait, clock)


def test_selling_ends_as_soon_as_it_is_done() -> None:
    engine, clock = FakeEngine(sample_snapshot()), Passing()

    def wait(seconds: float) -> None:
        clock.wait(seconds)
        engine.change(seq=engine.latest().seq + 2, assets=())

    assert sell_out(engine, "quit", 2.0, wait, clock)
    assert clock.now == pytest.approx(0.1)


def test_nobody_waits_for_an_engine_that_has_died() -> None:
    engine, clock = FakeEngine(sample_snapshot(), running=False), Passing()
    assert not sell_out(engine, "quit", 2.0, clock.wait, clock)
    assert clock.now == 0.0


def test_what_awaits_its_resolution_cannot_be_sold() -> None:
    asset = next(a for a in sample_snapshot().assets if a.position is not None)
    assert asset.position is not None
    waiting = replace(asset.position, note="awaiting the resolution")
    assert not sellable(Snapshot(assets=(replace(asset, position=waiting, working=None),)))


def test_a_terminal_is_let_go_and_a_file_is_not(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    gone_master, gone = pty.openpty()
    os.close(gone_master)
    file = os.open(tmp_path / "summary", os.O_CREAT | os.O_RDWR)
    nowhere = Path(os.devnull).stat()
    try:
        let_go((slave, gone, file, 9_999))
        assert [os.path.samestat(os.fstat(n), nowhere) for n in (slave, gone)] == [True, True]
        assert os.path.samestat(os.fstat(file), (tmp_path / "summary").stat())
    finally:
        for descriptor in (master, slave, gone, file):
            os.close(descriptor)
