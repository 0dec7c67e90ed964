"""One connection of a stream: opened, greeted, kept alive, watched, and ended with a reason.

Owns what is true of a single connection: what it delivered and when. Which connection counts, and
what happens after one ends, is the stream's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from math import inf
from typing import Any

from engine.feeds.live.parts import Parts
from engine.feeds.live.socket import PONG_S, Lost, Socket, open_socket
from engine.feeds.live.spec import Heard, StreamSpec

LOOK_S = 0.5
"""Clock seconds between two looks at what is silent."""

BURST = 64
"""Frames taken before others in the loop have their turn."""

MOST_UNSENT = 1_000
"""Texts that wait to be sent; more means that the venue reads nothing."""

SIGNS = frozenset({b"", b"PING", b"PONG"})
"""Texts that say only that the venue is there, however it writes them; where text keeps a
connection alive they are no data, and nothing is missing with them."""

LONGEST_SIGN = 8
"""Bytes of the longest of them, line breaks included."""

Take = Callable[["Link", bytes, Any, Heard | None], None]
"""Told of each frame: its bytes, what was parsed, what it means (None: it could not be read)."""


class Link:
    """A connection with its own task. `bell` rings whenever one of the public states changes."""

    def __init__(self, spec: StreamSpec, parts: Parts, take: Take, bell: asyncio.Event) -> None:
        self.opened = False
        """Connected and greeted."""
        self.ready = False
        """Every wanted topic has delivered."""
        self.roll_at = inf
        """Clock seconds at which another connection shall take over."""
        self._spec = spec
        self._parts = parts
        self._clock = parts.clock
        self._take = take
        self._bell = bell
        self._socket: Socket | None = None
        self._fault = ""
        self._greeted = 0.0
        self._last_data: float | None = None
        self._heard: dict[str, float] = {}
        self._wanted_since: dict[str, float] = {}
        self._unanswered: float | None = None
        self._unsent: asyncio.Queue[str] = asyncio.Queue(MOST_UNSENT)
        self._task = asyncio.create_task(self._run())

    @property
    def over(self) -> bool:
        return self._task.done()

    @property
    def due(self) -> bool:
        """Another connection shall take over now."""
        return self._clock.mono() >= self.roll_at

    def result(self) -> BaseException:
        """Why it is over: a Lost, or a bug."""
        return self._task.exception() or Lost("the connection ended")

    def send(self, text: str) -> None:
        """Send after what waits already. Before the greeting there is nothing to add to it."""
        if not self.opened:
            return
        if self._unsent.full():
            self.end(f"the venue did not read {MOST_UNSENT} messages")
        else:
            self._unsent.put_nowait(text)

    def end(self, why: str) -> None:
        """Give the connection up; the first reason counts."""
        self._fault = self._fault or why
        if self._socket is None:
            self._task.cancel()
        else:
            self._socket.cut()

    async def retire(self) -> None:
        """End it politely: it is no longer needed."""
        try:
            if self._socket is not None:
                await self._socket.close()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """End it at once; returns when no task and no socket of it is left."""
        self._task.cancel()
        await asyncio.wait({self._task})
        if not self._task.cancelled():
            self._task.exception()  # asked for: asyncio complains of those that nobody looked at

    async def _run(self) -> None:
        try:
            await self._listen(await self._open())
        except (Lost, asyncio.CancelledError) as error:
            if not self._fault:
                raise
            raise Lost(self._fault) from error
        finally:
            self._bell.set()

    async def _open(self) -> Socket:
        await self._parts.rate.turn()
        socket = await open_socket(self._spec.url(), self._parts.settings, self._clock)
        self._socket = socket
        try:
            for text in self._spec.greetings():
                await socket.send(text)
        except BaseException:  # also a cancellation: no open socket may be left behind
            await _dropped(socket)
            raise
        self.opened = True
        self._greeted = self._clock.mono()
        self._settle()
        self._bell.set()
        return socket

    async def _listen(self, socket: Socket) -> None:
        works = (self._watch(), self._write(socket))
        beside = [asyncio.create_task(self._guarded(work)) for work in works]
        try:
            while True:
                for _ in range(BURST):
                    self._frame(await socket.receive())
                await asyncio.sleep(0)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
            await _dropped(socket)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """A connection that is no longer watched or kept alive is given up."""
        try:
            await work
        except Lost as error:
            self.end(str(error))
        except Exception as error:  # noqa: BLE001 - a bug in a venue's code ends a connection only
            self.end(f"a fault of ours: {error!r}")

    def _frame(self, raw: bytes) -> None:
        self._unanswered = None  # whatever it says, the venue is there
        if self._spec.pong and len(raw) <= LONGEST_SIGN and raw.strip().upper() in SIGNS:
            return
        data = self._parts.inbox.read(raw)
        if isinstance(data, str):
            self._take(self, raw, data, None)
            return
        heard = self._meaning(data)
        if not heard.control:
            self._last_data = self._clock.mono()
            self._heard.update(dict.fromkeys(heard.topics, self._last_data))
        self._take(self, raw, data, heard)
        if heard.ending:
            self.roll_at = self._clock.mono()
            self._bell.set()
        if not self.ready:
            self._settle()

    def _meaning(self, data: object) -> Heard:
        try:
            return self._spec.heard(data)
        except Exception as error:  # noqa: BLE001 - supervision only: the frame itself is kept
            return Heard(error=f"a fault of ours: {error!r}")

    def _settle(self) -> None:
        if not self.ready and self._spec.wanted() <= self._heard.keys():
            self.ready = True
            self._bell.set()

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(LOOK_S)
            if fault := self._silence(self._clock.mono()):
                self.end(fault)
                return
            self._settle()
            if self.due:
                self._bell.set()

    def _silence(self, now: float) -> str:
        """What has been silent for too long; empty: nothing."""
        feeds = self._parts.settings.feeds
        if self._unanswered is not None and now - self._unanswered > PONG_S:
            return f"no pong within {PONG_S:g} s"
        wanted = self._spec.wanted()
        self._keep(wanted)
        for topic in sorted(wanted):
            since = self._wanted_since.setdefault(topic, now)
            if topic not in self._heard and now - max(since, self._greeted) > feeds.first_s:
                return f"{topic}: no first message within {feeds.first_s:g} s"
            if topic in self._heard and now - self._heard[topic] > self._spec.age_s(topic):
                return f"{topic}: silent for {now - self._heard[topic]:.0f} s"
        quiet = now - (self._greeted if self._last_data is None else self._last_data)
        if wanted and quiet > feeds.silence_s:
            return f"no data for {quiet:.0f} s"
        return ""

    def _keep(self, wanted: frozenset[str]) -> None:
        """Topics come and go with the windows; one that comes back must deliver anew, and what a
        venue gives unasked is not remembered."""
        self._wanted_since = {t: s for t, s in self._wanted_since.items() if t in wanted}
        self._heard = {t: s for t, s in self._heard.items() if t in wanted}

    async def _write(self, socket: Socket) -> None:
        ping_s = self._spec.ping_s if self._spec.ping else inf
        due = self._clock.mono() + ping_s
        while True:
            text = await self._next_text(due)
            if text is None:
                due = self._clock.mono() + ping_s
                text = self._spec.ping
                if self._spec.pong and self._unanswered is None:
                    self._unanswered = self._clock.mono()
            await socket.send(text)

    async def _next_text(self, due: float) -> str | None:
        """The next text to send; None: a ping is due before it."""
        wait = due - self._clock.mono()
        if wait <= 0:
            return None
        if wait == inf:
            return await self._unsent.get()
        try:
            async with self._clock.timeout(wait):
                return await self._unsent.get()
        except TimeoutError:
            return None


async def _dropped(socket: Socket) -> None:
    socket.cut()
    await socket.gone()
