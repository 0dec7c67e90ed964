"""Raw frames of the underlying's venues, as the tests write them."""

from __future__ import annotations

from typing import Any

T0 = 1_767_600_000_000
"""A whole minute, unix milliseconds."""

Raw = dict[str, Any]


def aggregate(number: int, symbol: str = "BTCUSDT", **changed: Any) -> Raw:
    event = {
        "e": "aggTrade",
        "E": T0,
        "s": symbol,
        "a": number,
        "p": "100.0",
        "q": "2.0",
        "f": 10,
        "l": 14,
        "T": T0 - 150,
        "m": True,
    }
    return {"stream": f"{symbol.lower()}@aggTrade", "data": event | changed}


def single(number: int, **changed: Any) -> Raw:
    event = {"e": "trade", "E": T0, "s": "BTCUSDT", "t": number, "p": "100.0", "q": "2.0"}
    return {"stream": "btcusdt@trade", "data": event | {"T": T0, "m": False} | changed}


def fetched(number: int, traded_ms: int = T0 - 150) -> Raw:
    """One aggregate trade as the REST answer writes it."""
    return {"a": number, "p": "100.0", "q": "2.0", "f": 1, "l": 1, "T": traded_ms, "m": False}


def answer(*numbers: int, venue: str = "binance-futures", traded_ms: int = T0 - 150) -> Raw:
    rows = [fetched(number, traded_ms) for number in numbers]
    return {"venue": venue, "symbol": "BTCUSDT", "answer": rows}


def ticker(number: int, bid: str = "99.0", ask: str = "101.0", **changed: Any) -> Raw:
    """Spot's form, which names neither event nor time."""
    event = {"u": number, "s": "BTCUSDT", "b": bid, "B": "1", "a": ask, "A": "1"}
    return {"stream": "btcusdt@bookTicker", "data": event | changed}


def kline(open_ms: int, first: str = "100", last: str = "101", **changed: Any) -> Raw:
    bar = {"t": open_ms, "i": "1m", "o": first, "c": last, "x": True} | changed
    return {"stream": "btcusdt@kline_1m", "data": {"e": "kline", "s": "BTCUSDT", "k": bar}}


def okx(channel: str, *items: Any, name: str = "BTC-USDT-SWAP") -> Raw:
    return {"arg": {"channel": channel, "instId": name}, "data": list(items)}


def okx_trade(number: int, **changed: Any) -> Raw:
    item = {"tradeId": str(number), "px": "100", "sz": "3", "side": "sell", "ts": str(T0)}
    return okx("trades", item | {"count": "4"} | changed)


def okx_best(bid: str = "99", ask: str = "101", made_ms: int = T0, size: str = "1") -> Raw:
    sides = {"bids": [[bid, size, "0", "1"]], "asks": [[ask, size, "0", "1"]]}
    return okx("bbo-tbt", sides | {"ts": str(made_ms)})


def okx_forced(made_ms: int, side: str = "sell", swap: str = "BTC-USDT-SWAP") -> Raw:
    detail = {"bkPx": "100", "side": side, "sz": "50", "ts": str(made_ms)}
    item = {"instId": swap, "instType": "SWAP", "details": [detail]}
    return {"arg": {"channel": "liquidation-orders", "instType": "SWAP"}, "data": [item]}
