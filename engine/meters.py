"""Measurements of the engine itself; no money in here.

Owns how long things took and how often they happened. What is too long is for others to say.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass, field

TURNS = 6_000
"""Turns of the loop that are remembered: five minutes at the pace of an idle engine."""

LATE_TICKS = 1_200
"""Decision ticks of a live market whose lateness is remembered: ten minutes."""

RECENT_S = 60.0
"""Real time that the screen's loop gap looks back, seconds."""


@dataclass(slots=True)
class LoopGaps:
    """How long the loop answered nothing, turn by turn."""

    longest_ms: float = 0.0
    """Of the whole run, milliseconds."""
    _turns: deque[tuple[float, float]] = field(default_factory=lambda: deque(maxlen=TURNS))

    def add(self, mono: float, gap_ms: float) -> None:
        """A turn that ended at `mono` (monotonic seconds)."""
        self._turns.append((mono, gap_ms))
        self.longest_ms = max(self.longest_ms, gap_ms)

    def recent_ms(self, mono: float) -> float:
        """The longest of the minute before `mono`; 0 where no turn ended in it."""
        return max((gap for at, gap in self._turns if at >= mono - RECENT_S), default=0.0)

    def quantile_ms(self, part: float) -> float:
        """Nearest rank over the remembered turns, `part` in (0, 1]; 0 before the first turn."""
        ordered = sorted(gap for _, gap in self._turns)
        if not ordered:
            return 0.0
        return ordered[math.ceil(len(ordered) * part) - 1]


@dataclass(slots=True)
class Meters:
    """Of one engine, since it began."""

    decision_us: deque[float] = field(default_factory=lambda: deque(maxlen=240))
    """Features ready to actions, microseconds, of the last ticks."""
    gaps: LoopGaps = field(default_factory=LoopGaps)
    late: LoopGaps = field(default_factory=lambda: LoopGaps(_turns=deque(maxlen=LATE_TICKS)))
    """How long after its time each decision tick of a live market began."""
    last_fall: str = ""
    """Why another rung of the model ladder decides; empty: none fell."""
    windows: int = 0
    """Windows begun, in every session of the log."""
    unmanaged: int = 0
    """Windows that ended with a position no rule had tried to sell."""

    @property
    def usual_decision_us(self) -> float | None:
        """Median of the last decisions, microseconds; None: none was made."""
        return statistics.median(self.decision_us) if self.decision_us else None
