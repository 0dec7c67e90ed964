"""All venues together, with settings that point at them: in a test's own loop, or in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from engine.settings import Feeds, Limits, Settings, Venues
from tests.venues.binance import (
    GEO_BLOCK,
    BinanceFutures,
    BinanceFuturesStream,
    BinanceSpot,
    BinanceSpotStream,
)
from tests.venues.clock import MachineClock, TownClock
from tests.venues.host import Host
from tests.venues.okx import Okx, OkxStream
from tests.venues.polymarket import (
    PolymarketClob,
    PolymarketData,
    PolymarketGamma,
    PolymarketSite,
)
from tests.venues.polymarket_streams import PolymarketPrices, PolymarketStream
from tests.venues.world import START_MS, Plan, World

REAL_S = {
    "discovery_s": 0.1,
    "verdict_s": 0.1,
    "book_check_s": 0.3,
    "interest_s": 1.0,
    "request_s": 1.0,
    "connect_s": 1.0,
    "first_s": 2.5,
    "silence_s": 2.5,
    "healthy_s": 3.0,
    "backoff_s": 0.02,
    "longest_backoff_s": 0.3,
    "blocked_s": 3.0,
    "failing_s": 2.0,
}
"""Times of the feeds that suit a server on the same machine, in real seconds."""

LEAST_S = {"first_s": 5.0, "silence_s": 5.0, "failing_s": 8.0}
"""The same in the town's seconds at least: its streams are no faster than that."""

BOOK_AGE_S = 0.5
SOURCE_AGE_S = 1.0
"""Ages in real seconds that a busy machine keeps."""

BREATH = 50
"""Happenings after which the servers may read and write again."""


class Town:
    """Every server, one world, one clock. ``async with Town(seed=7) as town: ...``"""

    def __init__(
        self,
        seed: int = 7,
        plan: Plan | None = None,
        rate: float = 1.0,
        start_ms: int = START_MS,
        step_ms: int = 250,
    ) -> None:
        self.clock = TownClock(start_ms, rate)
        self.machine = MachineClock(self.clock)
        """What the program must be given as its `engine.clock.Clock`."""
        self.world = World(seed, start_ms, plan, step_ms)
        there = (self.world, self.clock)
        self.gamma = PolymarketGamma(*there)
        self.clob = PolymarketClob(*there)
        self.market = PolymarketStream(*there)
        self.data = PolymarketData(*there)
        self.prices = PolymarketPrices(*there)
        self.site = PolymarketSite(*there)
        self.futures = BinanceFutures(*there)
        self.futures_stream = BinanceFuturesStream(*there)
        self.spot = BinanceSpot(*there)
        self.spot_stream = BinanceSpotStream(*there)
        self.okx = Okx(*there)
        self.okx_stream = OkxStream(*there)
        self.hosts: tuple[Host, ...] = tuple(
            value for value in vars(self).values() if isinstance(value, Host)
        )
        self.paused = False
        """While true nothing happens in the world; afterwards it catches up."""
        self._life: asyncio.Task[None] | None = None

    @property
    def venues(self) -> Venues:
        """Where they are, once they have started."""
        return Venues(
            polymarket_gamma=self.gamma.http_url,
            polymarket_clob=self.clob.http_url,
            polymarket_stream=self.market.socket_url,
            polymarket_data=self.data.http_url,
            polymarket_prices=self.prices.socket_url,
            polymarket_site=self.site.http_url,
            binance_futures=self.futures.http_url,
            binance_futures_stream=self.futures_stream.socket_url,
            binance_spot=self.spot.http_url,
            binance_spot_stream=self.spot_stream.socket_url,
            okx=self.okx.http_url,
            okx_stream=self.okx_stream.socket_url,
        )

    @property
    def settings(self) -> Settings:
        """Settings of a program that lives in this town."""
        rate, plan, usual = self.clock.rate, self.world.plan, Settings()
        times = {name: max(s * rate, LEAST_S.get(name, 0.0)) for name, s in REAL_S.items()}
        feeds = Feeds.model_validate(
            {"assets": plan.assets, "window_seconds": plan.window_seconds, **times}
        )
        book_age_s = max(usual.limits.book_age_s, BOOK_AGE_S * rate)
        return Settings(
            venues=self.venues,
            feeds=feeds,
            limits=Limits(book_age_s=book_age_s),
            source_age_s=max(usual.source_age_s, SOURCE_AGE_S * rate),
        )

    def block_futures(self) -> None:
        """Binance's futures do not serve this place."""
        for host in (self.futures, self.futures_stream):
            host.faults.http("*", 451, GEO_BLOCK)
        self.futures_stream.disconnect()

    def block_binance(self) -> None:
        """No host of Binance serves this place."""
        self.block_futures()
        for host in (self.spot, self.spot_stream):
            host.faults.http("*", 451, GEO_BLOCK)
        self.spot_stream.disconnect()

    def clear(self) -> None:
        """Every fault ends."""
        for host in self.hosts:
            host.faults.clear()

    async def start(self) -> None:
        for host in self.hosts:
            await host.start()
        self._life = asyncio.create_task(self._live())

    async def stop(self) -> None:
        """Raises whatever ended the town's life before."""
        if self._life is not None:
            self._life.cancel()
            await asyncio.gather(self._life, return_exceptions=True)
        for host in self.hosts:
            await host.stop()
        if self._life is not None and not self._life.cancelled():
            self._life.result()

    async def __aenter__(self) -> Town:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _live(self) -> None:
        while True:
            await self.clock.sleep(self.world.step_ms / 1000)
            until_ms = self.world.t_ms if self.paused else self.clock.now_ms()
            for number, happening in enumerate(self.world.advance(until_ms)):
                for host in self.hosts:
                    host.tell(happening)
                if number % BREATH == BREATH - 1:
                    await asyncio.sleep(0)


@contextmanager
def town_thread(town: Town) -> Iterator[Town]:
    """The town lives in a thread of its own for as long as the block lasts."""
    ready, over = threading.Event(), threading.Event()
    failed: list[BaseException] = []

    async def live() -> None:
        async with town:
            ready.set()
            while not over.is_set():
                await asyncio.sleep(0.02)

    def run() -> None:
        try:
            asyncio.run(live())
        except Exception as error:  # noqa: BLE001 - told to the thread that waits for this one
            failed.append(error)
        finally:
            ready.set()

    thread = threading.Thread(target=run, name="town", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield town
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]
