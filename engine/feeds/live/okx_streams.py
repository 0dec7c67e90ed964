"""The two websockets of OKX: what is asked of them and what their frames deliver.

Owns addresses, subscriptions and age limits. Connects to nothing, and what frames mean is
`engine.feeds.venues.okx`. Candles live on the business socket only (reference: feeds 5.1).
"""

from __future__ import annotations

import math

import orjson

from engine.feeds.live.spec import Heard, StreamSpec
from engine.settings import Settings

OKX = "okx-swap"
SRC = "okx.public"

PING_S = 20.0
"""The venue cuts a connection on which nothing passed for 30 s, clock seconds."""

PUBLIC_CHANNELS = ("bbo-tbt", "trades", "mark-price", "funding-rate", "open-interest")
"""Channels by contract; the index is by pair and liquidations are for the whole market."""

AGES_S = {"bbo-tbt": 10.0, "mark-price": 15.0, "index-tickers": 30.0, "trades": 30.0}
"""Longest silence of a channel that is well, clock seconds; others may rest."""

CANDLE_AGE_S = 60.0
QUIET_AGE_S = 60.0
"""The same for trades of the assets that trade less."""

QUIET_CONTRACTS = ("SOL-USDT-SWAP", "XRP-USDT-SWAP")

STAMPED = frozenset({"bbo-tbt", "trades", "mark-price"})
"""Channels whose messages are sent when they are stamped."""

NOTHING = Heard()
CONTROL = Heard(control=True)


def contract_of(asset: str) -> str:
    """The venue's name of an asset's swap against USDT."""
    return f"{asset}-USDT-SWAP"


def okx_specs(settings: Settings) -> tuple[StreamSpec, StreamSpec]:
    """The public and the business socket."""
    assets = settings.feeds.assets
    args = [{"channel": c, "instId": contract_of(a)} for c in PUBLIC_CHANNELS for a in assets]
    args += [{"channel": "index-tickers", "instId": f"{asset}-USDT"} for asset in assets]
    liquidations = {"channel": "liquidation-orders", "instType": "SWAP"}
    candles = [{"channel": "candle1m", "instId": contract_of(asset)} for asset in assets]
    return (
        _spec(settings, "okx public", "public", [*args, liquidations]),
        _spec(settings, "okx candles", "business", candles),
    )


def _spec(settings: Settings, name: str, path: str, args: list[dict[str, str]]) -> StreamSpec:
    greeting = orjson.dumps({"op": "subscribe", "args": args}).decode()
    topics = [topic_of(arg["channel"], arg.get("instId", "")) for arg in args]
    wanted = frozenset(topic for topic in topics if _first_comes_soon(topic))
    return StreamSpec(
        name=name,
        src=SRC,
        url=lambda: f"{settings.venues.okx_stream}/ws/v5/{path}",
        greetings=lambda: (greeting,),
        wanted=lambda: wanted,
        heard=heard,
        age_s=age_s,
        ping="ping",
        ping_s=PING_S,
        pong="pong",
        rolls=True,
    )


def topic_of(channel: str, instrument: str) -> str:
    return f"{channel}:{instrument}"


def age_s(topic: str) -> float:
    """Longest silence of a topic, clock seconds; infinite where silence is normal."""
    channel, _, instrument = topic.partition(":")
    if channel == "candle1m":
        return CANDLE_AGE_S
    if channel == "trades" and instrument in QUIET_CONTRACTS:
        return QUIET_AGE_S
    return AGES_S.get(channel, math.inf)


def _first_comes_soon(topic: str) -> bool:
    """Trades have no first message of their own: those of quiet contracts are not waited for."""
    channel, _, instrument = topic.partition(":")
    quiet = channel == "trades" and instrument in QUIET_CONTRACTS
    return channel != "liquidation-orders" and not quiet


def heard(frame: object) -> Heard:
    """A data frame delivers its channel and instrument; events are about the socket."""
    if not isinstance(frame, dict):
        return NOTHING
    if "event" in frame:
        return _event(frame)
    arg, data = frame.get("arg"), frame.get("data")
    if not isinstance(arg, dict) or not isinstance(data, list):
        return NOTHING
    channel = str(arg.get("channel", ""))
    topic = topic_of(channel, str(arg.get("instId", "")))
    return Heard(frozenset({topic}), _stamp_ms(data) if channel in STAMPED else None)


def _event(frame: dict[str, object]) -> Heard:
    """A notice announces that this connection will be cut (a service upgrade)."""
    event = frame["event"]
    if event == "error":
        return Heard(control=True, error=f"{frame.get('code')}: {frame.get('msg')}"[:200])
    return Heard(control=True, ending=True) if event == "notice" else CONTROL


def _stamp_ms(data: list[object]) -> int | None:
    """Unix milliseconds of the newest entry, sent as digits."""
    last = data[-1] if data else None
    stamp = last.get("ts") if isinstance(last, dict) else None
    if not isinstance(stamp, str) or not stamp.isascii() or not stamp.isdigit() or len(stamp) != 13:
        return None
    return int(stamp)
