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
from dataclasses import replace

from engine import requests as rq
from engine.built import Built
from engine.clock import Clock
from engine.core import Engine
from engine.end import ended
from engine.errors import ConsoleError
from engine.guards import Guards, Posts
from engine.learning.challenger import Challenger
from engine.loop import run
from engine.operator import follow, obey
from engine.pace import MOST_TRAIL_S, NAP_S, LivePace, Pace, Pacing, to_the_tick
from engine.picture import picture
from engine.safety.duties import Duties
from engine.safety.stop_file import StopFile
from engine.safety.watchdog import Watchdog, Watched
from engine.snapshot import Snapshot
from engine.summary import Summary, summarise
from engine.trading_state import Latch

PUBLISH_S = 0.25
"""Real time between snapshots, seconds; twice the console's rate."""
WAIT_S = 0.01
"""Real time between two looks at whether every guard has shown that it runs, seconds."""
CANCEL_S = 0.3
"""Real time that leaving waits for the ends of cancelled orders, seconds."""


class EngineThread:
    """Hosts one engine. Implements `engine.requests.EnginePort`."""

    def __init__(
        self,
        build: Callable[[], Built],
        latch: Latch,
        clock: Clock,
        speed: float,
        seed: int,
        posts: Posts | None = None,
    ) -> None:
        """`build` runs in the new thread. `speed` is market seconds a real second; inf is free.

        `posts`: where the run is guarded from; None: nothing guards it but its own engine.
        """
        self._build = build
        self._latch = latch
        self._clock = clock
        self._speed = speed
        self._seed = seed
        self._asked: queue.SimpleQueue[rq.Request] = queue.SimpleQueue()
        self._leave = threading.Event()
        self._ended = threading.Event()
        self._started = threading.Event()
        self._posts = posts
        self._seen = Duties({})
        self._words: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        """What the watchdog's thread has to say, until this one writes it down."""
        self._watchdog = self._watching(posts) if posts and posts.home else None
        self._guards: Guards | None = None
        self._snapshot = Snapshot()
        self._published = 0.0
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self.summary: Summary | None = None
        self.failure: str | None = None
        """One sentence if the thread could not go on."""

    # ---- for any thread --------------------------------------------------------------------

    def start(self) -> None:
        if self._watchdog is not None:  # before the engine: a stop while it starts is written too
            self._watchdog.__enter__()
        self._thread.start()

    def latest(self) -> Snapshot:
        return self._snapshot

    def ask(self, request: rq.Request) -> None:
        """Queue a request; a stop shuts the gate first, and leaves it shut when this returns."""
        if not isinstance(request, rq.Halt | rq.Flatten):
            self._asked.put(request)
            return
        if request.asked_mono is None:
            request = replace(request, asked_mono=self._clock.mono())
        self._latch.shut_now(request.why)
        self._asked.put(request)
        self._latch.shut_now(request.why)  # an earlier RESUME may have opened it between the two
        if self._ended.is_set():  # who asks may be a signal handler, which must not wait for a disk
            threading.Thread(target=self._keep, name="latch").start()

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
            run(self._live())
        except ConsoleError as error:
            self._fail(str(error))
        except BaseException as error:  # noqa: BLE001 - whatever ended the thread, none may trade on
            self._fail(f"the engine stopped: {type(error).__name__}: {error}")
        finally:
            if self._watchdog is not None:
                self._watchdog.__exit__(None, None, None)
            gc.collect()  # compiled MLX calls in cycles must end in this thread (MLX 0.32.4)
            self._started.set()
            self._ended.set()
            self._keep()

    def _keep(self) -> None:
        """Write a halt that was asked for too late for this thread."""
        if self._latch.shut and self._latch.kept is None:
            self._latch.keep()

    def _fail(self, sentence: str) -> None:
        if self._started.is_set():  # a start that failed has sent nothing: the next one may trade
            self._latch.shut_now(sentence)
            trouble = self._latch.keep()
            sentence = sentence if trouble is None else f"{sentence}; {trouble}"
        self.failure = sentence
        self._snapshot = replace(
            self._snapshot, seq=self._snapshot.seq + 1, failure=sentence, state="HALTED"
        )

    async def _live(self) -> None:
        built = self._build()
        engine = built.engine
        guards = self._guards = self._guard(built)
        try:
            built.open()
            guards.drill()
            begun = self._clock.mono()
            self._publish(built)
            self._started.set()
            async with guards.standing():
                await self._run(built, guards)
                self._drain(built)  # a stop that was asked for in the last turn is obeyed too
                await self._cancel(engine)
            if ended(engine) and built.live is None and not engine.left:
                to_the_tick(engine)
            if built.live is not None:
                built.live.end(engine.t_ms)
            if built.challenger is not None:
                built.challenger.leave()
            engine.finish("complete" if ended(engine) and not engine.left else "left")
            real = self._clock.mono() - begun
            self.summary = summarise(engine, self._seed, real, built.warnings(), built.challenger)
            self._publish(built)
        finally:
            built.close()

    def _guard(self, built: Built) -> Guards:
        return Guards(built.engine, self._posts or Posts(), self._clock, self, built.live)

    def _watching(self, posts: Posts) -> Watchdog:
        """Whoever looks at this thread from outside."""
        watched = Watched(
            turns=lambda: 0 if self._guards is None else self._guards.turns,
            running=self._paced_run,
            ask=self.ask,
            asked=(posts.stop_file or StopFile(None, self._clock.mono)).take,
        )
        stuck_s = posts.settings.stuck_s
        return Watchdog(watched, self._latch, self._clock, stuck_s, self._seen, self._tell)

    def _look_around(self, guards: Guards) -> None:
        while not self._words.empty():
            guards.note(*self._words.get_nowait())
        guards.turn(self._seen)

    def _paced_run(self) -> bool:
        """Whether this thread ought to turn. A run as fast as the machine can must not depend on
        how fast that is, so nobody judges it."""
        ends = self._leave.is_set() or self._ended.is_set()
        return math.isfinite(self._speed) and self._started.is_set() and not ends

    def _tell(self, level: str, text: str) -> None:
        """What the watchdog says is kept until there is a log to write it to."""
        self._words.put((level, text))
        if self._guards is not None:
            self._guards.alert(text)

    async def _run(self, built: Built, guards: Guards) -> None:
        """Turn after turn; market time begins when every guard has shown that it runs."""
        engine = built.engine
        while not guards.may_begin and not self._leave.is_set():
            begun = self._clock.mono()
            self._drain(built)
            self._look_around(guards)
            self._publish_when_due(built)
            await self._breathe(engine, begun, WAIT_S)
        pace: Pacing = Pace(self._clock, engine.t_ms, self._speed)
        if built.live is not None:
            pace = LivePace(built.live.clock)
        while not self._leave.is_set() and not ended(engine):
            begun = self._clock.mono()
            self._drain(built)
            self._look_around(guards)
            pace.turn(engine)
            self._publish_when_due(built)
            await self._breathe(engine, begun, pace.nap_s(engine))
            if built.challenger is not None:
                await self._teach(built, built.challenger, pace)
            elif built.succession is not None:
                built.succession.watch()

    async def _teach(self, built: Built, challenger: Challenger, pace: Pacing) -> None:
        """Let the challenger catch up with the champion, one piece of work a turn of the loop.

        The champion goes first: as soon as it has a decision to make, the rest waits. Only one
        that trails too far holds the market back, and only a market that can wait.
        """
        challenger.watch()
        while challenger.behind and not self._leave.is_set():
            if pace.champion_first(built.engine, challenger.behind_s):
                challenger.keep_up(MOST_TRAIL_S)
                return
            begun = self._clock.mono()
            self._drain(built)
            if self._guards is not None:
                self._look_around(self._guards)
            learning = challenger.learner.updating
            challenger.work()
            if learning:
                now = self._clock.mono()
                challenger.slices.add(now, (now - begun) * 1000)
            self._publish_when_due(built)
            await self._breathe(built.engine, begun, 0.0)

    async def _cancel(self, engine: Engine) -> None:
        """Leave nothing at the venue: ask for the end of every order, and wait a little for it."""
        if ended(engine) or not engine.journal.ledger.working:
            return
        engine.reduce_only = True
        engine.venue.cancel_all(engine.t_ms)
        until = self._clock.mono() + CANCEL_S
        while engine.journal.ledger.working and self._clock.mono() < until:
            engine.advance(engine.t_ms + round(NAP_S * 1000))
            follow(engine)
            await asyncio.sleep(0 if math.isinf(self._speed) else NAP_S / self._speed)

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
            built.engine,
            self._snapshot.seq + 1,
            self._published,
            self._speed,
            built.challenger,
            built.live,
        )
        safety = snap.safety if self._guards is None else self._guards.view(self._watchdog)
        self._snapshot = replace(snap, safety=safety, finished=ended(built.engine))

    def _drain(self, built: Built) -> None:
        while True:
            try:
                request = self._asked.get_nowait()
            except queue.Empty:
                return
            obey(built.engine, request, built.challenger, built.succession)
            self._publish(built)
