"""No disk holds the loop; nothing is lost, exchanged or hidden because another thread writes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.learning.scribe import CHECKPOINT, SET_ASIDE, Scribe, Written
from engine.learning.store import Store

PATIENCE_S = 20.0


class SlowStore(Store):
    """A disk that writes only when it is let."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, keep=9)
        self.begun, self.let = threading.Event(), threading.Event()
        self.saved: list[int] = []

    def save(self, number: int, data: bytes) -> None:
        self.begun.set()
        self.let.wait(PATIENCE_S)
        self.saved.append(number)


class FullStore(Store):
    """A disk that refuses."""

    def save(self, number: int, data: bytes) -> None:
        raise OSError(28, "No space left on device")


@pytest.fixture
def scribe() -> Iterator[Scribe]:
    made = Scribe()
    yield made
    made.close()


def test_asking_for_a_write_does_not_wait_for_the_disk(scribe: Scribe, tmp_path: Path) -> None:
    store = SlowStore(tmp_path)
    scribe.save(store, 1, b"one")
    assert store.begun.wait(PATIENCE_S)
    assert (store.saved, scribe.outcomes(), scribe.wait(0.0)) == ([], [], False)
    store.let.set()
    assert scribe.wait(PATIENCE_S)
    assert scribe.outcomes() == [Written(CHECKPOINT, 1, "")]


def test_a_newer_checkpoint_takes_the_place_of_one_not_begun_and_never_of_one_begun(
    scribe: Scribe, tmp_path: Path
) -> None:
    store = SlowStore(tmp_path)
    scribe.save(store, 1, b"one")
    assert store.begun.wait(PATIENCE_S)
    scribe.save(store, 2, b"two")
    scribe.save(store, 3, b"three")
    store.let.set()
    assert scribe.wait(PATIENCE_S)
    assert store.saved == [1, 3]


def test_what_a_store_holds_afterwards_is_what_was_asked_for(
    scribe: Scribe, tmp_path: Path
) -> None:
    store = Store(tmp_path, keep=9)
    scribe.save(store, 1, b"one")
    scribe.set_aside(store, 2, b"rows")
    assert scribe.wait(PATIENCE_S)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "00000001-update-1.state",
        "quarantined.state",
    ]
    assert (tmp_path / "quarantined.state").read_bytes() == b"rows"


def test_a_disk_that_refuses_is_told_and_the_next_write_is_tried(
    scribe: Scribe, tmp_path: Path
) -> None:
    scribe.save(FullStore(tmp_path, 9), 1, b"one")
    assert scribe.wait(PATIENCE_S)
    scribe.set_aside(Store(tmp_path, 9), 1, b"rows")
    assert scribe.wait(PATIENCE_S)
    assert scribe.outcomes() == [
        Written(CHECKPOINT, 1, "No space left on device"),
        Written(SET_ASIDE, 1, ""),
    ]


def test_outcomes_are_told_once(scribe: Scribe, tmp_path: Path) -> None:
    scribe.save(Store(tmp_path, 9), 1, b"one")
    assert scribe.wait(PATIENCE_S)
    assert len(scribe.outcomes()) == 1
    assert scribe.outcomes() == []
