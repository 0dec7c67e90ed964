"""The other end of the control socket: a question, its answers, a deadline.

Owns one connection of a process that is not the engine. It waits at most as long as it is told to,
and every failure is one sentence.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.clock import Clock
from engine.control import protocol as pr
from engine.control.address import check_folder
from engine.control.peer import same_user
from engine.errors import ConsoleError, HomeError

CHUNK = 64 * 1024


class ControlError(ConsoleError):
    """The engine cannot be reached, or did not answer, or would not."""


class RefusedError(ControlError):
    """The engine answered that it does not do what was asked."""


class Connection:
    """Context manager: connected while it is entered. Every method raises ControlError."""

    def __init__(self, path: Path, clock: Clock, answer_s: float = 1.0) -> None:
        """`answer_s`: real seconds to wait for each line of an answer."""
        self._path = path
        self._clock = clock
        self.answer_s = answer_s
        self._socket = socket.socket(socket.AF_UNIX)
        self._unread = bytearray()

    def __enter__(self) -> Self:
        try:
            self._connect()
        except BaseException:  # also Ctrl-C: a `with` that is not entered closes no socket
            self._socket.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def ask(self, question: Mapping[str, Any]) -> pr.Said:
        """The first line of the answer to `question`. Raises RefusedError where it says no."""
        self.say(question)
        return self.hear()

    def say(self, question: Mapping[str, Any]) -> None:
        self._socket.settimeout(self.answer_s)
        try:
            self._socket.sendall(pr.line(question))
        except OSError as error:
            raise ControlError(f"the engine does not listen any more ({error})") from None

    def hear(self) -> pr.Said:
        """The next line. Raises RefusedError where it says no."""
        try:
            said = pr.read(self.hear_raw())
        except pr.ProtocolError as error:
            raise ControlError(f"the engine's answer cannot be read: {error}") from None
        if said.get("ok") is not True:
            raise RefusedError(str(said.get("why", "the engine refuses without a reason")))
        return said

    def rest(self) -> Iterator[pr.Said]:
        """The lines after the first, up to the last one."""
        while True:
            said = self.hear()
            yield said
            if said.get("last"):
                return

    def hear_raw(self) -> bytes:
        """The next line as it came, without its line feed."""
        until = self._clock.mono() + self.answer_s
        searched = 0
        while (end := self._unread.find(b"\n", searched)) < 0:
            searched = len(self._unread)
            if searched > pr.LONGEST_ANSWER:
                raise ControlError("the engine's answer does not end")
            self._unread += self._receive(until - self._clock.mono())
        raw = bytes(self._unread[:end])
        del self._unread[: end + 1]
        return raw

    def _receive(self, limit_s: float) -> bytes:
        if limit_s <= 0:
            raise ControlError(f"the engine did not answer within {self.answer_s:g} s")
        self._socket.settimeout(limit_s)
        try:
            chunk = self._socket.recv(CHUNK)
        except TimeoutError:
            raise ControlError(f"the engine did not answer within {self.answer_s:g} s") from None
        except OSError as error:
            raise ControlError(f"the engine hung up ({error.strerror or error})") from None
        if not chunk:
            raise ControlError("the engine hung up")
        return chunk

    def _connect(self) -> None:
        self._socket.settimeout(self.answer_s)
        try:
            check_folder(self._path)
            self._socket.connect(str(self._path))
        except FileNotFoundError:
            raise ControlError(f"nothing listens at {self._path}") from None
        except HomeError as error:
            raise ControlError(str(error)) from None
        except OSError as error:
            raise ControlError(f"{self._path}: {error.strerror or error}") from None
        if not same_user(self._socket):
            raise ControlError(f"{self._path} is another user's; have it removed")
