"""A stream can be ended in every state, and leaves no task, socket or warning behind."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable

import pytest
from websockets.asyncio.server import ServerConnection

from engine.feeds.live.stream import Stream
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import (
    answering,
    open_venue,
    quick_parts,
    running,
    spec,
    until,
)


async def quiet(guest: ServerConnection) -> None:
    await guest.wait_closed()


async def one(guest: ServerConnection) -> None:
    await guest.send('{"topic": "a"}')
    await guest.wait_closed()


async def one_and_the_end(guest: ServerConnection) -> None:
    await guest.send('{"topic": "a"}')
    await guest.send('{"control": "ending"}')
    await guest.wait_closed()


@pytest.mark.parametrize(
    ("scripts", "state"),
    [((quiet,), "waiting"), ((one,), "live")],
)
async def test_it_ends_while_connected(
    scripts: tuple[Callable[[ServerConnection], Awaitable[None]], ...], state: str
) -> None:
    async with open_venue(*scripts) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == state)
        assert stream.health.state == "off"
        await until(lambda: all(guest.state.name == "CLOSED" for guest in venue.guests))
    gc.collect()


async def test_it_ends_in_the_middle_of_a_roll_over() -> None:
    async with open_venue(one_and_the_end, quiet) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: len(venue.guests) == 2)
        await until(lambda: all(guest.state.name == "CLOSED" for guest in venue.guests))
    gc.collect()


async def test_it_ends_while_it_waits_to_try_again() -> None:
    feeds = Feeds(backoff_s=3_600.0, longest_backoff_s=80_000.0)
    async with open_venue(quiet, door=answering(500)) as venue, quick_parts(feeds) as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == "retrying")


async def test_it_ends_while_blocked() -> None:
    async with open_venue(quiet, door=answering(451)) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == "blocked")


async def test_it_ends_while_connecting_to_one_that_never_answers() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        async with quick_parts() as parts:
            stream = Stream(spec(f"ws://127.0.0.1:{deaf.getsockname()[1]}"), parts)
            async with running(stream):
                await until(lambda: stream.health.state == "connecting")
                await asyncio.sleep(0.02)
    gc.collect()


async def test_it_ends_before_it_has_begun() -> None:
    async with quick_parts() as parts, running(Stream(spec("ws://127.0.0.1:1"), parts)):
        pass


@pytest.mark.parametrize("steps", range(12))
async def test_it_ends_at_any_step_of_the_loop(steps: int) -> None:
    async with open_venue(one_and_the_end) as venue, quick_parts(rate=1_000) as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            for _ in range(steps * 5):
                await asyncio.sleep(0)
        assert stream.health.state == "off"
    gc.collect()
