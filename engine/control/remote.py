"""A running engine of another process, as the console's `engine.requests.EnginePort`.

Owns a thread that asks the control socket for pictures and carries requests to it. `latest` and
`ask` never wait for it. A stop does not wait in its queue: it goes at once, by a connection of its
own, and by stop file and signal where the socket does not answer.
"""

from __future__ import annotations

import math
import queue
import threading
from dataclasses import replace
from types import TracebackType
from typing import Self

from engine.clock import Clock
from engine.control.address import socket_path
from engine.control.client import Connection, ControlError, RefusedError
from engine.control.codec import CodecError, decode, shape
from engine.control.emergency import Emergency, Outcome
from engine.control.protocol import Said, request_said
from engine.home import Home
from engine.lock import holder
from engine.requests import Flatten, Halt, Request
from engine.snapshot import Snapshot

LOOK_S = 0.25
"""Real seconds between two questions for a picture, as often as an engine publishes one."""
LOST_S = 3.0
"""Real seconds without an answer after which the engine counts as lost."""
ANSWER_S = 2.0
STOP_ANSWER_S = 0.5
"""Real seconds for the socket to answer a stop, before the other ways are gone."""


class RemoteEngine:
    """Context manager: follows the engine of `home` while it is entered.

    Entering raises ControlError or CodecError, in one sentence, where no engine answers or where it
    is of another version.
    """

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._snapshot = Snapshot()
        self._heard = -math.inf
        self._asked: queue.SimpleQueue[tuple[float, Request]] = queue.SimpleQueue()
        self._wake = threading.Event()
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._main, name="remote engine", daemon=True)
        self.pid: int | None = None
        """The engine's process; None: not heard of yet."""

    def __enter__(self) -> Self:
        with self._connected() as connection:
            self._look(connection)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leaving.set()
        self._wake.set()
        self._thread.join(ANSWER_S + LOOK_S)

    # ---- for the console -------------------------------------------------------------------

    def latest(self) -> Snapshot:
        return self._snapshot

    def ask(self, request: Request) -> None:
        """Have `request` carried to the engine. One that finds no engine for `LOST_S` is dropped:
        nobody wants it carried out minutes later."""
        if isinstance(request, Halt | Flatten):
            stop = threading.Thread(target=self._stop, args=(request,), name="stop", daemon=True)
            stop.start()
            return
        self._asked.put((self._clock.mono(), request))
        self._wake.set()

    def alive(self) -> bool:
        """Whether the engine was heard of within `LOST_S`."""
        return self._clock.mono() - self._heard < LOST_S

    # ---- in the threads --------------------------------------------------------------------

    def _main(self) -> None:
        while not self._leaving.is_set():
            try:
                with self._connected() as connection:
                    self._follow(connection)
            except (ControlError, CodecError) as error:
                self._missed(str(error))
            self._leaving.wait(LOOK_S)

    def _connected(self) -> Connection:
        return Connection(socket_path(self._home), self._clock, ANSWER_S)

    def _follow(self, connection: Connection) -> None:
        while not self._leaving.is_set():
            self._wake.clear()
            self._carry(connection)
            self._look(connection)
            self._wake.wait(LOOK_S)

    def _carry(self, connection: Connection) -> None:
        while True:
            try:
                asked, request = self._asked.get_nowait()
            except queue.Empty:
                return
            if self._clock.mono() - asked < LOST_S:
                connection.ask(request_said(request))

    def _look(self, connection: Connection) -> None:
        """Take the newest picture, if it is not the one at hand."""
        said = connection.ask({"do": "snapshot", "seen": self._seen()})
        _check_version(said)
        self.pid = said["pid"]
        if not said["same"]:
            self._snapshot = decode(connection.hear_raw())
        self._heard = self._clock.mono()

    def _seen(self) -> int | None:
        """None where the picture at hand is not as the engine sent it."""
        unlike = self._heard == -math.inf or not self.alive()
        return None if unlike else self._snapshot.seq

    def _missed(self, why: str) -> None:
        """Say so in the picture, and keep the rest of it."""
        if self._leaving.is_set():
            return
        if holder(self._home.lock_file) is None:
            self._heard = -math.inf
            why = "it has ended"
        if not self.alive():
            self._fail(f"the engine (pid {self.pid}) cannot be reached: {why}")

    def _fail(self, sentence: str) -> None:
        if self._snapshot.failure != sentence:
            self._snapshot = replace(self._snapshot, seq=self._snapshot.seq + 1, failure=sentence)

    def _stop(self, request: Halt | Flatten) -> None:
        by = f"{request.origin} of an attached console"
        emergency = Emergency(self._home, self._clock, by, lambda _: None, STOP_ANSWER_S)
        self._stopped(emergency.stop("stop" if isinstance(request, Halt) else "flatten"))

    def _stopped(self, outcome: Outcome) -> None:
        if not outcome.shut:
            self._heard = -math.inf
            self._fail(outcome.sentence)
        self._wake.set()


def _check_version(said: Said) -> None:
    if said.get("shape") != shape():
        raise RefusedError(
            "the running engine is of another version of trade-console, whose picture cannot be"
            " shown; use trade-console status, or the version that it was started with"
        )
