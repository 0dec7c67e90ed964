"""The sources of Binance: futures and spot, by request and by stream.

Streams are those that a live feed opens, on the same sockets. Owns also the open questions about
them (reference: feeds 8).
"""

from __future__ import annotations

import asyncio
from statistics import median

import orjson

from engine.doctor.findings import Finding, fine, flat, judged, refused, unharmed
from engine.doctor.judging import clock_finding, stream_finding
from engine.doctor.wire import Listening, Wire
from engine.feeds.live.ask import Refusal
from engine.feeds.live.binance_streams import futures_specs, spot_specs
from engine.feeds.venues.fields import fields_of
from engine.feeds.venues.quantities import stamp

FUTURES = "binance: futures requests"
FUTURES_TRADES = "binance: futures trades"
FUTURES_QUOTES = "binance: futures quotes"
SPOT = "binance: spot requests"
SPOT_STREAM = "binance: spot stream"

LAG = "question: futures trades' lag"
UNKNOWN = "question: unknown stream"
KEYS = "question: binance frames"

FALLS = "the next reference venue is taken"

LAG_MS = range(2_000)
"""A lag that the signals can bear."""

UNKNOWN_ID = 99
UNKNOWN_STREAM = orjson.dumps(
    {"method": "SUBSCRIBE", "params": ["btcusdt@nosuchstream"], "id": UNKNOWN_ID}
).decode()

EXPECTED = {
    "bookTicker": frozenset("eusbBaATE"),
    "kline": frozenset("eEsk"),
    "aggTrade": frozenset("eEaspqflTm"),
    "markPriceUpdate": frozenset("eEspirT"),
}
"""Keys (one letter each) of futures' frames that the program knows; more is no fault."""

NEWER = frozenset({"nq", "st", "ps", "ap", "P"})
"""Keys that came in 2025 and 2026 and that nothing depends on."""


async def binance_findings(wire: Wire) -> list[Finding]:
    """Every look at this venue, side by side."""
    seconds, hosts = wire.patience.look_s, wire.settings.venues
    found = await asyncio.gather(
        unharmed(FUTURES, _time(wire, FUTURES, f"{hosts.binance_futures}/fapi/v1/time"), seconds),
        unharmed(SPOT, _time(wire, SPOT, f"{hosts.binance_spot}/api/v3/time"), seconds),
        unharmed(FUTURES_TRADES, _futures(wire), seconds),
        unharmed(SPOT_STREAM, _spot(wire), seconds),
    )
    return flat(found)


async def _time(wire: Wire, check: str, url: str) -> list[Finding]:
    answer = await wire.get(url)
    if isinstance(answer, Refusal):
        return [refused(check, answer, _SETTINGS[check], FALLS)]
    now_ms = stamp(fields_of(answer.data).get("serverTime"), "serverTime")
    return [clock_finding(check, answer, now_ms, wire.settings.feeds.most_skew_s)]


_SETTINGS = {FUTURES: "venues.binance_futures", SPOT: "venues.binance_spot"}


async def _futures(wire: Wire) -> list[Finding]:
    """Both sockets: a stream on the wrong one of them connects and stays silent."""
    trades_spec, quotes_spec = futures_specs(wire.settings)
    trades, quotes = await asyncio.gather(
        wire.listen(trades_spec, UNKNOWN_STREAM), wire.listen(quotes_spec)
    )
    setting = "venues.binance_futures_stream"
    return [
        stream_finding(FUTURES_TRADES, trades, setting, FALLS),
        stream_finding(FUTURES_QUOTES, quotes, setting, FALLS),
        lag_question(trades),
        unknown_question(trades),
        keys_question([h for h in (trades, quotes) if isinstance(h, Listening)]),
    ]


async def _spot(wire: Wire) -> list[Finding]:
    (spec,) = spot_specs(wire.settings)
    heard = await wire.listen(spec)
    return [stream_finding(SPOT_STREAM, heard, "venues.binance_spot_stream", FALLS)]


def lag_question(heard: Listening | Refusal) -> Finding:
    """How long a futures trade waits before it is sent: E less T of aggTrade."""
    events = [] if isinstance(heard, Refusal) else _events(heard)
    trades = [event for event in events if event.get("e") == "aggTrade"]
    stamps = [(trade.get("E"), trade.get("T")) for trade in trades]
    lags = [sent - made for sent, made in stamps if type(sent) is int and type(made) is int]
    if not lags:
        return fine(LAG, "not answered: no trade was heard")
    lag = round(median(lags))
    advice = "flow is measured late: prefer another reference venue until this is better"
    return judged(LAG, f"{lag} ms, median of {len(lags)}", "" if lag in LAG_MS else advice)


def unknown_question(heard: Listening | Refusal) -> Finding:
    """What the venue answers to a stream that does not exist; the program does not rely on it."""
    frames = [] if isinstance(heard, Refusal) else [frame.data for frame in heard.frames]
    acks = [f for f in frames if isinstance(f, dict) and f.get("id") == UNKNOWN_ID]
    if not acks:
        return fine(UNKNOWN, "not answered: nothing came for it")
    said = "acknowledged all the same" if "result" in acks[0] else f"refused: {acks[0]}"
    return fine(UNKNOWN, said)


def keys_question(heard: list[Listening]) -> Finding:
    """Whether futures' frames have the keys that are read."""
    seen: dict[str, frozenset[str]] = {}
    for event in (event for listening in heard for event in _events(listening)):
        kind = event.get("e")
        if isinstance(kind, str) and kind in EXPECTED:
            seen.setdefault(kind, frozenset(event))
    lost = {kind: sorted(EXPECTED[kind] - keys) for kind, keys in seen.items()}
    new = {kind: sorted(keys - EXPECTED[kind] - NEWER) for kind, keys in seen.items()}
    if not seen:
        return fine(KEYS, "not answered: no frame was heard")
    advice = f"update the program: it reads what is gone ({_named(lost)})" if _named(lost) else ""
    return judged(KEYS, f"{', '.join(sorted(seen))}; new: {_named(new) or 'none'}", advice)


def _named(keys: dict[str, list[str]]) -> str:
    return "; ".join(f"{kind} {' '.join(names)}" for kind, names in sorted(keys.items()) if names)


def _events(heard: Listening) -> list[dict[str, object]]:
    frames = (frame.data for frame in heard.frames)
    events = (frame.get("data") for frame in frames if isinstance(frame, dict))
    return [event for event in events if isinstance(event, dict)]
