"""One server of a venue: requests and sockets on one port of the loopback, and what clients did.

Owns listening, faults and the record of what clients did. What is said is the business of those
who inherit from it: `reply` to a request, `greet` and `listen` to a socket.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, broadcast, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame as WireFrame
from websockets.frames import Opcode
from websockets.http11 import Request, Response

from tests.venues.clock import TownClock
from tests.venues.faults import Faults, Frame
from tests.venues.happenings import Happening
from tests.venues.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came, of HTTP or for a socket."""

    t_ms: int
    path: str
    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered with."""

    data: Any
    status: int = 200


@dataclass(eq=False, slots=True)
class Guest:
    """One client on a socket."""

    connection: ServerConnection
    path: str
    query: dict[str, str]
    since_ms: int
    topics: set[str] = field(default_factory=set)
    """What it subscribed to, in the venue's words."""
    heard: list[str] = field(default_factory=list)
    """Everything that it said."""
    left_ms: int | None = None


class Host:
    """A server. `start` it, `tell` it what happens, `stop` it."""

    ping_s: float | None = None
    """The town's seconds between two pings of the protocol; None: it sends none."""

    def __init__(self, world: World, clock: TownClock) -> None:
        self.world, self.clock = world, clock
        self.faults = Faults()
        self.asked: list[Asked] = []
        """Every request, refused ones too."""
        self.guests: list[Guest] = []
        """Every client there ever was, in order."""
        self.clock_offset_s = 0.0
        """How far the venue's stamps are ahead."""
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: list[Server] = []
        self._late: set[asyncio.TimerHandle] = set()
        self._tasks: set[asyncio.Future[Any]] = set()

    # ---- for tests ----

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def present(self) -> list[Guest]:
        """Clients that are connected now."""
        return [guest for guest in self.guests if guest.left_ms is None]

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def refuse_connections(self) -> None:
        """Nobody listens on the port any more; clients that are in stay."""
        self._soon(self._shut)

    def accept_connections(self) -> None:
        self._soon(lambda: self._tasked(self._listen()))

    def disconnect(self) -> None:
        """Every socket breaks, without a word."""
        self._soon(lambda: self._each_transport("abort"))

    def close_sockets(self, code: int = 1001) -> None:
        """Every socket is closed by the rules, as at the end of 24 hours."""
        self._soon(lambda: self._close(code))

    def hang(self) -> None:
        """Sockets stay open and give nothing, not even answers to pings, until `recover`."""
        self.faults.freeze()
        self._soon(lambda: self._each_transport("pause_reading"))

    def recover(self) -> None:
        self.faults.thaw()
        self._soon(lambda: self._each_transport("resume_reading"))

    def disconnect_mid_frame(self, topic: str = "*") -> None:
        """The next frame of a topic breaks off in its middle, and its sockets with it."""
        self.faults.garbage_next(BROKEN_OFF, 1, topic)

    # ---- for the town ----

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._listen()

    async def stop(self) -> None:
        for late in self._late:
            late.cancel()
        for server in self._servers:
            server.close()
        self._each_transport("abort")
        for server in self._servers:
            await server.wait_closed()

    def tell(self, happening: Happening) -> None:
        """Something happened in the world."""

    def stamp_ms(self) -> int:
        """The venue's own time."""
        return self.clock.now_ms() + int(self.clock_offset_s * 1000)

    # ---- for those who inherit ----

    def reply(self, asked: Asked) -> Reply | None:
        """The answer to a request; None: there is no such path."""
        return None

    def admits(self, path: str) -> bool:
        """Whether a socket may be opened on this path."""
        return False

    def greet(self, guest: Guest) -> None:
        """A client came."""

    def listen(self, guest: Guest, text: str) -> None:
        """A client said something."""

    def publish(self, topic: str, data: Any, wanted: Callable[[Guest], bool]) -> None:
        """Send a frame to all who want it."""
        guests = [guest for guest in self.present if wanted(guest)]
        if guests:
            self._send(guests, topic, data)

    def say(self, guest: Guest, topic: str, data: Any) -> None:
        """Send a frame, or a bare word, to one client."""
        self._send([guest], topic, data)

    # ---- inside ----

    def _send(self, guests: list[Guest], topic: str, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data, separators=(",", ":"))
        for frame in self.faults.outgoing(topic, text):
            if frame == BROKEN_OFF:
                self._break_off(guests, text)
            elif self.faults.delay_s and self._loop is not None:
                self._later(guests, frame)
            else:
                broadcast([guest.connection for guest in guests], frame)

    def _later(self, guests: list[Guest], frame: Frame) -> None:
        assert self._loop is not None
        connections = [guest.connection for guest in guests]
        handle = self._loop.call_later(self.faults.delay_s, broadcast, connections, frame)
        self._late = {late for late in self._late if late.when() > self._loop.time()} | {handle}

    def _break_off(self, guests: list[Guest], text: str) -> None:
        wire = WireFrame(Opcode.TEXT, text.encode()).serialize(mask=False)
        for guest in guests:
            guest.connection.transport.write(wire[: len(wire) // 2])
            guest.connection.transport.close()

    async def _listen(self) -> None:
        server = await serve(
            self._attend,
            "127.0.0.1",
            self.port,
            process_request=self._request,
            compression=None,
            ping_interval=self.ping_s and max(0.5, self.ping_s / self.clock.rate),
            ping_timeout=None,
            close_timeout=0.5,
            max_size=1 << 20,
        )
        self._servers.append(server)
        self.port = next(iter(server.sockets)).getsockname()[1]

    def _each_transport(self, act: str) -> None:
        for guest in self.present:
            getattr(guest.connection.transport, act)()

    def _close(self, code: int) -> None:
        for guest in self.present:
            self._tasked(guest.connection.close(code))

    def _shut(self) -> None:
        for server in self._servers:
            if server.is_serving():
                server.server.close()

    async def _request(self, connection: ServerConnection, request: Request) -> Response | None:
        parts = urlsplit(request.path)
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        asked = Asked(self.clock.now_ms(), parts.path, query)
        self.asked.append(asked)
        if self.faults.delay_s:
            await asyncio.sleep(self.faults.delay_s)
        refusal = self.faults.refusal(asked.path)
        if refusal is not None:
            return _response(refusal.status, refusal.body, refusal.headers)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return None if self.admits(asked.path) else _response(404, '{"error":"not found"}')
        reply = self.reply(asked)
        if reply is None:
            return _response(404, '{"error":"not found"}')
        return _response(reply.status, json.dumps(reply.data, separators=(",", ":")))

    async def _attend(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        asked = urlsplit(connection.request.path)
        query = {key: values[-1] for key, values in parse_qs(asked.query).items()}
        guest = Guest(connection, asked.path, query, self.clock.now_ms())
        self.guests.append(guest)
        try:
            self.greet(guest)
            async for said in connection:
                text = said if isinstance(said, str) else said.decode()
                guest.heard.append(text)
                self.listen(guest, text)
        except ConnectionClosed:
            pass  # the client left without a word, which is no fault of ours
        finally:
            guest.left_ms = self.clock.now_ms()

    def _soon(self, act: Callable[[], Any]) -> None:
        """Act in the loop that serves, whichever thread asks."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(act)

    def _tasked(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


BROKEN_OFF = "\x00broken off\x00"
"""Stands for a frame that breaks off, and its socket with it."""


def _response(status: int, body: str, headers: Any = None) -> Response:
    raw = body.encode()
    fields = Headers({"Content-Type": "application/json", "Connection": "close"})
    fields["Content-Length"] = str(len(raw))
    for name, value in (headers or {}).items():
        fields[name] = value
    return Response(status, HTTPStatus(status).phrase, fields, raw)
