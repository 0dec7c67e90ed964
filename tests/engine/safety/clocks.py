"""A clock that a test moves."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ManualClock:
    """Implements `engine.clock.Clock`."""

    now: float = 0.0
    """Monotonic seconds."""
    wall: int = 1_767_600_000_000
    """Unix milliseconds."""

    def mono(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return self.wall
