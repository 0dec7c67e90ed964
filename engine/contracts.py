"""What futures venues say of their contracts: for the screen, and for nothing else.

Owns which venue is believed (the reference, or the one futures venue beside a spot reference), the
merging of partial messages, and the last minute of liquidations. No model input comes from here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from engine.feeds_view import ContractView
from engine.messages import Derivative, Liquidation

BESIDE_SPOT = {"binance-spot": "okx-swap"}
"""Whose contract is shown where the reference has none: on this rung Binance's is out of reach."""

MINUTE_MS = 60_000

MOST_LIQUIDATIONS = 1_000
"""Remembered of one asset; in a cascade older ones drop out, and the sum is a lower bound."""


class Contracts:
    """The contracts of one run's assets."""

    def __init__(self) -> None:
        self._venue: str | None = None
        self._views: dict[str, ContractView] = {}
        self._forced: dict[str, deque[Liquidation]] = {}

    def choose(self, reference: str) -> None:
        """Believe what belongs to the reference venue, and forget what another one said."""
        venue = BESIDE_SPOT.get(reference, reference)
        if venue != self._venue:
            self._venue = venue
            self._views.clear()
            self._forced.clear()

    def take(self, message: Derivative | Liquidation) -> None:
        """Take a message of the venue believed in: the first that spoke where none was named."""
        self._venue = self._venue or message.venue
        if message.venue != self._venue:
            return
        known = self._views.get(message.asset, ContractView(message.asset))
        self._views[message.asset] = known
        if isinstance(message, Derivative):
            self._views[message.asset] = _merged(known, message)
        else:
            kept = self._forced.setdefault(message.asset, deque(maxlen=MOST_LIQUIDATIONS))
            kept.append(message)

    def views(self, t_ms: int) -> dict[str, ContractView]:
        """By asset, as they stand at `t_ms`."""
        return {
            asset: replace(view, liquidated=self._liquidated(asset, t_ms))
            for asset, view in self._views.items()
        }

    def _liquidated(self, asset: str, t_ms: int) -> float:
        forced = self._forced.get(asset, ())
        return sum((one.notional for one in forced if one.t_ms > t_ms - MINUTE_MS), 0.0)


def _merged(view: ContractView, said: Derivative) -> ContractView:
    """A message carries some of the fields; the others stand."""
    return replace(
        view,
        mark=view.mark if said.mark is None else said.mark,
        index=view.index if said.index is None else said.index,
        funding=view.funding if said.funding is None else said.funding,
        open_interest=view.open_interest if said.open_interest is None else said.open_interest,
    )
