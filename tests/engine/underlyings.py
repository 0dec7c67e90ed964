"""An underlying that was quoted and traded second by second, for the tests of what is measured."""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.messages import TradePrint, TradeSums, VenueQuote
from engine.signals_underlying import Underlying

T0 = 1_767_600_000_000
NONE_YET = dict.fromkeys(
    (
        "returns_1m",
        "returns_5m",
        "returns_10m",
        "vol_expansion",
        "vol_regime",
        "trend_regime",
        "large_trade_flag",
        "trade_flow_imbalance",
        "cvd_acceleration",
        "trade_intensity",
    )
)


def quote(
    second: float, mid: float, venue: str = "v", sums: tuple[TradeSums, ...] = ()
) -> VenueQuote:
    return VenueQuote(T0 + round(second * 1000), venue, "BTC", mid, mid, sums)


def trade(second: float, qty: float, price: float = 1.0, venue: str = "v") -> TradePrint:
    """A print; a negative quantity is a sale."""
    side = 1 if qty > 0 else -1
    return TradePrint(T0 + round(second * 1000), venue, "BTC", price, abs(qty), side)


def quoted(seconds: range, mid: Callable[[int], float] = lambda _: 100.0) -> Underlying:
    """An underlying quoted once a second."""
    underlying = Underlying()
    for second in seconds:
        underlying.quote(quote(second, mid(second)))
    return underlying


def measured(underlying: Underlying, second: float) -> dict[str, float | None]:
    return underlying.inputs(T0 + round(second * 1000))


def zigzag(step: float) -> Callable[[int], float]:
    """A mid whose log return is `step` up and down in turn."""
    return lambda second: 100.0 * math.exp(step * (second % 2))
