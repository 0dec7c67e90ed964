"""OKX's frames and rows: every number a string, sizes in contracts."""

from __future__ import annotations

from typing import Any

from tests.venues.binance_frames import best, price
from tests.venues.underlying import Minute, Trade, Underlying

CONTRACTS = {"BTC": 0.01, "ETH": 0.1, "SOL": 1.0, "XRP": 100.0}
"""Base units of one contract."""

Paper = dict[str, Any]


def swap(asset: str) -> str:
    return f"{asset}-USDT-SWAP"


def number(value: float) -> str:
    return f"{value:.8f}".rstrip("0").rstrip(".")


def contracts(asset: str, qty: float) -> str:
    return f"{qty / CONTRACTS[asset]:.2f}"


def trade(asset: str, done: Trade) -> Paper:
    return {
        "instId": swap(asset),
        "tradeId": str(done.number),
        "px": price(asset, done.price),
        "sz": contracts(asset, done.qty),
        "side": "buy" if done.side > 0 else "sell",
        "ts": str(done.t_ms),
        "count": str(done.fills),
        "source": "0",
        "seqId": done.number,
    }


def quote(asset: str, value: float, stamp_ms: int) -> Paper:
    bid, ask = best(asset, value)
    sides = {"asks": [[ask, "727", "0", "22"]], "bids": [[bid, "990", "0", "22"]]}
    return {**sides, "ts": str(stamp_ms), "seqId": stamp_ms}


def mark_price(asset: str, value: float, stamp_ms: int) -> Paper:
    named = {"instId": swap(asset), "instType": "SWAP"}
    return {**named, "markPx": price(asset, value), "ts": str(stamp_ms)}


def index_ticker(asset: str, value: float, stamp_ms: int) -> Paper:
    past = dict.fromkeys(("high24h", "low24h", "open24h", "sodUtc0", "sodUtc8"), number(value))
    index = {"instId": f"{asset}-USDT", "idxPx": price(asset, value * 1.0002)}
    return {**index, **past, "ts": str(stamp_ms)}


def funding_rate(asset: str, stamp_ms: int) -> Paper:
    """The coming settlement and the one after; the next rate is not known, so it is empty."""
    coming = (stamp_ms // 28_800_000 + 1) * 28_800_000
    return {
        "formulaType": "withRate",
        "fundingRate": "0.0000263463215391",
        "fundingTime": str(coming),
        "instId": swap(asset),
        "instType": "SWAP",
        "method": "current_period",
        "nextFundingRate": "",
        "nextFundingTime": str(coming + 28_800_000),
        "ts": str(stamp_ms),
    }


def open_interest(asset: str, value: float, stamp_ms: int) -> Paper:
    base = 22_161.13
    return {
        "instId": swap(asset),
        "instType": "SWAP",
        "oi": contracts(asset, base),
        "oiCcy": number(base),
        "oiUsd": number(base * value),
        "ts": str(stamp_ms),
    }


def liquidation(asset: str, value: float, stamp_ms: int) -> Paper:
    """A long was closed by force."""
    detail = {"bkLoss": "0", "bkPx": price(asset, value), "ccy": "", "posSide": "long"}
    done = {**detail, "side": "sell", "sz": "8.55", "ts": str(stamp_ms)}
    family = f"{asset}-USDT"
    named = {"instFamily": family, "instId": swap(asset), "instType": "SWAP", "uly": family}
    return {"details": [done], **named}


def candle(asset: str, minute: Minute, closed: bool) -> list[str]:
    prices = (minute.open, minute.high, minute.low, minute.close)
    return [
        str(minute.open_ms),
        *[price(asset, value) for value in prices],
        contracts(asset, minute.volume),
        number(minute.volume),
        number(minute.volume * minute.close),
        "1" if closed else "0",
    ]


def candles(underlying: Underlying, limit: int) -> list[list[str]]:
    """Newest first; the first one is still running."""
    rows = list(underlying.minutes)[-limit:]
    last = rows[-1]
    return [candle(underlying.asset, m, m is not last) for m in reversed(rows)]


def instrument(asset: str, contract: float) -> Paper:
    return {
        "ctMult": "1",
        "ctType": "linear",
        "ctVal": number(contract),
        "ctValCcy": asset,
        "instFamily": f"{asset}-USDT",
        "instId": swap(asset),
        "instType": "SWAP",
        "lotSz": "0.01",
        "minSz": "0.01",
        "settleCcy": "USDT",
        "state": "live",
        "tickSz": "0.1",
        "uly": f"{asset}-USDT",
    }
