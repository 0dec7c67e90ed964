"""The last good checkpoints: whole files only, the newest first, a bounded number of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.learning.state_file import seal
from engine.learning.store import SET_ASIDE, Store
from models import disk


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here turns the power off, and each save would wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def state(number: int) -> bytes:
    return seal({"number": number}, {"a": np.full(4, number, np.float32)})


def filled(folder: Path, count: int, keep: int = 3) -> Store:
    store = Store(folder, keep)
    for number in range(1, count + 1):
        store.save(number, state(number))
    return store


def found(folder: Path) -> list[bytes]:
    return [data for _, data in Store(folder, 3).newest()]


def files(folder: Path) -> list[Path]:
    """Newest first."""
    return sorted(folder.iterdir(), reverse=True)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_the_newest_checkpoint_comes_first(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    assert found(tmp_path) == [state(3), state(2), state(1)]


def test_a_name_says_which_update_it_followed(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    ((name, _),) = Store(tmp_path, 3).newest()
    assert name == "00000001-update-1.state"


def test_only_the_last_ones_are_kept(tmp_path: Path) -> None:
    filled(tmp_path, 6)
    assert found(tmp_path) == [state(6), state(5), state(4)]
    assert len(files(tmp_path)) == 3


def test_nothing_was_saved_yet(tmp_path: Path) -> None:
    store = Store(tmp_path / "none" / "yet", 3)
    assert list(store.newest()) == []
    assert store.refused == []


@pytest.mark.parametrize("harm", [flip, lambda p: p.write_bytes(b""), lambda p: os.truncate(p, 99)])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before_it(
    tmp_path: Path, harm: Callable[[Path], object]
) -> None:
    filled(tmp_path, 3)
    harm(files(tmp_path)[0])
    store = Store(tmp_path, 3)
    assert [data for _, data in store.newest()] == [state(2), state(1)]
    (sentence,) = store.refused
    assert "00000003-update-3.state" in sentence
    assert sentence.endswith("the checkpoint before it is used")


def test_a_folder_or_a_pipe_in_a_checkpoint_s_place_does_not_stop_the_search(
    tmp_path: Path,
) -> None:
    filled(tmp_path, 1)
    (tmp_path / "00000002-update-2.state").mkdir()
    os.mkfifo(tmp_path / "00000003-update-3.state")
    store = Store(tmp_path, 3)
    assert [data for _, data in store.newest()] == [state(1)]
    assert len(store.refused) == 2


def test_damaged_files_do_not_push_the_good_ones_out(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    for path in files(tmp_path)[:2]:
        flip(path)
    Store(tmp_path, 2).save(4, state(4))
    assert found(tmp_path) == [state(4), state(1)]


def test_a_learner_that_began_anew_is_newer_than_what_it_was(tmp_path: Path) -> None:
    filled(tmp_path, 9)
    Store(tmp_path, 2).save(1, state(1))
    assert found(tmp_path)[0] == state(1)


def test_checkpoints_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    filled(tmp_path / "new", 1)
    (path,) = files(tmp_path / "new")
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    assert oct(path.parent.stat().st_mode & 0o777) == "0o700"


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    filled(tmp_path, 5)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_rows_for_study_are_one_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    store = filled(tmp_path, 1)
    store.set_aside(state(7))
    store.set_aside(state(8))
    assert (tmp_path / SET_ASIDE).read_bytes() == state(8)
    assert found(tmp_path) == [state(1)]


def test_a_full_disk_leaves_the_checkpoint_before_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path, 1)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "stage", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(2, state(2))
    assert found(tmp_path) == [state(1)]


def test_what_a_killed_save_left_behind_goes_with_the_next(tmp_path: Path) -> None:
    filled(tmp_path, 1)
    disk.stage(tmp_path / "00000002-update-2.state", state(2)[:50])
    assert found(tmp_path) == [state(1)]
    Store(tmp_path, 3).save(2, state(2))
    assert len(files(tmp_path)) == 2
