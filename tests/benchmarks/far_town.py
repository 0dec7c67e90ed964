"""A town of venues in a process of its own: what it costs is not measured with the program.

Owns the process and the few words that are said to it. Both processes read the same monotonic
clock, which every system counts from its own start.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from engine.feeds.live.clock import MarketClock
from engine.settings import Settings
from tests.venues.clock import MachineClock, TownClock
from tests.venues.town import Town
from tests.venues.world import World

LISTEN_S = 0.005
"""Between two looks at whether something was said to the town."""


@dataclass(frozen=True, slots=True)
class FarTown:
    """A town as the program's process sees it."""

    settings: Settings
    clock: TownClock
    world: World
    """Of the same seed, and standing still: what really happens is known to the town alone."""
    _pipe: Connection

    def do(self, host: str, act: str) -> float:
        """Have a host do something that takes no argument (``market disconnect``); the monotonic
        time at which it did."""
        self._pipe.send((host, act))
        done: float = self._pipe.recv()
        return done

    def machine(self) -> MachineClock:
        """The clock of the machine that the program runs on."""
        return MachineClock(self.clock)

    def market_clock(self) -> MarketClock:
        return MarketClock(self.machine(), self.clock.rate)


@contextmanager
def far_town(rate: float = 1.0, delay_s: float = 0.0, seed: int = 7) -> Iterator[FarTown]:
    """The town lives for as long as the block lasts; whatever it says is late by `delay_s`."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_live, args=(there, rate, delay_s, seed), daemon=True)
    process.start()
    try:
        settings, clock = here.recv()
        yield FarTown(settings, clock, World(seed), here)
    finally:
        here.close()
        process.join()


def _live(pipe: Connection, rate: float, delay_s: float, seed: int) -> None:
    logging.disable()  # the server library tells of every client that leaves in the middle
    asyncio.run(_town(Town(seed=seed, rate=rate), pipe, delay_s))


async def _town(town: Town, pipe: Connection, delay_s: float) -> None:
    async with town:
        for host in town.hosts:
            host.faults.delay_s = delay_s
        pipe.send((town.settings, town.clock))
        while True:
            try:
                while pipe.poll():
                    name, act = pipe.recv()
                    getattr(getattr(town, name), act)()
                    await asyncio.sleep(0)
                    pipe.send(time.monotonic())
            except (EOFError, OSError):
                return
            await asyncio.sleep(LISTEN_S)
