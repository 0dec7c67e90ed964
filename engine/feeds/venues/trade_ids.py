"""Which prints of one instrument have come, by their ids, which grow by one.

Owns de-duplication and holes: an id that was heard is heard once, an id that was skipped is missing
until it comes late or is fetched. A hole too large or too old to fetch is given up: what is summed
over prints is then unknown until the sums no longer reach back to it.
"""

from __future__ import annotations

from enum import Enum

MOST_MISSING = 2_000
"""Ids that are fetched at most; a larger hole is not asked for."""

PATIENCE_MS = 70_000
"""Time for which missing prints still matter: the longest sum over prints, and room to spare."""


class Heard(Enum):
    """What an id means."""

    NEXT = "the next"
    MENDS = "the last that was missing"
    LATE = "one of several missing"
    HOLE = "the next but some are missing"
    AGAIN = "heard before"


class TradeIds:
    """The ids of one instrument."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._missing: set[int] = set()
        self._since_ms = 0
        self._lost_ms: int | None = None
        self._severed = False

    def hear(self, t_ms: int, number: int) -> Heard:
        """Take one id, received at `t_ms`."""
        if self._last is None:
            self._last, self._severed = number, False
            return Heard.NEXT
        if number <= self._last:
            return self.fill(t_ms, number)
        skipped = range(self._last + 1, number)
        self._last = number
        if skipped:
            self._severed = False
            self._miss(t_ms, skipped)
            return Heard.HOLE
        if self._severed:
            self._severed = False
            return self._mended(t_ms, Heard.NEXT)
        return Heard.NEXT

    def fill(self, t_ms: int, number: int) -> Heard:
        """Take one id that may have been missing."""
        if t_ms - self._since_ms > PATIENCE_MS:
            self._missing.clear()
        if number not in self._missing:
            return Heard.AGAIN
        self._missing.remove(number)
        return self._mended(t_ms, Heard.LATE)

    def sever(self) -> None:
        """The stream was lost: whether prints are missing shows at the next one."""
        self._severed = True

    @property
    def hole(self) -> tuple[int, int] | None:
        """First and last id that can still be fetched; None: nothing is missing."""
        return (min(self._missing), max(self._missing)) if self._missing else None

    def _miss(self, t_ms: int, skipped: range) -> None:
        if t_ms - self._since_ms > PATIENCE_MS:
            self._missing.clear()
        if len(skipped) + len(self._missing) > MOST_MISSING:
            self._missing.clear()
            self._lost_ms = t_ms
            return
        if not self._missing:
            self._since_ms = t_ms
        self._missing.update(skipped)

    def _mended(self, t_ms: int, otherwise: Heard) -> Heard:
        lost = self._lost_ms is not None and t_ms - self._lost_ms <= PATIENCE_MS
        return otherwise if self._missing or lost else Heard.MENDS
