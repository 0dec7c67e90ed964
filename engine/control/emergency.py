"""A stop from another process, by whatever way still works.

Owns the ladder: the control socket; where it does not answer, the stop file and SIGUSR1 for the
process that holds the home; where no process does, the latch file itself. It claims that the gate
is shut only where that is known: the engine said so, or its latch lies on the disk.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from engine import latch_file
from engine.clock import Clock
from engine.control import protocol as pr
from engine.control.address import socket_path
from engine.control.client import Connection, ControlError
from engine.errors import HomeError
from engine.home import Home
from engine.lock import HomeLock, holder

ANSWER_S = 1.0
"""Real seconds for the socket's first answer; the next way is gone after that."""
PATIENCE_S = 2.0
"""Real seconds by which the evidence may be later than the engine promises it."""
TAKEN_UP_S = 5.0
"""Real seconds for a stop file or a signal to become a latch on the disk."""
LOOK_S = 0.02

SIGNALLED = "stop file and signal"
LATCHED = "latch file"

Grade = Literal["stop", "flatten"]
Tell = Callable[[str], None]
"""Is told each line of evidence as it comes in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of it."""

    way: str
    """`CONTROL_SOCKET`, `SIGNALLED` or `LATCHED`."""
    sentence: str
    shut: bool = True
    """Whether the gate is known to be shut."""
    done: bool = False
    """Whether every order is known to be over, and sold what was to be sold."""
    pid: int | None = None
    """The engine's process; None: none runs."""
    seq: int | None = None
    """The engine's snapshot in which the evidence stands; None: it told none."""
    stop: dict[str, Any] | None = None
    """The evidence, as `engine.safety_view.StopView` names it."""


@dataclass(frozen=True, slots=True)
class Emergency:
    """A stop of one home."""

    home: Home
    clock: Clock
    by: str
    """Who asks, for the log: ``trade-console stop``."""
    tell: Tell
    answer_s: float = ANSWER_S

    def stop(self, grade: Grade) -> Outcome:
        """Shut the gate, by the first way that works. Never raises for what is amiss."""
        try:
            with self._connected() as connection:
                first = connection.ask({"do": grade, "by": self.by})
                return self._evidence(connection, first, grade)
        except ControlError as error:
            return self._unanswered(grade, str(error))

    def _connected(self) -> Connection:
        return Connection(socket_path(self.home), self.clock, self.answer_s)

    def _evidence(self, connection: Connection, first: pr.Said, grade: Grade) -> Outcome:
        """The gate is shut, whatever comes now."""
        self.tell(str(first["sentence"]))
        pid, last = first["pid"], first
        connection.answer_s = PATIENCE_S + (pr.STOP_S if grade == "stop" else pr.FLATTEN_S)
        try:
            for last in connection.rest():
                self.tell(str(last["sentence"]))
        except ControlError as error:
            said = f"the gate is shut, but the evidence is not in: {error}"
            return Outcome(way=pr.CONTROL_SOCKET, sentence=said, pid=pid, seq=last["seq"])
        return Outcome(
            way=pr.CONTROL_SOCKET,
            sentence=str(last["sentence"]),
            done=bool(last.get("done")),
            pid=pid,
            seq=last["seq"],
            stop=last.get("stop"),
        )

    def _unanswered(self, grade: Grade, why: str) -> Outcome:
        pid = holder(self.home.lock_file)
        if pid is not None:
            self.tell(f"{why}; leaving the stop file and signalling process {pid}")
            return self._signal(grade, pid)
        try:
            return self._latch()
        except (HomeError, OSError) as error:
            said = f"no engine runs, and the halt could not be kept: {error}"
            return Outcome(way=LATCHED, sentence=said, shut=False)

    def _signal(self, grade: Grade, pid: int) -> Outcome:
        """Two ways at once: one needs the engine's main thread, the other a look at the disk."""
        left = [*self._leave_stop_file(grade), *_send_signal(pid)]
        if self._taken_up():
            reason = latch_file.read(self.home.halt_latch) or "the latch is on the disk"
            said = f"the gate of process {pid} is shut: {reason}"
            return Outcome(way=SIGNALLED, sentence=said, pid=pid)
        amiss = f" ({'; '.join(left)})" if left else ""
        said = (
            f"process {pid} did not shut its gate within {TAKEN_UP_S:g} s{amiss}; end it with"
            f" kill -9 {pid}, then run trade-console stop again and look at the venue yourself"
        )
        return Outcome(way=SIGNALLED, sentence=said, shut=False, pid=pid)

    def _leave_stop_file(self, grade: Grade) -> list[str]:
        """Its first word says what is asked (`engine.safety.asking`). Returns what went wrong."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            descriptor = os.open(self.home.stop_file, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(f"{grade} by {self.by}\n".encode(errors="replace"))
        except OSError as error:
            return [f"{self.home.stop_file}: {error.strerror}"]
        return []

    def _taken_up(self) -> bool:
        until = self.clock.mono() + TAKEN_UP_S
        pause = threading.Event()
        while not latch_file.present(self.home.halt_latch):
            if self.clock.mono() >= until:
                return False
            pause.wait(LOOK_S)
        return True

    def _latch(self) -> Outcome:
        """Under the home's lock, so that no engine starts unhalted meanwhile."""
        self.home.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        with HomeLock(self.home.lock_file):
            before = latch_file.read(self.home.halt_latch)
            trouble = None
            if before is None:
                reason = f"halt by {self.by}"
                trouble = latch_file.write(self.home.halt_latch, reason, self.clock.wall_ms())
        if trouble is not None and not latch_file.present(self.home.halt_latch):
            said = f"no engine runs, and {trouble}"
            return Outcome(way=LATCHED, sentence=said, shut=False)
        said = "no engine runs in this home; the latch is shut, so the next start is HALTED"
        return Outcome(way=LATCHED, sentence=said, done=True)


def _send_signal(pid: int) -> list[str]:
    """Returns what went wrong, if anything."""
    try:
        os.kill(pid, signal.SIGUSR1)
    except OSError as error:
        return [f"process {pid} cannot be signalled: {error.strerror}"]
    return []
