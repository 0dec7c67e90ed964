"""The last good checkpoints of a learner, in one folder.

Owns their names, their order, and how many are kept. A file appears whole or not at all, and one
that was damaged afterwards is passed over for the one before it. What is inside is opaque here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from engine.learning.state_file import LARGEST, torn
from models import disk
from models.errors import WeightsError

SET_ASIDE: Final = "quarantined.state"
"""The newest rows that nothing was learnt from, for study."""

_NAME = re.compile(r"(\d{8,})-update-\d+\.state")


class Store:
    """Checkpoints in `folder`, which is made on the first save. One writer at a time."""

    def __init__(self, folder: Path, keep: int) -> None:
        """`keep` whole checkpoints are left there; at least 1."""
        self._folder = folder
        self._keep = max(1, keep)
        self._whole: set[str] = set()
        self.refused: list[str] = []
        """One sentence for each file that `newest` passed over."""

    def save(self, number: int, data: bytes) -> None:
        """Write a checkpoint made after update `number`; durable when this returns.

        Raises OSError where the disk refuses; what was there before is then still in force.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Counted on by itself: a learner that began anew has a smaller number, yet is newer.
        serial = max((_serial(name) for name in self._names()), default=0) + 1
        path = self._folder / f"{serial:08d}-update-{number}.state"
        self._write(path, data)
        self._whole.add(path.name)
        self._prune()

    def newest(self) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of each whole checkpoint, newest first; of others, a word in `refused`."""
        self.refused.clear()
        for name in self._names():
            data, fault = self._read(name)
            if fault:
                self.refused.append(f"{fault}; the checkpoint before it is used")
            else:
                yield name, data

    def set_aside(self, data: bytes) -> None:
        """Keep rows for study in the place of those kept before. OSError as from `save`."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._write(self._folder / SET_ASIDE, data)

    def _write(self, path: Path, data: bytes) -> None:
        disk.stage(path, data)
        disk.commit(path)

    def _names(self) -> list[str]:
        """Newest first."""
        if not self._folder.is_dir():
            return []
        names = [path.name for path in self._folder.iterdir() if _NAME.fullmatch(path.name)]
        return sorted(names, key=_serial, reverse=True)

    def _read(self, name: str) -> tuple[bytes, str]:
        """The bytes of a file, and why they are not a whole checkpoint, or ""."""
        path = self._folder / name
        try:
            data = disk.read_bounded(path, LARGEST)
        except WeightsError as error:
            return b"", str(error)
        fault = torn(data)
        if fault:
            return b"", f"{path}: {fault}"
        self._whole.add(name)
        return data, ""

    def _prune(self) -> None:
        """Remove what is older than the last whole ones, and what a killed save left behind."""
        whole = 0
        for name in self._names():
            if whole >= self._keep:
                (self._folder / name).unlink(missing_ok=True)
            elif name in self._whole or not self._read(name)[1]:
                whole += 1
        for path in self._folder.glob(f"*{disk.STAGED}"):
            path.unlink(missing_ok=True)


def _serial(name: str) -> int:
    return int(name.split("-", 1)[0])
