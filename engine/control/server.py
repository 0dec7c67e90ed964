"""The engine's end of the control socket: a task of the engine's thread.

Owns the socket's file, its connections and their limits; what is answered is `engine.control.
answers`. It proves every second that it can be reached, by asking itself a question through the
socket, and it holds the loop for nobody: a client that does not read is dropped.
"""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.clock import Clock
from engine.control import protocol as pr
from engine.control.address import make_folder
from engine.control.answers import Answers
from engine.control.peer import same_user
from engine.errors import ConsoleError, HomeError
from engine.requests import EnginePort

CONNECTIONS = 8
"""Kept beside the one for the proof. A newcomer takes the place of the one that has said nothing
for longest, so that idle ones cannot keep a stop out."""
IDLE_S = 30.0
"""Real seconds that a connection may say nothing."""
READ_S = 2.0
"""Real seconds that a client may leave its answer unread."""
PROVE_S = 1.0
"""Real seconds between two proofs that the socket answers."""
LISTENING = "listening"


class ControlServer:
    """Async context manager: listens while it is entered. A failure to listen never raises."""

    def __init__(
        self, path: Path | None, port: EnginePort, clock: Clock, stamp: Callable[[str], None]
    ) -> None:
        """`path` None: this run has no socket. `stamp` is told of each proof that it answers."""
        self._path = path
        self._answers = Answers(port, clock)
        self._stamp = stamp
        self._server: asyncio.Server | None = None
        self._file: os.stat_result | None = None
        self._clients: dict[asyncio.StreamWriter, None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.status = "no control socket in this run"
        """`LISTENING`, or why not, in one clause."""

    async def __aenter__(self) -> Self:
        if self._path is not None:
            await self._listen(self._path)
            self._begin(self._prove(self._path))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=PROVE_S)
        self._close()

    # ---- listening -------------------------------------------------------------------------

    async def _listen(self, path: Path) -> None:
        self._close()
        try:
            make_folder(path)
            listening = _bound(path)
            self._server = await asyncio.start_unix_server(
                self._connected, sock=listening, limit=pr.LONGEST_QUESTION
            )
            self._file = path.lstat()
        except HomeError as error:
            self.status = str(error)
        except OSError as error:
            self.status = f"{path}: {error.strerror or error}"
        else:
            self.status = LISTENING

    def _close(self) -> None:
        for writer in tuple(self._clients):
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._path is not None and self._file is not None:
            _remove(self._path, self._file)
            self._file = None

    async def _prove(self, path: Path) -> None:
        """Ask through the socket what anybody could; listen anew where that fails."""
        while True:
            self._answers.look()
            try:
                async with asyncio.timeout(READ_S):
                    await _ping(path)
            except (OSError, TimeoutError, ConsoleError) as error:
                await self._listen(path)
                if self.status == LISTENING:
                    self.status = f"did not answer ({error or 'in time'}); listening anew"
            else:
                self.status = LISTENING
                self._stamp("answered itself")
            await asyncio.sleep(PROVE_S)

    # ---- a connection ----------------------------------------------------------------------

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not same_user(writer.get_extra_info("socket")):
            writer.write(pr.line(pr.refusal("this engine answers only the user who runs it")))
            writer.close()
            return
        if len(self._clients) > CONNECTIONS:
            oldest = next(iter(self._clients))
            del self._clients[oldest]
            oldest.transport.abort()
        self._clients[writer] = None
        self._begin(self._converse(reader, writer))

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (raw := await _question(reader)).endswith(b"\n"):
                self._spoke(writer)
                await self._answer(raw, writer)
        except ValueError:
            await _tell(writer, pr.line(pr.refusal("a question is at most 64 KiB long")))
        except (OSError, TimeoutError):
            pass  # gone, silent, or not reading: dropped below
        finally:
            self._clients.pop(writer, None)
            _drop(writer)

    async def _answer(self, raw: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            async for line in self._answers.to(pr.read(raw)):
                await _tell(writer, line)
        except pr.ProtocolError as error:
            await _tell(writer, pr.line(pr.refusal(str(error))))

    def _spoke(self, writer: asyncio.StreamWriter) -> None:
        """Move to the end of those that may have to make place."""
        if writer in self._clients:
            del self._clients[writer]
            self._clients[writer] = None

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _ping(path: Path) -> None:
    """Raises OSError or ProtocolError unless whoever listens at `path` answers."""
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(pr.line({"do": "ping"}))
        pr.read(await reader.readline())
    finally:
        writer.transport.abort()


async def _question(reader: asyncio.StreamReader) -> bytes:
    """Raises TimeoutError where nothing is said, and ValueError where it does not end."""
    async with asyncio.timeout(IDLE_S):
        return await reader.readline()


async def _tell(writer: asyncio.StreamWriter, line: bytes) -> None:
    """Raises TimeoutError where the client leaves too much unread."""
    writer.write(line)
    async with asyncio.timeout(READ_S):
        await writer.drain()


def _drop(writer: asyncio.StreamWriter) -> None:
    """Close, with what was written where it is being read, else without."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.close()


def _bound(path: Path) -> socket.socket:
    """A socket at `path`, open to this user alone, in the place of a dead one.

    Raises HomeError where something else lies there, or somebody listens; OSError as the system.
    """
    _clear(path)
    bound = socket.socket(socket.AF_UNIX)
    try:
        bound.bind(str(path))
        path.chmod(0o600)
        bound.setblocking(False)  # noqa: FBT003 - the standard library's signature
    except OSError:
        bound.close()
        raise
    return bound


def _clear(path: Path) -> None:
    """Remove the socket that an engine left when it died; nothing else is ever removed."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise HomeError(f"{path} is no socket; remove it")
    if _listened(path):
        raise HomeError(f"another process listens at {path}")
    path.unlink(missing_ok=True)


def _listened(path: Path) -> bool:
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(0.2)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # full, or not ours: somebody holds it
    return True


def _remove(path: Path, made: os.stat_result) -> None:
    """Remove the file that we made, if it still is that one."""
    with suppress(OSError):  # gone already, with its folder perhaps
        found = path.lstat()
        if (found.st_dev, found.st_ino) == (made.st_dev, made.st_ino):
            path.unlink()
