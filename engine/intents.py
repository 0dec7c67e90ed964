"""From a wish to an order's size and limit, rounded as the venue takes them.

Owns the rounding and the limit price: so many ticks beyond the best price at the decision, always
inside (0, 1). Knows no rule that forbids an order: that is the gate's.
"""

from __future__ import annotations

from engine.book import Book
from engine.ledger import Holding
from engine.market import Market, Outcome
from engine.order import Intent, Purpose, Side
from engine.units import BP, floor_to_step

CENT = 10_000
"""Micro-dollars; the venue takes BUY amounts in whole cents (polymarket reference 4.6)."""


def opening(
    market: Market, outcome: Outcome, book: Book | None, stake: int, ticks: int, t_ms: int
) -> Intent:
    """Buying `outcome` for `stake` micro-dollars, at most `ticks` above the best ask."""
    return Intent(
        market=market,
        outcome=outcome,
        side=Side.BUY,
        amount=floor_to_step(stake, CENT),
        limit_bp=_buy_limit(book, market.tick_bp, ticks),
        purpose=Purpose.OPEN,
        t_ms=t_ms,
        mid_bp=None if book is None else book.mid_bp,
    )


def closing(
    market: Market, holding: Holding, book: Book | None, purpose: Purpose, ticks: int, t_ms: int
) -> Intent:
    """Selling what can be sold of `holding`, at most `ticks` below the best bid.

    Where nothing is settled yet the whole holding is asked for, so that the gate can say why not.
    """
    return Intent(
        market=market,
        outcome=holding.outcome,
        side=Side.SELL,
        amount=holding.sellable or floor_to_step(holding.shares),
        limit_bp=_sell_limit(book, market.tick_bp, ticks),
        purpose=purpose,
        t_ms=t_ms,
        mid_bp=None if book is None else book.mid_bp,
    )


def _buy_limit(book: Book | None, tick_bp: int, ticks: int) -> int:
    if book is None or book.invalid is not None:
        return 0  # the gate names the book's fault before it looks at the limit
    return min(book.asks[0][0] + ticks * tick_bp, BP - tick_bp)


def _sell_limit(book: Book | None, tick_bp: int, ticks: int) -> int:
    if book is None or book.invalid is not None:
        return tick_bp
    return max(book.bids[0][0] - ticks * tick_bp, tick_bp)
