"""The worker processes, and what becomes of one that dies.

Owns their start, the dealing out of segments, and their end. Which worker runs which segment is
chance and changes nothing: the harvests are put in the order of the segments.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import TYPE_CHECKING, Self

from engine.errors import ConsoleError
from engine.settings import Settings
from engine.training.harvest import Harvest
from engine.training.segment import Segment
from engine.training.worker import Failed, Job, Reaped, Weights, work

LOOK_S = 0.2
"""Real seconds between two looks at whether a person wants to stop."""
END_S = 5.0
"""Real seconds that a worker may take to end."""
_FROM_TERMINAL = {signal.SIGINT, signal.SIGHUP}
"""Signals that a terminal sends to all of its processes; what they mean here, this one decides."""

if TYPE_CHECKING:
    Pipe = Connection[Weights | Job, Reaped | Failed]


class Stopped(Exception):  # noqa: N818 - a wish, not an error
    """Somebody asked to leave; what was being collected is given up."""


class Crew:
    """Context manager of worker processes; none outlives it."""

    def __init__(self, workers: int, settings: Settings) -> None:
        self._workers = workers
        self._settings = settings
        self._processes: dict[Pipe, SpawnProcess] = {}

    def __enter__(self) -> Self:
        # A new process inherits the mask, and so is deaf to its terminal from its first instruction
        # on. What comes meanwhile reaches this process afterwards. The tracker is started before:
        # it would be with the first worker, and then takes SIGINT off the mask (CPython 3.11-3.14).
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _FROM_TERMINAL)
        try:
            for number in range(self._workers):
                self._start(number)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for pipe, process in self._processes.items():
            process.terminate()
            pipe.close()
        for process in self._processes.values():
            process.join(END_S)
            if process.is_alive():
                process.kill()
                process.join()
        self._processes.clear()

    def gather(
        self,
        weights: bytes,
        segments: Sequence[Segment],
        landed: Callable[[Harvest], None],
        stopped: Callable[[], bool],
    ) -> list[Harvest]:
        """What `weights` (a weight file) experience in each of `segments`, in their order.

        `landed` is told of each as it comes. Raises Stopped soon after `stopped` says so, and
        ConsoleError, one sentence, for a segment that cannot be run or a worker that died. After
        either, the crew is of no further use.
        """
        waiting = deque(Job(index, segment) for index, segment in enumerate(segments))
        found: dict[int, Harvest] = {}
        for pipe in self._processes:
            self._give(pipe, Weights(weights))
            self._give_next(pipe, waiting)
        while len(found) < len(segments):
            for pipe in self._ready(stopped):
                reaped = self._take(pipe)
                found[reaped.index] = reaped.harvest
                landed(reaped.harvest)
                self._give_next(pipe, waiting)
        return [found[index] for index in range(len(segments))]

    def _start(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=work, args=(theirs, self._settings), name=f"training-{number}", daemon=True
        )
        process.start()
        theirs.close()
        self._processes[ours] = process

    def _ready(self, stopped: Callable[[], bool]) -> list[Pipe]:
        """Pipes with an answer; waits until there is one."""
        while True:
            if stopped():
                raise Stopped
            ready = wait(list(self._processes), LOOK_S)
            if ready:
                return [pipe for pipe in self._processes if pipe in ready]

    def _give_next(self, pipe: Pipe, waiting: deque[Job]) -> None:
        if waiting:
            self._give(pipe, waiting.popleft())

    def _give(self, pipe: Pipe, message: Weights | Job) -> None:
        try:
            pipe.send(message)
        except OSError:
            raise self._died(pipe) from None

    def _take(self, pipe: Pipe) -> Reaped:
        try:
            answer = pipe.recv()
        except (EOFError, OSError):
            raise self._died(pipe) from None
        if isinstance(answer, Failed):
            raise ConsoleError(answer.why)
        return answer

    def _died(self, pipe: Pipe) -> ConsoleError:
        process = self._processes[pipe]
        with suppress(ValueError):
            process.join(END_S)
        return ConsoleError(
            f"worker {process.name} died (exit code {process.exitcode}), perhaps for want of"
            " memory; give the same command again to go on, with fewer --workers"
        )
