"""Binance as a venue of the underlying: USD-M futures, and spot on the hosts that give data only.

Owns the requests of both, beside their streams (`binance_streams`). What an answer means is
`engine.feeds.venues.binance_rest`. Weights of all requests together stay under 2 % of what the
venue allows a minute, and prints are fetched for small holes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.binance_streams import (
    FUTURES,
    SPOT,
    SRCS,
    futures_specs,
    spot_specs,
    symbol_of,
)
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.probe import in_time, time_heard
from engine.feeds.live.rung import host_of
from engine.feeds.live.spec import StreamSpec

BARS = "binance.bars"
TRADES = "binance.trades"
INTEREST = "binance.interest"

BARS_LIMIT = 90
"""Minutes fetched; below 100 such a request weighs least."""

TRADES_LIMIT = 1000
"""Most aggregate trades of one answer."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What differs between both markets."""

    name: str
    base: str
    """Scheme, host and path under which requests are made."""
    has_interest: bool
    """Open interest exists for futures only, and has no stream there."""


class Binance:
    """One of both markets (`engine.feeds.live.rung.Venue`)."""

    def __init__(self, kind: Kind, specs: tuple[StreamSpec, ...], parts: Parts) -> None:
        self.name = kind.name
        self.host = host_of(kind.base)
        self.src = SRCS[kind.name]
        self.specs = specs
        self.poll = Poll(f"{kind.name.replace('-', ' ')} requests", parts)
        self._kind = kind
        self._parts = parts
        self._symbols = tuple(symbol_of(asset) for asset in parts.settings.feeds.assets)

    async def probe(self) -> Refusal | None:
        """Whether it answers this place; its clock is heard on the way."""
        return await in_time(self._time(), self._parts.clock)

    async def fill(self) -> bool:
        """Bars of every symbol."""
        return all([await self._bars(symbol) for symbol in self._symbols])

    async def ask_more(self) -> None:
        """Open interest of every symbol."""
        if not self._kind.has_interest:
            return
        for symbol in self._symbols:
            reply = await self.poll.ask(f"{self._kind.base}/openInterest", symbol=symbol)
            if isinstance(reply, Answer):
                self._parts.inbox.put(INTEREST, reply.raw)

    async def mend(self, symbol: str, first: int, last: int) -> None:
        """The aggregate trades from `first` on; the reader asks again for what is still missing."""
        reply = await self.poll.ask(
            f"{self._kind.base}/aggTrades",
            symbol=symbol,
            fromId=first,
            limit=min(TRADES_LIMIT, last - first + 1),
        )
        if isinstance(reply, Answer):
            self._put(TRADES, symbol, reply)

    async def _time(self) -> Refusal | None:
        reply = await self.poll.ask(f"{self._kind.base}/time")
        return time_heard(self.name, reply, server_ms, self._parts.clock)

    async def _bars(self, symbol: str) -> bool:
        url = f"{self._kind.base}/klines"
        reply = await self.poll.ask(url, symbol=symbol, interval="1m", limit=BARS_LIMIT)
        if isinstance(reply, Refusal):
            return False
        self._put(BARS, symbol, reply)
        return True

    def _put(self, src: str, symbol: str, reply: Answer) -> None:
        self._parts.inbox.put_answer(src, reply.raw, venue=self.name, symbol=symbol)


def futures(parts: Parts) -> Binance:
    kind = Kind(FUTURES, f"{parts.settings.venues.binance_futures}/fapi/v1", has_interest=True)
    return Binance(kind, futures_specs(parts.settings), parts)


def spot(parts: Parts) -> Binance:
    kind = Kind(SPOT, f"{parts.settings.venues.binance_spot}/api/v3", has_interest=False)
    return Binance(kind, spot_specs(parts.settings), parts)


def server_ms(data: Any) -> int | None:
    """The venue's clock, unix milliseconds; None where the answer does not say."""
    stamp = data.get("serverTime") if isinstance(data, dict) else None
    return stamp if type(stamp) is int else None
