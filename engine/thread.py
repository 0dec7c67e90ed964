"""The thread that owns an engine, from the first MLX array to the last event.

Owns pacing, the queue of requests and the publication of snapshots. It waits on nobody: the console
reads `latest()` when it likes. Everything of the engine is built, used and closed in this thread,
because MLX arrays belong to the thread that made them (MLX >= 0.31.2).
"""

from __future__ import annotations

import asyncio
import gc
import math
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine import requests as rq
from engine.clock import Clock
from engine.core import Engine
from engine.end import ended
from engine.errors import ConsoleError
from engine.learning.challenger import Challenger
from engine.learning.succession import Succession
from engine.operator import obey
from engine.picture import picture
from engine.snapshot import Snapshot
from engine.summary import Summary, summarise
from engine.trading_state import Latch

TURN_S = 0.02
"""Real time after which a turn gives way to requests, seconds."""
NAP_S = 0.05
"""Longest real time between turns while no decision is due, seconds."""
PUBLISH_S = 0.25
"""Real time between snapshots, seconds; twice the console's rate."""
TRAIL_S = 5.0
"""Real seconds that the challenger may trail the champion before the market waits for it."""
MOST_TRAIL_S = 120.0
"""Market seconds that it may trail at any speed: all that it has not read yet is kept for it."""
BEHIND_S = 2.0
"""Real seconds the market may fall behind its speed before the pace is started anew."""


@dataclass(frozen=True, slots=True)
class Built:
    """What the thread builds for itself when it starts."""

    engine: Engine
    open: Callable[[], None]
    """Starts the session."""
    close: Callable[[], None]
    """Releases files; called last."""
    warnings: Callable[[], tuple[str, ...]]
    """Sentences about the input, for the summary."""
    challenger: Challenger | None = None
    """None: nothing learns in this run."""
    succession: Succession | None = None
    """None: the champion of this run cannot change."""


class EngineThread:
    """Hosts one engine. Implements `engine.requests.EnginePort`."""

    def __init__(
        self, build: Callable[[], Built], latch: Latch, clock: Clock, speed: float, seed: int
    ) -> None:
        """`build` runs in the new thread. `speed` is market seconds a real second; inf is free."""
        self._build = build
        self._latch = latch
        self._clock = clock
        self._speed = speed
        self._seed = seed
        self._asked: queue.SimpleQueue[rq.Request] = queue.SimpleQueue()
        self._leave = threading.Event()
        self._ended = threading.Event()
        self._started = threading.Event()
        self._snapshot = Snapshot()
        self._published = 0.0
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self.summary: Summary | None = None
        self.failure: str | None = None
        """One sentence if the thread could not go on."""

    # ---- for any thread --------------------------------------------------------------------

    def start(self) -> None:
        self._thread.start()

    def latest(self) -> Snapshot:
        return self._snapshot

    def ask(self, request: rq.Request) -> None:
        """Queue a request; a stop shuts the gate first, and leaves it shut when this returns."""
        if not isinstance(request, rq.Halt | rq.Flatten):
            self._asked.put(request)
            return
        self._latch.shut_now(request.why)
        self._asked.put(request)
        self._latch.shut_now(request.why)  # an earlier RESUME may have opened it between the two

    def alive(self) -> bool:
        return self._thread.is_alive()

    def wait_started(self, timeout: float | None = None) -> bool:
        """True once the first snapshot is out or the start has failed."""
        return self._started.wait(timeout)

    def wait_ended(self, timeout: float | None = None) -> bool:
        return self._ended.wait(timeout)

    def leave(self, timeout: float = 3.0) -> bool:
        """End the session in order; False if the thread did not end in time (seconds)."""
        self._leave.set()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # ---- in the engine's thread ------------------------------------------------------------

    def _main(self) -> None:
        try:
            asyncio.run(self._live())
        except ConsoleError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001 - the thread's end must be told, whatever it was
            self._fail(f"the engine stopped: {type(error).__name__}: {error}")
        finally:
            gc.collect()  # compiled MLX calls in cycles must end in this thread (MLX 0.32.4)
            self._started.set()
            self._ended.set()

    def _fail(self, sentence: str) -> None:
        self._latch.shut_now(sentence)
        if self._started.is_set():  # a start that failed has sent nothing: the next one may trade
            trouble = self._latch.keep()
            sentence = sentence if trouble is None else f"{sentence}; {trouble}"
        self.failure = sentence
        self._snapshot = replace(
            self._snapshot, seq=self._snapshot.seq + 1, failure=sentence, state="HALTED"
        )

    async def _live(self) -> None:
        built = self._build()
        engine = built.engine
        try:
            built.open()
            begun = self._clock.mono()
            self._publish(built)
            self._started.set()
            await self._run(built)
            if ended(engine):
                to_the_tick(engine)
            if built.challenger is not None:
                built.challenger.leave()
            engine.finish("complete" if ended(engine) else "left")
            real = self._clock.mono() - begun
            self.summary = summarise(engine, self._seed, real, built.warnings(), built.challenger)
            self._publish(built)
        finally:
            built.close()

    async def _run(self, built: Built) -> None:
        engine = built.engine
        pace = Pace(self._clock, engine.t_ms, self._speed)
        while not self._leave.is_set() and not ended(engine):
            begun = self._clock.mono()
            self._drain(built)
            pace.turn(engine)
            self._publish_when_due(built)
            await self._breathe(engine, begun, pace.nap_s(engine))
            if built.challenger is not None:
                await self._teach(built, built.challenger, pace)
            elif built.succession is not None:
                built.succession.watch()

    async def _teach(self, built: Built, challenger: Challenger, pace: Pace) -> None:
        """Let the challenger catch up with the champion, one piece of work a turn of the loop.

        The champion goes first: as soon as it has a decision to make, the rest waits. Only one
        that trails by more than `trail_s` holds the market back, where the market can wait.
        """
        challenger.watch()
        while challenger.behind and not self._leave.is_set():
            due = not math.isinf(self._speed) and pace.due(built.engine)
            if due and challenger.behind_s < trail_s(self._speed):
                return
            begun = self._clock.mono()
            self._drain(built)
            learning = challenger.learner.updating
            challenger.work()
            if learning:
                now = self._clock.mono()
                challenger.slices.add(now, (now - begun) * 1000)
            self._publish_when_due(built)
            await self._breathe(built.engine, begun, 0.0)

    async def _breathe(self, engine: Engine, begun: float, nap: float) -> None:
        """End a turn that began at `begun`, and note how long it answered nothing."""
        turned = self._clock.mono()
        await asyncio.sleep(nap)
        now = self._clock.mono()
        overslept = max(0.0, now - turned - nap)
        engine.meters.gaps.add(now, (turned - begun + overslept) * 1000)

    def _publish_when_due(self, built: Built) -> None:
        now = self._clock.mono()
        if now - self._published >= PUBLISH_S:
            self._publish(built)

    def _publish(self, built: Built) -> None:
        self._published = self._clock.mono()
        snap = picture(
            built.engine, self._snapshot.seq + 1, self._published, self._speed, built.challenger
        )
        self._snapshot = replace(snap, finished=ended(built.engine))

    def _drain(self, built: Built) -> None:
        while True:
            try:
                request = self._asked.get_nowait()
            except queue.Empty:
                return
            obey(built.engine, request, built.challenger, built.succession)
            self._publish(built)


def trail_s(speed: float) -> float:
    """Market seconds that the challenger may trail at `speed` before the market waits for it."""
    return min(TRAIL_S * speed, MOST_TRAIL_S)


def to_the_tick(engine: Engine) -> None:
    """Have a run whose data are over end at the same instant at every speed: with a whole tick.

    Where the end was known beforehand that instant is the end itself.
    """
    if engine.t_ms != engine.feed.info.end_ms and engine.t_ms % engine.settings.decision_ms:
        engine.advance(_next_tick_ms(engine))


def _next_tick_ms(engine: Engine) -> int:
    """The first decision tick after what has been reached."""
    step = engine.settings.decision_ms
    return (engine.t_ms // step + 1) * step


class Pace:
    """Market time against real time."""

    def __init__(self, clock: Clock, start_ms: int, speed: float) -> None:
        self._clock = clock
        self._speed = speed
        self._anchor = (clock.mono(), start_ms)

    def target_ms(self) -> float:
        """Market time that should have been reached by now, in whole milliseconds, or inf."""
        if math.isinf(self._speed):
            return math.inf
        real, market = self._anchor
        return market + math.floor((self._clock.mono() - real) * 1000 * self._speed)

    def due(self, engine: Engine) -> bool:
        """Whether the engine has a decision to make by now."""
        return not ended(engine) and _next_tick_ms(engine) <= self.target_ms()

    def nap_s(self, engine: Engine) -> float:
        """Real seconds until the next decision is due, at most `NAP_S`; 0 where it is."""
        if ended(engine) or self.due(engine):
            return 0.0
        return min(NAP_S, (_next_tick_ms(engine) - self.target_ms()) / 1000 / self._speed)

    def turn(self, engine: Engine) -> None:
        """Advance tick by tick towards the target, for at most `TURN_S`."""
        begun, target = self._clock.mono(), self.target_ms()
        while engine.t_ms < target and not ended(engine):
            end = engine.feed.info.end_ms
            step = min(target, _next_tick_ms(engine))
            if end is not None and engine.t_ms < end:  # beyond it the venue may still owe an answer
                step = min(step, end)
            engine.advance(int(step))
            if self._clock.mono() - begun > TURN_S:
                break
        self._keep_up(engine)

    def _keep_up(self, engine: Engine) -> None:
        """A machine too slow for the speed runs at its own, without a growing debt."""
        target = self.target_ms()
        if not math.isinf(target) and target - engine.t_ms > BEHIND_S * 1000 * self._speed:
            self._anchor = (self._clock.mono(), engine.t_ms)
