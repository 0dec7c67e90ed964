"""How long to wait before a connection or a request is tried again.

Owns no task: it answers with seconds. Being connected is not being well, so the wait only begins
small again after a time without a fault.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque

from engine.feeds.live.clock import MarketClock
from engine.settings import Feeds

LEAST_S = 0.05
"""Shortest wait: a draw near zero must not become a busy loop."""

SPACING_S = 1.0
"""Between two connections, all streams together."""

MOST_CONNECTIONS = 100
"""In `SPAN_S`; venues count to 300 for one address."""

SPAN_S = 300.0


class Backoff:
    """Full jitter under a bound that doubles."""

    def __init__(self, feeds: Feeds, rng: random.Random) -> None:
        self._feeds = feeds
        self._rng = rng
        self._faults = 0

    def next_s(self) -> float:
        """Clock seconds to wait after one more fault."""
        # Beyond 2**20 the bound stands anyway, and the power would grow without end.
        bound = self._feeds.backoff_s * 2.0 ** min(self._faults, 20)
        self._faults += 1
        return max(LEAST_S, self._rng.random() * min(self._feeds.longest_backoff_s, bound))

    def healthy_for(self, seconds: float) -> None:
        """It went well for so long, clock seconds: long enough forgives."""
        if seconds >= self._feeds.healthy_s:
            self.reset()

    def reset(self) -> None:
        self._faults = 0


class ConnectRate:
    """No venue is stormed: connections of all streams take turns."""

    def __init__(self, clock: MarketClock) -> None:
        self._clock = clock
        self._turns: deque[float] = deque(maxlen=MOST_CONNECTIONS)
        self._queue = asyncio.Lock()

    async def turn(self) -> None:
        """Returns when a connection may be made."""
        async with self._queue:
            while (wait := self._wait_s()) > 0:
                await self._clock.sleep(wait)
            self._turns.append(self._clock.mono())

    def _wait_s(self) -> float:
        if not self._turns:
            return 0.0
        due = self._turns[-1] + SPACING_S
        if len(self._turns) == MOST_CONNECTIONS:
            due = max(due, self._turns[0] + SPAN_S)
        return due - self._clock.mono()
