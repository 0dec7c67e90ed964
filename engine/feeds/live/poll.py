"""Requests repeated while they are wanted, with their health, back-off and a venue's own wait.

Owns when something is asked again; what is asked and what an answer means belongs to the venue's
code, which gives a round to run.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.backoff import Backoff
from engine.feeds.live.health import Health
from engine.feeds.live.parts import Parts

Round = Callable[[], Awaitable[None]]
"""Asks (with `Poll.ask`) for all that is wanted now, and puts the answers where they belong."""


class Poll:
    """One kind of request to one venue."""

    def __init__(self, name: str, parts: Parts, absent: tuple[int, ...] = ()) -> None:
        """`absent`: statuses by which this venue says that there is nothing (yet): no fault."""
        self.health = Health(name, "request", parts.clock)
        self._parts = parts
        self._absent = absent
        self._clock = parts.clock
        self._backoff = Backoff(parts.settings.feeds, parts.rng)
        self._not_before = 0.0
        self._failed = ""
        self._well_since: float | None = None
        self._now = asyncio.Event()

    async def ask(self, url: str, **params: str | int) -> Answer | Refusal:
        """Ask once and take note of how it went. While a venue's wait runs, it is refused here."""
        wait = self._not_before - self._clock.mono()
        if wait > 0:
            self._failed = self._failed or "the venue refused us"
            return Refusal("not asked: the venue refused us", self.health.refused, wait)
        reply = await self._parts.asker.get(url, **params)
        if isinstance(reply, Answer):
            self.health.answered(reply.rtt_ms)
        elif reply.status in self._absent:
            self.health.data(None)
        else:
            self._refused(reply)
        return reply

    async def repeat(self, seconds: float, round_: Round) -> None:
        """Run rounds forever, `seconds` apart; after one that failed, the back-off at least."""
        try:
            while True:
                await self._pause(max(seconds, await self._once(round_)))
        finally:
            self.health.off("stopped")

    def now(self) -> None:
        """Begin the next round at once, unless the venue refused us."""
        self._now.set()

    async def _once(self, round_: Round) -> float:
        """One round; the least wait after it, clock seconds."""
        self._failed = ""
        if self.health.state == "off":
            self.health.connecting()
        try:
            await round_()
        except Exception as error:  # noqa: BLE001 - an answer nobody foresaw must not end the task
            self._failed = f"the answer could not be used: {_cause(error)}"
        if not self._failed:
            self._went_well()
            return 0.0
        self._well_since = None
        self.health.trouble(self._failed)
        wait = max(self._backoff.next_s(), self._not_before - self._clock.mono())
        if self._clock.mono() >= self._not_before or self.health.state != "blocked":
            self.health.retrying(self._failed, wait)
        return wait

    def _went_well(self) -> None:
        if self.health.last_data is not None:
            self.health.live()
        now = self._clock.mono()
        self._well_since = now if self._well_since is None else self._well_since
        self._backoff.healthy_for(now - self._well_since)

    def _refused(self, refusal: Refusal) -> None:
        self._failed = refusal.why
        if refusal.status is not None:
            self.health.refused = refusal.status
        wait = refusal.retry_s or 0.0
        if refusal.blocked:
            wait = max(wait, self._parts.settings.feeds.blocked_s)
            self.health.blocked(refusal.why, wait)
        self._not_before = max(self._not_before, self._clock.mono() + wait)

    async def _pause(self, seconds: float) -> None:
        self._now.clear()
        with suppress(TimeoutError):
            async with self._clock.timeout(seconds):
                await self._now.wait()


def _cause(error: BaseException) -> BaseException:
    """What was wrong first: a group of questions only says that there was something."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
