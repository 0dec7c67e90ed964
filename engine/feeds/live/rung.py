"""One venue that the underlying may be measured on, with everything that runs while it does.

Owns the order of things at one venue: ask whether it answers this place, open the streams, fetch
history each time that they begin to deliver, and repeat the requests that have no stream. Which
venue counts is `ladder`'s and `reference`'s.
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from engine.feeds.live.ask import Refusal
from engine.feeds.live.backoff import Backoff
from engine.feeds.live.health import Health
from engine.feeds.live.ladder import Standing
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.spec import StreamSpec
from engine.feeds.live.stream import Stream

LOOK_S = 0.5
"""Between two looks at the streams, clock seconds."""

NOT_NEEDED = "not needed: a better venue delivers"


class Venue(Protocol):
    """What differs between the venues of the underlying."""

    name: str
    """``binance-futures`` ..."""
    host: str
    """The host of requests, for a person."""
    specs: tuple[StreamSpec, ...]
    """Its streams; all of them must deliver for the venue to be usable."""
    src: str
    """Kind of row of the streams' frames."""
    poll: Poll
    """All requests."""

    async def probe(self) -> Refusal | None:
        """Ask whether the venue answers this place, and is what we take it for; None: it is."""

    async def fill(self) -> bool:
        """Fetch what the streams do not repeat: closed bars. Returns whether all of it came."""

    async def ask_more(self) -> None:
        """Ask once for what has no stream."""

    async def mend(self, symbol: str, first: int, last: int) -> None:
        """Fetch the prints with these ids, where the venue can."""


class Rung:
    """A venue and how it stands."""

    def __init__(self, venue: Venue, parts: Parts) -> None:
        self.venue = venue
        self.refusal: Refusal | None = Refusal("not asked yet")
        """What the last probe said; None: it was answered."""
        self.streams = self._made(parts)
        self._parts = parts
        self._filled: tuple[float, ...] = ()
        """What `_live` said when history was fetched last."""
        self._backoff = Backoff(parts.settings.feeds, parts.rng)

    @property
    def connections(self) -> tuple[Health, ...]:
        return (*(stream.health for stream in self.streams), self.venue.poll.health)

    @property
    def standing(self) -> Standing:
        """How it fares, streams and probe together."""
        if self.refusal is not None:
            why = self._said(self.refusal)
            return Standing(usable=False, blocked=why if self.refusal.blocked else "", why=why)
        if all(stream.usable for stream in self.streams):
            return Standing(usable=True)
        return self._useless()

    @property
    def answered(self) -> Standing:
        """How the last probe went, whatever the streams do."""
        return Standing(usable=True) if self.refusal is None else self.standing

    async def ask(self) -> None:
        """Probe the venue; `refusal` tells the answer."""
        self.refusal = await self.venue.probe()
        if self.refusal is not None:
            self.venue.poll.health.trouble(self._said(self.refusal))

    async def run(self) -> None:
        """Streams and requests, until cancelled; the venue is asked again until it answers."""
        self.streams = self._made(self._parts)
        try:
            while self.refusal is not None:
                await self._wait(self.refusal)
                await self.ask()
            await self._deliver()
        finally:
            self.rest()

    def rest(self) -> None:
        """Show that nothing runs here."""
        for health in self.connections:
            health.off(NOT_NEEDED)

    def renew(self, why: str) -> None:
        """The network is another one: every connection is made anew."""
        self.venue.poll.now()
        for stream in self.streams:
            stream.renew(why)

    def _made(self, parts: Parts) -> tuple[Stream, ...]:
        """New streams: one that was ended knows nothing of being begun again."""
        return tuple(Stream(spec, parts) for spec in self.venue.specs)

    async def _wait(self, refusal: Refusal) -> None:
        health = self.venue.poll.health
        wait = max(LOOK_S, self._wait_s(refusal))
        told = health.blocked if refusal.blocked else health.retrying
        told(self._said(refusal), wait)
        await self._parts.clock.sleep(wait)

    def _wait_s(self, refusal: Refusal) -> float:
        if refusal.blocked:
            blocked_s = self._parts.settings.feeds.blocked_s
            return blocked_s if refusal.retry_s is None else refusal.retry_s
        return max(refusal.retry_s or 0.0, self._backoff.next_s())  # told "now", it backs off too

    async def _deliver(self) -> None:
        requests = self.venue.poll.repeat(self._parts.settings.feeds.interest_s, self._round)
        try:
            async with asyncio.TaskGroup() as tasks:
                for stream in self.streams:
                    tasks.create_task(stream.run())
                tasks.create_task(requests)
                tasks.create_task(self._watch())
        finally:
            row = {"name": self.venue.src, "state": "lost", "why": NOT_NEEDED}
            self._parts.inbox.say("stream", row)

    async def _round(self) -> None:
        live = self._live()
        if live != self._filled:
            self._filled = live if await self.venue.fill() else ()
        await self.venue.ask_more()

    async def _watch(self) -> None:
        """History is fetched as soon as the streams deliver (again)."""
        before: tuple[float, ...] = ()
        while True:
            live = self._live()
            if live not in ((), before):
                self.venue.poll.now()
            before = live
            await self._parts.clock.sleep(LOOK_S)

    def _live(self) -> tuple[float, ...]:
        """Since when each stream delivers, clock seconds; empty unless all of them do."""
        usable = all(stream.usable for stream in self.streams)
        return tuple(stream.health.since for stream in self.streams) if usable else ()

    def _said(self, refusal: Refusal) -> str:
        if refusal.blocked:
            return f"{self.venue.host} refuses this place ({refusal.status})"
        return f"{self.venue.host}: {refusal.why}"

    def _useless(self) -> Standing:
        bad = next(stream.health for stream in self.streams if not stream.usable)
        why = f"{bad.name}: {bad.last_error or bad.state}"
        refused = bad.state == "blocked"
        blocked = f"{bad.name}: refused to this place ({bad.refused})" if refused else ""
        return Standing(usable=False, blocked=blocked, why=why)


def host_of(url: str) -> str:
    """The part of an address that a person knows a venue by."""
    return url.partition("//")[2].partition("/")[0]
