"""A server on the loopback that does what a test's script says, and the parts of a live feed whose
clock runs faster than real time."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from math import inf
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from engine.clock import SystemClock
from engine.feeds.live.ask import Asker
from engine.feeds.live.backoff import ConnectRate
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.inbox import Inbox
from engine.feeds.live.parts import Parts
from engine.feeds.live.stream import Heard, Stream, StreamSpec
from engine.recording import Row
from engine.settings import Feeds, Settings

RATE = 20.0
"""Clock seconds in a real one."""

SRC = "binance.futures"

QUICK = Feeds(first_s=4.0, silence_s=6.0, healthy_s=30.0, backoff_s=0.5, longest_backoff_s=4.0)

Script = Callable[[ServerConnection], Awaitable[None]]
Door = Callable[[ServerConnection, Request], Response | None]


@dataclass(slots=True)
class Venue:
    """A websocket server. Each connection follows its own script; the last one is repeated."""

    scripts: list[Script]
    door: Door | None = None
    url: str = ""
    guests: list[ServerConnection] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    """What clients sent, where a script listens."""
    running: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, guest: ServerConnection) -> None:
        self.guests.append(guest)
        script = self.scripts[min(len(self.guests), len(self.scripts)) - 1]
        running = asyncio.ensure_future(script(guest))
        self.running.add(running)
        await asyncio.wait({running})
        if not running.cancelled():
            running.result()

    def end(self) -> None:
        """End every script. One that waits for a test that has failed would never let it end."""
        for running in self.running:
            running.cancel()

    async def listen(self, guest: ServerConnection) -> None:
        """To the end of the connection."""
        async for text in guest:
            self.said.append(str(text))


@asynccontextmanager
async def open_venue(*scripts: Script, door: Door | None = None) -> AsyncIterator[Venue]:
    venue = Venue(list(scripts), door)
    async with serve(
        venue.serve,
        "127.0.0.1",
        0,
        compression=None,
        process_request=door,
        close_timeout=0.05,
        ping_interval=None,
    ) as server:
        [listening] = server.sockets
        port = listening.getsockname()[1]
        venue.url = f"ws://127.0.0.1:{port}"
        try:
            yield venue
        finally:
            venue.end()


def answering(status: int, body: bytes = b"{}", **headers: str) -> Door:
    """A door that answers every request by HTTP; underscores in header names are dashes."""

    def door(_: ServerConnection, __: Request) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        named.setdefault("Content-Length", str(len(body)))
        return Response(status, HTTPStatus(status).phrase, Headers(named), body)

    return door


@asynccontextmanager
async def quick_parts(feeds: Feeds = QUICK, rate: float = RATE) -> AsyncIterator[Parts]:
    settings = Settings(feeds=feeds)
    clock = MarketClock(SystemClock(), rate)
    inbox = Inbox(clock, feeds.most_frame_kb * 1024)
    asker = Asker(settings, clock)
    try:
        yield Parts(settings, clock, inbox, asker, random.Random(7), ConnectRate(clock))
    finally:
        await asker.aclose()


def by_topic(data: object) -> Heard:
    """Frames of these tests: ``{"topic": ..., "n": ...}``, and words of control."""
    if not isinstance(data, dict):
        return Heard()
    if "control" in data:
        return Heard(control=True, ending=data["control"] == "ending", error=data.get("error", ""))
    return Heard(topics=frozenset({str(data.get("topic"))}), stamp_ms=data.get("stamp"))


def spec(address: str, **changes: Any) -> StreamSpec:
    fields: dict[str, Any] = {
        "name": "test books",
        "src": SRC,
        "url": lambda: address,
        "greetings": lambda: (),
        "wanted": lambda: frozenset({"a"}),
        "heard": by_topic,
        "age_s": lambda topic: inf,
    }
    return StreamSpec(**(fields | changes))


@asynccontextmanager
async def running(stream: Stream) -> AsyncIterator[asyncio.Task[None]]:
    """The stream at work. However the test ends, no task of it may be left."""
    before = asyncio.all_tasks()
    task = asyncio.create_task(stream.run())
    try:
        yield task
        assert not task.done(), "a stream never ends by itself"
    finally:
        task.cancel()
        await asyncio.wait({task})
    left = asyncio.all_tasks() - before - {task}
    # The server's own tasks for connections end by themselves.
    assert not [t for t in left if "engine" in str(t.get_coro())]


async def until(true: Callable[[], object], seconds: float = 8.0) -> None:
    """Wait until it is true; a bound of real time for a broken program only."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.004)


def frame(topic: str = "a", n: int = 0) -> str:
    return json.dumps({"topic": topic, "n": n})


def saying(*texts: str | bytes) -> Script:
    """Says these, and then listens until the client goes."""

    async def script(guest: ServerConnection) -> None:
        for text in texts:
            await guest.send(text)
        await guest.wait_closed()

    return script


def talking(topic: str = "a", pause: float = 0.02) -> Script:
    """Says something of the topic again and again."""

    async def script(guest: ServerConnection) -> None:
        while True:
            try:
                await guest.send(frame(topic))
            except ConnectionClosed:
                return
            await asyncio.sleep(pause)

    return script


def closing(*texts: str, code: int = 1000, reason: str = "") -> Script:
    """Says these and closes."""

    async def script(guest: ServerConnection) -> None:
        for text in texts:
            await guest.send(text)
        await guest.close(code, reason)

    return script


def first_by(door: Door) -> Door:
    """Only the first request is met by this door."""
    met: list[int] = []

    def once(guest: ServerConnection, request: Request) -> Response | None:
        met.append(1)
        return door(guest, request) if len(met) == 1 else None

    return once


class Heap:
    """Rows of an inbox, gathered as they come."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rows: list[Row] = []

    def data(self, src: str = SRC) -> list[Any]:
        now = self._parts.clock.now_ms()
        self._rows += [row for row, _ in self._parts.inbox.take(now)]
        return [row.data for row in self._rows if row.src == src]

    def states(self) -> list[str]:
        """``live``, ``lost`` ... as the engine was told."""
        return [data["state"] for data in self.data("stream")]
