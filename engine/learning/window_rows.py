"""The transitions of one window, in time order.

Owns how a transition lies in memory and in a checkpoint. Rows come one at a time and are never
moved again: a rollout of a whole hour would hold the engine's loop while it moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.history import HISTORY_LEN, ROW_SIZE

Table = NDArray[Any]
"""Rows of type `ROW`."""

TEMPORAL_SIZE: Final = HISTORY_LEN * ROW_SIZE

ROW: Final = np.dtype(
    [
        ("observation", np.float32, (ROW_SIZE,)),
        ("temporal", np.float32, (TEMPORAL_SIZE,)),
        ("mask", np.bool_, (3,)),
        ("action", np.int32),
        ("log_prob", np.float32),
        ("value", np.float32),
        ("reward", np.float64),
        ("done", np.bool_),
        ("truncated", np.bool_),
        ("next_value", np.float32),
        ("episode", np.int32),
        ("policy", np.int32),
    ]
)
"""One transition; `episode` and `policy` are places in the rollout's lists of names."""

_BLOCK: Final = 256
"""Rows for which room is made at once."""

_NONE: Final = np.empty(0, ROW)


class WindowRows:
    """Rows of one window."""

    def __init__(self, rows: Table = _NONE) -> None:
        """With these rows, of which it becomes the owner."""
        self._blocks = [rows[at : at + _BLOCK] for at in range(0, len(rows), _BLOCK)]
        self._size = self._room = len(rows)
        self.rewarded = int(np.count_nonzero(rows["reward"]))
        """Rows with a reward other than 0."""
        self.ends = int(np.count_nonzero(rows["done"]))
        """Rows after which nothing comes."""

    def __len__(self) -> int:
        return self._size

    def add(self, row: tuple[Any, ...]) -> None:
        """One more, as the fields of `ROW`."""
        if self._size == self._room:
            self._blocks.append(np.empty(_BLOCK, ROW))
            self._room += _BLOCK
        block = self._blocks[-1]
        place = self._size - self._room
        block[place] = row
        self._size += 1
        self.rewarded += bool(block["reward"][place])
        self.ends += bool(block["done"][place])

    def parts(self) -> Iterator[Table]:
        """All of them in order, some hundred at a time, as views."""
        yield from self._blocks[:-1]
        for last in self._blocks[-1:]:
            yield last[: len(last) - (self._room - self._size)]
