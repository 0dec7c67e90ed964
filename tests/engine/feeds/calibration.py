"""Measures a market by time left: spread, depth, message rate, mid volatility.

The same functions measure recordings of real markets and the embedded market, so that the
comparison is of like with like. Windows of 300 and 900 s are compared at the same fraction of
the window left, and their mid volatility after scaling by the square root of the window's
length: a fair digital's mid moves by phi(z) / sqrt(seconds left) per square root of a second,
whatever the underlying's volatility, so only the scaled number is comparable.

Book shape is measured where the mid is between 0.1 and 0.9: near 0 and 1 it depends on how
decided a window is, and a few hours of recordings say little about that.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import orjson
from numpy.typing import NDArray

from engine.feeds.sim import SimFeed
from engine.feeds.sim_params import DEFAULT_START_MS, WINDOW_MS
from engine.messages import BookSnapshot

BUCKETS = (
    ("over 50 %", 0.5, 1.0),
    ("20-50 %", 0.2, 0.5),
    ("5-20 %", 0.05, 0.2),
    ("under 5 %", 0.0, 0.05),
)
"""Name, lower and upper fraction of the window left."""

RECORDED_EVERY = 6
SIM_EVERY = 2
"""Every so manieth message is measured, so that both markets are seen twice a second: how
often one looks changes what a volatility over one second comes to. All are counted."""

Pairs = list[tuple[float, float]]
"""(price in dollars, size in shares)."""


@dataclass(frozen=True, slots=True)
class WindowKey:
    """One window of one asset."""

    asset: str
    start_ms: int
    length_ms: int

    def left(self, t_ms: int) -> float:
        """Fraction of the window left at `t_ms`; outside [0, 1] before and after it."""
        return 1 - (t_ms - self.start_ms) / self.length_ms


@dataclass(frozen=True, slots=True)
class Seen:
    """One book message of an UP token. `bids` is None where it was counted but not parsed."""

    window: WindowKey
    t_ms: int
    bids: Pairs | None
    asks: Pairs


@dataclass(slots=True)
class Shape:
    """What was seen of books in one bucket."""

    spread_cents: list[float] = field(default_factory=list)
    best: list[float] = field(default_factory=list)
    """Shares at the best price, mean of both sides."""
    five: list[float] = field(default_factory=list)
    """Shares within five ticks of the best, mean of both sides."""
    messages: int = 0
    seconds: float = 0.0
    parsed: int = 0
    one_sided: int = 0

    def row(self) -> dict[str, float]:
        return {
            "spread median, cents": float(np.median(self.spread_cents)),
            "spread mean, cents": float(np.mean(self.spread_cents)),
            "shares at best": float(np.median(self.best)),
            "shares within 5 ticks": float(np.median(self.five)),
            "messages per token and s": self.messages / self.seconds,
            "one-sided share": self.one_sided / self.parsed,
        }


def recorded_books(path: Path) -> Iterator[Seen]:
    """UP book messages of a full-depth recording."""
    tokens: dict[bytes, WindowKey] = {}
    count = 0
    with gzip.open(path) as lines:
        for line in lines:
            if b'"src":"market"' in line:
                _learn(tokens, orjson.loads(line)["data"])
            window = tokens.get(_asset_id(line))
            if window is None:
                continue
            count += 1
            yield _seen(window, line, count)


def _learn(tokens: dict[bytes, WindowKey], market: dict[str, object]) -> None:
    start, length = int(str(market["window_start"])), int(str(market["window_seconds"]))
    key = WindowKey(str(market["asset"]), start * 1000, length * 1000)
    tokens[str(market["up_token"]).encode()] = key


def _asset_id(line: bytes) -> bytes:
    return line[:400].partition(b'"asset_id":"')[2].partition(b'"')[0]


def _seen(window: WindowKey, line: bytes, count: int) -> Seen:
    if count % RECORDED_EVERY:
        return Seen(window, int(line[5:18]), None, [])
    row = orjson.loads(line)
    bids, asks = (_pairs(row["data"][side]) for side in ("bids", "asks"))
    return Seen(window, row["t"], sorted(bids, reverse=True), sorted(asks))


def _pairs(levels: list[dict[str, str]]) -> Pairs:
    return [(float(level["price"]), float(level["size"])) for level in levels]


def sim_books(seed: int, windows: int) -> Iterator[Seen]:
    """UP book messages of the embedded market."""
    feed, count = SimFeed(seed, windows=windows), 0
    end = DEFAULT_START_MS + windows * WINDOW_MS
    for until in range(DEFAULT_START_MS, end, 20_000):
        for message in feed.poll(until):
            if isinstance(message, BookSnapshot) and message.token_id.endswith(":up"):
                count += 1
                yield _seen_sim(message, count)


def _seen_sim(message: BookSnapshot, count: int) -> Seen:
    name, _, start = message.token_id[: -len(":up")].partition("-updown-15m-")
    window = WindowKey(name.upper(), int(start) * 1000, WINDOW_MS)
    if count % SIM_EVERY:
        return Seen(window, message.t_ms, None, [])
    bids = [(p / 10_000, s / 1e6) for p, s in message.bids]
    return Seen(window, message.t_ms, bids, [(p / 10_000, s / 1e6) for p, s in message.asks])


def shapes(books: Iterable[Seen]) -> dict[str, dict[str, float]]:
    """Book shape by bucket."""
    found = {name: Shape() for name, _, _ in BUCKETS}
    span: dict[tuple[str, WindowKey], list[int]] = {}
    for seen in books:
        bucket = bucket_of(seen.window.left(seen.t_ms))
        if bucket is None:
            continue
        ends = span.setdefault((bucket, seen.window), [seen.t_ms, seen.t_ms])
        ends[1] = seen.t_ms
        _add(found[bucket], seen)
    for (bucket, _), (first, last) in span.items():
        found[bucket].seconds += (last - first) / 1000
    return {bucket: shape.row() for bucket, shape in found.items()}


def bucket_of(left: float) -> str | None:
    for name, low, high in BUCKETS:
        if low < left <= high:
            return name
    return None


def _add(shape: Shape, seen: Seen) -> None:
    shape.messages += 1
    if seen.bids is None:
        return
    shape.parsed += 1
    if not seen.bids or not seen.asks:
        shape.one_sided += 1
        return
    bid, ask = seen.bids[0][0], seen.asks[0][0]
    if not 0.1 <= (bid + ask) / 2 <= 0.9:
        return
    shape.spread_cents.append((ask - bid) * 100)
    shape.best.append((seen.bids[0][1] + seen.asks[0][1]) / 2)
    near = [size for price, size in seen.bids if price > bid - 0.0499]
    near += [size for price, size in seen.asks if price < ask + 0.0499]
    shape.five.append(sum(near) / 2)


Mids = dict[WindowKey, tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Seconds and mid of UP, by window."""


def mids_of(books: Iterable[Seen]) -> Mids:
    """Mids out of two-sided books."""
    found: dict[WindowKey, list[tuple[float, float]]] = defaultdict(list)
    for seen in books:
        if seen.bids and seen.asks:
            found[seen.window].append((seen.t_ms / 1000, (seen.bids[0][0] + seen.asks[0][0]) / 2))
    return _arrays(found)


def recorded_mids(path: Path) -> Mids:
    """Mids of a mid-only recording."""
    windows: dict[str, WindowKey] = {}
    found: dict[WindowKey, list[tuple[float, float]]] = defaultdict(list)
    with gzip.open(path) as lines:
        for row in map(orjson.loads, lines):
            if row.get("src") == "market":
                data = row["data"]
                start, length = data["window_start"] * 1000, data["window_seconds"] * 1000
                windows[data["slug"]] = WindowKey(data["asset"], start, length)
            elif row.get("src") == "mid":
                found[windows[row["data"]["slug"]]].append((row["t"] / 1000, row["data"]["mid"]))
    return _arrays(found)


def _arrays(found: dict[WindowKey, list[tuple[float, float]]]) -> Mids:
    made: Mids = {}
    for window, pairs in found.items():
        table = np.array(pairs)
        made[window] = (table[:, 0], table[:, 1])
    return made


def mid_moves(
    mids: Mids, horizon_s: float, stale_s: float
) -> dict[tuple[str, str], NDArray[np.float64]]:
    """Squared moves of the mid over `horizon_s`, by (asset, bucket), undecided windows only.

    A mid older than `stale_s` is unknown. Moves are scaled to windows of one second:
    ``move ** 2 / horizon_s * window_seconds``.
    """
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for window, (t, mid) in mids.items():
        length = window.length_ms / 1000
        grid = np.arange(window.start_ms / 1000, window.start_ms / 1000 + length, horizon_s)
        row = np.searchsorted(t, grid, side="right") - 1
        fresh = (row >= 0) & (grid - t[np.maximum(row, 0)] <= stale_s)
        at = mid[np.maximum(row, 0)]
        for i in np.flatnonzero(fresh[:-1] & fresh[1:] & (at[:-1] >= 0.1) & (at[:-1] <= 0.9)):
            bucket = bucket_of(window.left(int(grid[i] * 1000)))
            if bucket is not None:
                scaled = (at[i + 1] - at[i]) ** 2 / horizon_s * length
                found[window.asset, bucket].append(float(scaled))
    return {key: np.array(values) for key, values in found.items()}
