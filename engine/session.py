"""Putting a run together: home, lock, log, feed, models, engine, thread.

Owns the choice of parts for a kind of run, and their order of opening and closing. It contains no
behaviour of its own; a new kind of feed is added here and nowhere else.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine import events as ev
from engine.clock import Clock, SystemClock
from engine.core import Engine
from engine.errors import ConsoleError, LedgerError
from engine.evaluation.walk_forward import embedded_name
from engine.eventlog import EventLog
from engine.features import SCHEMA_HASH
from engine.feeds.feed import Feed
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds.replay import ReplayFeed
from engine.feeds.sim import SimFeed
from engine.feeds.tee import Tee
from engine.home import Home
from engine.journal import Journal
from engine.learning.challenger import Challenger
from engine.learning.shadow import Shadow, acting, learner_from, shadow_engine
from engine.learning.store import Store
from engine.learning.succession import Slots, Succession
from engine.ledgers import fresh_log, log_to_go_on, numbered_log
from engine.lock import HomeLock
from engine.market import Market
from engine.recorder import live_recorder
from engine.settings import Settings
from engine.thread import Built, EngineThread
from engine.trading_state import Latch
from models.ladder import Ladder, Rung, default_rungs, rungs_for

DEFAULT_SEED = 7

LIVE = "live"
"""Name of the real venues' market, in logs and in what weights have learned from."""

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class SimRun:
    """The embedded market."""

    windows: int | None = None
    """Stop after so many windows; None: go on for ever."""
    fresh: bool = False
    """Begin a new log instead of going on with the last one."""


@dataclass(frozen=True, slots=True)
class ReplayRun:
    """A recording."""

    path: Path
    """A file, or the folder of a recorded session."""


@dataclass(frozen=True, slots=True)
class LiveRun:
    """The real venues' public data."""

    windows: int | None = None
    """Stop after so many whole windows; None: go on for ever."""
    fresh: bool = False
    """Begin a new log instead of going on with the last one."""
    record: Path | None = None
    """Folder in which the raw messages are recorded; None: they are not."""


Run = SimRun | ReplayRun | LiveRun


@dataclass(frozen=True, slots=True)
class Plan:
    """All that distinguishes one run from another."""

    run: Run
    settings: Settings
    seed: int = DEFAULT_SEED
    speed: float = math.inf
    """Market seconds a real second; inf: as fast as the machine can."""
    model: Path | None = None
    """Weights to put on the first rung; None: the home's champion or the shipped ones."""
    learn: bool | None = None
    """Whether a challenger learns; None: as the settings say on paper, not in a replay."""

    @property
    def learns(self) -> bool:
        if self.learn is not None:
            return self.learn
        return not isinstance(self.run, ReplayRun) and self.settings.learning.paper


@dataclass(frozen=True, slots=True)
class Clocks:
    """Both times of a run."""

    real: Clock
    market: MarketClock
    """Used by a live market alone."""


def open_session(
    plan: Plan,
    home: Home,
    held: ExitStack,
    clock: Clock | None = None,
    market_clock: MarketClock | None = None,
) -> EngineThread:
    """An engine thread ready to start; `held` keeps the home's lock until it is closed.

    `market_clock` is a live market's time; None: that of `clock`. Raises ConsoleError in one
    sentence for a home that cannot be used or is used already.
    """
    clock = clock or SystemClock()
    held.enter_context(HomeLock(home.lock_file))
    latch = Latch(None if isinstance(plan.run, ReplayRun) else home.halt_latch)
    clocks = Clocks(clock, market_clock or MarketClock(clock))
    return EngineThread(_builder(plan, home, latch, clocks), latch, clock, plan.speed, plan.seed)


def package_version() -> str:
    """The installed version; a checkout that is not installed says so."""
    try:
        return version("trade-console")
    except PackageNotFoundError:
        return "0 (not installed)"


def _builder(plan: Plan, home: Home, latch: Latch, clocks: Clocks) -> Callable[[], Built]:
    def build() -> Built:
        with ExitStack() as opened:  # a later part that fails closes the earlier ones
            ladder = Ladder(_rungs(plan, home), SCHEMA_HASH)
            opened.callback(ladder.close)
            falls = ladder.start()
            if falls and plan.model is not None:  # a file named by the user is not replaced
                raise ConsoleError(ladder.views()[0].detail)
            source, log = _source(plan, home.ledger, clocks.market, opened)
            tee = Tee(source)
            feed = tee.branch() if plan.learns else source
            engine = Engine(
                feed, Journal(log, clocks.real.wall_ms), ladder, plan.settings, latch, plan.seed
            )
            succession = Succession(engine, _slots(plan, home))
            challenger = None
            if plan.learns:
                challenger = _challenger(plan, home, engine, tee.branch(), succession)
                opened.callback(challenger.close)
            close = opened.pop_all().close

        live = source if isinstance(source, LiveFeed) else None

        def start() -> None:
            engine.start(_session(plan, feed, ladder), falls)
            if live is not None:
                live.follow(_unresolved(engine))
            succession.start()
            if challenger is not None:
                challenger.start()

        return Built(engine, start, close, lambda: _warnings(source), challenger, succession, live)

    return build


def _challenger(
    plan: Plan, home: Home, champion: Engine, feed: Feed, succession: Succession
) -> Challenger:
    """A learner that starts from the deciding weights, and a shadow of its own for it."""
    learner = learner_from(champion.ladder.policy, plan.settings, plan.seed)
    ladder = acting(learner)
    shadow = Shadow(shadow_engine(feed, ladder, plan.settings, champion.latch, plan.seed), learner)

    def store(champion_id: str) -> Store:
        folder = home.challengers / f"{_kind(plan.run)}-{champion_id}"
        return Store(folder, plan.settings.learning.keep)

    return Challenger(champion, shadow, store, succession)


def _slots(plan: Plan, home: Home) -> Slots:
    return Slots(home.models, lambda: _rungs(plan, home), _obstacle(plan), _learned_from(plan))


def _kind(run: Run) -> str:
    """What a challenger learned from one kind of market is not gone on with in another."""
    return {SimRun: "sim", ReplayRun: "replay", LiveRun: "live"}[type(run)]


def _learned_from(plan: Plan) -> str:
    """So that an evaluation finds out what the weights have seen (`engine.evaluation`)."""
    if isinstance(plan.run, ReplayRun):
        return plan.run.path.name
    if isinstance(plan.run, LiveRun):
        return LIVE
    return embedded_name([range(plan.seed, plan.seed + 1)])


def _obstacle(plan: Plan) -> str:
    """Why this run may not change the champion's files; "": it may."""
    if isinstance(plan.run, ReplayRun):
        return "a recording is no running market"
    return "" if plan.model is None else "the champion was named by --model for this run only"


def _source(
    plan: Plan, folder: Path, clock: MarketClock, opened: ExitStack
) -> tuple[Feed, EventLog]:
    """Where the data come from and where the events go. A recording is opened before its log is
    made, so that one that cannot be read leaves nothing behind."""
    run = plan.run
    if isinstance(run, ReplayRun):
        replay = opened.enter_context(closing(ReplayFeed(run.path)))
        log = opened.enter_context(closing(numbered_log(folder, f"replay-{_stem(run.path)}")))
        return replay, log
    open_log = fresh_log if run.fresh else log_to_go_on
    name = f"sim-{plan.seed}" if isinstance(run, SimRun) else f"{LIVE}-paper"
    log = opened.enter_context(closing(open_log(folder, name)))
    newest = log.newest_ms()  # the tick of that instant was decided; go on after it
    if isinstance(run, SimRun):
        start_ms = None if newest is None else newest + 1
        return SimFeed(plan.seed, windows=run.windows, start_ms=start_ms), log
    return opened.enter_context(closing(_live(run, plan.settings, clock, newest))), log


def _live(run: LiveRun, settings: Settings, clock: MarketClock, newest_ms: int | None) -> LiveFeed:
    """Raises LedgerError where the log's last event lies ahead of this machine's clock."""
    ahead_s = 0.0 if newest_ms is None else (newest_ms - clock.now_ms()) / 1000
    if ahead_s > 0:
        raise LedgerError(
            f"the last event of the log lies {ahead_s:.0f} s ahead of this machine's clock; set the"
            " clock right, or begin a new log with --fresh"
        )
    recording = None if run.record is None else partial(live_recorder, run.record, settings, clock)
    return LiveFeed(settings, clock, recording, run.windows)


def _unresolved(engine: Engine) -> list[Market]:
    """Windows of earlier runs whose outcome is still to be found: those that something hangs on,
    and those of the last day."""
    ledger = engine.journal.ledger
    held = {*ledger.open_slugs(), *ledger.mid.open}
    return [
        market
        for slug, market in ledger.markets.items()
        if slug not in ledger.verdicts and (slug in held or market.end_ms > engine.t_ms - DAY_MS)
    ]


def _rungs(plan: Plan, home: Home) -> tuple[Rung, ...]:
    if plan.model is None:
        return default_rungs(home.models)
    return rungs_for(plan.model, home.models)


def _session(plan: Plan, feed: Feed, ladder: Ladder) -> ev.SessionOpened:
    shown = plan.settings.model_dump_json().encode()
    return ev.SessionOpened(
        mode="paper",
        feed=feed.info.name,
        seed=plan.seed,
        policy_id=ladder.policy.policy_id,
        settings_sha=hashlib.sha256(shown).hexdigest()[:12],
        version=package_version(),
    )


def _warnings(feed: Feed) -> tuple[str, ...]:
    if isinstance(feed, LiveFeed):
        why = feed.view().recorder.why
        return (*((f"recording ended: {why}",) if why else ()), *feed.useless())
    warning = feed.warning if isinstance(feed, ReplayFeed) else None
    return () if warning is None else (warning,)


def _stem(path: Path) -> str:
    return path.resolve().name.removesuffix(".gz").removesuffix(".jsonl")
