"""What the paper venue knows of us: orders, matches and shares, as a real one would tell them.

Owns the venue's side of the books, kept apart from the ledger so that the two can be compared. It
learns of a match when the engine is told of it: what became of an order whose answer was lost is
in no statement before that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from engine import events as ev
from engine.order import Order, OrderState
from engine.venue import Statement, VenueOrder

UNDER_WAY = frozenset({OrderState.SENT})


class PaperAccount:
    """Of one process: an earlier one's is taken over by `adopt`."""

    def __init__(self) -> None:
        self._orders: dict[str, Order] = {}
        self._fills: dict[str, ev.FillMatched] = {}
        self._shares: Counter[str] = Counter()

    def adopt(self, shares: Mapping[str, int]) -> None:
        """Outcome token -> micro-shares that an earlier process left."""
        self._shares.update(shares)

    def now(self, order: Order) -> None:
        """An order and the state that it is in."""
        self._orders[order.order_id] = order

    def matched(self, fill: ev.FillMatched) -> None:
        self._fills[fill.fill_id] = fill
        self._shares[fill.token_id] += fill.shares if fill.side == "BUY" else -fill.shares

    def voided(self, fill: ev.FillMatched) -> None:
        self._shares[fill.token_id] -= fill.shares if fill.side == "BUY" else -fill.shares

    def forget(self, token_id: str) -> None:
        """The window of this token is over: its ended orders and their matches are asked about no
        more. What is held stays."""
        self._orders = {
            name: order
            for name, order in self._orders.items()
            if order.intent.token_id != token_id or order.state in UNDER_WAY
        }
        self._fills = {n: f for n, f in self._fills.items() if f.token_id != token_id}
        if not self._shares[token_id]:
            del self._shares[token_id]

    def statement(self, t_ms: int) -> Statement:
        return Statement(
            t_ms=t_ms,
            orders=tuple(
                VenueOrder(name, order.state in UNDER_WAY, self._filled(name))
                for name, order in self._orders.items()
                if order.state not in (OrderState.AMBIGUOUS, OrderState.ABSENT)
            ),
            fills=tuple(self._fills.values()),
            shares=tuple((token, held) for token, held in self._shares.items() if held),
        )

    def _filled(self, order_id: str) -> int:
        return sum(fill.shares for fill in self._fills.values() if fill.order_id == order_id)
