"""Tasks that must prove that they run: each stamps its progress, and ACTIVE needs every stamp.

Owns the stamps and their ages, no task. A task that was never begun is as stale as one that died
(accidents F01, F51): what is missing cannot be fresh.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Duty(StrEnum):
    """A task without which nothing may be opened."""

    EXITS = "exit rules"
    RECONCILE = "reconciliation"
    LATCH = "halt latch"
    STOP_FILE = "stop file"
    DISK = "disk"
    FEEDS = "feeds"
    CONTROL = "control socket"
    WATCHDOG = "watchdog"


@dataclass(frozen=True, slots=True)
class Stamp:
    """The last proof of a task."""

    at: float
    """Seconds, of the clock that its owner goes by."""
    note: str
    """What was done: ``3 of 3 positions looked at``."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A required task without a fresh stamp."""

    duty: Duty
    age_s: float | None
    """None: never stamped."""
    limit_s: float

    def __str__(self) -> str:
        if self.age_s is None:
            return f"{self.duty} has not run yet"
        return f"{self.duty} ran {self.age_s:.1f} s ago, limit {self.limit_s:g} s"


class Duties:
    """Stamps of the required tasks. Stamping is one assignment, from any thread."""

    def __init__(self, limits_s: Mapping[Duty, float]) -> None:
        """`limits_s`: every required task -> oldest stamp that counts as fresh, seconds."""
        self.limits_s = dict(limits_s)
        self._stamps: dict[Duty, Stamp] = {}

    def stamp(self, duty: Duty, at: float, note: str = "") -> None:
        """`duty` was done at `at` seconds."""
        self._stamps[duty] = Stamp(at, note)

    def last(self, duty: Duty) -> Stamp | None:
        return self._stamps.get(duty)

    def stale(self, now: float) -> tuple[Stale, ...]:
        """Required tasks that cannot prove that they ran lately."""
        found = []
        for duty, limit_s in self.limits_s.items():
            stamp = self._stamps.get(duty)
            age_s = None if stamp is None else now - stamp.at
            if age_s is None or age_s > limit_s:
                found.append(Stale(duty, age_s, limit_s))
        return tuple(found)
