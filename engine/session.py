"""Putting a run together: home, lock, log, feed, models, engine, thread.

Owns the choice of parts for a kind of run, and their order of opening and closing. It contains no
behaviour of its own; which feed and log belong to a kind of run is `engine.sources`.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from engine import events as ev
from engine.alerts.webhook import Webhook, webhook_address
from engine.built import Built
from engine.clock import Clock, SystemClock
from engine.control.address import socket_path
from engine.core import Engine
from engine.errors import ConsoleError
from engine.evaluation.walk_forward import embedded_name
from engine.eventlog import EventLog
from engine.features import SCHEMA_HASH
from engine.feeds.feed import Feed
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds.tee import Tee
from engine.guards import Posts
from engine.home import Home
from engine.journal import Journal
from engine.learning.challenger import Challenger
from engine.learning.shadow import Shadow, acting, learner_from, shadow_engine
from engine.learning.store import Store
from engine.learning.succession import Slots, Succession
from engine.lock import HomeLock, account_lock
from engine.log_migrations import PAPER
from engine.safety.stop_file import StopFile
from engine.settings import Settings
from engine.sources import (
    LIVE,
    LiveRun,
    ReplayRun,
    Run,
    kind_of,
    open_source,
    unresolved,
    warnings,
)
from engine.thread import EngineThread
from engine.trading_state import Latch
from models.ladder import Ladder, Rung, default_rungs, rungs_for

DEFAULT_SEED = 7


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
    held.enter_context(HomeLock(home.ledger_lock))
    held.enter_context(account_lock(PAPER, home.state.parent))
    clocks = Clocks(clock, market_clock or MarketClock(clock))
    if isinstance(plan.run, ReplayRun):  # it protects nothing
        latch, posts = Latch(None, clock), None
    else:
        latch = Latch(home.halt_latch, clock, home.stop_file)
        posts = _posts(plan, home, held, clock)
    build = _builder(plan, home, latch, clocks)
    return EngineThread(build, latch, clock, plan.speed, plan.seed, posts)


def _posts(plan: Plan, home: Home, held: ExitStack, clock: Clock) -> Posts:
    """Where a run is guarded from. Raises UsageError for a webhook that cannot be one."""
    webhook = None
    if (address := webhook_address(os.environ)) is not None:
        proxy = plan.settings.venues.proxy
        webhook = held.enter_context(closing(Webhook(address, clock, proxy)))
    return Posts(
        plan.settings.safety,
        plan.speed,
        home,
        StopFile(home.stop_file, clock.mono),
        socket_path(home),
        None if webhook is None else webhook.send,
        (lambda: "off") if webhook is None else (lambda: webhook.state),
    )


def _halt_for_the_log(latch: Latch, log: EventLog) -> None:
    """What the log itself says of a halt: it ends in one, or it had to be mended."""
    if log.mended is not None:
        latch.shut_now(log.mended)
        latch.keep()  # the mended log ends HALTED too, so a failure here loses nothing
    latch.expect(log.halted_ms())


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
            source, log = open_source(
                plan.run, plan.seed, plan.settings, home.ledger, clocks.market, opened
            )
            _halt_for_the_log(latch, log)
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
                live.follow(unresolved(engine.journal.ledger, engine.t_ms))
            succession.start()
            if challenger is not None:
                challenger.start()

        return Built(engine, start, close, lambda: warnings(source), challenger, succession, live)

    return build


def _challenger(
    plan: Plan, home: Home, champion: Engine, feed: Feed, succession: Succession
) -> Challenger:
    """A learner that starts from the deciding weights, and a shadow of its own for it."""
    learner = learner_from(champion.ladder.policy, plan.settings, plan.seed)
    ladder = acting(learner)
    shadow = Shadow(shadow_engine(feed, ladder, plan.settings, champion.latch, plan.seed), learner)

    def store(champion_id: str) -> Store:
        folder = home.challengers / f"{kind_of(plan.run)}-{champion_id}"
        return Store(folder, plan.settings.learning.keep)

    return Challenger(champion, shadow, store, succession)


def _slots(plan: Plan, home: Home) -> Slots:
    return Slots(home.models, lambda: _rungs(plan, home), _obstacle(plan), _learned_from(plan))


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
