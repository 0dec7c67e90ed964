"""Recording without trading: what is told, what ends it, and that what is kept can be replayed."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from console.record_command import Recording, record_command
from engine.clock import SystemClock
from engine.errors import ConsoleError
from engine.feeds.live.clock import MarketClock
from engine.feeds.rows import RowReader
from engine.feeds_view import ConnectionView, FeedsView
from engine.home import VARIABLE
from engine.messages import Message
from engine.recording import Row
from engine.settings import Settings
from tests.engine.recorders import read

RATE = 600.0
"""Clock seconds in a real one: ten minutes."""

BLOCKED = ConnectionView("binance futures trades", "stream", "blocked")
LIVE = ConnectionView("polymarket books", "stream", "live")
SPARE = ConnectionView("okx public", "stream", "off")


class Beats:
    """A live feed that hears one row at each poll, and does `at` when it has heard `after`."""

    def __init__(
        self, settings: Settings, clock: MarketClock, recording: Recording, after: int, at: str
    ) -> None:
        self.clock = clock
        self.recorder = recording(RowReader())
        self.heard = 0
        self._after, self._at = after, at
        self.recorder.row(clock.now_ms(), "session", b'{"state":"begun"}')

    async def run(self) -> None:
        if self._at == "fail":
            raise AssertionError("a fault of the program")
        await asyncio.Event().wait()

    def poll(self, until_ms: int) -> Iterator[Message]:
        self.heard += 1
        self.recorder.row(until_ms, "mid", b'{"n":%d}' % self.heard)
        if self.heard == self._after and self._at.startswith("SIG"):
            os.kill(os.getpid(), signal.Signals[self._at])
        return iter(())

    def end(self, t_ms: int) -> None:
        self.recorder.row(t_ms + 1, "session", b'{"state":"ended"}')

    def close(self) -> None:
        self.recorder.close()

    def view(self) -> FeedsView:
        shown = self.recorder.view()
        if self._at == "full" and self.heard >= self._after:
            shown = replace(shown, on=False, why="no room")
        return FeedsView(connections=(BLOCKED, LIVE, SPARE), recorder=shown)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))
    return tmp_path / "home"


def record(out: Path | None, at: str = "", after: int = 3, minutes: float | None = None) -> int:
    options = argparse.Namespace(out=out, minutes=minutes)
    factory = partial(Beats, after=after, at=at)
    return record_command(options, factory, MarketClock(SystemClock(), RATE))


def session_in(folder: Path) -> Path:
    (session,) = folder.iterdir()
    return session


def states(rows: list[Row]) -> list[str]:
    return [row.data["state"] for row in rows if row.src == "session"]


def test_it_records_for_so_many_minutes_and_ends_in_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert record(tmp_path / "disk", minutes=5) == 0
    rows = [row for row in read(session_in(tmp_path / "disk")) if isinstance(row, Row)]
    assert states(rows) == ["begun", "ended"]
    assert rows[0].src == rows[-1].src == "session"
    assert rows[-1].t_ms - rows[0].t_ms >= 300_000
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("recorded ")
    assert f"{len(rows)} rows" in told[-1]
    assert told[-1].endswith(f" a window: {session_in(tmp_path / 'disk')}")


def test_each_minute_says_what_is_not_live(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record(tmp_path, minutes=3)
    lines = capsys.readouterr().err.splitlines()[:-1]
    assert lines
    assert all(line.endswith("; not live: binance futures trades blocked") for line in lines)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1"])
def test_a_signal_ends_it_in_order(tmp_path: Path, name: str) -> None:
    before = signal.getsignal(signal.Signals[name])
    assert record(tmp_path, at=name) == 128 + signal.Signals[name]
    assert signal.getsignal(signal.Signals[name]) == before
    rows = [row for row in read(session_in(tmp_path)) if isinstance(row, Row)]
    assert states(rows) == ["begun", "ended"]


def test_an_ignored_hangup_stays_ignored(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert record(tmp_path, at="SIGHUP", minutes=1) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_full_disk_ends_it_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"^recording ended: no room$") as told:
        record(tmp_path, at="full")
    assert told.value.exit_code == 1


def test_a_disk_that_was_full_before_is_not_said_to_hold_a_part(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("[feeds]\ndisk_floor_mb = 10000000\n")
    with pytest.raises(ConsoleError, match=r"^recording ended: \d+ MB are free and"):
        record(tmp_path / "disk", at="SIGINT", minutes=600)
    assert capsys.readouterr().err.splitlines()[-1] == "nothing was recorded"


def test_without_a_folder_it_records_into_the_home(home: Path) -> None:
    record(None, at="SIGINT")
    assert session_in(home / "data" / "recordings").is_dir()


def test_a_folder_elsewhere_needs_no_home(tmp_path: Path, home: Path) -> None:
    record(tmp_path / "disk", at="SIGINT")
    assert not home.exists()


def test_a_folder_that_is_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConsoleError, match="nothing can be recorded there"):
        record(tmp_path / "file")


def test_a_fault_of_the_program_is_not_hidden_and_the_file_is_finished(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="a fault of the program"):
        record(tmp_path, at="fail")
    rows = [row for row in read(session_in(tmp_path)) if isinstance(row, Row)]
    assert states(rows) == ["begun", "ended"]


def test_recording_loads_no_model() -> None:
    code = "import sys, console.record_command; sys.exit('mlx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
