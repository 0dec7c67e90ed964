"""The last five rows of one asset: the temporal half of the model's input.

Owns the order and the padding of those rows. It is pushed once per decision tick and cleared
when the window closes (DESIGN 3); it decides neither, and it never sees an invalid row.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from engine.features import FEATURE_NAMES, Row

HISTORY_LEN = 5
"""Rows that the temporal encoder reads, the current one included."""

ROW_SIZE = len(FEATURE_NAMES)
"""Features in a row: 18."""


class History:
    """Up to five rows, oldest first. Created with its market, cleared when the window closes."""

    def __init__(self) -> None:
        self._rows: deque[Row] = deque(maxlen=HISTORY_LEN)

    def __len__(self) -> int:
        return len(self._rows)

    def push(self, row: Row) -> None:
        """Add this tick's row, shape (18,); the oldest of six falls out.

        Raises ValueError for another shape. The row is copied: whoever made it may reuse it.
        """
        if row.shape != (ROW_SIZE,):
            raise ValueError(f"a row has shape ({ROW_SIZE},), not {row.shape}")
        self._rows.append(np.array(row, dtype=np.float32))

    def clear(self) -> None:
        """Forget everything: the next window starts from zeros."""
        self._rows.clear()

    def temporal(self) -> Row:
        """Shape (90,) float32: five rows, oldest first, zeros in front of the missing ones."""
        flat = np.zeros(HISTORY_LEN * ROW_SIZE, dtype=np.float32)
        if self._rows:
            flat[-len(self._rows) * ROW_SIZE :] = np.concatenate(self._rows)
        return flat

    def rows(self) -> tuple[tuple[float, ...], ...]:
        """The rows held, oldest first, as plain floats for the screen."""
        return tuple(tuple(row.tolist()) for row in self._rows)

    @property
    def nbytes(self) -> int:
        """Bytes of the rows held."""
        return sum(row.nbytes for row in self._rows)
