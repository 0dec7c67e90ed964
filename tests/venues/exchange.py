"""A venue that outlives whoever trades on it: its account is a file, and the truth.

An order is in the account as soon as `send` has written it, whether or not the sender lives to
learn of it. What becomes of it follows from the order alone: two matches of half each, a last word,
and a settlement later, each at its own market time. An order id that comes a second time is not
taken and not forgotten: nobody may send an order twice.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from engine import events as ev
from engine.order import Intent, Side
from engine.units import BP
from engine.venue import NOTHING_HELD, BookOf, Statement, VenueOrder

FIRST_MS = 300
"""From sending an order to its first match, market time."""
SECOND_MS = 700
SETTLED_MS = 2_000
BUYS_AT, SELLS_AT = 5_000, 4_900
"""Basis points; the books of the tests show both."""
AGAIN_MS = 60_000
"""Settlements of so long ago are told again to whoever connects: news may come twice."""

Timed = tuple[int, ev.Event]


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as it lies in the file."""

    order_id: str
    slug: str
    asset: str
    outcome: str
    token_id: str
    side: str
    amount: int
    t_ms: int

    @property
    def shares(self) -> int:
        return self.amount if self.side == "SELL" else self.amount * BP // BUYS_AT

    def fills(self) -> tuple[ev.FillMatched, ...]:
        half = self.shares // 2
        first = self._fill(0, half)
        return first, self._fill(1, self.shares - half)

    def _fill(self, index: int, shares: int) -> ev.FillMatched:
        return ev.FillMatched(
            fill_id=f"{self.order_id}.{index}",
            order_id=self.order_id,
            slug=self.slug,
            asset=self.asset,
            outcome=self.outcome,
            token_id=self.token_id,
            side=self.side,
            shares=shares,
            price_bp=BUYS_AT if self.side == "BUY" else SELLS_AT,
            fee=0,
            settles_ms=self.t_ms + SETTLED_MS,
            voids=False,
        )

    def story(self) -> list[Timed]:
        """Everything that becomes of it, in order."""
        first, second = self.fills()
        return [
            (self.t_ms + FIRST_MS, first),
            (self.t_ms + SECOND_MS, second),
            (self.t_ms + SECOND_MS, ev.OrderDone(self.order_id, "filled")),
            *((self.t_ms + SETTLED_MS, ev.FillSettled(f.fill_id)) for f in (first, second)),
        ]


class Exchange:
    """Implements `engine.venue.Venue` over a file that every process writes through to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.placed: dict[str, Placed] = {}
        self.twice: list[str] = []
        """Order ids that were sent again."""
        self._told_ms: int | None = None
        """Market time up to which this connection was told; None: it has not begun."""
        self._again: list[Timed] = []
        """News from before this connection that it is told all the same."""
        for line in path.read_bytes().splitlines() if path.exists() else ():
            self._take(Placed(**orjson.loads(line)))

    # ---- the account -----------------------------------------------------------------------

    def matched(self, t_ms: int) -> list[ev.FillMatched]:
        """Every match up to `t_ms`."""
        told = [
            event for order in self.placed.values() for at, event in order.story() if at <= t_ms
        ]
        return [event for event in told if isinstance(event, ev.FillMatched)]

    def shares(self, t_ms: int) -> dict[str, int]:
        """Token -> micro-shares held at `t_ms`; a token that nets to nothing is left out."""
        held: dict[str, int] = {}
        for fill in self.matched(t_ms):
            sign = 1 if fill.side == Side.BUY else -1
            held[fill.token_id] = held.get(fill.token_id, 0) + sign * fill.shares
        return {token: shares for token, shares in held.items() if shares}

    def _take(self, order: Placed) -> None:
        if order.order_id in self.placed:
            self.twice.append(order.order_id)
        else:
            self.placed[order.order_id] = order

    # ---- engine.venue.Venue ----------------------------------------------------------------

    def send(self, order_id: str, intent: Intent) -> None:
        market = intent.market
        order = Placed(
            order_id,
            market.slug,
            market.asset,
            intent.outcome.value,
            intent.token_id,
            intent.side.value,
            intent.amount,
            intent.t_ms,
        )
        with self._path.open("ab") as file:
            file.write(orjson.dumps(asdict(order)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._take(order)

    def cancel_all(self, t_ms: int) -> None:
        """Comes too late for every order: each is matched."""

    def adopt(
        self, fills: Iterable[ev.FillMatched], shares: Mapping[str, int] = NOTHING_HELD
    ) -> None:
        """Nothing to take over: the account is here."""

    def forget(self, token_id: str) -> None:
        """The account forgets nothing."""

    def next_ms(self) -> int | None:
        return min((at for at, _ in self._untold()), default=None)

    def due(self, t_ms: int, book_of: BookOf) -> list[Timed]:
        happened = sorted((at, n, e) for n, (at, e) in enumerate(self._untold()) if at <= t_ms)
        self._told_ms = max(t_ms, self._told_ms or 0)
        return [(at, event) for at, _, event in happened]

    def statement(self, t_ms: int) -> Statement:
        if self._told_ms is None:
            self._connect(t_ms)
        fills = tuple(self.matched(t_ms))
        orders = []
        for order in self.placed.values():
            filled = sum(fill.shares for fill in fills if fill.order_id == order.order_id)
            orders.append(VenueOrder(order.order_id, filled < order.shares, filled))
        return Statement(t_ms, tuple(orders), fills, tuple(self.shares(t_ms).items()))

    def _connect(self, t_ms: int) -> None:
        """What was before is told by a statement, but for settlements, of which it says nothing."""
        self._again = [
            (t_ms + 1, event)
            for order in self.placed.values()
            for at, event in order.story()
            if isinstance(event, ev.FillSettled) and t_ms - AGAIN_MS < at <= t_ms
        ]
        self._told_ms = t_ms

    def _untold(self) -> list[Timed]:
        since = -1 if self._told_ms is None else self._told_ms
        stories = [t for order in self.placed.values() for t in order.story()]
        return [t for t in (*self._again, *stories) if t[0] > since]
