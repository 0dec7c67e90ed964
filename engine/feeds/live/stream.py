"""One logical websocket: connected, watched, rolled over, and connected again for as long as it
is wanted.

Owns when a connection counts and when the next is tried. Frames become rows and nothing more; what
the engine must know of the connection itself is said in `stream` rows. A fault of any kind ends a
connection, never the stream's task.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from math import inf
from typing import Any

from engine.feeds.live.ask import BLOCKED
from engine.feeds.live.backoff import Backoff
from engine.feeds.live.health import Health
from engine.feeds.live.link import Link
from engine.feeds.live.parts import Parts
from engine.feeds.live.socket import Lost, Refused
from engine.feeds.live.spec import Heard, StreamSpec

__all__ = ["Heard", "Stream", "StreamSpec"]

ROLL_SPREAD = 1 / 69
"""Part of the roll-over's age that is drawn on top, 20 minutes of 23 hours: streams that began
together do not roll together."""

ROLL_RETRY_S = 60.0
"""Between two roll-overs, done or not, at least: a venue that announces the end of each connection
as it begins would have us connect without end, and every other stream wait for its turn."""

OVERLAP_S = 2.0
"""After a roll-over, for so long the new connection may still bring what the old one gave."""

MOST_HELD = 50_000
"""Frames of a new connection that are held back until all its topics have delivered."""


class Stream:
    """The stream of a `StreamSpec`. `run` it as a task; cancel that to end it."""

    def __init__(self, spec: StreamSpec, parts: Parts) -> None:
        self.health = Health(spec.name, "stream", parts.clock)
        self._spec = spec
        self._parts = parts
        self._clock = parts.clock
        self._backoff = Backoff(parts.settings.feeds, parts.rng)
        self._bell = asyncio.Event()
        self._hurry = asyncio.Event()
        self._link: Link | None = None
        self._next: Link | None = None
        self._held: list[tuple[bytes, Any]] = []
        self._given: Counter[bytes] = Counter()
        self._overlap_end: float | None = None
        self._rolled_at = -inf
        self._told = False
        self._renewed = False
        self._live_since: float | None = None
        self._lived = False

    @property
    def usable(self) -> bool:
        """Connected, and every wanted topic has delivered."""
        return self.health.state == "live"

    def send(self, text: str) -> None:
        """Send over the connection, and over one that is being opened. Where there is none,
        nothing is sent: the next greeting says what is wanted then."""
        for link in (self._link, self._next):
            if link is not None:
                link.send(text)

    def renew(self, why: str) -> None:
        """Connect anew, now. A venue that refused us is still left alone for its time."""
        self._hurry.set()
        if self._link is not None:
            self._renewed = True
            self.health.stale(why)
            self._link.end(why)

    async def run(self) -> None:
        """Until cancelled; may be run again after that."""
        try:
            while True:
                await self._once()
        finally:
            self._told = self._renewed = False
            self._live_since = None
            self.health.off("stopped")

    async def _once(self) -> None:
        try:
            await self._connected()
        except Refused as refusal:
            await self._refused(refusal)
        except Lost as lost:
            await self._lost(str(lost))
        except Exception as error:  # noqa: BLE001 - a bug in a venue's code must not end the stream
            await self._lost(f"a fault of ours: {error!r}")

    async def _connected(self) -> None:
        """One connection after another without a gap. Raises where there is a gap."""
        self.health.connecting()
        link = self._link = self._begin()
        try:
            while True:
                await self._rung()
                self._look(link)
                if link.due and self._may_roll():
                    link = await self._rolled(link)
        finally:
            await self._put_down()

    def _begin(self) -> Link:
        link = Link(self._spec, self._parts, self._take, self._bell)
        if self._spec.rolls:
            spread = 1 + ROLL_SPREAD * self._parts.rng.random()
            link.roll_at = self._clock.mono() + self._parts.settings.feeds.rollover_s * spread
        return link

    async def _rung(self) -> None:
        await self._bell.wait()
        self._bell.clear()

    def _look(self, link: Link) -> None:
        if link.over:
            raise link.result()
        if link.ready and self._live_since is None:
            self._live()
        elif link.opened and not link.ready:
            self.health.waiting("connected, no first message yet")

    def _live(self) -> None:
        self._live_since = self._clock.mono()
        self.health.live()
        if self._lived:
            self.health.reconnected()
        self._lived = True
        self._say("live", "")

    def _may_roll(self) -> bool:
        least = min(ROLL_RETRY_S, self._parts.settings.feeds.rollover_s)
        return self._clock.mono() - self._rolled_at >= least

    async def _rolled(self, old: Link) -> Link:
        """The connection that counts from now on: a new one, or the old where that failed."""
        self._given.clear()
        self._rolled_at = self._clock.mono()
        new = self._next = self._begin()
        while not new.ready:
            await self._rung()
            self._look(old)
            if new.over:
                self.health.trouble(f"roll-over: {new.result()}")
                self._next = None
                self._held.clear()
                old.roll_at = self._clock.mono() + ROLL_RETRY_S
                return old
        self._link, self._next = new, None
        held, self._held = self._held, []
        self._overlap_end = self._clock.mono() + OVERLAP_S
        self._put([frame for frame in held if not self._already(frame[0])])
        self.health.reconnected()
        await old.retire()
        return new

    async def _put_down(self) -> None:
        links = [link for link in (self._link, self._next) if link is not None]
        self._link = self._next = None
        self._held.clear()
        self._given.clear()
        for link in links:
            await link.stop()

    def _take(self, link: Link, raw: bytes, data: Any, heard: Heard | None) -> None:
        if heard is None:
            self.health.drop(data)
        elif heard.error:
            self.health.trouble(heard.error)
        if heard is not None and heard.control:
            return
        if link is self._next:
            self._hold(link, raw, data)
        elif link is self._link and not self._already(raw):
            if heard is not None:
                self._count(heard.stamp_ms)
            self._put([(raw, data)])
            if self._next is not None and self._spec.identical:
                self._given[raw] += 1

    def _hold(self, link: Link, raw: bytes, data: Any) -> None:
        if len(self._held) >= MOST_HELD:
            link.end(f"{MOST_HELD} messages, and not every topic among them")
        else:
            self._held.append((raw, data))

    def _already(self, raw: bytes) -> bool:
        """Whether the old connection gave this frame before it was put down."""
        if self._overlap_end is None:
            return False
        if self._clock.mono() > self._overlap_end:
            self._overlap_end = None
            self._given.clear()
            return False
        seen = self._given[raw] > 0
        if seen:
            self._given[raw] -= 1
        return seen

    def _count(self, stamp_ms: int | None) -> None:
        self.health.data(stamp_ms)
        if stamp_ms is not None:
            self._clock.heard(self._spec.src, stamp_ms)

    def _put(self, frames: list[tuple[bytes, Any]]) -> None:
        if not frames:
            return
        self._told = True
        if self._parts.inbox.add(self._spec.src, frames) is None and self._link is not None:
            self._link.end("the engine is behind; what it missed is fetched anew")

    async def _refused(self, refusal: Refused) -> None:
        self._renewed = False
        self.health.refused = refusal.status
        if refusal.status not in BLOCKED:
            await self._lost(str(refusal), refusal.wait_s or 0.0)
            return
        self._gone(str(refusal))
        seconds = self._parts.settings.feeds.blocked_s
        self.health.blocked(str(refusal), seconds)
        await self._clock.sleep(seconds)

    async def _lost(self, why: str, least_s: float = 0.0) -> None:
        self._gone(why)
        if self._renewed:
            self._renewed = False
            return
        seconds = max(least_s, self._backoff.next_s())
        self.health.retrying(why, seconds)
        if least_s:
            await self._clock.sleep(seconds)
        else:
            await self._pause(seconds)

    async def _pause(self, seconds: float) -> None:
        """Wait to try again, unless a renewal is asked for."""
        self._hurry.clear()
        with suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self._hurry.wait()

    def _gone(self, why: str) -> None:
        if self._live_since is not None:
            self._backoff.healthy_for(self._clock.mono() - self._live_since)
            self._live_since = None
        self.health.trouble(why)
        if self._told:
            self._say("lost", why)
            self._told = False

    def _say(self, state: str, why: str) -> None:
        self._told = True
        row = {"name": self._spec.src, "state": state, "why": why}
        self._parts.inbox.say("stream", row)
