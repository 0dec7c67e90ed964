"""The book of one outcome token as the venue's market channel builds it.

Owns continuity: a snapshot starts a book, deltas (`price_change`, whose sizes are absolute) are
laid over it in the order of the venue's stamps, and what the venue says of its best prices must be
true of the result. Once void, a book takes nothing but a snapshot. Also owns the tick, which the
venue refines near 0 and 1. Whether the book may be traded on is judged in `engine.book`.
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
from engine.units import BP

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


class Best(NamedTuple):
    """Best prices, basis points of a dollar; None: that side is empty."""

    bid: int | None
    ask: int | None


Levels = tuple[dict[int, int], dict[int, int]]
"""Bids and asks: micro-shares by basis points."""


@dataclass(slots=True)
class TokenBook:
    """What the channel has said of one token so far.

    A stamp is the venue's own time of a message, unix milliseconds; None where it gives none.
    """

    prices: PriceCodes
    sizes: SizeCodes
    tick_bp: int
    """As stated last, or finer where prices need it; never coarser than they need."""
    newest: int | None = None
    """Newest stamp of any message about the levels, used or not."""
    offered: Sides | None = None
    """The book as it was told last; None: never heard, or void."""
    void_why: str | None = None
    """Why it is void; None: it is not, or nothing was heard yet."""
    _raw: tuple[Any, Any] | None = None
    """The last snapshot; unpacked only if a delta follows, which most recordings have none of."""
    _levels: Levels | None = None
    _retold: Levels | None = None
    """An older snapshot and what followed it: a connection that takes over tells again what the
    one before it told."""
    _repeated: bool = False
    """A delta was told again since."""
    _claimed: tuple[Best, int] | None = None
    """Best prices that the venue announced, with their stamp, and that the book did not show yet.
    The announcement and its delta come in either order."""

    def replace(self, bids: Any, asks: Any, stamp: int | None = None) -> Sides | None:
        """Take a snapshot; None where it is older than what is known.

        Raises MessageError; then the book must be voided.
        """
        best = (best_bids(bids, self.prices, self.sizes), best_asks(asks, self.prices, self.sizes))
        if self._is_old(stamp):
            self._retold, self._repeated = (self._by_price(bids), self._by_price(asks)), False
            return None
        self._note(stamp)
        self._raw, self._levels, self._retold, self._claimed = (bids, asks), None, None, None
        self.void_why = None
        return self._offer(*best)

    def change(
        self, changes: list[Change], stamp: int | None = None, stated: Best | None = None
    ) -> Sides | None:
        """Lay deltas over the book; None where they were told before.

        `stated` are the best prices that the venue sees after them. Raises MessageError where the
        book cannot be continued by them; then it must be voided.
        """
        if self.void_why is not None:
            self._note(stamp)
            raise MessageError("a delta with no whole book before it")
        if self._is_old(stamp):
            self._hear_again(changes)
            return None
        repeats = self._compare_retold(changes, stamp)
        sides = self._offer(*self._changed(changes))
        self._note(stamp)
        if stated is not None and not repeats and stated != best_of(sides):
            raise MessageError("the book does not agree with the venue's best prices")
        self._judge_claim(stamp)
        return sides

    def claim(self, best: Best, stamp: int | None) -> None:
        """The venue announces its best prices; one that tells nothing newer is passed over.

        Raises MessageError where an earlier announcement never came true; then it must be voided.
        """
        if self.offered is None or stamp is None or (self.newest or 0) >= stamp:
            return
        self._judge_claim(stamp)
        self._claimed = None if best == best_of(self.offered) else (best, stamp)

    def retick(self, tick: Any) -> None:
        """Take the tick that the venue states, dollars, as a number or its text. Raises
        MessageError."""
        # A number's shortest form is what the venue wrote.
        code = self.prices[str(tick) if type(tick) in (int, float) else tick]
        if code not in TICKS_BP:
            raise MessageError(f"tick {str(tick)[:20]} is none of the venue's")
        self.tick_bp = code

    def cut(self) -> None:
        """The snapshot was not whole: it may be traded on, and takes no deltas."""
        self._raw = self._levels = None

    def void(self, why: str) -> None:
        """Forget the levels: nothing counts until the next snapshot."""
        self.cut()
        self.offered = self._retold = self._claimed = None
        self.void_why = why

    def levels(self) -> Levels | None:
        """Every level; None where the book is void or not whole. Raises MessageError."""
        if self._levels is None and self._raw is not None:
            self._levels = self._unpacked()
        return self._levels

    def _is_old(self, stamp: int | None) -> bool:
        return stamp is not None and self.newest is not None and stamp < self.newest

    def _note(self, stamp: int | None) -> None:
        if stamp is not None and not self._is_old(stamp):
            self.newest = stamp

    def _hear_again(self, changes: list[Change]) -> None:
        if self._retold is None:
            raise MessageError("a delta came after a newer one")
        self._lay(changes, self._retold)
        self._repeated = True

    def _compare_retold(self, changes: list[Change], stamp: int | None) -> bool:
        """Whether these deltas may be repeats too. Raises MessageError where a book that was told
        again comes out differently."""
        if self._retold is None:
            return False
        if stamp == self.newest:
            self._lay(changes, self._retold)
            return True
        if self._repeated and self._retold != self.levels():
            raise MessageError("the book comes out differently when it is told again")
        self._retold = None
        return False

    def _judge_claim(self, stamp: int | None) -> None:
        if self._claimed is None or self.offered is None:
            return
        best, since = self._claimed
        if best == best_of(self.offered):
            self._claimed = None
        elif stamp is None or stamp > since:
            raise MessageError("the best prices that the venue announced did not come")

    def _changed(self, changes: list[Change]) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        if self._levels is None:
            self._levels = self._unpacked()
        bids, asks = self._levels
        self._lay(changes, self._levels)
        return (
            tuple((price, bids[price]) for price in sorted(bids)[: -DEPTH - 1 : -1]),
            tuple((price, asks[price]) for price in sorted(asks)[:DEPTH]),
        )

    def _unpacked(self) -> Levels:
        if self._raw is None:
            raise MessageError("a delta with no whole book before it")
        bids, asks = self._raw
        return self._by_price(bids), self._by_price(asks)

    def _by_price(self, side: Any) -> dict[int, int]:
        coded = ((self.prices[level["price"]], self.sizes[level["size"]]) for level in side)
        return {price: size for price, size in coded if size}

    def _lay(self, changes: list[Change], levels: Levels) -> None:
        for change in changes:
            if change.side not in ("BUY", "SELL"):
                raise MessageError("a delta's side is neither BUY nor SELL")
            side = levels[0] if change.side == "BUY" else levels[1]
            price, size = self.prices[change.price], self.sizes[change.size]
            if size:
                side[price] = size
            else:
                side.pop(price, None)

    def _offer(self, bids: tuple[Level, ...], asks: tuple[Level, ...]) -> Sides:
        """A price between the ticks proves a finer tick, whatever was stated."""
        common = math.gcd(*[price for price, _ in bids], *[price for price, _ in asks])
        if common % self.tick_bp:
            self.tick_bp = next(t for t in REFINED_TICKS_BP if common % t == 0)
        self.offered = Sides(bids, asks, self.tick_bp)
        return self.offered


def best_of(sides: Sides) -> Best:
    """Best prices of a book. A level at $0 or $1 is none: nothing can trade there."""
    bid = sides.bids[0][0] if sides.bids else 0
    ask = sides.asks[0][0] if sides.asks else BP
    return Best(bid or None, None if ask >= BP else ask)
