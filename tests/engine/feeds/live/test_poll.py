from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.parts import Parts
from engine.feeds.live.poll import Poll, Round
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import Door, answering, open_venue, quick_parts, until

FEEDS = Feeds(backoff_s=0.5, longest_backoff_s=2.0, blocked_s=30.0)


async def never(_: ServerConnection) -> None:
    raise AssertionError("no socket is opened here")


class Desk:
    """Answers one request after another as told; the last answer is repeated."""

    def __init__(self, *doors: Door) -> None:
        self.asked = 0
        self._doors = doors

    def __call__(self, guest: ServerConnection, request: Request) -> Response | None:
        self.asked += 1
        return self._doors[min(self.asked, len(self._doors)) - 1](guest, request)


@asynccontextmanager
async def polling(
    desk: Desk, seconds: float = 1.0, absent: tuple[int, ...] = ()
) -> AsyncIterator[tuple[Poll, Parts, list[Answer | Refusal]]]:
    replies: list[Answer | Refusal] = []
    async with open_venue(never, door=desk) as venue, quick_parts(FEEDS) as parts:
        poll = Poll("open interest", parts, absent)
        url = venue.url.replace("ws", "http")

        async def once() -> None:
            replies.append(await poll.ask(url))

        task = asyncio.create_task(poll.repeat(seconds, once))
        yield poll, parts, replies
        task.cancel()
        await asyncio.wait({task})
        assert poll.health.state == "off"


async def test_a_request_is_repeated_while_it_is_answered() -> None:
    desk = Desk(answering(200))
    async with polling(desk) as (poll, _, replies):
        await until(lambda: len(replies) >= 4)
        assert poll.health.state == "live"
        view = poll.health.view()
        assert view.kind == "request"
        assert view.latency_ms is not None


async def test_a_refused_request_is_tried_again_and_forgiven() -> None:
    desk = Desk(answering(500), answering(500), answering(200))
    async with polling(desk) as (poll, _, replies):
        await until(lambda: poll.health.state == "retrying")
        refused = poll.health.refused
        await until(lambda: poll.health.state == "live")
        assert (refused, poll.health.refused) == (500, None)
        assert poll.health.view().last_error == "answered 500"
        assert desk.asked == len(replies)


async def test_a_venue_that_refuses_this_place_is_left_alone_for_its_time() -> None:
    desk = Desk(answering(451))
    async with polling(desk) as (poll, parts, _):
        await until(lambda: poll.health.state == "blocked")
        poll.now()
        began = parts.clock.mono()
        await until(lambda: parts.clock.mono() > began + 10)
        assert desk.asked == 1
        assert poll.health.state == "blocked"
        assert poll.health.refused == 451
        await until(lambda: desk.asked == 2)
        assert parts.clock.mono() >= began + 25


async def test_no_request_leaves_while_a_venues_own_wait_runs() -> None:
    desk = Desk(answering(429, Retry_After="12"), answering(200))
    async with polling(desk) as (poll, parts, replies):
        await until(lambda: desk.asked == 1)
        began = parts.clock.mono()
        await until(lambda: poll.health.state == "retrying")
        poll.now()
        await until(lambda: len(replies) == 2)
        assert isinstance(replies[1], Refusal)
        assert replies[1].why.startswith("not asked")
        await until(lambda: poll.health.state == "live")
        assert parts.clock.mono() >= began + 11
        assert desk.asked >= 2


async def test_what_is_not_there_yet_is_no_fault() -> None:
    desk = Desk(answering(404))
    async with polling(desk, absent=(404,)) as (poll, _, replies):
        await until(lambda: len(replies) >= 3)
        assert poll.health.state == "live"
        assert poll.health.view().last_error == ""


async def test_an_answer_that_a_round_cannot_use_does_not_end_it() -> None:
    rounds: list[int] = []

    async def fails() -> None:
        rounds.append(1)
        raise KeyError("openInterest")

    await _repeats(fails, lambda: len(rounds) >= 3, "openInterest")


async def test_of_questions_asked_together_the_one_at_fault_is_told() -> None:
    rounds: list[int] = []

    async def fails() -> None:
        rounds.append(1)
        raise ExceptionGroup("questions", [ExceptionGroup("two", [KeyError("openInterest")])])

    await _repeats(fails, lambda: len(rounds) >= 3, "openInterest")


async def test_a_round_that_wants_nothing_asks_nothing() -> None:
    rounds: list[int] = []

    async def idle() -> None:
        rounds.append(1)

    await _repeats(idle, lambda: len(rounds) >= 3, "")


async def _repeats(round_: Round, enough: Callable[[], bool], error: str) -> None:
    async with quick_parts(FEEDS) as parts:
        poll = Poll("x", parts)
        task = asyncio.create_task(poll.repeat(0.5, round_))
        await until(enough)
        assert error in poll.health.view().last_error
        assert poll.health.state != "live", "no answer came"
        task.cancel()
        await asyncio.wait({task})


async def test_a_round_can_be_asked_for_now() -> None:
    desk = Desk(answering(200))
    async with polling(desk, seconds=80_000.0) as (poll, _, replies):
        await until(lambda: len(replies) == 1)
        poll.now()
        await until(lambda: len(replies) == 2)
