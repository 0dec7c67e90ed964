from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.requests import Flatten, Halt
from engine.safety.stop_file import StopFile


def at_five() -> float:
    return 5.0


def test_without_a_file_nobody_asks(tmp_path: Path) -> None:
    assert StopFile(tmp_path / "STOP", at_five).take() is None
    assert StopFile(None, at_five).take() is None


def test_a_file_asks_once_however_often_it_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "STOP").touch()
    looked_at = StopFile(tmp_path / "STOP", at_five)
    assert [looked_at.take() for _ in range(3)] == [Halt("stop file", 5.0), None, None]


def test_a_file_that_was_removed_and_made_again_asks_again(tmp_path: Path) -> None:
    path = tmp_path / "STOP"
    looked_at = StopFile(path, at_five)
    path.touch()
    assert looked_at.take() is not None
    path.unlink()
    assert looked_at.take() is None
    path.touch()
    assert looked_at.take() is not None


@pytest.mark.parametrize("words", ["flatten", "FLATTEN everything\n", "  flatten\n"])
def test_its_first_word_may_ask_to_flatten(words: str, tmp_path: Path) -> None:
    (tmp_path / "STOP").write_text(words)
    assert StopFile(tmp_path / "STOP", at_five).take() == Flatten("stop file", 5.0)


@pytest.mark.parametrize("content", [b"", b"halt", b"\xff\xfe\x00", b"please flatten"])
def test_anything_else_halts(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "STOP").write_bytes(content)
    assert StopFile(tmp_path / "STOP", at_five).take() == Halt("stop file", 5.0)


def test_a_stop_file_that_is_no_file_halts_without_waiting(tmp_path: Path) -> None:
    for name, make in (("folder", Path.mkdir), ("fifo", os.mkfifo)):
        make(tmp_path / name)
        assert StopFile(tmp_path / name, at_five).take() == Halt("stop file", 5.0)
    (tmp_path / "dangling").symlink_to("nowhere")
    assert StopFile(tmp_path / "dangling", at_five).take() == Halt("stop file", 5.0)


def test_a_stop_file_in_a_folder_that_cannot_be_looked_into_halts(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert StopFile(tmp_path / "state" / "STOP", at_five).take() is not None
