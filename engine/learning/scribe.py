"""Writes a learner's files in a thread of its own, so that no disk ever holds the loop.

Owns the order of the writes and the way back of their outcomes. The bytes are made by whoever
asks, in the asker's thread; here they are only written. A newer checkpoint takes the place of one
that has not been begun: where the disk is slower than the learner, the older one is of no use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.learning.store import Store

CHECKPOINT = "checkpoint"
SET_ASIDE = "rows set aside"


@dataclass(frozen=True, slots=True)
class Written:
    """What became of one write."""

    what: str
    """`CHECKPOINT` or `SET_ASIDE`."""
    number: int
    """Of the update after which it was made."""
    fault: str
    """Why the disk refused; "": it is durable."""


class Scribe:
    """One thread that writes; everything else may be called from one other thread only."""

    def __init__(self) -> None:
        self._jobs: dict[str, tuple[int, Callable[[], None]]] = {}
        self._told: list[Written] = []
        self._changed = threading.Condition()
        self._busy = False
        self._leaving = False
        self._thread = threading.Thread(target=self._work, name="scribe", daemon=True)
        self._thread.start()

    def save(self, store: Store, number: int, data: bytes) -> None:
        """Have a checkpoint written, after everything that was asked for before."""
        self._ask(CHECKPOINT, number, lambda: store.save(number, data))

    def set_aside(self, store: Store, number: int, data: bytes) -> None:
        """Have rows kept for study."""
        self._ask(SET_ASIDE, number, lambda: store.set_aside(data))

    def outcomes(self) -> list[Written]:
        """What has been written, or refused, since this was last asked; never waits."""
        with self._changed:
            told, self._told = self._told, []
        return told

    def wait(self, seconds: float) -> bool:
        """Wait until everything is written; False if the disk did not do it in time."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._jobs and not self._busy, seconds)

    def close(self) -> None:
        """Nothing more will be asked for; what was is still written while the process lives."""
        with self._changed:
            self._leaving = True
            self._changed.notify_all()

    def _ask(self, what: str, number: int, write: Callable[[], None]) -> None:
        with self._changed:
            self._jobs[what] = (number, write)
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._busy = False
                self._changed.notify_all()
                self._changed.wait_for(lambda: self._jobs or self._leaving)
                if not self._jobs:
                    return
                what = next(iter(self._jobs))
                number, write = self._jobs.pop(what)
                self._busy = True
            fault = _outcome(write)
            with self._changed:
                self._told.append(Written(what, number, fault))


def _outcome(write: Callable[[], None]) -> str:
    """Why the disk refused, or ""."""
    try:
        write()
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""
