"""The time of the town: the venues' time, and the clock of the machine that the program runs on.

Both run `rate` times as fast as real time. The machine's clock can be set wrong, or put to sleep,
while the venues' time goes on.
"""

from __future__ import annotations

import asyncio
import time


class TownClock:
    """The venues' time: unix milliseconds from `start_ms` on, `rate` of them per real one."""

    def __init__(self, start_ms: int, rate: float = 1.0) -> None:
        self.rate = rate
        self._start_ms = start_ms
        self._began = time.monotonic()
        self._skipped_ms = 0

    def now_ms(self) -> int:
        run_ms = (time.monotonic() - self._began) * 1000 * self.rate
        return self._start_ms + self._skipped_ms + int(run_ms)

    async def sleep(self, seconds: float) -> None:
        """Wait for so many of the town's seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.rate)

    def skip(self, seconds: float) -> None:
        """Time passes that no monotonic clock counts: the machine slept."""
        self._skipped_ms += int(seconds * 1000)


class MachineClock:
    """The clocks of the machine that one program runs on, as `engine.clock.Clock`.

    Both run in real time, since `MarketClock` makes both faster; the wall agrees with the town when
    it is first looked at.
    """

    def __init__(self, town: TownClock) -> None:
        self._town = town
        self._began_ms: int | None = None
        self.wrong_s = 0.0
        """How far the wall clock is ahead of the venues', the town's seconds."""

    def wall_ms(self) -> int:
        if self._began_ms is None:
            self._began_ms = self._town.now_ms()
        run_ms = self._town.now_ms() - self._began_ms + self.wrong_s * 1000
        return self._began_ms + int(run_ms / self._town.rate)

    def mono(self) -> float:
        return time.monotonic()
