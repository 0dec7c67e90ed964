"""Binance's answers to requests, and the parts that its streams write in the same way.

Owns bars, open interest and the form of a print. Which prints were missing is `binance`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import (
    counted,
    listed,
    notional,
    price,
    quantity,
    stamp,
)
from engine.messages import Bar, Bars, Derivative, Message, TradePrint

SYMBOLS: Final[Mapping[str, str]] = {
    "BTCUSDT": "BTC",
    "ETHUSDT": "ETH",
    "SOLUSDT": "SOL",
    "XRPUSDT": "XRP",
}
"""Symbol -> asset; no other symbol is followed."""

VENUES = ("binance-futures", "binance-spot")

MOST_FILLS = 1_000_000
"""Fills that one print may stand for."""

MINUTE_MS = 60_000


def bars(t_ms: int, data: object) -> Iterator[Message]:
    """Closed minutes of ``{"venue", "symbol", "answer": klines}``. Raises MessageError."""
    fields = fields_of(data)
    venue, asset = text(fields, "venue"), SYMBOLS.get(text(fields, "symbol"))
    if venue not in VENUES or asset is None:
        raise MessageError("bars of a venue or symbol that is not followed")
    rows = [_kline(row) for row in listed(fields.get("answer"), 0, "the answer")]
    closed = tuple(bar for bar in rows if bar.open_ms + MINUTE_MS <= t_ms)
    return iter([Bars(t_ms, venue, asset, closed)] if closed else [])


def interest(t_ms: int, data: object) -> Iterator[Message]:
    """The open interest of one futures symbol, base units. Raises MessageError."""
    fields = fields_of(data)
    asset = SYMBOLS.get(text(fields, "symbol"))
    if asset is None:
        raise MessageError("the open interest of a symbol that is not followed")
    held = quantity(fields, "openInterest")
    return iter([Derivative(t_ms, "binance-futures", asset, open_interest=held)])


def bar_of(opened: object, data: Mapping[str, Any], first: str, last: str) -> Bar:
    """One minute. Raises MessageError where it does not begin on one."""
    open_ms = stamp(opened, "the bar's beginning")
    if open_ms % MINUTE_MS:
        raise MessageError("the bar does not begin on a minute")
    return Bar(open_ms, price(data, first), price(data, last))


def named_print(
    t_ms: int, venue: str, symbol: str, event: dict[str, Any], key: str = "a"
) -> tuple[int, TradePrint]:
    """A print and its id under `key`, dated by the venue but not after `t_ms`."""
    if not isinstance(event.get("m"), bool):
        raise MessageError("m is neither true nor false")
    cost, amount = price(event, "p"), quantity(event, "q")
    notional(cost, amount)
    fills = counted(event.get("l"), "l") - counted(event.get("f"), "f") + 1
    if not 1 <= fills <= MOST_FILLS:
        raise MessageError("l and f do not bound its fills")
    traded_ms = min(t_ms, stamp(event.get("T"), "T"))
    # m: the buyer was the maker, so the taker sold.
    side = -1 if event["m"] else 1
    trade = TradePrint(traded_ms, venue, SYMBOLS[symbol], cost, amount, side, fills)
    return counted(event.get(key), key), trade


def _kline(row: object) -> Bar:
    values = listed(row, 5, "a bar")
    return bar_of(values[0], {"open": values[1], "close": values[4]}, "open", "close")
