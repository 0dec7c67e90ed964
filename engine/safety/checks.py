"""What is looked at in market time, tick by tick, and trips a breaker: orders and sources.

Owns the passage from a measurement to a breaker. All of it follows from the log and the market
data, so the same run trips the same breakers at every pace of the machine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.desk import Desk
from engine.intake import Intake
from engine.journal import Journal
from engine.safety.breakers import Breaker, Breakers
from engine.safety.order_faults import OrderFaults
from engine.safety.silence import Silence
from engine.settings import Safety

Trip = Callable[[Breaker, str], None]


class Checks:
    """The measurements of one engine."""

    def __init__(
        self, journal: Journal, intake: Intake, breakers: Breakers, safety: Safety, silence: Silence
    ) -> None:
        """Takes up what the log remembers: tripped breakers, and how orders went."""
        self._intake = intake
        self._breakers = breakers
        self._silence = silence
        self._faults = OrderFaults(safety)
        for recorded in journal.log.replay():
            breakers.remember(recorded.t_ms, recorded.event)
            self._faults.apply(recorded.event)
        journal.listeners.append(lambda _slug, event, _realised: self._faults.apply(event))

    def orders(self, trip: Trip) -> None:
        """Trip for orders that went wrong. They are in the past: a person may clear it at once."""
        for breaker, reason in self._faults.found():
            trip(breaker, reason)
            self._breakers.over(breaker)

    def sources(self, t_ms: int, running: Sequence[Desk], trip: Trip) -> None:
        """Trip for a promised source that fell silent; it is over when all are heard again."""
        newest = self._intake.newest_ms
        gap = self._silence.gap(t_ms, running, newest)
        if gap:
            trip(Breaker.DATA_GAP, gap)
        elif self._breakers.lasts(Breaker.DATA_GAP) and self._silence.heard_again(
            t_ms, running, newest
        ):
            self._breakers.over(Breaker.DATA_GAP)
