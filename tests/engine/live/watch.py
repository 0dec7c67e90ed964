"""What must hold whatever the venues do: followed from inside the engine, event by event.

A breach is kept and raised when the test looks, since an exception within the engine's own turn
would be taken for one of its faults.
"""

from __future__ import annotations

from engine import events as ev
from engine.core import Engine
from engine.units import MICRO
from tests.venues.world import World

KNOWN_BY_MS = 500
"""A step of the world and its way to the engine, town milliseconds."""


class Watch:
    """Follows one engine through the events that it records."""

    def __init__(self, engine: Engine, world: World) -> None:
        self.breaches: list[str] = []
        self.opened: list[ev.OrderSent] = []
        """Orders that open, with their window."""
        self._engine = engine
        self._world = world
        engine.journal.listeners.append(self._happened)

    def holds(self) -> None:
        """Raise the first breach."""
        assert not self.breaches, self.breaches[0]

    def _happened(self, slug: str, event: ev.Event, realised: int) -> None:
        match event:
            case ev.OrderSent():
                self._sent(event)
            case ev.WindowResolved():
                self._resolved(event)
            case ev.FillMatched():
                self._filled(event)

    def _sent(self, order: ev.OrderSent) -> None:
        book = self._engine.intake.book(order.token_id)
        if book is None or book.invalid is not None:
            self.breaches.append(f"{order} left on no valid book: {book}")
        if order.side == "BUY":
            self.opened.append(order)

    def _resolved(self, verdict: ev.WindowResolved) -> None:
        window = self._world.window_of_slug(verdict.slug)
        truth = None if window is None else window.outcome
        if verdict.outcome != truth:
            self.breaches.append(f"{verdict} was booked, and the truth is {truth}")

    def _filled(self, fill: ev.FillMatched) -> None:
        if not 0 < fill.price_bp < 10_000 or fill.shares <= 0 or fill.shares > 10**6 * MICRO:
            self.breaches.append(f"{fill} is no fill")
