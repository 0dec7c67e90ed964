"""Room kept free on the log's disk for the hour when it is full.

Owns one file of a fixed size that is given up when the disk is full, so that exits can still be
written down before they are sent, and made again when there is room. It writes no event.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from engine.home import private

SIZE = 1 << 20
"""Bytes: some hundred orders with their fills."""

ROOM = 4
"""The file is only made where this many of it would fit, so that making it fills no disk."""


class Reserve:
    """The file at `path`."""

    def __init__(self, path: Path, size: int = SIZE) -> None:
        self._path = path
        self._size = size
        self.held = False
        """Whether the room is there to be given up."""

    def restore(self) -> bool:
        """Hold the reserve, made again if need be. False where the disk has no room for it."""
        if not self.held:
            self.held = self._there() or self._make()
        return self.held

    def give_up(self) -> bool:
        """Free the room. False where there was none to free."""
        if not self.held:
            return False
        self.held = False
        return self._remove()

    def _there(self) -> bool:
        try:
            return self._path.stat().st_size == self._size
        except OSError:
            return False

    def _make(self) -> bool:
        try:
            if shutil.disk_usage(self._path.parent).free < ROOM * self._size:
                return False
            with open(self._path, "wb", opener=private) as file:
                file.write(os.urandom(self._size))  # a disk that compresses cannot make it smaller
                file.flush()
                os.fsync(file.fileno())  # only then has the disk really given the room
        except OSError:
            self._remove()
            return False
        return True

    def _remove(self) -> bool:
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return True
