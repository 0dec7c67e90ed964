"""What each signal does to a run, from before its engine starts until it has left.

Owns the handlers and the way out that they lead to. A stop is carried out within the handler, which
Python runs in the main thread even while the screen waits for a terminal that nobody reads. All
else is only noted there, and done by a thread of its own: it ends the engine in order, whether or
not the screen comes down, and ends the process where that takes longer than it may. It must not
draw, print, or read any setting but its two.
"""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

from console.hangup import sell_out
from engine.clock import Clock, SystemClock
from engine.requests import EnginePort, Halt

OnHangup = Literal["flatten", "hold", "keep-running"]

STOPS = (signal.SIGUSR1, signal.SIGUSR2)
"""Halt, and never leave. The second is there for whoever mistakes the number in a hurry: its own
meaning would be to kill the process with orders at the venue."""

LEAVES = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
"""Leave in order, and hold what is held."""

IGNORED = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
"""Each would stop the process where it stands: nobody would watch what it holds."""

CLOSED = 0
"""Not a signal: the run is over."""

SELLING = 2 / 3
"""Share of the time to leave that selling may take; the rest is for leaving."""

RESTORE_S = 0.2
"""Real seconds for putting a terminal right before the process ends hard."""

SWITCH_S = 0.0005
"""Seconds after which a thread that computes lets another have the interpreter.

The main thread carries out the stop, by key and by signal, and the engine's thread may be computing
Python without a pause (a market at high speed, a learner). At Python's 5 ms a key press, which
takes several turns of both, came through in 6 ms, but in 150 ms at worst; at a tenth of that in
less than one turn of the screen. What it costs the engine's rate is within the noise.
"""

SELDOM = 50
"""Collections of younger objects between two of all, of which Python makes one in 10.

A full one stops every thread, the one that reads the stop key too: 100 ms for 250,000 objects,
every few seconds where dialogs come and go. What is there before the run begins stays to its end,
and is left out of all of them.
"""


class Signals:
    """The handlers of a run: a context manager for the main thread."""

    def __init__(
        self,
        on_hangup: OnHangup,
        leave_s: float,
        clock: Clock | None = None,
        end: Callable[[int], object] = os._exit,
    ) -> None:
        """`leave_s`: real seconds from the signal to the end of the process, whatever hangs.

        `end` ends the process at once, with a code: nothing else is run.
        """
        self.number: int | None = None
        """The first signal that asked to leave."""
        self.hung_up = False
        """Whether the run goes on without its terminal."""
        self.leave_s = leave_s
        self._on_hangup = on_hangup
        self._clock = clock or SystemClock()
        self.end = end
        self._engine: EnginePort | None = None
        self._leave: Callable[[float], object] = _nothing
        self._halt: Halt | None = None
        self._tell: Callable[[], object] = _nothing
        self._restore: Callable[[], object] = _nothing
        # It may be put to from a handler that interrupts another put: C Python's SimpleQueue says
        # so, and no other means between threads does.
        self._noted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._left = threading.Event()
        self._over = threading.Event()
        self._before: dict[int, signal._HANDLER] = {}
        self._follower = threading.Thread(target=self._follow, name="signals", daemon=True)

    def __enter__(self) -> Signals:
        if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            self._on_hangup = "keep-running"  # nohup, which asks for just that
        self._switch_s = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_S)
        self._thresholds = gc.get_threshold()
        gc.freeze()
        gc.set_threshold(*self._thresholds[:2], SELDOM)
        self._follower.start()
        for number in IGNORED:
            self._set(number, signal.SIG_IGN)
        for number in (*STOPS, *LEAVES, signal.SIGHUP):
            self._set(number, self._heard)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        sys.setswitchinterval(self._switch_s)
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()
        self._over.set()
        self._noted.put(CLOSED)
        self._follower.join()

    def obey(self, engine: EnginePort, leave: Callable[[float], object] | None = None) -> None:
        """From now on signals are for `engine`, also those that came before it was there.

        `leave` ends it in order within so many seconds, from any thread and more than once; None:
        it is somebody else's, and goes on.
        """
        self._leave = leave or _nothing
        self._engine = engine
        if self._halt is not None:
            engine.ask(self._halt)

    @contextmanager
    def told_to(
        self, tell: Callable[[], object], restore: Callable[[], object] | None = None
    ) -> Iterator[None]:
        """Have `tell` called when the run is asked to leave or its terminal hangs up.

        It is called by another thread, at once where that has been. `restore` puts the terminal
        right in the last moment, where `tell` did not lead to it in time.
        """
        self._tell, self._restore = tell, restore or _nothing
        if self.asked:
            tell()
        try:
            yield
        finally:
            self._tell = self._restore = _nothing

    @property
    def asked(self) -> bool:
        """Whether a screen has to end."""
        return self.hung_up or self.number is not None

    def wait_left(self) -> None:
        """Until the engine has left, where a signal has asked it to; at most `leave_s`."""
        if self.number is not None:
            self._left.wait(self.leave_s)

    def _set(self, number: signal.Signals, handler: signal._HANDLER) -> None:
        self._before[number] = signal.signal(number, handler) or signal.SIG_DFL

    def _heard(self, number: int, _: FrameType | None) -> None:
        if number not in STOPS:
            self._noted.put(number)
            return
        self._halt = Halt(f"signal {signal.Signals(number).name}")
        if self._engine is not None:
            self._engine.ask(self._halt)

    def _follow(self) -> None:
        while (number := self._noted.get()) != CLOSED:
            if number == signal.SIGHUP and self._on_hangup == "keep-running":
                self.hung_up = True
                self._tell()
            elif self.number is None:
                self.number = number
                self._go(number)

    def _go(self, number: int) -> None:
        """Leave in order; end the process where it has not ended when the time is over."""
        deadline = self._clock.mono() + self.leave_s
        self._tell()
        if self._engine is not None:
            if number == signal.SIGHUP and self._on_hangup == "flatten":
                sell_out(self._engine, "hangup", SELLING * self.leave_s, self._over.wait)
            self._leave(max(0.0, deadline - self._clock.mono()))
        self._left.set()
        if not self._over.wait(max(0.0, deadline - self._clock.mono())):
            self._restore_in_time()
            self.end(128 + number)

    def _restore_in_time(self) -> None:
        restoring = threading.Thread(target=self._restore, name="restore", daemon=True)
        restoring.start()
        restoring.join(RESTORE_S)


def _nothing(*_: object) -> None:
    """For what nobody has asked for."""
