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


RESTART_MS = 60_000
"""An id that runs back so long after the newest is no repetition: the venue counts anew."""


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
        self._newest_ms = 0
        self._missing: set[int] = set()
        self._since_ms = 0
        self._lost_ms: int | None = None
        self._severed = False

    def hear(self, t_ms: int, number: int) -> Heard:
        """Take one id, received at `t_ms`."""
        last, idle_ms = self._last, t_ms - self._newest_ms
        if last is not None and number <= last:
            heard = self.fill(t_ms, number)
            if heard is not Heard.AGAIN or idle_ms <= RESTART_MS:
                return heard
        self._last, self._newest_ms = number, t_ms
        if last is None:
            return Heard.NEXT
        return self._follow(t_ms, last, number)

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

    def _follow(self, t_ms: int, last: int, number: int) -> Heard:
        severed, self._severed = self._severed, False
        if number == last + 1:
            return self._mended(t_ms, Heard.NEXT) if severed else Heard.NEXT
        self._miss(t_ms, range(last + 1, number))
        return Heard.HOLE

    def _miss(self, t_ms: int, skipped: range) -> None:
        if t_ms - self._since_ms > PATIENCE_MS:
            self._missing.clear()
        if not skipped or len(skipped) + len(self._missing) > MOST_MISSING:
            self._missing.clear()
            self._lost_ms = t_ms
            return
        if not self._missing:
            self._since_ms = t_ms
        self._missing.update(skipped)

    def _mended(self, t_ms: int, otherwise: Heard) -> Heard:
        lost = self._lost_ms is not None and t_ms - self._lost_ms <= PATIENCE_MS
        return otherwise if self._missing or lost else Heard.MENDS
