"""Requests and sockets with deadlines: what a venue says when it is asked, or why it says nothing.

Owns the doctor's connections, which are opened, greeted and understood by the same code as those
of a live feed. Nothing that a network or a venue does raises here; what was heard is judged
elsewhere.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import orjson

from engine.feeds.live.ask import Answer, Asker, Refusal
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.socket import Lost, Refused, Socket, open_socket
from engine.feeds.live.spec import StreamSpec
from engine.settings import Settings

MOST_FRAMES = 20_000
"""Frames kept of one socket."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the doctor waits, real seconds."""

    look_s: float = 8.0
    """For one look."""
    request_s: float = 5.0
    """For one request: some looks make two, one after the other."""
    first_s: float = 6.0
    """For a socket, from connecting to the last of the frames that are waited for."""
    sample_s: float = 2.5
    """A socket is listened to for at least so long, so that its delays can be measured."""
    child_s: float = 20.0
    """For MLX and the weights, which may have to be compiled."""
    all_s: float = 25.0
    """For everything."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a socket."""

    after_ms: float
    """Since the greetings were sent, milliseconds."""
    t_ms: int
    """Received, unix milliseconds."""
    data: Any
    """Parsed JSON, or the text where it is none."""


@dataclass(slots=True)
class Listening:
    """What one socket said."""

    connect_ms: float
    """How long connecting took, milliseconds."""
    wanted: frozenset[str]
    """Topics that should each have been heard."""
    first: dict[str, Frame] = field(default_factory=dict)
    """The first frame of each topic."""
    frames: list[Frame] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)
    """Receipt less the venue's own stamp, where a frame has one."""
    fault: str = ""
    """What went wrong on an open socket: it was closed, or a frame held a refusal."""

    @property
    def silent(self) -> list[str]:
        """Wanted topics that were not heard."""
        return sorted(self.wanted - self.first.keys())

    @property
    def first_ms(self) -> float:
        """When the last of the heard wanted topics came, after the greetings."""
        return max((f.after_ms for t, f in self.first.items() if t in self.wanted), default=0.0)


class Wire:
    """The doctor's way to the venues. Use it in one event loop, then `aclose` it."""

    def __init__(self, settings: Settings, clock: MarketClock, patience: Patience) -> None:
        self.settings = settings
        self.clock = clock
        self.patience = patience
        self._asker = Asker(settings, clock)

    async def get(self, url: str, **params: str | int) -> Answer | Refusal:
        """As `Asker.get`, however patient the settings are."""
        try:
            async with asyncio.timeout(self.patience.request_s):
                return await self._asker.get(url, **params)
        except TimeoutError:
            return Refusal(f"not answered within {self.patience.request_s:g} s")

    async def listen(self, spec: StreamSpec, *more: str) -> Listening | Refusal:
        """Connect, greet, say `more`, and listen until all that is wanted came or time is up.

        A frame that is exactly the spec's `pong` is the topic of that name.
        """
        began = self.clock.mono()
        try:
            async with asyncio.timeout(self.patience.first_s):
                socket = await open_socket(spec.url(), self.settings, self.clock)
        except TimeoutError:
            return Refusal(f"no connection within {self.patience.first_s:g} s")
        except Refused as error:
            return Refusal(str(error), error.status)
        except Lost as error:
            return Refusal(str(error))
        passed_s = self.clock.mono() - began
        heard = Listening(connect_ms=passed_s * 1000, wanted=spec.wanted())
        try:
            await self._hear(socket, spec, more, heard, self.patience.first_s - passed_s)
        finally:
            socket.cut()
            await socket.gone()
        return heard

    async def aclose(self) -> None:
        await self._asker.aclose()

    async def _hear(
        self,
        socket: Socket,
        spec: StreamSpec,
        more: tuple[str, ...],
        heard: Listening,
        left_s: float,
    ) -> None:
        ping = (spec.ping,) if spec.ping else ()
        try:
            async with asyncio.timeout(left_s):
                for greeting in (*spec.greetings(), *ping, *more):
                    await socket.send(greeting)
                await self._listen(socket, spec, heard)
        except Lost as error:
            heard.fault = str(error)
        except TimeoutError:
            return  # the sample is long enough, or what is silent says what was waited for

    async def _listen(self, socket: Socket, spec: StreamSpec, heard: Listening) -> None:
        """Until all that is wanted came, and until the sample is long enough."""
        greeted = self.clock.mono()
        while heard.silent:
            await self._hear_one(socket, spec, heard, greeted)
        async with asyncio.timeout(self.patience.sample_s - (self.clock.mono() - greeted)):
            while True:
                await self._hear_one(socket, spec, heard, greeted)

    async def _hear_one(
        self, socket: Socket, spec: StreamSpec, heard: Listening, greeted: float
    ) -> None:
        raw = await socket.receive()
        after_ms = (self.clock.mono() - greeted) * 1000
        _note(heard, spec, Frame(after_ms, self.clock.now_ms(), _parsed(raw)))


def _note(heard: Listening, spec: StreamSpec, frame: Frame) -> None:
    if len(heard.frames) < MOST_FRAMES:
        heard.frames.append(frame)
    if spec.pong and frame.data == spec.pong:
        heard.first.setdefault(spec.pong, frame)
        return
    glance = spec.heard(frame.data)
    for topic in glance.topics:
        heard.first.setdefault(topic, frame)
    if glance.stamp_ms is not None:
        heard.delays_ms.append(frame.t_ms - glance.stamp_ms)
    heard.fault = heard.fault or glance.error


def _parsed(raw: bytes) -> Any:
    """JSON, or text where it is none: pings and greetings of some venues are plain words."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw[:200].decode("utf-8", "replace")
