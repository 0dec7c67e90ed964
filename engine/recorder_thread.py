"""The thread that compresses and writes a recording, so that no disk ever holds the engine's loop.

Owns the queue between the two and the end of it: a disk that fails, fills or falls behind ends the
recording with one sentence, and what was written by then stays good. Lines come ready made; where a
part begins is told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple

from engine.recorder_file import PartFile, free_bytes, open_part

FLUSH_S = 0.5
"""Real seconds between two writes: a killed process loses no more."""

ENOUGH = 1 << 20
"""Bytes waiting that are written before that."""

MOST_WAITING = 64 << 20
"""Bytes that may wait; minutes of all venues together."""

CLOSE_S = 2.0
"""Real seconds that the disk has for the end of the last file."""

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Disk:
    """What is asked of the machine; tests replace it."""

    open: Callable[[Path], BinaryIO] = open_part
    free: Callable[[Path], int] = free_bytes


class Head(NamedTuple):
    """The beginning of a part."""

    path: Path
    """A file that does not exist yet."""
    lines: bytes
    """Its header and carried rows."""


class Writer:
    """One thread that writes; everything public may be called from one other thread only."""

    def __init__(self, folder: Path, floor_bytes: int, disk: Disk | None = None) -> None:
        """Parts go into `folder`; nothing is written while less than `floor_bytes` are free."""
        self.why = ""
        """Why nothing more is written; empty: it is."""
        self.rows = 0
        """Lines on disk, heads left out."""
        self.written = 0
        """Bytes on disk, compressed."""
        self._folder = folder
        self._floor = floor_bytes
        self._disk = disk or Disk()
        self._queue: deque[Head | bytes] = deque()
        self._put = 0  # bytes ever queued: only the caller counts them
        self._taken = 0  # bytes ever written: only the thread counts them
        self._file: PartFile | None = None
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def writes(self) -> bool:
        """Whether lines are still taken."""
        return not self.why and not self._closing.is_set()

    def begin(self, head: Head) -> None:
        """Finish the part before and begin another; every line from now on belongs to it."""
        self._queue.append(head)

    def line(self, line: bytes) -> None:
        """Have a line written; never waits."""
        waiting = self._put - self._taken
        if waiting > MOST_WAITING:
            self._end(f"the disk is too slow, {waiting // MB} MB wait for it")
            return
        self._put += len(line)
        self._queue.append(line)
        if waiting > ENOUGH:
            self._wake.set()

    def close(self) -> None:
        """Finish the last part; waits for the disk `CLOSE_S` and no longer."""
        self._closing.set()
        self._wake.set()
        self._thread.join(CLOSE_S)
        if self._thread.is_alive():
            self._end(f"the disk did not take its end within {CLOSE_S:.0f} s")

    def _end(self, why: str) -> None:
        """Nothing more is taken; the first reason is the one that is told."""
        self.why = self.why or why

    # ---- the thread's side -----------------------------------------------------------------

    def _work(self) -> None:
        try:
            while self.writes:
                self._wake.wait(FLUSH_S)
                self._wake.clear()
                self._write_waiting()
            self._write_waiting()
            self._finish()
        except OSError as error:
            self._end(f"{error.strerror or error}: {self._folder} cannot be written")
        finally:
            if self._file is not None:
                self._file.abandon()

    def _write_waiting(self) -> None:
        """Raises OSError where the disk refuses."""
        if not self._queue or not self._has_room():
            return
        lines: list[bytes] = []
        for _ in range(len(self._queue)):
            item = self._queue.popleft()
            if isinstance(item, Head):
                self._write(lines)
                self._turn_to(item)
                lines = []
            else:
                lines.append(item)
        self._write(lines)

    def _has_room(self) -> bool:
        free = self._disk.free(self._folder)
        if free < self._floor:
            self._end(
                f"{free // MB} MB are free and {self._floor // MB} MB must stay so"
                f" (feeds.disk_floor_mb): {self._folder}"
            )
        return free >= self._floor

    def _turn_to(self, head: Head) -> None:
        self._finish()
        self._file = PartFile(self._disk.open(head.path))
        self.written += self._file.write(head.lines)

    def _write(self, lines: list[bytes]) -> None:
        if not lines or self._file is None:
            return
        data = b"".join(lines)
        self.written += self._file.write(data)
        self.rows += len(lines)
        self._taken += len(data)

    def _finish(self) -> None:
        if self._file is not None:
            self.written += self._file.finish()
            self._file = None
