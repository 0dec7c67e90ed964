"""Real time for the engine: what paces it, and when an event was written.

Market time comes from feeds; these two are for pacing, ages of the screen and the wall-clock
column of the event log. Tests replace them. Nothing else asks for the time of day but
`engine.lock`, which tells a person since when a home is held.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """Real time."""

    def wall_ms(self) -> int:
        """Unix milliseconds."""

    def mono(self) -> float:
        """Seconds that never go back, for ages and pacing."""


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's clocks."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def mono(self) -> float:
        return time.monotonic()
