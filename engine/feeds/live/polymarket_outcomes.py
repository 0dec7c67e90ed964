"""Windows that are over, followed until the venue says how they ended.

Owns the questions: three interfaces of the venue are asked, each with its own rhythm and its own
health, so that one which fails holds up no other. The first verdict that can be read is put down as
a row. Nothing is ever concluded from a price, and a window without a verdict is asked for as long
as the program runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.inbox import is_readable
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.polymarket_discovery import event_url
from engine.feeds.live.polymarket_windows import Window, Windows
from engine.feeds.venues import polymarket_gamma, polymarket_verdicts
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import Market, Outcome
from engine.recording import Row

LOOK_S = 0.5
"""Between two looks at which windows are over, clock seconds."""

EAGER_MS = 300_000
"""Verdicts usually come one to three minutes after the end; after this long, questions are rare."""

RARE_S = 60.0
"""Between two questions then, clock seconds."""

MOST_QUESTIONS = 8
"""At once: a venue that tells no outcome for days leaves hundreds of windows to ask after."""


@dataclass(frozen=True, slots=True)
class Source:
    """One interface that tells outcomes."""

    name: str
    after_ms: int
    """It is asked from so long after the end on: the first one usually answers before."""
    ask: Callable[[Poll, Market], Awaitable[Answer | Refusal]]
    verdict: Callable[[Any, Market], Outcome | None]
    """What an answer says of a window; None: nothing yet. Raises MessageError."""
    put: Callable[[Market, Answer], Row | None]
    """Write the answer down as a row; None where too many wait."""


class Questions:
    """One source, asked for as long as it runs."""

    def __init__(self, parts: Parts, windows: Windows, source: Source) -> None:
        self.poll = Poll(source.name, parts, absent=(400, 404))
        self._parts = parts
        self._windows = windows
        self._source = source
        self._asked_ms: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        await self.poll.repeat(LOOK_S, self._round)

    async def _round(self) -> None:
        now_ms = self._parts.clock.now_ms()
        over = self._windows.unsettled(now_ms)
        slugs = {window.market.slug for window in over}
        self._asked_ms = {slug: t for slug, t in self._asked_ms.items() if slug in slugs}
        due = [window for window in over if self._due_ms(window.market) <= now_ms]
        if self.poll.health.last_data is None and not due and not self._asked_ms:
            self.poll.health.off("nothing to ask yet")
        async with asyncio.TaskGroup() as questions:
            for window in due[:MOST_QUESTIONS]:
                questions.create_task(self._ask(window, now_ms))

    def _due_ms(self, market: Market) -> int:
        asked_ms = self._asked_ms.get(market.slug)
        if asked_ms is None:
            return market.end_ms + self._source.after_ms
        verdict_s = self._parts.settings.feeds.verdict_s
        rare = asked_ms - market.end_ms >= EAGER_MS
        return asked_ms + int(1000 * (max(RARE_S, verdict_s) if rare else verdict_s))

    async def _ask(self, window: Window, now_ms: int) -> None:
        market = window.market
        self._asked_ms[market.slug] = now_ms
        reply = await self._source.ask(self.poll, market)
        if isinstance(reply, Answer) and not window.settled and self._says(market, reply):
            window.settled = is_readable(self._source.put(market, reply))

    def _says(self, market: Market, reply: Answer) -> bool:
        try:
            return self._source.verdict(reply.data, market) is not None
        except MessageError as error:
            self.poll.health.drop(f"{market.slug}: {error}")
            return False


def sources(parts: Parts) -> tuple[Source, ...]:
    """All three, the first to be asked first (reference: polymarket 10)."""
    venues, inbox = parts.settings.venues, parts.inbox
    return (
        Source(
            "polymarket outcomes",
            after_ms=0,
            ask=lambda poll, market: poll.ask(event_url(parts, market.slug)),
            verdict=polymarket_gamma.verdict,
            put=lambda _, reply: inbox.put(polymarket_gamma.SRC, reply.raw),
        ),
        Source(
            "polymarket outcomes clob",
            after_ms=60_000,
            ask=lambda poll, market: poll.ask(
                f"{venues.polymarket_clob}/markets/{market.condition_id}"
            ),
            verdict=polymarket_verdicts.clob_verdict,
            put=lambda market, reply: inbox.put_answer(
                polymarket_verdicts.CLOB_SRC, reply.raw, slug=market.slug
            ),
        ),
        Source(
            "polymarket outcomes data",
            after_ms=90_000,
            ask=lambda poll, market: poll.ask(
                f"{venues.polymarket_data}/v2/resolutions", condition=market.condition_id
            ),
            verdict=polymarket_verdicts.data_verdict,
            put=lambda market, reply: inbox.put_answer(
                polymarket_verdicts.DATA_SRC, reply.raw, slug=market.slug
            ),
        ),
    )
