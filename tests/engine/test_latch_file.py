from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from engine import latch_file

WALL_MS = 1_767_600_000_000


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_it_says_why_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    assert latch_file.write(path, "halt by key", WALL_MS) is None
    assert path.read_text() == "halt by key\nsince 2026-01-05T08:00:00Z\n"
    assert latch_file.read(path) == "halt by key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_reason_of_several_lines_stays_one(tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    latch_file.write(path, "halt by\nwhoever \ud800", WALL_MS)
    assert latch_file.read(path) == "halt by whoever ?"


def test_nothing_under_the_name_is_no_halt(tmp_path: Path) -> None:
    assert latch_file.read(tmp_path / "HALTED") is None
    assert latch_file.fault(tmp_path / "HALTED") is None


def folder(path: Path) -> None:
    path.mkdir()


def fifo(path: Path) -> None:
    os.mkfifo(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere")


def loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [folder, fifo, dangling, loop])
def test_F41_whatever_else_lies_under_the_name_halts(make: object, tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    make(path)  # type: ignore[operator]  # one of the four above
    reason = latch_file.read(path)
    assert reason is not None
    assert reason.startswith("the halt latch cannot be read (")
    assert latch_file.fault(path) is not None


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe", b"\0" * 100_000])
def test_a_file_without_a_sensible_word_halts_and_may_be_removed(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "HALTED"
    path.write_bytes(content)
    assert latch_file.read(path) is not None
    assert latch_file.fault(path) is None


def test_a_latch_in_a_folder_that_is_a_file_halts(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    assert latch_file.read(tmp_path / "state" / "HALTED") is not None


def test_F41_several_writers_leave_one_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    reasons = [f"halt by writer {number}" for number in range(8)]
    seen: list[str | None] = []

    def write(reason: str) -> None:
        for _ in range(5):
            latch_file.write(path, reason, WALL_MS)
            seen.append(latch_file.read(path))

    writers = [threading.Thread(target=write, args=(reason,)) for reason in reasons]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert set(seen) <= set(reasons)
    assert names(tmp_path) == ["HALTED"]


def test_on_a_full_disk_a_file_without_words_halts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    trouble = latch_file.write(tmp_path / "HALTED", "halt by key", WALL_MS)
    assert trouble is not None
    assert "No space left" in trouble
    assert latch_file.read(tmp_path / "HALTED") == latch_file.NO_REASON
    assert names(tmp_path) == ["HALTED"]


def test_a_disk_that_fails_leaves_the_latch_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "HALTED"
    latch_file.write(path, "first", WALL_MS)

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    trouble = latch_file.write(path, "second", WALL_MS)
    assert trouble is not None
    assert "it holds in memory" in trouble
    assert latch_file.read(path) == "first"
    assert names(tmp_path) == ["HALTED"]


def test_a_removed_latch_leaves_the_time_of_its_removal(tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    latch_file.write(path, "halt by key", WALL_MS)
    assert latch_file.resumed_ms(path) is None
    latch_file.remove(path, WALL_MS + 5)
    assert names(tmp_path) == ["RESUMED"]
    assert latch_file.resumed_ms(path) == WALL_MS + 5


@pytest.mark.parametrize("content", [b"", b"yesterday\n", b"\xff", b"-5\n"])
def test_a_time_that_cannot_be_read_is_unknown(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "RESUMED").write_bytes(content)
    assert latch_file.resumed_ms(tmp_path / "HALTED") is None


def test_removing_needs_no_note(tmp_path: Path) -> None:
    path = tmp_path / "HALTED"
    latch_file.write(path, "halt by key", WALL_MS)
    (tmp_path / "RESUMED").mkdir()
    latch_file.remove(path, WALL_MS)
    assert latch_file.read(path) is None
