"""One venue of the underlying that does not answer: how often it is asked."""

from __future__ import annotations

import asyncio

from engine.feeds.live.ask import Refusal
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.rung import Rung
from engine.feeds.live.spec import StreamSpec
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import quick_parts


class Limiting:
    """Refuses each question, and lets it be asked again at once."""

    name = "binance-futures"
    host = "fapi.example"
    src = "binance.futures"
    specs: tuple[StreamSpec, ...] = ()

    def __init__(self, parts: Parts) -> None:
        self.poll = Poll("requests", parts)
        self.asked = 0

    async def probe(self) -> Refusal | None:
        self.asked += 1
        return Refusal("answered 429", 429, 0.0)

    async def fill(self) -> bool:
        raise AssertionError("it never answers")

    async def ask_more(self) -> None:
        raise AssertionError("it never answers")

    async def mend(self, symbol: str, first: int, last: int) -> None:
        raise AssertionError("it never answers")


async def test_a_venue_that_may_be_asked_again_at_once_is_not_stormed() -> None:
    async with quick_parts(Feeds(backoff_s=10.0, longest_backoff_s=1_000.0)) as parts:
        venue = Limiting(parts)
        running = asyncio.create_task(Rung(venue, parts).run())
        await parts.clock.sleep(30.0)
        running.cancel()
        await asyncio.wait({running})
    assert 1 <= venue.asked <= 12
