"""The upstream accounting: every action filled at mid, at once, for nothing.

Kept beside the executable ledger so that anyone can see what published figures leave out
(DESIGN 6). It is a comparison, never a position: no order, limit or exit reads it, except in
recordings that have no book at all, where it is the only account there can be. The complement
`1 - mid` appears here and nowhere else in the engine, because it is what upstream booked.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.events import MidTraded, WindowResolved
from engine.market import Outcome
from engine.units import MICRO


@dataclass(frozen=True, slots=True)
class MidPosition:
    """What upstream would hold of one window."""

    asset: str
    outcome: Outcome
    shares: int
    """Micro-shares."""
    price: int
    """Entry, micro-dollars per share."""

    def worth(self, up_mid: int) -> int:
        """Micro-dollars gained so far at the mid of UP (micro-dollars per share)."""
        return self.pnl_at(price_of(self.outcome, up_mid))

    def pnl_at(self, price: int) -> int:
        """Micro-dollars gained if sold at `price` (micro-dollars per share)."""
        return self.shares * (price - self.price) // MICRO


@dataclass(slots=True)
class MidAccount:
    """Fold over `MidTraded`."""

    open: dict[str, MidPosition] = field(default_factory=dict)
    """By window."""
    realised: Counter[str] = field(default_factory=Counter)
    """Micro-dollars by asset."""
    trades: int = 0

    def apply(self, event: MidTraded) -> None:
        if event.step == "open":
            outcome = Outcome(event.outcome)
            self.open[event.slug] = MidPosition(event.asset, outcome, event.shares, event.price)
            self.trades += 1
            return
        self._close(event.slug, event.price)

    def resolve(self, event: WindowResolved) -> None:
        """Pay the official 0 or 1; an unknown outcome leaves the position as it is."""
        position = self.open.get(event.slug)
        if position is None or event.outcome is None:
            return
        self._close(event.slug, MICRO if position.outcome == event.outcome else 0)

    def total(self) -> int:
        """Realised micro-dollars of all assets."""
        return sum(self.realised.values())

    def marked(self, asset: str, mids: dict[str, int]) -> int | None:
        """Realised plus open at the given UP mids (window -> micro-dollars per share).

        None: something is open whose mid is unknown, so the result is too.
        """
        total = self.realised[asset]
        for slug, position in self.open.items():
            if position.asset != asset:
                continue
            if slug not in mids:
                return None
            total += position.worth(mids[slug])
        return total

    def _close(self, slug: str, price: int) -> None:
        position = self.open.pop(slug, None)
        if position is not None:
            self.realised[position.asset] += position.pnl_at(price)


def price_of(outcome: Outcome, up_mid: int) -> int:
    """What upstream took as the price of `outcome`, micro-dollars per share."""
    return up_mid if outcome is Outcome.UP else MICRO - up_mid


def step(
    account: MidAccount,
    slug: str,
    asset: str,
    towards: Outcome,
    up_mid: int,
    stake: int,
) -> MidTraded | None:
    """The upstream reaction to going `towards` an outcome with `stake` micro-dollars."""
    held = account.open.get(slug)
    if held is not None:
        return None if held.outcome is towards else leave(slug, held, up_mid)
    price = price_of(towards, up_mid)
    if price <= 0 or stake <= 0:
        return None
    return MidTraded(slug, asset, towards.value, "open", stake * MICRO // price, price)


def leave(slug: str, held: MidPosition, up_mid: int) -> MidTraded:
    """Closing `held` at mid."""
    price = price_of(held.outcome, up_mid)
    return MidTraded(slug, held.asset, held.outcome.value, "close", held.shares, price)
