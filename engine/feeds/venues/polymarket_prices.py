"""The stream of the price that settles: a mean over 60 seconds, one tick per second.

Owns the rule for the price to beat: the tick stamped at exactly the second at which the window
starts. Ticks of such seconds are kept for a while, since a window may be listed after its start.
"""

from __future__ import annotations

from typing import Any

from engine.feeds.venues.fields import fields_of, number_of, text, whole
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import ASSETS
from engine.recording import TIME_RANGE_MS

SRC = "polymarket.prices"
"""The row kind of this stream."""

TOPIC = "crypto_prices_twap_sixty"

WINDOW_S = 60
"""Seconds that the settling mean reaches over."""

GRID_MS = 300_000
"""Windows start on multiples of the shortest one's length."""

MOST_TICKS = 64
"""Ticks kept: two hours of the longest windows of four assets, and more."""

AHEAD_MS = 5_000
"""A tick stamped so far ahead of its receipt is none: kept, it would stay the price to beat."""

SCALE = 10**18
"""`full_accuracy_value` is the price times this."""

ACCURACY = 1e-6
"""Relative difference from which two prices are not the same."""

SYMBOLS = {f"{asset.lower()}/usd": asset for asset in ASSETS}


class StartPrices:
    """Prices at the seconds at which windows may start."""

    def __init__(self) -> None:
        self._prices: dict[tuple[str, int], float] = {}

    def take(self, data: object, t_ms: int) -> list[tuple[str, int, float]]:
        """New (asset, start in unix milliseconds, dollars) of one frame received at `t_ms`: a tick,
        or the ticks of the last minute after subscribing. Raises MessageError."""
        if data in ("PONG", ""):
            return []
        frame = fields_of(data)
        if frame.get("topic") != TOPIC:
            return []
        payload = fields_of(frame.get("payload"))
        asset = SYMBOLS.get(text(payload, "symbol").lower())
        if asset is None:
            return []
        if payload.get("window_s", WINDOW_S) != WINDOW_S:
            raise MessageError("the mean is not one over 60 seconds")
        ticks = (self._tick(asset, tick, t_ms) for tick in _ticks(payload))
        return [new for new in ticks if new is not None]

    def at(self, asset: str, start_ms: int) -> float | None:
        """Dollars; None: no tick of that second came."""
        return self._prices.get((asset, start_ms))

    def _tick(self, asset: str, tick: object, t_ms: int) -> tuple[str, int, float] | None:
        fields = fields_of(tick)
        stamp = whole(fields, "timestamp", TIME_RANGE_MS)
        if stamp % GRID_MS:
            return None
        if stamp > t_ms + AHEAD_MS:
            raise MessageError("the price of a second that has not come")
        price = _price(fields)
        if (asset, stamp) in self._prices:
            return None
        self._prices[asset, stamp] = price
        if len(self._prices) > MOST_TICKS:
            del self._prices[next(iter(self._prices))]
        return asset, stamp, price


def differ(one: float, other: float) -> bool:
    """Whether two prices of the same second contradict each other."""
    return abs(one - other) > ACCURACY * max(abs(one), abs(other))


def _ticks(payload: dict[str, Any]) -> list[Any]:
    ticks = payload.get("data")
    if ticks is None:
        return [payload]
    if not isinstance(ticks, list):
        raise MessageError("data is not a list of ticks")
    return ticks


def _price(tick: dict[str, Any]) -> float:
    price = float(number_of(tick, "value", 10**9))
    if price <= 0:
        raise MessageError("value is not above 0")
    exact = tick.get("full_accuracy_value")
    if exact is not None and differ(
        price, float(number_of(tick, "full_accuracy_value", 10**27)) / SCALE
    ):
        raise MessageError("value and full_accuracy_value differ")
    return price


def tick_of(asset: str, stamp_ms: int, price: float) -> dict[str, Any]:
    """The frame of one tick, as the stream would send it."""
    payload = {
        "symbol": f"{asset.lower()}/usd",
        "timestamp": stamp_ms,
        "value": price,
        "window_s": WINDOW_S,
    }
    return {"topic": TOPIC, "type": "update", "payload": payload}
