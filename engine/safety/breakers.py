"""What takes an engine to REDUCING, and what it takes to leave it again.

Owns which breakers are tripped and why. None resets by time alone (accident F45): one kind waits
for a person, the other for evidence, which is the cause gone and the venue's account compared with
ours afterwards. Measuring is for whoever trips them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from engine import events as ev


class Breaker(StrEnum):
    """What can be wrong with a run that goes on."""

    REJECTS = "rejects in a row"
    ERRORS = "error rate"
    DATA_GAP = "data gap"
    LOOP_GAP = "loop gap"
    CLOCK_JUMP = "clock jump"
    MISMATCH = "reconcile mismatch"
    DISK = "disk"
    MODEL = "non-finite model"
    DUTY = "safety task"
    DRILL = "stop drill"


BY_OPERATOR = frozenset({Breaker.REJECTS, Breaker.ERRORS, Breaker.MISMATCH, Breaker.MODEL})
"""These wait for a person, who is refused while the cause lasts; the others clear by evidence."""

_BY_NAME = {breaker.value: breaker for breaker in Breaker}


@dataclass(frozen=True, slots=True)
class Trip:
    """A tripped breaker."""

    breaker: Breaker
    reason: str
    """One clause with the measured value and its limit."""
    since_ms: int
    """Market time."""
    lasts: bool = True
    """Whether the cause was still there when last looked at."""


class Breakers:
    """The tripped ones. Use from the engine's thread only."""

    def __init__(self) -> None:
        self._trips: dict[Breaker, Trip] = {}

    @property
    def tripped(self) -> tuple[Trip, ...]:
        """Oldest first."""
        return tuple(self._trips.values())

    def lasts(self, breaker: Breaker) -> bool:
        """Whether it is tripped and its cause was there when last looked at."""
        trip = self._trips.get(breaker)
        return trip is not None and trip.lasts

    def trip(self, breaker: Breaker, reason: str, t_ms: int) -> bool:
        """Returns True where it was not tripped before; else only its reason is renewed."""
        before = self._trips.get(breaker)
        since_ms = t_ms if before is None else before.since_ms
        self._trips[breaker] = Trip(breaker, reason, since_ms)
        return before is None

    def over(self, breaker: Breaker) -> None:
        """The cause is gone; that alone clears nothing."""
        trip = self._trips.get(breaker)
        if trip is not None and trip.lasts:
            self._trips[breaker] = replace(trip, lasts=False)

    def reconciled(self) -> tuple[Breaker, ...]:
        """The venue's account equals ours: clear what waits for evidence and whose cause is gone.

        Returns the cleared.
        """
        return self._clear(
            [b for b, trip in self._trips.items() if b not in BY_OPERATOR and not trip.lasts]
        )

    def reset(self) -> tuple[Breaker, ...]:
        """A person asked: clear every breaker whose cause is gone. Returns the cleared."""
        return self._clear([b for b, trip in self._trips.items() if not trip.lasts])

    def remember(self, t_ms: int, event: ev.Event) -> None:
        """Fold one event of an earlier process. No restart clears anything: what it tripped is
        tripped, its cause unseen so far; the first comparison with the venue is the evidence that
        the one kind needs, and the other kind goes on waiting for its person."""
        match event:
            case ev.BreakerTripped() if event.breaker in _BY_NAME:
                self.trip(_BY_NAME[event.breaker], event.reason, t_ms)
                self.over(_BY_NAME[event.breaker])
            case ev.BreakerCleared() if event.breaker in _BY_NAME:
                self._trips.pop(_BY_NAME[event.breaker], None)

    def _clear(self, gone: list[Breaker]) -> tuple[Breaker, ...]:
        for breaker in gone:
            del self._trips[breaker]
        return tuple(gone)


def clears(trip: Trip) -> str:
    """What it takes to clear a tripped breaker, in words."""
    if trip.lasts:
        return "the cause must go first"
    return "a person (e)" if trip.breaker in BY_OPERATOR else "the next reconciliation"
