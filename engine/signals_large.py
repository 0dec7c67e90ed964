"""Whether a large trade of the underlying has just happened.

Owns what is large: a notional above the 99th percentile of the last thousand trades. The flag has
no sign; it is 1 at such a trade and halves every ten seconds.
"""

from __future__ import annotations

from collections import deque

KEPT = 1000
"""Trades that the percentile is taken over."""

PERCENTILE = 0.99

EVERY = 100
"""Trades between two looks at the percentile, and before the first."""

HALF_LIFE_MS = 10_000


class LargeTrades:
    """A fading flag. Knows nothing until `EVERY` trades have been seen."""

    def __init__(self) -> None:
        self._notionals: deque[float] = deque(maxlen=KEPT)
        self._until_look = EVERY
        self._threshold: float | None = None
        self._large_ms: int | None = None

    def add(self, t_ms: int, notional: float) -> None:
        """One trade, dollars."""
        if self._threshold is not None and notional > self._threshold:
            self._large_ms = max(t_ms, self._large_ms or t_ms)  # a late print lies in the past
        self._notionals.append(notional)
        self._until_look -= 1
        if not self._until_look:
            ranked = sorted(self._notionals)
            self._threshold = ranked[int(PERCENTILE * (len(ranked) - 1))]
            self._until_look = EVERY

    def flag(self, t_ms: int) -> float | None:
        """1 at a large trade, fading to 0; None while too few trades were seen."""
        if self._threshold is None:
            return None
        if self._large_ms is None:
            return 0.0
        return float(0.5 ** ((t_ms - self._large_ms) / HALF_LIFE_MS))
