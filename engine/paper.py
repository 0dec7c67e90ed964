"""The paper venue: what a real one would have done with this order, as far as can be known.

Owns arrival, matching and settlement on paper (DESIGN 6). It holds the order for the taker delay
plus a drawn latency, looks at the book *as it is on arrival*, walks the levels it has not itself
eaten, charges the market's fee, and refuses, delays, leaves without an answer or fails to settle at
seeded rates. No fill is better than the arrival book. It decides nothing and knows no limits: those
are the gate's.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from engine import events as ev
from engine.book import Book
from engine.messages import Level
from engine.order import Intent, Order, OrderState, Side
from engine.paper_account import PaperAccount
from engine.settings import PaperVenue as Rates
from engine.units import cost_micro, shares_for
from engine.venue import NOTHING_HELD, BookOf, Statement

HALF = 0.5
"""Share of the orders without an answer that reached the book all the same."""


class _Cancel(NamedTuple):
    """A request to end orders, on its way."""

    arrives_ms: int
    upto: int
    """Number of the last order that it is about."""


class _Trip(NamedTuple):
    """An order on its way, with what was drawn for it. Sorts by arrival, then as sent."""

    arrives_ms: int
    number: int
    order: Order
    refused: bool
    lost: bool
    """Its answer will not come."""
    reaches: bool
    """Whether it reaches the book although nobody will say so."""


class _Silent(NamedTuple):
    """An order whose answer was lost, with what nobody knows of it yet. Sorts as `_Trip`."""

    until_ms: int
    number: int
    order: Order
    fills: list[ev.FillMatched]
    how: str


class PaperVenue:
    """One instance per run; every draw comes from one seeded generator. Implements `Venue`."""

    def __init__(self, rates: Rates, oldest_book_ms: int, rng: np.random.Generator) -> None:
        """`oldest_book_ms`: a book older than this on arrival is unknown and fills nothing."""
        self._rates = rates
        self._oldest_book_ms = oldest_book_ms
        self._rng = rng
        self._account = PaperAccount()
        self._travelling: list[_Trip] = []
        self._cancels: list[_Cancel] = []
        self._silent: list[_Silent] = []
        self._settling: list[tuple[int, str, ev.FillMatched]] = []
        self._eaten: dict[str, dict[int, tuple[int, int]]] = {}
        self._sent = 0

    def send(self, order_id: str, intent: Intent) -> Order:
        """Take an admitted order; what becomes of it is told by `due`."""
        rates, draws = self._rates, self._rng.random(4)
        late = rates.delay_ms if draws[1] < rates.delay_rate else 0
        wait = rates.taker_delay_ms + self._latency_ms() + late
        order = Order(order_id, intent, intent.t_ms + wait)
        self._sent += 1
        refused, lost = draws[0] < rates.reject_rate, draws[2] < rates.lost_answer_rate
        trip = _Trip(
            order.arrives_ms, self._sent, order, bool(refused), bool(lost), bool(draws[3] < HALF)
        )
        heapq.heappush(self._travelling, trip)
        self._account.now(order)
        return order

    def cancel_all(self, t_ms: int) -> None:
        """Ask for the end of every order sent so far; the request travels too."""
        heapq.heappush(self._cancels, _Cancel(t_ms + self._latency_ms(), self._sent))

    def adopt(
        self, fills: Iterable[ev.FillMatched], shares: Mapping[str, int] = NOTHING_HELD
    ) -> None:
        """Take over what an earlier process left. Its orders in flight are lost with it."""
        self._account.adopt(shares)
        for fill in fills:
            self._settle_at(fill.settles_ms, fill)

    def forget(self, token_id: str) -> None:
        """The window of this token is over; nothing can be eaten of it again."""
        self._eaten.pop(token_id, None)
        self._account.forget(token_id)

    def statement(self, t_ms: int) -> Statement:
        """Our account as it stands after `due(t_ms)`."""
        return self._account.statement(t_ms)

    def next_ms(self) -> int | None:
        """Market time of the next settlement, arrival, cancel or late answer."""
        heaps = (self._settling, self._travelling, self._cancels, self._silent)
        return min((heap[0][0] for heap in heaps if heap), default=None)

    def due(self, t_ms: int, book_of: BookOf) -> list[tuple[int, ev.Event]]:
        """Everything that happened up to `t_ms`, in order, each with its own time."""
        happened: list[tuple[int, ev.Event]] = []
        while (at := self.next_ms()) is not None and at <= t_ms:
            happened += [(at, event) for event in self._step(at, book_of)]
        return happened

    def _step(self, at: int, book_of: BookOf) -> list[ev.Event]:
        """One of the things that happen at `at`; a match comes before the cancel that it meets."""
        if self._settling and self._settling[0][0] == at:
            return [self._settled(heapq.heappop(self._settling)[2])]
        if self._travelling and self._travelling[0].arrives_ms == at:
            return self._arrived(heapq.heappop(self._travelling), book_of)
        if self._cancels and self._cancels[0].arrives_ms == at:
            return self._cancelled(heapq.heappop(self._cancels))
        told = heapq.heappop(self._silent)
        return self._end(told.order, at, told.fills, told.how)

    def _settled(self, fill: ev.FillMatched) -> ev.Event:
        if not fill.voids:
            return ev.FillSettled(fill.fill_id)
        self._account.voided(fill)
        return ev.FillVoided(fill.fill_id)

    def _arrived(self, trip: _Trip, book_of: BookOf) -> list[ev.Event]:
        order = trip.order
        if trip.lost:
            return [self._lost(trip, book_of)]
        if trip.refused:
            self._account.now(order.to(OrderState.REJECTED))
            return [ev.OrderRejected(order.order_id, "VENUE_REJECT", "refused by the paper venue")]
        fills, how = self._match(order, book_of(order.intent.token_id))
        return self._end(order, order.arrives_ms, fills, how)

    def _lost(self, trip: _Trip, book_of: BookOf) -> ev.Event:
        """It fills now or never did; nobody says which before `unknown_ms` have passed."""
        order = trip.order.to(OrderState.AMBIGUOUS)
        self._account.now(order)
        until_ms = order.arrives_ms + self._rates.unknown_ms
        fills: list[ev.FillMatched] = []
        how = "absent"
        if trip.reaches:
            fills, how = self._match(order, book_of(order.intent.token_id))
        heapq.heappush(self._silent, _Silent(until_ms, trip.number, order, fills, how))
        return ev.OrderAmbiguous(order.order_id, until_ms, "the answer was lost")

    def _cancelled(self, cancel: _Cancel) -> list[ev.Event]:
        """Orders sent after the request travel on."""
        ended = [trip for trip in self._travelling if trip.number <= cancel.upto]
        self._travelling = [trip for trip in self._travelling if trip.number > cancel.upto]
        heapq.heapify(self._travelling)
        events: list[ev.Event] = []
        for trip in sorted(ended, key=lambda trip: trip.number):
            events += self._end(trip.order, cancel.arrives_ms, [], "cancelled")
        return events

    def _end(self, order: Order, at: int, fills: list[ev.FillMatched], how: str) -> list[ev.Event]:
        """Tell what an order came to at `at`."""
        self._account.now(order.to(_state_of(fills, how)))
        for fill in fills:
            self._account.matched(fill)
            self._settle_at(max(at, fill.settles_ms), fill)
        if at >= order.intent.market.end_ms:
            self._account.forget(order.intent.token_id)
        return [*fills, ev.OrderDone(order.order_id, how)]

    def _settle_at(self, at: int, fill: ev.FillMatched) -> None:
        heapq.heappush(self._settling, (at, fill.fill_id, fill))

    def _match(self, order: Order, book: Book | None) -> tuple[list[ev.FillMatched], str]:
        """What an order fills of the book that it meets, and how it ends."""
        unusable = self._unusable(order, book)
        if unusable is not None or book is None:
            return [], f"killed: {unusable}"
        fills = self._fills(order, book)
        if not fills:
            return [], "killed: nothing within the limit on arrival"
        return fills, _how(order.intent, fills)

    def _unusable(self, order: Order, book: Book | None) -> str | None:
        if order.arrives_ms >= order.intent.market.end_ms:
            return "the window was over on arrival"
        if book is None:
            return "no book on arrival"
        if book.invalid is not None:
            return f"{book.invalid} on arrival"
        if book.age_ms(order.arrives_ms) > self._oldest_book_ms:
            return f"the book was {book.age_ms(order.arrives_ms) / 1000:.0f} s old on arrival"
        return None

    def _fills(self, order: Order, book: Book) -> list[ev.FillMatched]:
        intent = order.intent
        left = intent.amount
        fills: list[ev.FillMatched] = []
        for price_bp, size in _side(intent, book):
            if left <= 0 or not _within(intent, price_bp):
                break
            take = self._take(intent, price_bp, size, left)
            if take <= 0:
                continue
            fills.append(self._fill(order, len(fills), take, price_bp))
            left -= cost_micro(take, price_bp) if intent.side is Side.BUY else take
        return fills

    def _take(self, intent: Intent, price_bp: int, size: int, left: int) -> int:
        """Micro-shares taken from one level, remembering what was eaten of it before."""
        levels = self._eaten.setdefault(intent.token_id, {})
        shown, eaten = levels.get(price_bp, (size, 0))
        if shown != size:  # the level was renewed since: what we ate is no longer missing from it
            eaten = 0
        wanted = shares_for(left, price_bp) if intent.side is Side.BUY else left
        take = min(wanted, size - eaten)
        levels[price_bp] = (size, eaten + max(0, take))
        return take

    def _fill(self, order: Order, index: int, shares: int, price_bp: int) -> ev.FillMatched:
        intent = order.intent
        return ev.FillMatched(
            fill_id=f"{order.order_id}.{index}",
            order_id=order.order_id,
            slug=intent.market.slug,
            asset=intent.market.asset,
            outcome=intent.outcome.value,
            token_id=intent.token_id,
            side=intent.side.value,
            shares=shares,
            price_bp=price_bp,
            fee=intent.market.fee.taker_fee_micro(shares, price_bp),
            settles_ms=order.arrives_ms + self._rates.settle_ms,
            voids=bool(self._rng.random() < self._rates.settle_failure_rate),
        )

    def _latency_ms(self) -> int:
        spread = math.exp(self._rates.latency_sigma * float(self._rng.standard_normal()))
        return round(min(self._rates.latency_ms * spread, self._rates.slowest_ms))


def _state_of(fills: list[ev.FillMatched], how: str) -> OrderState:
    if fills:
        return OrderState.MATCHED
    return OrderState(how) if how in ("cancelled", "absent") else OrderState.KILLED


def _side(intent: Intent, book: Book) -> tuple[Level, ...]:
    return book.asks if intent.side is Side.BUY else book.bids


def _within(intent: Intent, price_bp: int) -> bool:
    if intent.side is Side.BUY:
        return price_bp <= intent.limit_bp
    return price_bp >= intent.limit_bp


def _how(intent: Intent, fills: list[ev.FillMatched]) -> str:
    if intent.side is Side.SELL:
        full = sum(fill.shares for fill in fills) >= intent.amount
    else:
        spent = sum(cost_micro(fill.shares, fill.price_bp) for fill in fills)
        full = spent >= intent.amount - 10_000  # a cent of rounding is not a partial fill
    return "filled" if full else "partly filled"
