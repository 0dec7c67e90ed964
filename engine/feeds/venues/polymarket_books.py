"""The book of one outcome token as the venue's market channel builds it.

Owns continuity: a snapshot starts a book, deltas (`price_change`, whose sizes are absolute) are
laid over it, and once voided it refuses them until the next snapshot. Also owns the tick, which
the venue refines near 0 and 1. Whether the book may be traded on is judged in `engine.book`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.feeds.venues.polymarket_levels import (
    DEPTH,
    MessageError,
    PriceCodes,
    SizeCodes,
    best_asks,
    best_bids,
)
from engine.messages import Level

TICKS_BP = frozenset({1000, 100, 50, 25, 10, 1})
"""Every tick size of the venue, basis points of a dollar."""

REFINED_TICKS_BP = (100, 10, 1)
"""Ticks that prices can give away, coarsest first."""


class Change(NamedTuple):
    """One raw delta."""

    side: Any
    """BUY is a bid, SELL an ask."""
    price: Any
    size: Any
    """Absolute size of the level from now on; 0 removes it."""


class Sides(NamedTuple):
    """What one message made of the book."""

    bids: tuple[Level, ...]
    """Best (highest) first, at most `DEPTH`."""
    asks: tuple[Level, ...]
    """Best (lowest) first, at most `DEPTH`."""
    tick_bp: int
    """Tick of the book, basis points of a dollar."""


@dataclass(slots=True)
class TokenBook:
    """What the channel has said of one token so far."""

    prices: PriceCodes
    sizes: SizeCodes
    tick_bp: int
    """As stated last, or finer where prices need it; never coarser than they need."""
    _raw: tuple[Any, Any] | None = None
    """The last snapshot; unpacked only if a delta follows, which most recordings have none of."""
    _sides: tuple[dict[int, int], dict[int, int]] | None = None
    """Bids and asks: micro-shares by basis points."""

    def replace(self, bids: Any, asks: Any) -> Sides:
        """Take a snapshot. Raises MessageError; then the book must be voided."""
        best = (best_bids(bids, self.prices, self.sizes), best_asks(asks, self.prices, self.sizes))
        self._raw, self._sides = (bids, asks), None
        return self._out(*best)

    def change(self, changes: list[Change]) -> Sides:
        """Lay deltas over the book.

        Raises MessageError where the book is void, or for a bad delta; then it must be voided.
        """
        if self._sides is None:
            self._sides = self._unpacked()
        bids, asks = self._sides
        for change in changes:
            self._apply(change, bids, asks)
        return self._out(
            tuple((price, bids[price]) for price in sorted(bids)[: -DEPTH - 1 : -1]),
            tuple((price, asks[price]) for price in sorted(asks)[:DEPTH]),
        )

    def retick(self, tick: Any) -> None:
        """Take the tick that the venue states, dollars. Raises MessageError."""
        code = self.prices[tick]
        if code not in TICKS_BP:
            raise MessageError(f"tick {tick[:20]} is none of the venue's")
        self.tick_bp = code

    def void(self) -> None:
        """Forget the levels: deltas are refused until the next snapshot."""
        self._raw = self._sides = None

    def _unpacked(self) -> tuple[dict[int, int], dict[int, int]]:
        if self._raw is None:
            raise MessageError("a delta with no whole book before it")
        bids, asks = self._raw
        return self._by_price(bids), self._by_price(asks)

    def _by_price(self, side: Any) -> dict[int, int]:
        coded = ((self.prices[level["price"]], self.sizes[level["size"]]) for level in side)
        return {price: size for price, size in coded if size}

    def _apply(self, change: Change, bids: dict[int, int], asks: dict[int, int]) -> None:
        if change.side not in ("BUY", "SELL"):
            raise MessageError("a delta's side is neither BUY nor SELL")
        side = bids if change.side == "BUY" else asks
        price, size = self.prices[change.price], self.sizes[change.size]
        if size:
            side[price] = size
        else:
            side.pop(price, None)

    def _out(self, bids: tuple[Level, ...], asks: tuple[Level, ...]) -> Sides:
        """A price between the ticks proves a finer tick, whatever was stated."""
        common = math.gcd(*[price for price, _ in bids], *[price for price, _ in asks])
        if common % self.tick_bp:
            self.tick_bp = next(t for t in REFINED_TICKS_BP if common % t == 0)
        return Sides(bids, asks, self.tick_bp)
