"""The tasks of the market's venue: windows, books, the settlement price and outcomes.

Owns what the market channel is asked for, which follows the windows as they are listed, open and
over, and the look after books that stay away. Each task can fail without the others: the stream of
the settlement price, for one, may be gone for good.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from engine.feeds.live import polymarket_outcomes
from engine.feeds.live import polymarket_streams as streams
from engine.feeds.live.health import Health
from engine.feeds.live.parts import Parts
from engine.feeds.live.polymarket_checks import BookChecks
from engine.feeds.live.polymarket_discovery import Discovery
from engine.feeds.live.polymarket_lacking import Cure, Lacking
from engine.feeds.live.polymarket_outcomes import Questions
from engine.feeds.live.polymarket_windows import Windows
from engine.feeds.live.spec import Heard
from engine.feeds.live.stream import Stream
from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.polymarket_prices import StartPrices
from engine.market import Market

LOOK_S = 0.5
"""Between two looks at the subscription and the books, clock seconds."""


class Polymarket:
    """Everything that is asked of the market's venue."""

    def __init__(self, parts: Parts, reader: RowReader) -> None:
        self._parts = parts
        self._reader = reader
        self._windows = Windows(parts.settings.feeds)
        self._discovery = Discovery(parts, self._windows)
        self._checks = BookChecks(parts, self._windows)
        self._questions = tuple(
            Questions(parts, self._windows, source) for source in polymarket_outcomes.sources(parts)
        )
        self._subscribed: frozenset[str] = frozenset()
        self._booked: set[str] = set()
        """Tokens that had a book at some time."""
        self._ticks = StartPrices()
        self._books, self._prices = self._streams()

    @property
    def connections(self) -> tuple[Health, ...]:
        polls = (self._discovery.poll, self._checks.poll, *(q.poll for q in self._questions))
        requests = (poll.health for poll in polls)
        return (self._books.health, self._prices.health, *requests)

    async def run(self) -> None:
        """Until cancelled."""
        self._books, self._prices = self._streams()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._discovery.run())
                tasks.create_task(self._checks.run())
                tasks.create_task(self._prices.run())
                tasks.create_task(self._run_books())
                for questions in self._questions:
                    tasks.create_task(questions.run())
        finally:  # a fault of ours ended it: it is begun again, and until then books are unknown
            row = {"name": streams.MARKET, "state": "lost", "why": "stopped"}
            self._parts.inbox.say("stream", row)

    def follow(self, markets: Iterable[Market]) -> None:
        """Ask for the outcomes of windows that an earlier run left without one."""
        now_ms = self._parts.clock.now_ms()
        for market in markets:
            self._windows.follow(market, now_ms)

    def renew(self, why: str) -> None:
        """The network is another one: every connection is made anew."""
        self._books.renew(why)
        self._prices.renew(why)
        for poll in (self._discovery.poll, self._checks.poll, *(q.poll for q in self._questions)):
            poll.now()

    def _streams(self) -> tuple[Stream, Stream]:
        """New ones: a stream that was ended knows nothing of being begun again."""
        settings = self._parts.settings
        books = streams.market_spec(settings, self._tokens, self._wanted, self._market_heard)
        prices = streams.prices_spec(settings, self._prices_heard)
        return Stream(books, self._parts), Stream(prices, self._parts)

    # ---- the market channel ----------------------------------------------------------------

    async def _run_books(self) -> None:
        """The channel is first opened when there is something to ask it for."""
        while not self._tokens():
            await self._parts.clock.sleep(LOOK_S)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._books.run())
            tasks.create_task(self._follow_windows())

    async def _follow_windows(self) -> None:
        first_s = self._parts.settings.feeds.first_s
        running, coming = Lacking(first_s), Lacking(first_s)
        while True:
            self._subscribe()
            if self._books.usable:
                self._cure_running(running)
                self._cure_coming(coming)
            await self._parts.clock.sleep(LOOK_S)

    def _tokens(self) -> frozenset[str]:
        return self._windows.subscribed_tokens(self._parts.clock.now_ms())

    def _wanted(self) -> frozenset[str]:
        """Tokens whose books the channel must give. One that never had a book may have none yet,
        and is no reason to drop the connection that all others come by."""
        now_ms = self._parts.clock.now_ms()
        running = self._windows.running_tokens(now_ms)
        return (running | self._windows.coming_tokens(now_ms)) & self._booked or running

    def _subscribe(self) -> None:
        """Changes are sent to the connection there is; the next greeting holds them all."""
        wanted = self._tokens()
        for text in streams.market_changes(self._subscribed, wanted):
            self._books.send(text)
        self._booked &= wanted
        self._subscribed = wanted

    def _cure_running(self, lacking: Lacking) -> None:
        tokens = self._windows.running_tokens(self._parts.clock.now_ms())
        missing = self._reader.lacking(tokens)
        cure = lacking.look(self._parts.clock.mono(), missing)
        if cure is Cure.RENEW:
            self._books.renew(f"no whole book of {len(missing)} tokens")
        elif cure is Cure.RESUBSCRIBE:
            self._resubscribe(missing)

    def _cure_coming(self, lacking: Lacking) -> None:
        """A window that is not open yet is no reason to renew what others come by."""
        tokens = self._windows.coming_tokens(self._parts.clock.now_ms())
        missing = self._reader.lacking(tokens)
        if lacking.look(self._parts.clock.mono(), missing) is not Cure.NOTHING:
            self._resubscribe(missing)

    def _resubscribe(self, tokens: frozenset[str]) -> None:
        """A subscription begins with the whole book."""
        none = frozenset[str]()
        for text in (*streams.market_changes(tokens, none), *streams.market_changes(none, tokens)):
            self._books.send(text)

    def _market_heard(self, frame: object) -> Heard:
        heard = streams.market_heard(frame)
        self._booked |= heard.topics
        return heard

    # ---- the settlement price --------------------------------------------------------------

    def _prices_heard(self, frame: object) -> Heard:
        now_ms = self._parts.clock.now_ms()
        with suppress(MessageError):  # told when the row is read
            for asset, start_ms, _ in self._ticks.take(frame, now_ms):
                window = self._windows.starting(asset, start_ms)
                if window is not None:
                    window.priced = True
        return streams.prices_heard(frame)
