"""Books of open windows, asked for by request to be compared with what the channel built.

Owns the rhythm of the questions: every token once in a period, spread evenly over it. The answers
become `polymarket.book` rows; the comparison is `engine.feeds.venues.polymarket_check`.
"""

from __future__ import annotations

from engine.feeds.live.ask import Answer
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll
from engine.feeds.live.polymarket_windows import Windows

SRC = "polymarket.book"

IDLE_S = 0.5
"""Between two looks while no window is open, clock seconds."""


class BookChecks:
    """Asks for books for as long as it runs."""

    def __init__(self, parts: Parts, windows: Windows) -> None:
        self.poll = Poll("polymarket book checks", parts, absent=(404,))
        self._parts = parts
        self._windows = windows

    async def run(self) -> None:
        """Until cancelled."""
        await self.poll.repeat(IDLE_S, self._round)

    async def _round(self) -> None:
        clock = self._parts.clock
        tokens = sorted(self._windows.running_tokens(clock.now_ms()))
        if self.poll.health.last_data is None and not tokens:
            self.poll.health.off("no window is open yet")
        for token in tokens:
            began = clock.mono()
            await self._check(token)
            spacing = self._parts.settings.feeds.book_check_s / len(tokens)
            await clock.sleep(max(0.0, spacing - (clock.mono() - began)))

    async def _check(self, token: str) -> None:
        url = f"{self._parts.settings.venues.polymarket_clob}/book"
        reply = await self.poll.ask(url, token_id=token)
        if isinstance(reply, Answer):
            self._parts.inbox.put_answer(SRC, reply.raw, asked_ms=reply.asked_ms, token=token)
