"""Where a run's data come from, and which log its events go to.

Owns the choice of feed and log for a kind of run: a new kind of feed is added here and nowhere
else. What is done with them is `engine.session`.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.feeds.feed import Feed
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds.replay import ReplayFeed
from engine.feeds.sim import SimFeed
from engine.ledger import Ledger
from engine.ledgers import fresh_log, log_to_go_on, numbered_log
from engine.market import Market
from engine.recorder import live_recorder
from engine.settings import Settings

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


def kind_of(run: Run) -> str:
    """What a challenger learned from one kind of market is not gone on with in another."""
    return {SimRun: "sim", ReplayRun: "replay", LiveRun: "live"}[type(run)]


def open_source(
    run: Run, seed: int, settings: Settings, folder: Path, clock: MarketClock, opened: ExitStack
) -> tuple[Feed, EventLog]:
    """Where the data come from and where the events go. A recording is opened before its log is
    made, so that one that cannot be read leaves nothing behind."""
    if isinstance(run, ReplayRun):
        replay = opened.enter_context(closing(ReplayFeed(run.path)))
        log = opened.enter_context(closing(numbered_log(folder, f"replay-{_stem(run.path)}")))
        return replay, log
    open_log = fresh_log if run.fresh else log_to_go_on
    name = f"sim-{seed}" if isinstance(run, SimRun) else f"{LIVE}-paper"
    log = opened.enter_context(closing(open_log(folder, name)))
    newest = log.newest_ms()  # the tick of that instant was decided; go on after it
    if isinstance(run, SimRun):
        start_ms = None if newest is None else newest + 1
        return SimFeed(seed, windows=run.windows, start_ms=start_ms), log
    return opened.enter_context(closing(_live(run, settings, clock, newest))), log


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


def unresolved(ledger: Ledger, t_ms: int) -> list[Market]:
    """Windows of earlier runs whose outcome is still to be found at `t_ms`: those that something
    hangs on, and those of the last day."""
    held = {*ledger.open_slugs(), *ledger.mid.open}
    return [
        market
        for slug, market in ledger.markets.items()
        if slug not in ledger.verdicts and (slug in held or market.end_ms > t_ms - DAY_MS)
    ]


def warnings(feed: Feed) -> tuple[str, ...]:
    """What a summary should say of the input, in sentences."""
    if isinstance(feed, LiveFeed):
        why = feed.view().recorder.why
        return (*((f"recording ended: {why}",) if why else ()), *feed.useless())
    warning = feed.warning if isinstance(feed, ReplayFeed) else None
    return () if warning is None else (warning,)


def _stem(path: Path) -> str:
    return path.resolve().name.removesuffix(".gz").removesuffix(".jsonl")
