"""The engine's thread looked at from outside it.

Owns a thread that does three things four times a second: it sees whether the engine's thread still
turns, it finds a stop file though nobody else looks, and it writes a latch file that the engine's
thread did not come to write. It never kills, never opens a gate, and touches nothing
of the engine but its latch and its queue of requests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from engine.clock import Clock
from engine.requests import WATCHDOG, Halt, Stopping
from engine.safety.duties import Duties, Duty
from engine.trading_state import Latch

LOOK_S = 0.25
"""Real time between two looks, seconds."""
MOST_AT_ONCE_S = 4 * LOOK_S
"""Most real time that one look may count against the engine, seconds. A longer pause means that
this thread did not run either (a closed lid, a stopped process), which proves nothing."""

Told = Callable[[str, str], None]
"""Takes a level (``warn`` or ``alarm``) and a sentence, in the watchdog's thread; must not wait."""


@dataclass(frozen=True, slots=True)
class Watched:
    """What the watchdog sees of an engine; each is called in its thread and must not wait."""

    turns: Callable[[], int]
    """Looks that the patrol took from the engine's thread; any change is progress, of both."""
    running: Callable[[], bool]
    """Whether it ought to turn now: not while it starts (networks are being compiled), nor ends."""
    ask: Callable[[Stopping], None]
    """`engine.requests.EnginePort.ask`: shuts the gate in memory, then queues."""
    asked: Callable[[], Stopping | None]
    """`engine.safety.stop_file.StopFile.take`: a stop that was not passed on yet; None: none."""


class Watchdog:
    """Context manager around a run. `look` is one look, for whoever has a thread already."""

    def __init__(
        self,
        watched: Watched,
        latch: Latch,
        clock: Clock,
        stuck_s: float,
        duties: Duties,
        tell: Told,
    ) -> None:
        """`stuck_s`: real seconds without a turn at which the gate is shut. `duties`: stamped with
        monotonic seconds at every look."""
        self._watched, self._latch, self._clock = watched, latch, clock
        self._limit_s, self._duties, self._tell = stuck_s, duties, tell
        self._turns: int | None = None
        self._looked: float | None = None
        self._idle_s = 0.0
        self._biting = False
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @property
    def stuck_s(self) -> float | None:
        """Real seconds since the engine's thread last moved, where that is too long; else None."""
        return self._idle_s if self._biting else None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave.set()
        self._thread.join(MOST_AT_ONCE_S)  # a disk that hangs must not hold up the end

    def _watch(self) -> None:
        while not self._leave.wait(LOOK_S):
            self.look()
        self.last_look()

    def look(self) -> None:
        """One look. The gate comes first, the file after it, words last."""
        now = self._clock.mono()
        asked = self._watched.asked()
        if asked is not None:
            self._watched.ask(asked)
        self._count(now)
        if self._idle_s >= self._limit_s and not self._biting:
            self._bite(now)
        if self._latch.shut and self._latch.kept is None:
            self._keep()
        self._duties.stamp(Duty.WATCHDOG, now, self._seen())

    def last_look(self) -> None:
        """The run is over. A stop that the engine's thread did not come to any more is written."""
        if self._latch.shut and self._latch.kept is None:
            self._write()

    def _count(self, now: float) -> None:
        """Add up how long the engine's thread stood still while this one ran."""
        turns = self._watched.turns()
        past = 0.0 if self._looked is None else now - self._looked
        self._looked = now
        if turns == self._turns and self._watched.running():
            self._idle_s += min(past, MOST_AT_ONCE_S)
            return
        stood_s, self._turns, self._idle_s = self._idle_s, turns, 0.0
        if self._biting:
            self._biting = False
            self._tell("alarm", f"the engine moves again after {stood_s:.1f} s; still HALTED")

    def _bite(self, now: float) -> None:
        self._biting = True
        self._watched.ask(Halt(WATCHDOG, now))
        stood = f"the engine has not moved for {self._idle_s:.1f} s"
        self._tell("alarm", f"{stood}, limit {self._limit_s:g} s; the gate is shut")

    def _keep(self) -> None:
        """The engine's thread writes the latch in its next turn; one that is stuck does not."""
        if not self._biting and self._watched.running() and self._idle_s < LOOK_S:
            return
        self._write()

    def _write(self) -> None:
        trouble = self._latch.keep()
        if trouble is not None:
            self._tell("alarm", trouble)

    def _seen(self) -> str:
        if not self._watched.running():
            return "the engine starts or ends"
        return f"the engine moved {self._idle_s:.1f} s ago"
