"""The fills of one outcome token and what they add up to, in whatever order they were told.

Owns the arithmetic of a holding: cost at the mean of what was bought, and what a sale releases of
it. The sums are made anew from the fills that stand, in the order in which they were matched, so
that late, repeated and revoked fills end in the same books as punctual ones. It decides nothing and
knows no other token.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace

from engine.events import FillMatched
from engine.units import cost_micro, proceeds_micro


@dataclass(frozen=True, slots=True)
class Sums:
    """What some fills of a token come to."""

    shares: int = 0
    """Micro-shares held."""
    unsettled: int = 0
    """Micro-shares bought whose match is not final."""
    paid: int = 0
    """Micro-dollars paid for `shares`, without fees."""
    fees: int = 0
    """Micro-dollars of entry fees on `shares`."""
    cash: int = 0
    """Micro-dollars received less paid, fees included."""
    charged: int = 0
    """Micro-dollars of fees of all these fills."""

    @property
    def realised(self) -> int:
        """Micro-dollars gained by the sales."""
        return self.cash + self.paid + self.fees

    def without_cost(self) -> Sums:
        """For a window that is resolved: what was held has been paid out, so that cost plays no
        part any more, and what is told late comes to the same as what was told in time."""
        return replace(self, paid=0, fees=0)


def add_up(fills: Iterable[FillMatched], unsettled: Container[str], start: Sums) -> Sums:
    """`start` and these fills; `unsettled` holds the ids of those that are not final.

    Raises ValueError where more is sold than was held then.
    """
    sums = start
    for fill in sorted(fills, key=_as_matched):
        bought = fill.side == "BUY"
        sums = _bought(sums, fill, fill.fill_id in unsettled) if bought else _sold(sums, fill)
    return sums


def moved(fill: FillMatched) -> int:
    """Micro-dollars that a fill brings (a sale) or takes (below zero), its fee included."""
    if fill.side == "BUY":
        return -cost_micro(fill.shares, fill.price_bp) - fill.fee
    return proceeds_micro(fill.shares, fill.price_bp) - fill.fee


def _as_matched(fill: FillMatched) -> tuple[int, bool, str]:
    """Sorts fills as they were matched: each settles the same time later."""
    return fill.settles_ms, fill.side == "SELL", fill.fill_id


def _bought(sums: Sums, fill: FillMatched, unsettled: bool) -> Sums:  # noqa: FBT001 - a fact of the fill
    return Sums(
        shares=sums.shares + fill.shares,
        unsettled=sums.unsettled + (fill.shares if unsettled else 0),
        paid=sums.paid + cost_micro(fill.shares, fill.price_bp),
        fees=sums.fees + fill.fee,
        cash=sums.cash + moved(fill),
        charged=sums.charged + fill.fee,
    )


def _sold(sums: Sums, fill: FillMatched) -> Sums:
    if fill.shares > sums.shares:
        raise ValueError(f"fill {fill.fill_id} sells more than is held of {fill.token_id}")
    return Sums(
        shares=sums.shares - fill.shares,
        unsettled=sums.unsettled,
        paid=sums.paid - sums.paid * fill.shares // sums.shares,
        fees=sums.fees - sums.fees * fill.shares // sums.shares,
        cash=sums.cash + moved(fill),
        charged=sums.charged + fill.fee,
    )


@dataclass(slots=True)
class TokenAccount:
    """All that is known of our trades in one token."""

    slug: str
    asset: str
    outcome: str
    token_id: str
    standing: dict[str, FillMatched] = field(default_factory=dict)
    """Fills that were not voided, by fill id."""
    voided: dict[str, FillMatched] = field(default_factory=dict)
    """Fills that failed to settle, by fill id."""
    closed: Sums = Sums()
    """What the fills came to that nothing can change any more; they are in `standing` no longer."""
    sums: Sums = Sums()
    """`closed` and `standing` together."""

    def fills_of(self, order_id: str) -> list[FillMatched]:
        """Every match of an order; one that was voided does not make room for another."""
        told = (*self.standing.values(), *self.voided.values())
        return [fill for fill in told if fill.order_id == order_id]

    def close(self) -> None:
        """The window is resolved and everything has settled: keep the sums, not the fills."""
        self.closed = replace(self.sums.without_cost(), unsettled=0)
        self.sums = self.closed
        self.standing.clear()
        self.voided.clear()
