"""An engine that stands still: the embedded market run to one instant, then driven by hand.

It is the engine of every other run, without its thread: market time moves only when it is asked
something. Made for pictures; the figures that this machine would put on them are pinned, so that
one seed gives one picture.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory

from engine.core import Engine
from engine.eventlog import EventLog
from engine.events import SessionOpened
from engine.features import SCHEMA_HASH
from engine.feeds.feed import Feed
from engine.feeds.sim import SimFeed
from engine.feeds.tee import Tee
from engine.guards import Guards, Posts
from engine.home import VARIABLE, Home
from engine.journal import Journal
from engine.learning.challenger import Challenger
from engine.learning.shadow import Shadow, acting, learner_from, shadow_engine
from engine.learning.store import Store
from engine.learning.succession import Slots, Succession
from engine.learning_view import LearningView
from engine.operator import obey
from engine.picture import picture
from engine.requests import Flatten, Halt, Request
from engine.safety.duties import Duties, Duty
from engine.safety_view import SafetyView
from engine.settings import Safety, Settings
from engine.snapshot import MemoryView, ModelView, Snapshot
from engine.trading_state import Latch
from models.ladder import Fall, Ladder, default_rungs

PINNED_MEMORY = MemoryView(
    rss=105 * 2**20,
    mlx_active=331 * 2**10,
    mlx_peak=367 * 2**10,
    mlx_cache=44 * 2**10,
)
"""In place of what was measured; in the order of magnitude of a run on Linux."""

PINNED_DECISION_US = 200.0
"""Microseconds of a decision, in place of what was measured."""

PINNED_SLICE_MS = 6.0
"""Milliseconds of a slice of learning; None stays None."""

PINNED_GAP_MS = 6.0
"""Milliseconds between two turns of the loop; there is no loop here to measure."""

PINNED_ROOM = "120000 MB free"
"""On the disk, which is the machine's."""

AFTER_REQUEST_MS = 2_000
"""Market time that passes after a request, so that its consequences can be seen."""


@dataclass(frozen=True, slots=True)
class MarketTime:
    """Real time that is the market's (`engine.clock.Clock`)."""

    engine: Engine

    def wall_ms(self) -> int:
        return self.engine.t_ms

    def mono(self) -> float:
        return self.engine.t_ms / 1000


class StandingEngine:
    """Implements `engine.requests.EnginePort` in the caller's own thread."""

    def __init__(self, engine: Engine, home: Home, challenger: Challenger | None = None) -> None:
        """`home`: what the guards watch. `challenger` None: nothing learns."""
        self._engine = engine
        self._challenger = challenger
        self._snapshot = Snapshot()
        self._clock = MarketTime(engine)
        # Everything of a run is guarded but its terminal and its socket: a picture has neither.
        posts = Posts(Safety(disk_floor_mb=0), speed=1.0, home=home)
        self._guards = Guards(engine, posts, self._clock, self, None)
        self._watched = Duties({})

    def begin(self, session: SessionOpened, falls: tuple[Fall, ...]) -> None:
        """Open the session as `engine.thread` does. `falls`: rungs that could not be loaded."""
        self._engine.start(session, falls)
        self._guards.drill()
        self._look_around()
        self._publish()

    def latest(self) -> Snapshot:
        return self._snapshot

    def ask(self, request: Request) -> None:
        """Carry the request out at once, and let a little market time pass."""
        if isinstance(request, Halt | Flatten):
            request = replace(request, asked_mono=self._clock.mono())
            self._engine.latch.shut_now(request.why)
        obey(self._engine, request, self._challenger)
        self.run_for(AFTER_REQUEST_MS)

    def alive(self) -> bool:
        return True

    def run_for(self, market_ms: int) -> None:
        """Advance by `market_ms` of market time, tick by tick, and publish."""
        engine = self._engine
        until = engine.t_ms + market_ms
        while engine.t_ms < until:
            self._look_around()
            engine.advance(min(until, engine.t_ms + engine.settings.decision_ms))
            if self._challenger is not None:
                _catch_up(self._challenger)
        self._look_around()
        self._publish()

    def _look_around(self) -> None:
        self._watched.stamp(Duty.WATCHDOG, self._clock.mono(), "the engine moved 0.0 s ago")
        self._guards.turn(self._watched)

    def _publish(self) -> None:
        seq, challenger = self._snapshot.seq + 1, self._challenger
        measured = picture(self._engine, seq, mono=0.0, speed=1.0, challenger=challenger)
        self._snapshot = pinned(replace(measured, safety=self._guards.view(None)))


def _catch_up(challenger: Challenger) -> None:
    """All that the challenger has to do until it is where the champion is."""
    challenger.watch()
    while challenger.behind:
        challenger.work()


def pinned(snapshot: Snapshot) -> Snapshot:
    """`snapshot` without what depends on the machine or on the moment."""
    return replace(
        snapshot,
        memory=replace(PINNED_MEMORY, histories=snapshot.memory.histories),
        model=_pinned_model(snapshot.model),
        learning=_pinned_learning(snapshot.learning),
        safety=_pinned_safety(snapshot.safety),
        loop_gap_ms=PINNED_GAP_MS,
        decision_us=None if snapshot.decision_us is None else PINNED_DECISION_US,
    )


def _pinned_model(model: ModelView) -> ModelView:
    """Whether a compiler or a GPU is at hand is the machine's affair too."""
    return replace(model, evaluator="compiled", device="cpu")


def _pinned_learning(view: LearningView) -> LearningView:
    return replace(view, slice_p99_ms=PINNED_SLICE_MS if view.updates else None)


def _pinned_safety(view: SafetyView) -> SafetyView:
    duties = (
        replace(duty, note=PINNED_ROOM) if duty.name == Duty.DISK else duty for duty in view.duties
    )
    return replace(view, duties=tuple(duties))


@contextmanager
def standing_engine(seed: int, market_ms: int) -> Iterator[StandingEngine]:
    """The embedded market with the shipped weights, `market_ms` after its start."""
    with TemporaryDirectory() as empty:
        home = Home.open({VARIABLE: empty})
        settings, latch = Settings(), Latch(home.halt_latch)
        feed, log = SimFeed(seed), EventLog(None)
        ladder = Ladder(default_rungs(home.models), SCHEMA_HASH)
        falls = ladder.start()
        journal = Journal(log, wall_ms=lambda: feed.info.start_ms)
        engine = Engine(feed, journal, ladder, settings, latch, seed)
        standing = StandingEngine(engine, home)
        standing.begin(_session(seed, feed, ladder), falls)
        standing.run_for(market_ms)
        try:
            yield standing
        finally:
            feed.close()
            log.close()


@contextmanager
def learning_engine(seed: int, market_ms: int) -> Iterator[StandingEngine]:
    """The same with a challenger that learns beside it: several times slower."""
    with TemporaryDirectory() as empty, ExitStack() as opened:
        home = Home.open({VARIABLE: empty})
        settings, latch, models = Settings(), Latch(home.halt_latch), home.models
        tee = Tee(opened.enter_context(closing(SimFeed(seed))))
        log = opened.enter_context(closing(EventLog(None)))
        ladder = Ladder(default_rungs(models), SCHEMA_HASH)
        falls = ladder.start()
        feed = tee.branch()
        engine = Engine(
            feed, Journal(log, lambda: feed.info.start_ms), ladder, settings, latch, seed
        )
        learner = learner_from(ladder.policy, settings, seed)
        acts = shadow_engine(tee.branch(), acting(learner), settings, latch, seed)
        slots = Slots(models, lambda: default_rungs(models), obstacle="", source="script")
        store = Store(models / "challenger", settings.learning.keep)
        succession = Succession(engine, slots)
        challenger = Challenger(engine, Shadow(acts, learner), lambda _: store, succession)
        opened.callback(challenger.close)
        standing = StandingEngine(engine, home, challenger)
        standing.begin(_session(seed, feed, ladder), falls)
        standing.run_for(market_ms)
        yield standing


def _session(seed: int, feed: Feed, ladder: Ladder) -> SessionOpened:
    return SessionOpened(
        mode="paper",
        feed=feed.info.name,
        seed=seed,
        policy_id=ladder.policy.policy_id,
        settings_sha="",
        version="",
    )
