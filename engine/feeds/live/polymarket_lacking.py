"""Tokens of open windows that have no whole book, and what is done about them.

Owns the patience: a token that stays without a book is subscribed anew by itself, and if that does
not help the whole connection is renewed. Renewing costs every other book for a moment, so it is
done ever more rarely while it does not help: a market may simply have no book yet. Pure.
"""

from __future__ import annotations

from enum import Enum

LONGEST_S = 300.0
"""Wait between two renewals that did not help, clock seconds, at most."""


class Cure(Enum):
    """What to do now."""

    NOTHING = "nothing"
    RESUBSCRIBE = "subscribe the tokens anew"
    RENEW = "connect anew"


class Lacking:
    """Since when tokens have lacked a book, and what was tried."""

    def __init__(self, first_s: float) -> None:
        self._first_s = first_s
        self._since: float | None = None
        self._tried = 0

    def look(self, now_s: float, lacking: frozenset[str]) -> Cure:
        """Take note of what is lacking at a clock time, seconds."""
        if not lacking:
            self._since, self._tried = None, 0
            return Cure.NOTHING
        if self._since is None:
            self._since = now_s
        if now_s - self._since < self._patience_s():
            return Cure.NOTHING
        self._since = now_s
        self._tried += 1
        return Cure.RESUBSCRIBE if self._tried == 1 else Cure.RENEW

    def _patience_s(self) -> float:
        doubled = self._first_s * 2.0 ** max(0, min(self._tried, 20) - 1)
        return self._first_s if self._tried < 2 else min(LONGEST_S, doubled)
