"""A venue's news of random trades, and what they must come to by an account of its own.

The account below keeps its books another way than the ledger: it looks only at what each order's
matches moved, and at the verdict, once everything is told. It never holds a mean cost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from engine import events as ev
from engine.ledger import Ledger
from engine.market import Outcome
from engine.order import Side
from engine.units import BP, MICRO
from tests.engine.build import MARKET, NOW

End = Literal["settle", "void", "leave"]


def sent(
    number: int,
    side: Side,
    outcome: Outcome,
    amount: int,
    limit_bp: int = 5_000,
    reserve: int | None = None,
) -> ev.OrderSent:
    """An order of the tests' window; `amount` in micro-dollars (BUY) or micro-shares (SELL)."""
    most = amount + int(amount * MARKET.fee.rate) + 1 if side is Side.BUY else 0
    return ev.OrderSent(
        order_id=f"o{number}",
        slug=MARKET.slug,
        asset=MARKET.asset,
        outcome=outcome.value,
        token_id=MARKET.token(outcome),
        side=side.value,
        amount=amount,
        limit_bp=limit_bp,
        reserve=most if reserve is None else reserve,
        purpose="open" if side is Side.BUY else "close",
        mid_bp=None,
    )


def matched(
    order: ev.OrderSent, index: int, shares: int, price_bp: int, at_ms: int
) -> ev.FillMatched:
    return ev.FillMatched(
        fill_id=f"{order.order_id}.{index}",
        order_id=order.order_id,
        slug=order.slug,
        asset=order.asset,
        outcome=order.outcome,
        token_id=order.token_id,
        side=order.side,
        shares=shares,
        price_bp=price_bp,
        fee=MARKET.fee.taker_fee_micro(shares, price_bp),
        settles_ms=at_ms + 2_000,
        voids=False,
    )


@dataclass(frozen=True, slots=True)
class Books:
    """Cash and shares by an account that only looks at what was exchanged."""

    cash: int
    shares: dict[str, int]


def books_of(news: Iterable[ev.Event]) -> Books:
    """What is held and owned once all of `news` is known, whatever order it came in."""
    told = list(dict.fromkeys(news))
    void = {event.fill_id for event in told if isinstance(event, ev.FillVoided)}
    fills = [e for e in told if isinstance(e, ev.FillMatched) and e.fill_id not in void]
    cash, shares = 0, dict.fromkeys((MARKET.up_token, MARKET.down_token), 0)
    for fill in fills:
        sign = 1 if fill.side == "BUY" else -1
        exchanged = fill.shares * fill.price_bp
        cash -= sign * (-(-exchanged // BP) if sign > 0 else exchanged // BP) + fill.fee
        shares[fill.token_id] += sign * fill.shares
    verdicts = [e.outcome for e in told if isinstance(e, ev.WindowResolved) and e.outcome]
    if verdicts:
        cash += shares[MARKET.token(Outcome(verdicts[0]))]
        shares = dict.fromkeys(shares, 0)
    return Books(cash, shares)


def opened() -> Ledger:
    ledger = Ledger()
    ledger.apply(NOW, ev.MarketSeen.of(MARKET))
    return ledger


def told(news: Iterable[ev.Event]) -> Ledger:
    """A ledger to which all of it was told, in this order."""
    ledger = opened()
    for event in news:
        ledger.apply(NOW, event)
    return ledger


def held(ledger: Ledger) -> dict[str, int]:
    tokens = (MARKET.up_token, MARKET.down_token)
    return {t: ledger.holdings[t].shares if t in ledger.holdings else 0 for t in tokens}


WHOLE = MICRO // 100
"""The finest size that can be sold, micro-shares."""
