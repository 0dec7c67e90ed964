"""The two websockets of the market's venue: what is asked of them and what their frames deliver.

Owns addresses, subscriptions and the first glance at a frame, which is all that supervision needs;
what frames mean is `engine.feeds.venues`. Connects to nothing. Wire formats as of late 2026
(reference: polymarket 5.1 and 6.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import orjson

from engine.feeds.live.spec import Heard, StreamSpec
from engine.settings import Settings

MARKET = "polymarket.market"
PRICES = "polymarket.prices"
PRICES_TOPIC = "crypto_prices_twap_sixty"

MARKET_PING_S = 10.0
"""Text keep-alive that the market channel expects, clock seconds."""

PRICES_PING_S = 5.0
"""The same of the prices' relay."""

PRICE_AGE_S = 15.0
"""The relay has been seen to stall while open; a price comes about once a second."""

FRESH_EVENTS = frozenset({"price_change", "last_trade_price"})
"""Events stamped when they are sent; a book is stamped with its last change, however long ago."""

NOTHING = Heard()


def market_spec(
    settings: Settings,
    subscribed: Callable[[], Iterable[str]],
    wanted: Callable[[], frozenset[str]],
    heard: Callable[[object], Heard],
) -> StreamSpec:
    """The market channel. `subscribed` are the tokens of a greeting, `wanted` must deliver."""
    return StreamSpec(
        name="polymarket books",
        src=MARKET,
        url=lambda: f"{settings.venues.polymarket_stream}/ws/market",
        greetings=lambda: (market_greeting(subscribed()),),
        wanted=wanted,
        heard=heard,
        age_s=lambda _topic: math.inf,  # a token may rest; all of them silent is another limit
        ping="PING",
        ping_s=MARKET_PING_S,
        pong="PONG",
        rolls=True,
    )


def market_greeting(tokens: Iterable[str]) -> str:
    return _json({"type": "market", "assets_ids": sorted(tokens), "custom_feature_enabled": True})


def market_changes(before: frozenset[str], after: frozenset[str]) -> tuple[str, ...]:
    """What to send so that the subscription changes from one set of tokens to another."""
    more, fewer = sorted(after - before), sorted(before - after)
    subscribe = {"operation": "subscribe", "assets_ids": more, "custom_feature_enabled": True}
    unsubscribe = {"operation": "unsubscribe", "assets_ids": fewer}
    return (*([_json(subscribe)] if more else ()), *([_json(unsubscribe)] if fewer else ()))


def market_heard(frame: object) -> Heard:
    """Books deliver their token's topic. The first frame is an array, later ones are objects."""
    events = [event for event in _events(frame) if isinstance(event, dict)]
    books = (event.get("asset_id") for event in events if event.get("event_type") == "book")
    stamps = [_ms(e.get("timestamp")) for e in events if str(e.get("event_type")) in FRESH_EVENTS]
    return Heard(
        topics=frozenset(token for token in books if isinstance(token, str)),
        stamp_ms=max((stamp for stamp in stamps if stamp is not None), default=None),
    )


def prices_spec(settings: Settings, heard: Callable[[object], Heard]) -> StreamSpec:
    """The relay of the settlement price: one subscription per symbol, since a bad one poisons all
    that come with it."""
    symbols = tuple(f"{asset.lower()}/usd" for asset in settings.feeds.assets)
    return StreamSpec(
        name="polymarket prices",
        src=PRICES,
        url=lambda: settings.venues.polymarket_prices,
        greetings=lambda: tuple(prices_greeting(symbol) for symbol in symbols),
        wanted=lambda: frozenset(symbols),
        heard=heard,
        age_s=lambda _topic: PRICE_AGE_S,
        ping="PING",
        ping_s=PRICES_PING_S,
        pong="PONG",
    )


def prices_greeting(symbol: str) -> str:
    """The filter is JSON in a string, and the venue wants no spaces in it."""
    filters = _json({"symbol": symbol})
    subscription = {"topic": PRICES_TOPIC, "type": "update", "filters": filters}
    return _json({"action": "subscribe", "subscriptions": [subscription]})


def prices_heard(frame: object) -> Heard:
    """A price, or the backfill of the last minute, delivers its symbol."""
    if not isinstance(frame, dict) or not isinstance(frame.get("payload"), dict):
        return NOTHING
    symbol = frame["payload"].get("symbol")
    if frame.get("topic") != PRICES_TOPIC or not isinstance(symbol, str):
        return NOTHING
    return Heard(topics=frozenset({symbol.lower()}), stamp_ms=_ms(frame.get("timestamp")))


def _events(frame: object) -> list[Any]:
    return frame if isinstance(frame, list) else [frame]


def _ms(stamp: object) -> int | None:
    """Unix milliseconds, sent as a number or as its digits; None for anything else."""
    if type(stamp) is int:
        return stamp
    digits = isinstance(stamp, str) and len(stamp) == 13 and stamp.isascii() and stamp.isdigit()
    return int(str(stamp)) if digits else None


def _json(message: dict[str, Any]) -> str:
    return orjson.dumps(message).decode()
