"""The windows that should be listed now, as discovery answers for each.

Owns which ones are asked for. What an answer means is `engine.feeds.venues.polymarket_gamma`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from engine.doctor.wire import Wire
from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.polymarket_windows import slug_of
from engine.feeds.venues.polymarket_gamma import listed
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import Market


@dataclass(frozen=True, slots=True)
class Window:
    """One window that was asked for."""

    asset: str
    slug: str
    answer: Answer | Refusal
    market: Market | None = None
    """None: it was not found, or cannot be read."""
    why: str = ""
    """Why there is no market."""

    @property
    def version(self) -> str:
        """The venue's protocol version of the market; ``unknown`` where it does not say."""
        return str(raw_market(self.answer).get("version") or "unknown")[:20]


def raw_market(answer: Answer | Refusal) -> dict[str, Any]:
    """The first market of an event's answer; empty where there is none."""
    event = answer.data if isinstance(answer, Answer) else None
    markets = event.get("markets") if isinstance(event, dict) else None
    first = markets[0] if isinstance(markets, list) and markets else None
    return first if isinstance(first, dict) else {}


async def current_windows(wire: Wire) -> list[Window]:
    """The running and the next window of every asset, running ones first, all asked at once."""
    return await _windows(wire, wire.settings.feeds.assets, (0, 1))


async def past_windows(wire: Wire, asset: str, count: int) -> list[Window]:
    """The last `count` windows that are over, oldest first."""
    return await _windows(wire, (asset,), tuple(range(-count, 0)))


async def _windows(wire: Wire, assets: tuple[str, ...], offsets: tuple[int, ...]) -> list[Window]:
    length = wire.settings.feeds.window_seconds
    running = wire.clock.now_ms() // 1000 // length * length
    wanted = [(asset, running + n * length) for n in offsets for asset in assets]
    return list(await asyncio.gather(*(_window(wire, a, start, length) for a, start in wanted)))


async def _window(wire: Wire, asset: str, start_s: int, length: int) -> Window:
    slug = slug_of(asset, start_s, length)
    answer = await wire.get(f"{wire.settings.venues.polymarket_gamma}/events/slug/{slug}")
    if isinstance(answer, Refusal):
        return Window(asset, slug, answer, why=answer.why)
    try:
        return Window(asset, slug, answer, listed(answer.data))
    except MessageError as error:
        return Window(asset, slug, answer, why=str(error))
