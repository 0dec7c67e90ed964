"""The position as the model sees it: side, and unrealised dollars at mid.

Owns the three position features' inputs, by the original's meaning: marked at the mid of the token
held, without fees. What a position would really bring is the matter of `engine.picture`.
"""

from __future__ import annotations

import math

from engine.desk import Desk
from engine.signals import PositionInput
from engine.trader import Trader
from engine.units import BP, MICRO, dollars

FLAT = PositionInput(has=False, side=None, pnl=0.0)


def position_input(trader: Trader, desk: Desk) -> PositionInput:
    """What to feed the model of one desk's position.

    A position whose token has no valid book, or no mid where there are no books, has an unknown
    result: NaN, which makes the row invalid rather than flat (DESIGN 4.1).
    """
    side = trader.position(desk)
    if side is None or desk.market is None:
        return FLAT
    if not trader.has_books:
        return PositionInput(has=True, side=side, pnl=_mid_only_pnl(trader, desk))
    holding = trader.holding(desk.market)
    book = desk.books.get(desk.market.token(side))
    mid_bp = None if book is None else book.mid_bp
    if holding is None or mid_bp is None:
        return PositionInput(has=True, side=side, pnl=math.nan)
    value = holding.shares * mid_bp / BP
    return PositionInput(has=True, side=side, pnl=(value - holding.paid) / MICRO)


def _mid_only_pnl(trader: Trader, desk: Desk) -> float:
    """Of a source without books, where the mid account holds the only position there is."""
    quote = desk.mid_quote()
    if quote is None or desk.market is None:
        return math.nan
    held = trader.journal.ledger.mid.open[desk.market.slug]
    return dollars(held.worth(round(quote.mid * MICRO)))
