"""Orders that the venue refused or took back: how many in a row, and how many of the last.

A fold over events, so that a restart forgives nothing (accident F24: 34 failed orders in a row over
several starts). It trips no breaker; it says which one should be.
"""

from __future__ import annotations

from collections import deque

from engine import events as ev
from engine.safety.breakers import Breaker
from engine.settings import Safety

NO_ONES_FAULT = ("lost at restart", "absent")
"""Ends of orders that say nothing about how the venue treats ours."""


class OrderFaults:
    """Rejections and voided fills of one log."""

    def __init__(self, safety: Safety) -> None:
        self._safety = safety
        self._in_a_row = 0
        self._ends: deque[str] = deque(maxlen=safety.errors_of)
        """The last orders that are over, oldest first."""
        self._bad: set[str] = set()
        """Of these, and of those under way, the ones that went wrong."""
        self._order_of: dict[str, str] = {}
        """Fill that is not settled -> its order."""

    def apply(self, event: ev.Event) -> None:
        """Fold one event."""
        match event:
            case ev.OrderRejected():
                self._in_a_row += 1
                self._ended(event.order_id)
                self._bad.add(event.order_id)
            case ev.OrderDone() if not event.how.startswith(NO_ONES_FAULT):
                self._ended(event.order_id)
            case ev.FillMatched():
                self._in_a_row = 0
                self._order_of[event.fill_id] = event.order_id
            case ev.FillSettled():
                self._order_of.pop(event.fill_id, None)
            case ev.FillVoided():
                self._voided(event.fill_id)
            case ev.BreakerCleared():
                self._forgive(event.breaker)

    def found(self) -> tuple[tuple[Breaker, str], ...]:
        """The breakers that should be tripped now, each with measured value and limit."""
        found = []
        limit = self._safety.rejects
        if self._in_a_row >= limit:
            found.append((Breaker.REJECTS, f"{self._in_a_row} orders rejected, limit {limit}"))
        bad, of = sum(order in self._bad for order in self._ends), len(self._ends)
        if bad and of == self._safety.errors_of and bad >= self._safety.errors * of:
            share = f"limit {self._safety.errors:.0%}"
            found.append((Breaker.ERRORS, f"{bad} of the last {of} orders went wrong, {share}"))
        return tuple(found)

    def _ended(self, order_id: str) -> None:
        if len(self._ends) == self._ends.maxlen:
            self._bad.discard(self._ends[0])
        self._ends.append(order_id)

    def _voided(self, fill_id: str) -> None:
        order_id = self._order_of.pop(fill_id, None)
        if (
            order_id is not None and order_id in self._ends
        ):  # one that is no longer among the last counts no more
            self._bad.add(order_id)

    def _forgive(self, breaker: str) -> None:
        """A person has looked at them: they count no more."""
        if breaker == Breaker.REJECTS:
            self._in_a_row = 0
        elif breaker == Breaker.ERRORS:
            self._ends.clear()
            self._bad.clear()
