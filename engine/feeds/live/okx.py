"""OKX as a venue of the underlying: swaps against USDT, whose sizes are contracts.

Owns the requests, beside its streams (`okx_streams`). A contract that is worth something else than
we know would falsify every volume, so the venue is refused then.
"""

from __future__ import annotations

from typing import Any

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.okx_streams import OKX, SRC, contract_of, okx_specs
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.probe import in_time, time_heard
from engine.feeds.live.rung import host_of
from engine.feeds.live.spec import StreamSpec
from engine.feeds.venues.okx import check_contracts
from engine.feeds.venues.polymarket_levels import MessageError

BARS = "okx.bars"

BARS_LIMIT = 90
"""Minutes fetched, as from the other venues."""


class Okx:
    """The swaps (`engine.feeds.live.rung.Venue`)."""

    def __init__(self, parts: Parts) -> None:
        self.name = OKX
        self.host = host_of(parts.settings.venues.okx)
        self.src = SRC
        self.specs: tuple[StreamSpec, ...] = okx_specs(parts.settings)
        self.poll = Poll("okx requests", parts)
        self._parts = parts
        self._base = f"{parts.settings.venues.okx}/api/v5"
        self._contracts = tuple(contract_of(asset) for asset in parts.settings.feeds.assets)

    async def probe(self) -> Refusal | None:
        """Whether it answers this place, and its contracts are worth what we know."""
        return await in_time(self._asked(), self._parts.clock)

    async def fill(self) -> bool:
        """Bars of every contract."""
        return all([await self._bars(contract) for contract in self._contracts])

    async def ask_more(self) -> None:
        """Everything has a stream here."""

    async def mend(self, symbol: str, first: int, last: int) -> None:
        """Its prints cannot be fetched by id."""

    async def _asked(self) -> Refusal | None:
        return await self._time() or await self._instruments()

    async def _time(self) -> Refusal | None:
        reply = await self.poll.ask(f"{self._base}/public/time")
        return time_heard(self.name, reply, server_ms, self._parts.clock)

    async def _instruments(self) -> Refusal | None:
        reply = await self.poll.ask(f"{self._base}/public/instruments", instType="SWAP")
        if isinstance(reply, Refusal):
            return reply
        try:
            check_contracts(reply.data)
        except MessageError as error:
            return Refusal(str(error), 200, self._parts.settings.feeds.blocked_s)
        return None

    async def _bars(self, contract: str) -> bool:
        url = f"{self._base}/market/candles"
        reply = await self.poll.ask(url, instId=contract, bar="1m", limit=BARS_LIMIT)
        if isinstance(reply, Answer):
            self._parts.inbox.put_answer(BARS, reply.raw, instId=contract)
        return isinstance(reply, Answer)


def server_ms(data: Any) -> int | None:
    """The venue's clock, unix milliseconds; None where the answer does not say."""
    try:
        return int(data["data"][0]["ts"])
    except (KeyError, IndexError, TypeError, ValueError, OverflowError):
        return None
