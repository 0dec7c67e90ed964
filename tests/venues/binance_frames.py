"""Binance's frames and rows, for futures and spot."""

from __future__ import annotations

from typing import Any

from tests.venues.underlying import PRICE_DIGITS, Minute, Trade, Underlying

Paper = dict[str, Any]

HALF_SPREAD = 0.5e-5
"""Half the distance of the best prices, as a share of the price."""

AGG_LATE_MS = 150
"""Futures tell of a trade so late."""

FUNDING = "0.00008972"


def price(asset: str, value: float) -> str:
    return f"{value:.{PRICE_DIGITS[asset]}f}"


def best(asset: str, value: float) -> tuple[str, str]:
    """Best bid and ask, at least one step apart."""
    step = 10.0 ** -PRICE_DIGITS[asset]
    half = max(step, value * HALF_SPREAD)
    return price(asset, value - half), price(asset, value + half)


def agg_trade(asset: str, trade: Trade, stamp_ms: int) -> Paper:
    qty = f"{trade.qty:.3f}"
    first = trade.number * 5
    return {
        "e": "aggTrade",
        "E": stamp_ms,
        "a": trade.number,
        "s": f"{asset}USDT",
        "p": price(asset, trade.price),
        "q": qty,
        "nq": qty,
        "f": first,
        "l": first + trade.fills - 1,
        "T": trade.t_ms,
        "m": trade.side < 0,
        "st": 1,
    }


def spot_agg_trade(asset: str, trade: Trade, stamp_ms: int) -> Paper:
    """Without the fields of futures, with the one that means nothing."""
    frame = agg_trade(asset, trade, stamp_ms)
    return {**{k: v for k, v in frame.items() if k not in ("nq", "st")}, "M": True}


def spot_trade(asset: str, trade: Trade, stamp_ms: int) -> Paper:
    frame = {"e": "trade", "E": stamp_ms, "s": f"{asset}USDT", "t": trade.number}
    rest = {"p": price(asset, trade.price), "q": f"{trade.qty:.3f}", "T": trade.t_ms}
    return {**frame, **rest, "m": trade.side < 0, "M": True}


def book_ticker(asset: str, value: float, stamp_ms: int, update: int) -> Paper:
    spot = spot_book_ticker(asset, value, update)
    stamps = {"T": stamp_ms, "E": stamp_ms, "st": 1}
    return {"e": "bookTicker", **spot, "ps": f"{asset}USDT", **stamps}


def spot_book_ticker(asset: str, value: float, update: int) -> Paper:
    """No event name and no time."""
    bid, ask = best(asset, value)
    return {"u": update, "s": f"{asset}USDT", "b": bid, "B": "73.334", "a": ask, "A": "58.802"}


def mark_price(asset: str, value: float, stamp_ms: int) -> Paper:
    mark = f"{value:.8f}"
    return {
        "e": "markPriceUpdate",
        "E": stamp_ms,
        "s": f"{asset}USDT",
        "p": mark,
        "ap": mark,
        "P": f"{value * 1.0002:.8f}",
        "i": f"{value * 1.0003:.8f}",
        "r": FUNDING,
        "T": (stamp_ms // 28_800_000 + 1) * 28_800_000,
        "st": 1,
    }


def kline(asset: str, minute: Minute, stamp_ms: int, closed: bool) -> Paper:
    row = kline_row(asset, minute)
    symbol = f"{asset}USDT"
    bar = {"t": row[0], "T": row[6], "s": symbol, "i": "1m", "f": 1, "L": 1 + minute.trades}
    prices = {"o": row[1], "c": row[4], "h": row[2], "l": row[3], "v": row[5], "n": row[8]}
    sums = {"x": closed, "q": row[7], "V": row[9], "Q": row[10], "B": "0"}
    return {"e": "kline", "E": stamp_ms, "s": symbol, "k": {**bar, **prices, **sums}}


def kline_row(asset: str, minute: Minute) -> list[Any]:
    return [
        minute.open_ms,
        price(asset, minute.open),
        price(asset, minute.high),
        price(asset, minute.low),
        price(asset, minute.close),
        f"{minute.volume:.3f}",
        minute.open_ms + 59_999,
        f"{minute.volume * minute.close:.5f}",
        minute.trades,
        f"{minute.bought:.3f}",
        f"{minute.bought * minute.close:.5f}",
        "0",
    ]


def kline_rows(underlying: Underlying, limit: int) -> list[list[Any]]:
    """Oldest first; the last one is the running minute."""
    return [kline_row(underlying.asset, m) for m in list(underlying.minutes)[-limit:]]


def agg_trade_row(asset: str, trade: Trade) -> Paper:
    """As a request answers it."""
    frame = agg_trade(asset, trade, 0)
    return {key: frame[key] for key in ("a", "p", "q", "nq", "f", "l", "T", "m")}


def force_order(asset: str, value: float, stamp_ms: int) -> Paper:
    """A long was closed by force."""
    order = {"s": f"{asset}USDT", "S": "SELL", "o": "LIMIT", "f": "IOC", "q": "0.190"}
    prices = {"p": price(asset, value * 0.99), "ap": price(asset, value), "X": "FILLED"}
    done = {"l": "0.155", "z": "0.190", "T": stamp_ms - 900, "ps": f"{asset}USDT", "st": 1}
    return {"e": "forceOrder", "E": stamp_ms, "o": {**order, **prices, **done}}


def premium_index(asset: str, value: float, stamp_ms: int) -> Paper:
    return {
        "symbol": f"{asset}USDT",
        "markPrice": f"{value:.8f}",
        "indexPrice": f"{value * 1.0003:.8f}",
        "estimatedSettlePrice": f"{value * 1.0002:.8f}",
        "lastFundingRate": FUNDING,
        "interestRate": "0.00010000",
        "nextFundingTime": (stamp_ms // 28_800_000 + 1) * 28_800_000,
        "time": stamp_ms,
    }
