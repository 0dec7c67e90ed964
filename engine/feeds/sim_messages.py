"""From arrays to messages, for the span asked for.

Owns the making of quotes, trades and books out of rows, and the mirroring of an UP book into
the DOWN book of the same instant. Draws nothing at random.
"""

from __future__ import annotations

import numpy as np

from engine.feeds.sim_book import CENTS, Books
from engine.feeds.sim_random import Ints
from engine.feeds.sim_tape import Quotes, Trades
from engine.market import ASSETS
from engine.messages import BookSnapshot, TradePrint, VenueQuote
from engine.units import BP

VENUE = "binance.um"

TICK_BP = BP // CENTS
_BIDS_FROM = tuple(tuple(range(best * TICK_BP, 0, -TICK_BP)) for best in range(CENTS + 1))
"""Prices from a best bid (ticks) downwards, basis points; nothing below one tick."""
_ASKS_FROM = tuple(tuple(range(best * TICK_BP, BP, TICK_BP)) for best in range(CENTS + 1))
"""Prices from a best ask (ticks) upwards, basis points; nothing at or above a dollar."""


def span(t_ms: Ints, after_ms: int, until_ms: int) -> slice:
    """Rows with ``after_ms < t_ms <= until_ms``."""
    first, end = np.searchsorted(t_ms, (after_ms, until_ms), side="right")
    return slice(int(first), int(end))


def first_after(t_ms: Ints, after_ms: int) -> int | None:
    """The first time later than `after_ms`; None: there is none."""
    row = int(np.searchsorted(t_ms, after_ms, side="right"))
    return int(t_ms[row]) if row < t_ms.size else None


def quote_messages(quotes: Quotes, rows: slice | Ints) -> list[VenueQuote]:
    columns = (quotes.t_ms, quotes.asset, quotes.bid, quotes.ask)
    lists = (column[rows].tolist() for column in columns)
    return [VenueQuote(t, VENUE, ASSETS[a], b, s) for t, a, b, s in zip(*lists, strict=True)]


def trade_messages(trades: Trades, rows: slice) -> list[TradePrint]:
    columns = (trades.t_ms, trades.asset, trades.price, trades.qty, trades.side)
    lists = (column[rows].tolist() for column in columns)
    return [TradePrint(t, VENUE, ASSETS[a], p, q, s) for t, a, p, q, s in zip(*lists, strict=True)]


def book_messages(
    books: Books, tokens: tuple[tuple[str, str], ...], rows: slice
) -> list[BookSnapshot]:
    """UP and DOWN books of each row, in that order; `tokens` are (UP, DOWN) by asset."""
    columns = (books.t_ms, books.asset, books.bid, books.ask, books.bid_sizes, books.ask_sizes)
    lists = (column[rows].tolist() for column in columns)
    made: list[BookSnapshot] = []
    for t_ms, asset, bid, ask, bid_sizes, ask_sizes in zip(*lists, strict=True):
        up, down = tokens[asset]
        made.append(_book(t_ms, up, (bid, ask), (bid_sizes, ask_sizes)))
        made.append(_book(t_ms, down, (CENTS - ask, CENTS - bid), (ask_sizes, bid_sizes)))
    return made


def _book(
    t_ms: int, token: str, best: tuple[int, int], sizes: tuple[list[int], list[int]]
) -> BookSnapshot:
    # Not strict: near 0 and 1 the prices run out before the sizes do.
    bids = tuple(zip(_BIDS_FROM[best[0]], sizes[0], strict=False))
    asks = tuple(zip(_ASKS_FROM[best[1]], sizes[1], strict=False))
    return BookSnapshot(t_ms, token, bids, asks)
