"""Writes small recordings for tests: rows as a venue would send them, whole or spoilt."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

START = 1_767_600_000
"""Start of the window that these rows are about, unix seconds, on a 900 s boundary."""

T0 = START * 1000
"""The same in unix milliseconds."""

UP, DOWN = "btc:up", "btc:down"

Line = Mapping[str, Any] | bytes


def header(**fields: Any) -> dict[str, Any]:
    """A good header; `fields` replace or add."""
    return {
        "format": "trade-console-recording",
        "version": 1,
        "name": "test",
        "assets": ["BTC"],
        "has": ["book"],
        "lacks": ["binance"],
        **fields,
    }


def row(t_ms: int, src: str, data: Any) -> dict[str, Any]:
    return {"t": t_ms, "src": src, "data": data}


def market(t_ms: int = T0, **fields: Any) -> dict[str, Any]:
    """A `market` row of one BTC window of 900 s."""
    data = {
        "slug": "btc-updown-15m",
        "asset": "BTC",
        "condition_id": "0xc0",
        "window_start": START,
        "window_seconds": 900,
        "up_token": UP,
        "down_token": DOWN,
        "tick_size": "0.01",
        "min_size": "5",
        "fee": {"rate": "0.07", "exponent": 1, "taker_only": True},
        **fields,
    }
    return row(t_ms, "market", data)


def levels(*pairs: tuple[Any, Any]) -> list[dict[str, Any]]:
    return [{"price": price, "size": size} for price, size in pairs]


def book(
    t_ms: int,
    bids: Any = (("0.48", "10"), ("0.49", "20")),
    asks: Any = (("0.52", "10"), ("0.51", "30")),
    token: str = UP,
    **fields: Any,
) -> dict[str, Any]:
    """A `book` event, best level last as the venue sends it."""
    event = {
        "event_type": "book",
        "asset_id": token,
        "bids": levels(*bids),
        "asks": levels(*asks),
        **fields,
    }
    return row(t_ms, "polymarket.market", event)


def deltas(t_ms: int, *changes: tuple[str, str, Any, Any]) -> dict[str, Any]:
    """A `price_change` event of (token, side, price, absolute size)."""
    listed = [
        {"asset_id": token, "side": side, "price": price, "size": size}
        for token, side, price, size in changes
    ]
    return row(t_ms, "polymarket.market", {"event_type": "price_change", "price_changes": listed})


def mid(t_ms: int, value: Any, outcome: str = "UP") -> dict[str, Any]:
    return row(t_ms, "mid", {"slug": "btc-updown-15m", "outcome": outcome, "mid": value})


def quote(t_ms: int, bid: Any = 90_000.0, ask: Any = 90_001.0, **fields: Any) -> dict[str, Any]:
    data = {"venue": "binance.um", "asset": "BTC", "bid": bid, "ask": ask, **fields}
    return row(t_ms, "quote", data)


def resolution(t_ms: int, outcome: Any = "UP") -> dict[str, Any]:
    data = {"slug": "btc-updown-15m", "outcome": outcome, "evidence": "last quotes"}
    return row(t_ms, "resolution", data)


def packed(lines: Iterable[Line]) -> bytes:
    """The bytes of a recording; lines given as bytes are taken as they are."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    return gzip.compress(b"".join(line + b"\n" for line in raw), mtime=0)


def write(folder: Path, *lines: Line, first: Line | None = None) -> Path:
    """A recording in `folder`: a good header (or `first`), then `lines`."""
    path = folder / "test.jsonl.gz"
    path.write_bytes(packed([header() if first is None else first, *lines]))
    return path
