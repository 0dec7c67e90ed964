"""The books of one window's two outcome tokens, full depth.

Makers quote UP around its fair probability; the venue shows each of their orders again as DOWN (a
bid for UP at p is an offer of DOWN at 1 - p). A test can bend one token's book; what is bent is
then the truth of that token.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

BP = 10_000
CENT = 100
FINE = 10
"""A tenth of a cent, basis points: the tick near 0 and 1."""

EDGE_BP = 400
"""A middle nearer than this to 0 or 1 refines the tick."""

DEPTH = 20
"""Levels on each side, where there is room."""


@dataclass(slots=True)
class TokenBook:
    """One token's levels: micro-shares by basis points."""

    bids: dict[int, int] = field(default_factory=dict)
    asks: dict[int, int] = field(default_factory=dict)

    @property
    def best_bid(self) -> int | None:
        return max(self.bids, default=None)

    @property
    def best_ask(self) -> int | None:
        return min(self.asks, default=None)


@dataclass(frozen=True, slots=True)
class LevelChange:
    """A level's new absolute size; 0 removes it."""

    token: str
    side: str
    """BUY or SELL."""
    price: int
    size: int


Bend = Callable[[TokenBook], TokenBook]


def one_sided(book: TokenBook) -> TokenBook:
    """Nobody offers."""
    return TokenBook(book.bids, {})


def crossed(book: TokenBook) -> TokenBook:
    """A bid above the best offer."""
    above = min(BP - CENT, (book.best_ask or BP // 2) + CENT)
    return TokenBook({**book.bids, above: 25_000_000}, book.asks)


def empty(_: TokenBook) -> TokenBook:
    return TokenBook()


def differences(token: str, old: TokenBook, new: TokenBook) -> list[LevelChange]:
    """What must be told to someone who knows `old`."""
    return [
        *_side(token, "BUY", old.bids, new.bids),
        *_side(token, "SELL", old.asks, new.asks),
    ]


def _side(token: str, side: str, old: dict[int, int], new: dict[int, int]) -> list[LevelChange]:
    gone = [LevelChange(token, side, price, 0) for price in old if price not in new]
    fresh = [LevelChange(token, side, p, s) for p, s in new.items() if old.get(p) != s]
    return gone + fresh


class Makers:
    """Who quotes UP."""

    def __init__(self, rng: random.Random, finest_tick: int = FINE) -> None:
        self._rng = rng
        self._finest_tick = finest_tick
        self.tick = CENT
        self.book = TokenBook()

    def quote(self, fair: float) -> None:
        """Move the quotes to this probability, and a few sizes with them."""
        middle = int(fair * BP)
        if not EDGE_BP < middle < BP - EDGE_BP:
            self.tick = self._finest_tick
        bid = max(self.tick, min(BP - 2 * self.tick, middle // self.tick * self.tick))
        ask = min(BP - self.tick, bid + self.tick * self._rng.choice((1, 1, 2)))
        self.book = TokenBook(
            self._kept(self.book.bids, self._prices(bid, -1)),
            self._kept(self.book.asks, self._prices(ask, +1)),
        )

    def mirrored(self) -> TokenBook:
        """The same orders, as DOWN."""
        bids = {BP - price: size for price, size in self.book.asks.items()}
        return TokenBook(bids, {BP - price: size for price, size in self.book.bids.items()})

    def _prices(self, best: int, way: int) -> list[int]:
        prices = (best + way * self.tick * n for n in range(DEPTH))
        return [price for price in prices if 0 < price < BP]

    def _kept(self, old: dict[int, int], prices: list[int]) -> dict[int, int]:
        levels = {price: old.get(price) or self._size() for price in prices}
        if self._rng.random() < 0.5:
            levels[self._rng.choice(prices)] = self._size()
        return levels

    def _size(self) -> int:
        """Micro-shares, with cents of a share as the venue has them."""
        return int(round(self._rng.lognormvariate(4.6, 1.0) + 5, 2) * 1_000_000)
