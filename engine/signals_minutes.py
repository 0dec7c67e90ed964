"""Closed minutes of one underlying: what stands in while the seconds do not reach back far enough.

Owns the coarse look-back: the price at a minute's boundary, and the variance of ten whole minutes.
Minutes that do not follow each other are refused, since a hole would pass for calm or for a jump.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise

from engine.messages import Bar

MINUTE_MS = 60_000

KEPT = 20
"""Minutes kept: ten of look-back, and room for answers that overlap."""

SPAN = 10
"""Minutes that the variance is taken over: the 600 s of the feature table."""

SPAN_S = SPAN * MINUTE_MS // 1000


class Minutes:
    """The newest closed minutes of one asset on one venue."""

    def __init__(self) -> None:
        self._bars: dict[int, Bar] = {}

    def take(self, bars: Iterable[Bar]) -> None:
        """Add closed minutes in any order; one that was known is replaced."""
        self._bars.update((bar.open_ms, bar) for bar in bars)
        for opened in sorted(self._bars)[:-KEPT]:
            del self._bars[opened]

    def price_at(self, t_ms: int) -> float | None:
        """Dollars at the boundary of minutes nearest to `t_ms`, half a minute away at most."""
        boundary = (t_ms + MINUTE_MS // 2) // MINUTE_MS * MINUTE_MS
        before, after = self._bars.get(boundary - MINUTE_MS), self._bars.get(boundary)
        if before is not None:
            return before.close
        return None if after is None else after.open

    def variance_rate(self, t_ms: int) -> float | None:
        """Realised variance per second of the last ten closed minutes; None where one lacks.

        The newest may still be on its way: then the ten before it serve.
        """
        ended = t_ms // MINUTE_MS * MINUTE_MS
        for end in (ended, ended - MINUTE_MS):
            span = [self._bars.get(end - i * MINUTE_MS) for i in range(SPAN, 0, -1)]
            whole = [bar for bar in span if bar is not None]
            if len(whole) == SPAN:
                return _variance([whole[0].open, *(bar.close for bar in whole)]) / SPAN_S
        return None


def _variance(prices: list[float]) -> float:
    return sum(math.log(after / before) ** 2 for before, after in pairwise(prices))
