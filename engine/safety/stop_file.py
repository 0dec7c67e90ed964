"""The stop file: a way to ask for a stop that needs no screen, no socket and no signal.

Owns what it means and that each one is passed on once. Nobody but a person removes it, and RESUME
is refused while it is there (`engine.trading_state`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

from engine.requests import Flatten, Halt, Stopping

ORIGIN = "stop file"
"""Of a stop that the file asks for."""

MOST_BYTES = 64
"""Read of a stop file; its first word decides."""


class StopFile:
    """Looked at from several threads, in case one of them stands still."""

    def __init__(self, path: Path | None, mono: Callable[[], float]) -> None:
        """`mono`: monotonic seconds. `path` None: there is none in this run."""
        self._path, self._mono = path, mono
        self._seen: tuple[int, int] | None = None
        self._looking = threading.Lock()

    def take(self) -> Stopping | None:
        """The stop that it asks for, once for each file; None: it asks for none, or somebody has
        taken it. Never waits for another thread."""
        if self._path is None or not self._looking.acquire(blocking=False):
            return None
        try:
            found = _identity(self._path)
            if found == self._seen:
                return None
            self._seen = found
            return None if found is None else _asked_by(self._path, self._mono())
        finally:
            self._looking.release()


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file lies there; one that is removed and made again is another. None: none does."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    except OSError:
        return (0, 0)  # what cannot be looked at counts as there
    return (found.st_ino, found.st_mtime_ns)


def _asked_by(path: Path, mono: float) -> Stopping:
    """To flatten where the first word says so, else to halt."""
    return Flatten(ORIGIN, mono) if _first_word(path) == b"flatten" else Halt(ORIGIN, mono)


def _first_word(path: Path) -> bytes:
    """b"" for a file that is empty or cannot be read: it is there, and that is all a stop needs."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        words = os.read(descriptor, MOST_BYTES).split()
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return words[0].lower() if words else b""
