"""Windows of the market's venue, found before they open; and their prices to beat.

Owns the questions to the venue's discovery interface: each running or coming window is asked for
until it is listed, however late, and one without a price to beat is asked for again. What is found
becomes `gamma.event` rows and a place in `Windows`.
"""

from __future__ import annotations

import asyncio

from engine.feeds.live.ask import Answer
from engine.feeds.live.inbox import is_readable
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.polymarket_windows import Window, Windows
from engine.feeds.venues.fields import fields_of
from engine.feeds.venues.polymarket_gamma import SRC, listed, price_to_beat
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import Market

LOOK_S = 0.5
"""Between two looks at which windows are missing, clock seconds."""

PRICE_AFTER_MS = 60_000
"""The venue publishes a window's price to beat about a minute after its start."""

PRICE_AGAIN_MS = 30_000
PRICE_QUESTIONS = 6


class Discovery:
    """Finds windows for as long as it runs."""

    def __init__(self, parts: Parts, windows: Windows) -> None:
        self.poll = Poll("polymarket windows", parts, absent=(404,))
        self._parts = parts
        self._windows = windows
        self._due_ms: dict[str, int] = {}
        """When each missing window is asked for again, market time."""
        self._questions: dict[str, int] = {}
        """How often each open window was asked for its price."""

    async def run(self) -> None:
        """Until cancelled."""
        await self.poll.repeat(LOOK_S, self._round)

    async def _round(self) -> None:
        now_ms = self._parts.clock.now_ms()
        self._windows.forget(now_ms)
        async with asyncio.TaskGroup() as questions:
            for slug in self._due(now_ms):
                questions.create_task(self._find(slug))
            for window in self._unpriced(now_ms):
                questions.create_task(self._price(window))

    def _due(self, now_ms: int) -> tuple[str, ...]:
        missing = self._windows.unlisted(now_ms)
        self._due_ms = {slug: self._due_ms.get(slug, now_ms) for slug in missing}
        return tuple(slug for slug in missing if self._due_ms[slug] <= now_ms)

    async def _find(self, slug: str) -> None:
        feeds = self._parts.settings.feeds
        reply = await self.poll.ask(event_url(self._parts, slug))
        self._due_ms[slug] = self._parts.clock.now_ms() + int(feeds.discovery_s * 1000)
        if not isinstance(reply, Answer) or reply.data in ([], {}, None):
            return  # not listed yet
        try:
            market = listed(reply.data)
        except MessageError as error:
            self.poll.health.drop(f"{slug}: {error}")
            return
        self._take(slug, market, reply)

    def _take(self, slug: str, market: Market, reply: Answer) -> None:
        if market.slug != slug:
            self.poll.health.drop(f"asked for {slug}, answered {market.slug}")
            return
        if self._windows.clashes(market):
            self.poll.health.drop(f"{slug}: its tokens are another window's")
            return
        if is_readable(self._parts.inbox.put(SRC, reply.raw)):
            self._windows.add(market)
            self._note_price(slug, reply.data)

    def _unpriced(self, now_ms: int) -> tuple[Window, ...]:
        """Windows whose price is overdue, each asked for a few times."""
        open_now = self._windows.unpriced(now_ms)
        slugs = [window.market.slug for window in open_now]
        self._questions = {slug: self._questions.get(slug, 0) for slug in slugs}
        return tuple(window for window in open_now if self._price_is_due(window.market, now_ms))

    def _price_is_due(self, market: Market, now_ms: int) -> bool:
        asked = self._questions[market.slug]
        due_ms = market.start_ms + PRICE_AFTER_MS + asked * PRICE_AGAIN_MS
        return asked < PRICE_QUESTIONS and due_ms <= now_ms

    async def _price(self, window: Window) -> None:
        slug = window.market.slug
        self._questions[slug] = self._questions.get(slug, 0) + 1
        reply = await self.poll.ask(event_url(self._parts, slug))
        if isinstance(reply, Answer) and self._note_price(slug, reply.data):
            self._parts.inbox.put(SRC, reply.raw)

    def _note_price(self, slug: str, event: object) -> bool:
        window, now_ms = self._windows.find(slug), self._parts.clock.now_ms()
        if window is not None and window.market.start_ms <= now_ms and has_price(event, slug):
            window.priced = True
        return window is not None and window.priced


def event_url(parts: Parts, slug: str) -> str:
    return f"{parts.settings.venues.polymarket_gamma}/events/slug/{slug}"


def has_price(event: object, slug: str) -> bool:
    """Whether an event brings the price to beat of a window; what it is, is read from the row."""
    try:
        return fields_of(event).get("slug") == slug and price_to_beat(event) is not None
    except MessageError:
        return False
