"""What could be lost: exposure and the worst end of the day, from the ledger alone.

Owns the arithmetic of DESIGN 4.6: the daily limit must hold even if every open position goes to
zero and every exit fails. In-flight orders count as filled where that is worse. What is open may
be lost today or, over midnight, on a day that opens without today's profit to set against it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.ledger import Ledger
from engine.market import Outcome


@dataclass(frozen=True, slots=True)
class Exposure:
    """All in micro-dollars."""

    by_asset: tuple[tuple[str, int], ...]
    """Cost of open positions plus what in-flight orders may cost, per asset."""
    worst_day: int
    """The UTC day's result if everything open or in flight went against us."""
    worst_next_day: int = 0
    """The same of a day that opened now: no profit of today stands against it."""

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.by_asset)

    def of(self, asset: str) -> int:
        return dict(self.by_asset).get(asset, 0)


def exposure_of(ledger: Ledger) -> Exposure:
    """Exposure now. O(open positions + orders in flight)."""
    by_asset: dict[str, int] = {}
    for holding in ledger.holdings.values():
        by_asset[holding.asset] = by_asset.get(holding.asset, 0) + holding.cost
    reserved = 0
    for order in ledger.working.values():
        by_asset[order.asset] = by_asset.get(order.asset, 0) + order.reserve
        reserved += order.reserve
    start = ledger.day.equity if ledger.day is not None else 0
    floor = ledger.cash + _certain_payout(ledger) - reserved - _revocable(ledger)
    return Exposure(tuple(sorted(by_asset.items())), floor - start, floor - ledger.equity_at_cost)


def _certain_payout(ledger: Ledger) -> int:
    """One UP and one DOWN of a window together pay a dollar whatever happens."""
    pairs: dict[str, dict[Outcome, int]] = {}
    for holding in ledger.holdings.values():
        sold = _selling(ledger, holding.token_id)
        unsure = holding.unsettled  # a match may still fail to settle
        shares = max(0, holding.shares - sold - unsure)
        pairs.setdefault(holding.slug, {})[holding.outcome] = shares
    return sum(min(p.get(Outcome.UP, 0), p.get(Outcome.DOWN, 0)) for p in pairs.values())


def _selling(ledger: Ledger, token_id: str) -> int:
    return sum(
        order.amount
        for order in ledger.working.values()
        if order.token_id == token_id and order.side == "SELL"
    )


def _revocable(ledger: Ledger) -> int:
    """Proceeds of sales that may still fail to settle; the shares come back, worth nothing."""
    return sum(
        booked.pnl + booked.paid + booked.fees
        for booked in ledger.pending.values()
        if booked.fill.side == "SELL"
    )
