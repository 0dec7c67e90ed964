"""A venue whose answers come late, twice, or not at all, and which outlives whoever asks it.

Owns a paper venue with books of its own: what an engine missed while it was dead is told to the
next one. It looks at every order that reaches it, as a venue would, and keeps what it saw.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from engine import events as ev
from engine.order import Intent
from engine.paper import PaperVenue
from engine.venue import NOTHING_HELD, BookOf, Statement, Unknown
from tests.simulation.auditor import must
from tests.simulation.dice import Dice

TRAVELS_MS = 2_000
"""A cancel has arrived after so long; most take a twentieth of it."""


class Killed(BaseException):
    """The process is gone, as after kill -9: nothing of the engine may catch it."""


@dataclass(slots=True)
class BadVenue:
    """Implements `engine.venue.Venue` for one engine after another."""

    inner: PaperVenue
    dice: Dice
    watch: Callable[[str, Intent], None]
    """Looks at each order before it is taken; raises what must not be."""
    late: float
    """Chance that an event is told late."""
    twice: float
    """Chance that it is told again."""
    unknown: float
    """Chance that a question for the account begins a time without answers."""
    settle_ms: int = 0
    """Market time between a match and its settlement, as the inner venue has it."""
    kill_in: int = -1
    """Points at which a process can die, until it does; below zero: it does not."""
    _held_back: list[tuple[int, int, ev.Event]] = field(default_factory=list)
    _ended: dict[str, ev.Event] = field(default_factory=dict)
    """What became of each match, by fill id."""
    _sent: set[str] = field(default_factory=set)
    """Orders that have not ended."""
    _cancelled_ms: dict[str, int] = field(default_factory=dict)
    """Order -> when its end was first asked for."""
    _silent_until_ms: int = 0
    _count: int = 0
    _now_ms: int = 0
    _book_of: BookOf = lambda _: None
    """The market as it was last seen here: it goes on while nobody asks."""

    def die_here(self) -> None:
        """A point at which the process can die."""
        if self.kill_in >= 0:
            self.kill_in -= 1
            if self.kill_in < 0:
                raise Killed

    def send(self, order_id: str, intent: Intent) -> object:
        self.watch(order_id, intent)
        self.die_here()
        taken = self.inner.send(order_id, intent)
        self._sent.add(order_id)
        self.die_here()
        return taken

    def cancel_all(self, t_ms: int) -> None:
        self.die_here()
        self.inner.cancel_all(t_ms)
        for order_id in self._sent:
            self._cancelled_ms.setdefault(order_id, t_ms)
        self.die_here()

    def adopt(
        self, fills: Iterable[ev.FillMatched], shares: Mapping[str, int] = NOTHING_HELD
    ) -> None:
        """It has books of its own, and tells again what became of every match: nobody knows what
        of it got through before."""
        for end in self._ended.values():
            self._hold_back(self._now_ms, end)

    def forget(self, token_id: str) -> None:
        self.inner.forget(token_id)

    def next_ms(self) -> int | None:
        owed = [at for at in (self.inner.next_ms(),) if at is not None]
        owed += [self._held_back[0][0]] if self._held_back else []
        return min(owed, default=None)

    def due(self, t_ms: int, book_of: BookOf) -> list[tuple[int, ev.Event]]:
        self._book_of = book_of
        self._live_until(t_ms)
        told = []
        while self._held_back and self._held_back[0][0] <= t_ms:
            at, _, event = heapq.heappop(self._held_back)
            told.append((at, event))
        if told:
            self.die_here()
        return told

    def statement(self, t_ms: int) -> Statement | Unknown:
        self._live_until(t_ms)
        if t_ms >= self._silent_until_ms and self.dice.happens(self.unknown):
            self._silent_until_ms = t_ms + self.dice.between(1_000, 60_000)
        if t_ms < self._silent_until_ms:
            return Unknown("the venue does not answer")
        return self.inner.statement(t_ms)

    def _live_until(self, t_ms: int) -> None:
        self._now_ms = max(self._now_ms, t_ms)
        for at, event in self.inner.due(t_ms, self._book_of):
            self._bend(at, event)

    def _bend(self, at: int, event: ev.Event) -> None:
        """An order's end never comes before its matches: that is what an end means."""
        if isinstance(event, ev.FillSettled | ev.FillVoided):
            self._ended[event.fill_id] = event
        self._cancels_end_orders(event)
        delay = 0
        if not isinstance(event, ev.FillMatched) and self.dice.happens(self.late):
            delay = self.dice.between(1, 8_000)
        self._hold_back(at + delay, event)
        if self.dice.happens(self.twice):
            self._hold_back(at + delay + self.dice.between(0, 30_000), event)

    def _cancels_end_orders(self, event: ev.Event) -> None:
        """What was cancelled in time is not matched any more."""
        match event:
            case ev.OrderDone() | ev.OrderRejected():
                self._sent.discard(event.order_id)
            case ev.FillMatched() if event.order_id in self._cancelled_ms:
                late_ms = event.settles_ms - self.settle_ms - self._cancelled_ms[event.order_id]
                must(late_ms <= TRAVELS_MS, f"{event.order_id} matched {late_ms} ms after a cancel")

    def _hold_back(self, at: int, event: ev.Event) -> None:
        self._count += 1
        heapq.heappush(self._held_back, (at, self._count, event))
