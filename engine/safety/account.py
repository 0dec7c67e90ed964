"""Our books compared with the venue's account of us, again and again.

Owns when to compare and what a comparison comes to. What counts as a difference is
`engine.reconcile`; what follows from one is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from engine.venue import Unknown

AGAIN_MS = 1_000
"""Market time between two comparisons while the account is not known."""

Compare = Callable[[int], tuple[str, ...] | Unknown]
"""Market time -> what differs, each in a clause; or that the venue did not answer."""


class Agreement(Enum):
    """What a comparison came to."""

    EQUAL = "equal"
    UNDER_WAY = "different once"
    """It may be an event that one side has not heard of yet."""
    DIFFERENT = "different twice in a row"
    UNKNOWN = "not answered"


class Account:
    """The comparisons of one engine."""

    def __init__(self, compare: Compare, period_s: float) -> None:
        """`period_s`: market seconds between two comparisons while the account is known."""
        self._compare = compare
        self._period_ms = round(period_s * 1000)
        self._last_ms: int | None = None
        self._differed = False
        self.note = "not compared yet"
        """What the last comparison found, in words."""

    def due(self, t_ms: int, *, known: bool) -> bool:
        """Whether it is time to compare; sooner while the account is not known."""
        period_ms = self._period_ms if known else min(AGAIN_MS, self._period_ms)
        return self._last_ms is None or t_ms - self._last_ms >= period_ms

    def compare(self, t_ms: int) -> Agreement:
        """Ask the venue and compare, at market time `t_ms`."""
        self._last_ms = t_ms
        found = self._compare(t_ms)
        if isinstance(found, Unknown):
            self.note = f"the venue's account is not known: {found.reason}"
            return Agreement.UNKNOWN
        differed, self._differed = self._differed, bool(found)
        if not found:
            self.note = "our books equal the venue's account"
            return Agreement.EQUAL
        self.note = "; ".join(found)
        return Agreement.DIFFERENT if differed else Agreement.UNDER_WAY
