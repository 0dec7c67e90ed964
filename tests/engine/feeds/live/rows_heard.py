"""A feed's tasks in a town, with what they put down: rows are read as the engine would."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from engine.feeds.live.ask import Asker
from engine.feeds.live.backoff import ConnectRate
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.inbox import Inbox
from engine.feeds.live.parts import Parts
from engine.feeds.live.polymarket import Polymarket
from engine.feeds.live.reference import Reference
from engine.feeds.rows import RowReader
from engine.messages import Message
from engine.recording import Row
from tests.venues.town import Town

PATIENCE_S = 15.0
"""Real seconds after which what a test waits for will not come."""


class Listener:
    """Takes rows as they are stamped, and keeps them and their messages."""

    def __init__(self, town: Town) -> None:
        self.clock = MarketClock(town.machine, town.clock.rate)
        self.reader = RowReader()
        self.rows: list[Row] = []
        self.messages: list[Message] = []
        self.asker = Asker(town.settings, self.clock)
        self._inbox = Inbox(self.clock, 2 << 20)
        rate = ConnectRate(self.clock)
        self.parts = Parts(
            town.settings, self.clock, self._inbox, self.asker, random.Random(1), rate
        )

    async def until(self, told: Callable[[], object]) -> None:
        """Listen until `told` is true. Raises TimeoutError where it does not become so."""
        async with asyncio.timeout(PATIENCE_S):
            while not told():
                for row, _ in self._inbox.take(self.clock.now_ms()):
                    self.rows.append(row)
                    self.messages.extend(self.reader.messages(row))
                await asyncio.sleep(0.02)

    def said(self, src: str) -> list[Any]:
        """Data of the rows of one kind."""
        return [row.data for row in self.rows if row.src == src]


@asynccontextmanager
async def listening(
    town: Town, make: type[Polymarket] | type[Reference]
) -> AsyncIterator[tuple[Listener, Any]]:
    """One venue's tasks, running in the town for as long as the block lasts."""
    listener = Listener(town)
    made = make(listener.parts, listener.reader)
    task = asyncio.create_task(made.run())
    try:
        yield listener, made
    finally:
        task.cancel()
        await asyncio.wait({task})
        await listener.asker.aclose()
    if not task.cancelled():
        task.result()
