"""The three websockets of Binance: what is asked of them and what their frames deliver.

Owns addresses, stream names and age limits. Connects to nothing, and what frames mean is
`engine.feeds.venues`. Futures need two sockets since 2026: one that mixes the two kinds of stream
connects and then says nothing of one of them (reference: feeds 1.1, 6.3).
"""

from __future__ import annotations

import math

from engine.feeds.live.spec import Heard, StreamSpec
from engine.settings import Settings

FUTURES = "binance-futures"
SPOT = "binance-spot"
SRCS = {FUTURES: "binance.futures", SPOT: "binance.spot"}
"""Kind of row of each venue's frames."""

MARKET_STREAMS = ("aggTrade", "markPrice@1s", "kline_1m", "forceOrder")
PUBLIC_STREAMS = ("bookTicker",)
SPOT_STREAMS = ("aggTrade", "bookTicker", "kline_1m")
"""Aggregated trades: only those can be fetched by id where some are missing."""

AGES_S = {"bookTicker": 5.0, "markPrice@1s": 5.0, "aggTrade": 15.0, "kline_1m": 45.0}
"""Longest silence of a stream that is well, clock seconds."""

QUIET_AGE_S = 45.0
"""The same for trades of the assets that trade less."""

SPOT_QUOTE_AGE_S = 15.0
"""The spot book of the quieter pairs rests longer than the futures'."""

QUIET_SYMBOLS = ("solusdt", "xrpusdt")

SILENT_WHEN_WELL = ("forceOrder",)
"""Streams that may say nothing for hours."""

NOTHING = Heard()
CONTROL = Heard(control=True)
ENDING = Heard(control=True, ending=True)


def symbol_of(asset: str) -> str:
    """The venue's name of an asset against USDT."""
    return f"{asset}USDT"


def futures_specs(settings: Settings) -> tuple[StreamSpec, StreamSpec]:
    host = settings.venues.binance_futures_stream
    return (
        _spec(settings, "binance futures trades", FUTURES, f"{host}/market", MARKET_STREAMS),
        _spec(settings, "binance futures quotes", FUTURES, f"{host}/public", PUBLIC_STREAMS),
    )


def spot_specs(settings: Settings) -> tuple[StreamSpec]:
    host = settings.venues.binance_spot_stream
    return (_spec(settings, "binance spot", SPOT, host, SPOT_STREAMS),)


def _spec(
    settings: Settings, name: str, venue: str, base: str, kinds: tuple[str, ...]
) -> StreamSpec:
    """Streams are named in the address, so that a reconnect is one step."""
    symbols = [symbol_of(asset).lower() for asset in settings.feeds.assets]
    streams = [f"{symbol}@{kind}" for kind in kinds for symbol in symbols]
    wanted = frozenset(stream for stream in streams if not stream.endswith(SILENT_WHEN_WELL))
    address = f"{base}/stream?streams={'/'.join(streams)}"
    return StreamSpec(
        name=name,
        src=SRCS[venue],
        url=lambda: address,
        greetings=tuple,
        wanted=lambda: wanted,
        heard=heard,
        age_s=_spot_age_s if venue == SPOT else age_s,
        rolls=True,
        identical=True,
    )


def age_s(stream: str) -> float:
    """Longest silence of a stream, clock seconds; infinite where silence is normal."""
    symbol, _, kind = stream.partition("@")
    if kind == "aggTrade" and symbol in QUIET_SYMBOLS:
        return QUIET_AGE_S
    return AGES_S.get(kind, math.inf)


def _spot_age_s(stream: str) -> float:
    symbol, _, kind = stream.partition("@")
    if kind == "bookTicker" and symbol in QUIET_SYMBOLS:
        return SPOT_QUOTE_AGE_S
    return age_s(stream)


def heard(frame: object) -> Heard:
    """A combined frame delivers the stream that it names; anything else is about the socket."""
    if not isinstance(frame, dict):
        return NOTHING
    stream, data = frame.get("stream"), frame.get("data")
    if not isinstance(stream, str) or not isinstance(data, dict):
        return _control(frame)
    if data.get("e") == "serverShutdown":
        return ENDING
    stamp = data.get("E")
    return Heard(frozenset({stream}), stamp if type(stamp) is int else None)


def _control(frame: dict[str, object]) -> Heard:
    if frame.get("e") == "serverShutdown":
        return ENDING
    fault = frame.get("error", frame if "msg" in frame else None)
    if isinstance(fault, dict):
        return Heard(control=True, error=f"{fault.get('code')}: {fault.get('msg')}"[:200])
    return CONTROL if "result" in frame else NOTHING
