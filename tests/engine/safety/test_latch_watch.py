from __future__ import annotations

from pathlib import Path

import pytest

from engine import latch_file
from engine.safety.latch_watch import LatchWatch
from engine.trading_state import Latch
from tests.engine.safety.clocks import ManualClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "HALTED"


@pytest.fixture
def latch(path: Path) -> Latch:
    return Latch(path, ManualClock())


def test_an_open_latch_without_a_file_is_no_trouble(latch: Latch, path: Path) -> None:
    watch = LatchWatch(latch, path)
    assert not watch.appeared()
    assert watch.trouble() == ""


def test_F40_a_file_that_appears_shuts_the_latch_in_memory(latch: Latch, path: Path) -> None:
    watch = LatchWatch(latch, path)
    path.write_text("halt by another process\n")
    assert watch.appeared()
    assert latch.reason == "halt by another process"
    assert not watch.appeared()


def test_a_halt_that_is_just_being_written_is_no_trouble(latch: Latch, path: Path) -> None:
    watch = LatchWatch(latch, path)
    latch.shut_now("halt by key")
    assert watch.trouble() == ""
    assert not path.exists()


def test_F41_a_file_that_vanished_or_changed_is_written_again_and_told(
    latch: Latch, path: Path
) -> None:
    watch = LatchWatch(latch, path)
    latch.shut_now("halt by key\nof a  person")
    latch.keep()
    assert watch.trouble() == ""
    path.unlink()
    assert "vanished" in watch.trouble()
    assert latch_file.read(path) == "halt by key of a person"
    assert watch.trouble() == ""
    path.write_text("nothing is halted\n")
    assert "changed by somebody else" in watch.trouble()
    assert latch_file.read(path) == "halt by key of a person"


def test_a_file_that_nobody_can_read_is_told_once_and_left_for_a_person(
    latch: Latch, path: Path
) -> None:
    watch = LatchWatch(latch, path)
    latch.shut_now("halt by key")
    latch.keep()
    path.unlink()
    path.mkdir()
    assert "cannot be read" in watch.trouble()
    assert watch.trouble() == ""
    assert path.is_dir()
    assert latch.shut


def test_a_halt_that_could_not_be_written_is_tried_again(path: Path) -> None:
    absent = path.parent / "gone" / path.name
    latch = Latch(absent, ManualClock())
    watch = LatchWatch(latch, absent)
    latch.shut_now("halt by key")
    assert latch.keep() is not None
    assert "could not be written" in watch.trouble()
    assert watch.trouble() == ""
    absent.parent.mkdir()
    assert watch.trouble() == ""
    assert latch.kept
