"""Answers of discovery that are about something else, or cannot be read, and what is asked then."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from engine.feeds.live.ask import Answer, Asker, Refusal
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.parts import Parts
from engine.feeds.live.polymarket_checks import BookChecks
from engine.feeds.live.polymarket_discovery import Discovery
from engine.feeds.live.polymarket_outcomes import MOST_QUESTIONS, Questions, sources
from engine.feeds.live.polymarket_windows import Window, Windows
from engine.feeds.venues.polymarket_gamma import listed
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import quick_parts
from tests.engine.feeds.venues import gamma

BTC = Feeds(assets=("BTC",))
WON = {"closed": True, "outcomePrices": '["1", "0"]'}
NEXT = f"btc-updown-15m-{gamma.START + 900}"
NEXT_TIMES = {"eventStartTime": "2026-10-05T23:15:00Z", "endDate": "2026-10-05T23:30:00Z"}


class Told(Asker):
    """Answers every request with what `say` gives for its address."""

    def __init__(self, say: Callable[[str], Any]) -> None:
        self._say = say

    async def get(self, url: str, **params: str | int) -> Answer | Refusal:
        raw = orjson.dumps(self._say(url))
        return Answer(raw, orjson.loads(raw), 1.0, gamma.START * 1000)


class At(MarketClock):
    """Market time from `second` after the window's start on."""

    def __init__(self, parts: Parts, second: float) -> None:
        super().__init__(parts.clock._clock, 20.0)
        self._anchor_ms = int((gamma.START + second) * 1000)


def under(slug: str, event: dict[str, Any]) -> dict[str, Any]:
    market = event["markets"][0] | {"slug": slug}
    return event | {"slug": slug, "markets": [market]}


@pytest.mark.parametrize(
    "event",
    [
        under(NEXT, gamma.event(**WON)),
        gamma.event(**WON, conditionId="0x" + "dd" * 32),
        gamma.event(**WON, pad="x" * 3_000_000),
    ],
    ids=["another window's", "another market's", "more than is read"],
)
async def test_such_an_answer_is_no_outcome_and_the_window_is_asked_after_again(
    event: dict[str, Any],
) -> None:
    windows, market = Windows(BTC), listed(gamma.event())
    windows.add(market)
    async with quick_parts(BTC) as quick:
        parts = replace(quick, asker=Told(lambda _: event), clock=At(quick, 901))
        questions = Questions(parts, windows, sources(parts)[0])
        await passed(questions.run())
    window = windows.find(market.slug)
    assert isinstance(window, Window)
    assert not window.settled


async def test_nobody_is_asked_for_an_outcome_before_a_window_is_over() -> None:
    windows = Windows(BTC)
    windows.add(listed(gamma.event()))
    async with quick_parts(BTC) as quick:
        parts = replace(quick, asker=Told(lambda _: gamma.event(**WON)), clock=At(quick, 1))
        questions = Questions(parts, windows, sources(parts)[0])
        asking = asyncio.create_task(questions.run())
        await asyncio.sleep(0.02)
        view = questions.poll.health.view()
        asking.cancel()
    assert (view.state, view.why, view.messages) == ("off", "nothing to ask yet", 0)


async def test_a_source_that_had_nobody_to_ask_after_does_not_say_that_no_window_is_over() -> None:
    windows, market = Windows(BTC), listed(gamma.event())
    windows.add(market)
    async with quick_parts(BTC) as quick:
        parts = replace(quick, asker=Told(lambda _: gamma.event(**WON)), clock=At(quick, 930))
        questions = Questions(parts, windows, sources(parts)[1])
        asking = asyncio.create_task(questions.run())
        await asyncio.sleep(0.02)
        view = questions.poll.health.view()
        asking.cancel()
    assert windows.unsettled(market.end_ms + 30_000)
    assert (view.state, view.why) == ("off", "nothing to ask yet")


async def test_books_are_not_compared_before_a_window_is_open_and_that_is_said() -> None:
    async with quick_parts(BTC) as quick:
        parts = replace(quick, asker=Told(lambda _: {}), clock=At(quick, 1))
        checks = BookChecks(parts, Windows(BTC))
        checking = asyncio.create_task(checks.run())
        await asyncio.sleep(0.02)
        view = checks.poll.health.view()
        checking.cancel()
    assert (view.state, view.why, view.messages) == ("off", "no window is open yet", 0)


@pytest.mark.parametrize(
    "spoilt",
    [
        under(NEXT, gamma.event(**NEXT_TIMES)),
        under(NEXT, gamma.event(**NEXT_TIMES, clobTokenIds='["21", "22"]', pad="x" * 3_000_000)),
    ],
    ids=["the running window's tokens", "more than is read"],
)
async def test_such_a_listing_is_asked_for_again(spoilt: dict[str, Any]) -> None:
    windows = Windows(BTC)
    async with quick_parts(BTC) as quick:
        asker = Told(lambda url: spoilt if url.endswith(NEXT) else gamma.event())
        parts = replace(quick, asker=asker, clock=At(quick, 890))
        await passed(Discovery(parts, windows).run())
        assert windows.find(gamma.SLUG) is not None
        assert windows.unlisted(parts.clock.now_ms()) == (NEXT,)


async def test_however_many_outcomes_are_missing_few_are_asked_for_at_once() -> None:
    windows, market = Windows(BTC), listed(gamma.event())
    for number in range(100):
        windows.follow(replace(market, slug=f"window {number}"), gamma.START * 1000)
    asked: Counter[str] = Counter()
    asking = most = 0

    class Slow(Told):
        async def get(self, url: str, **params: str | int) -> Answer | Refusal:
            nonlocal asking, most
            asking += 1
            most = max(most, asking)
            asked[url] += 1
            await asyncio.sleep(0)
            asking -= 1
            return await super().get(url, **params)

    async with quick_parts(BTC) as quick:
        parts = replace(quick, asker=Slow(lambda _: gamma.event()), clock=At(quick, 1_500))
        task = asyncio.create_task(Questions(parts, windows, sources(parts)[0]).run())
        async with asyncio.timeout(8):
            while len(asked) < 100:
                await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
    assert most == MOST_QUESTIONS


async def passed(work: Any) -> None:
    """Let a task run for a few of its rounds."""
    task = asyncio.create_task(work)
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.wait({task})
