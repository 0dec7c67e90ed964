"""Market time of a live run: the wall clock at the start, carried on by the monotonic one.

Owns what time it is for rows and decisions. The wall clock may be stepped while we run (by a time
server, by a person, by sleep), and market time must never fall; so it is read once, and after that
only compared. How far it is from the venues' clocks is measured, never corrected here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from statistics import median

from engine.clock import Clock
from engine.recording import TIME_RANGE_MS

SLEEP_MS = 5_000
"""A wall clock further ahead of the carried time than this, all at once, means that we slept."""

STEP_MS = 500
"""Smaller differences between two looks are the clocks' own slew."""

AGREES_MS = 2_500
"""A venue's stamp so close to a clock supports it: skew and network time together are less."""

SKEW_SECONDS = 60
"""Clock seconds over which the venues' clocks are compared."""

STEADY_LOOKS = 3
"""Looks in a row at which venues must hold with the carried time before a jump is called a step:
what a socket had received before a sleep is read after it, and is as old as the carried time."""


class MarketClock:
    """Market time, unix milliseconds, and clock seconds; `rate` of them to a real second.

    Every wait and age in `engine.feeds.live` is in clock seconds, so a test runs them faster.
    """

    def __init__(self, clock: Clock, rate: float = 1.0) -> None:
        self.note = ""
        """What was last noticed of the clock; empty: nothing."""
        self._clock = clock
        self._rate = rate
        self._began_mono = clock.mono()
        self._began_wall_ms = clock.wall_ms()
        self._anchor_ms = self._began_wall_ms
        self._ahead_ms = 0.0
        self._doubtful = 0
        self._agreed = False
        """A venue's stamp agreed with the carried time since the last look."""
        self._skews: dict[str, deque[tuple[int, float]]] = {}

    def now_ms(self) -> int:
        """Market time, unix milliseconds; never falls."""
        return self._anchor_ms + int(self.mono() * 1000)

    def mono(self) -> float:
        """Clock seconds since the start, for ages and deadlines."""
        return (self._clock.mono() - self._began_mono) * self._rate

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._rate)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """``asyncio.timeout`` in clock seconds."""
        return asyncio.timeout(seconds / self._rate)

    def real_s(self, seconds: float) -> float:
        """Clock seconds in real ones, for a library that waits by itself."""
        return seconds / self._rate

    def heard(self, venue: str, stamp_ms: int) -> None:
        """A venue's own stamp of a message that was just received, unix milliseconds.

        One that cannot be a time is left out.
        """
        if stamp_ms not in TIME_RANGE_MS:
            return
        second, skew = int(self.mono()), float(stamp_ms - self.now_ms())
        self._agreed = self._agreed or abs(skew) <= AGREES_MS
        recent = self._skews.setdefault(venue, deque(maxlen=SKEW_SECONDS))
        if not recent or recent[-1][0] != second:
            recent.append((second, skew))
        elif skew > recent[-1][1]:
            recent[-1] = (second, skew)

    @property
    def skew_ms(self) -> float | None:
        """Venues' clocks less ours, milliseconds; None: nothing was heard for a minute.

        The freshest message of each second is the least delayed one. The median of those over a
        minute, and of the venues, is not moved by one that stamps nonsense.
        """
        since = int(self.mono()) - SKEW_SECONDS
        recent = [
            [skew for second, skew in skews if second >= since] for skews in self._skews.values()
        ]
        venues = [median(skews) for skews in recent if skews]
        return median(venues) if venues else None

    def look(self) -> str | None:
        """Compare the clocks; to be called about once a clock second.

        Returns one sentence where the machine slept: market time is the wall's again, and every
        connection must be made anew. Any other step of the wall clock is noted and ignored.
        """
        ahead = self._wall_ms() - self.now_ms()
        jump = ahead - self._ahead_ms
        agreed, self._agreed = self._agreed, False
        if jump <= SLEEP_MS:
            self._doubtful = 0
            self._stepped(ahead, jump)
            return None
        if not agreed:
            return self._slept(ahead)
        self._doubtful += 1
        if self._doubtful >= STEADY_LOOKS:
            self._doubtful = 0
            self._stepped(ahead, jump)
        return None

    def _wall_ms(self) -> float:
        return self._began_wall_ms + (self._clock.wall_ms() - self._began_wall_ms) * self._rate

    def _stepped(self, ahead_ms: float, jump_ms: float) -> None:
        self._ahead_ms = ahead_ms
        if abs(jump_ms) > STEP_MS:
            way = "forward" if jump_ms > 0 else "back"
            self.note = f"the system clock was set {way} {abs(jump_ms) / 1000:.1f} s; not followed"

    def _slept(self, ahead_ms: float) -> str:
        self._anchor_ms += int(ahead_ms)
        self._ahead_ms = 0.0
        self._doubtful = 0
        self._skews.clear()
        self.note = f"the machine slept for {ahead_ms / 1000:.0f} s"
        return self.note
