"""The paper venue: what a real one would have done with this order, as far as can be known.

Owns arrival, matching and settlement on paper (DESIGN 6). It holds the order for the taker delay
plus a drawn latency, looks at the book *as it is on arrival*, walks the levels it has not itself
eaten, charges the market's fee, and refuses, delays or fails to settle at seeded rates. No fill is
better than the arrival book. It decides nothing and knows no limits: those are the gate's.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Iterable

import numpy as np

from engine import events as ev
from engine.book import Book
from engine.messages import Level
from engine.order import Intent, Order, OrderState, Side
from engine.settings import PaperVenue as Rates
from engine.units import cost_micro, shares_for

BookOf = Callable[[str], Book | None]


class PaperVenue:
    """One instance per run; every draw comes from one seeded generator."""

    def __init__(self, rates: Rates, oldest_book_ms: int, rng: np.random.Generator) -> None:
        """`oldest_book_ms`: a book older than this on arrival is unknown and fills nothing."""
        self._rates = rates
        self._oldest_book_ms = oldest_book_ms
        self._rng = rng
        self._travelling: list[tuple[int, int, Order, bool]] = []
        self._settling: list[tuple[int, str, bool]] = []
        self._eaten: dict[str, dict[int, tuple[int, int]]] = {}
        self._sent = 0

    def send(self, order_id: str, intent: Intent) -> Order:
        """Take an admitted order; what becomes of it is told by `due`."""
        draws = self._rng.random(2)
        refused = bool(draws[0] < self._rates.reject_rate)
        late = self._rates.delay_ms if draws[1] < self._rates.delay_rate else 0
        wait = self._rates.taker_delay_ms + self._latency_ms() + late
        order = Order(order_id, intent, intent.t_ms + wait)
        self._sent += 1
        heapq.heappush(self._travelling, (order.arrives_ms, self._sent, order, refused))
        return order

    def adopt(self, fills: Iterable[ev.FillMatched]) -> None:
        """Take over matches of an earlier process that are not settled yet."""
        for fill in fills:
            heapq.heappush(self._settling, (fill.settles_ms, fill.fill_id, fill.voids))

    def forget(self, token_id: str) -> None:
        """The window of this token is over; nothing can be eaten of it again."""
        self._eaten.pop(token_id, None)

    def next_ms(self) -> int | None:
        """Market time of the next arrival or settlement."""
        times = [heap[0][0] for heap in (self._travelling, self._settling) if heap]
        return min(times, default=None)

    def due(self, t_ms: int, book_of: BookOf) -> list[tuple[int, ev.Event]]:
        """Everything that happened up to `t_ms`, in order, each with its own time."""
        happened: list[tuple[int, ev.Event]] = []
        while (at := self.next_ms()) is not None and at <= t_ms:
            happened += [(at, event) for event in self._step(at, book_of)]
        return happened

    def _step(self, at: int, book_of: BookOf) -> list[ev.Event]:
        if self._settling and self._settling[0][0] == at:
            _, fill_id, voids = heapq.heappop(self._settling)
            return [ev.FillVoided(fill_id) if voids else ev.FillSettled(fill_id)]
        _, _, order, refused = heapq.heappop(self._travelling)
        if refused:
            order.to(OrderState.REJECTED)
            return [ev.OrderRejected(order.order_id, "VENUE_REJECT", "refused by the paper venue")]
        return self._match(order, book_of(order.intent.token_id))

    def _match(self, order: Order, book: Book | None) -> list[ev.Event]:
        unusable = self._unusable(order, book)
        if unusable is not None or book is None:
            order.to(OrderState.KILLED)
            return [ev.OrderDone(order.order_id, f"killed: {unusable}")]
        fills = self._fills(order, book)
        if not fills:
            order.to(OrderState.KILLED)
            return [ev.OrderDone(order.order_id, "killed: nothing within the limit on arrival")]
        order.to(OrderState.MATCHED)
        return [*fills, ev.OrderDone(order.order_id, _how(order.intent, fills))]

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
        fill = ev.FillMatched(
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
        self.adopt([fill])
        return fill

    def _latency_ms(self) -> int:
        spread = math.exp(self._rates.latency_sigma * float(self._rng.standard_normal()))
        return round(self._rates.latency_ms * spread)


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
