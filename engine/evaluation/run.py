"""Every arm over the same tape: one engine each, fed the same messages, in step.

Owns the loop and the parts of an arm's run. Every engine has its own log in memory, its own paper
venue and the same seed, so that the k-th order of each meets the same draws. Each tape starts with
fresh accounts. It judges nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from engine import events as ev
from engine.core import Engine
from engine.evaluation.accounts import WindowJournal, WindowResult
from engine.evaluation.arms import Arm
from engine.evaluation.pace import Pace
from engine.evaluation.seat import RuleLadder
from engine.evaluation.tape import Branch, Tape, deal
from engine.eventlog import EventLog
from engine.feeds.feed import Feed, FeedInfo
from engine.feeds.replay import ReplayFeed
from engine.settings import Settings
from engine.thread import ended
from engine.trading_state import Latch

TELL_EVERY_MS = 60_000
"""Market time between two reports of progress, milliseconds."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading of one tape is, in milliseconds of market time."""

    done_ms: int
    total_ms: int | None
    """None: the end of a recording is not known before it is read."""


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class ArmRun:
    """What one arm did on one tape."""

    arm: Arm
    windows: tuple[WindowResult, ...]
    pace: Pace
    denials: Counter[str]
    """Refused orders by the gate's code."""
    falls: int
    """Times that weights gave no finite answer; HOLD decided from then on."""
    warning: str | None
    """What is wrong with the tape, in one sentence; None: nothing."""


@dataclass(frozen=True, slots=True)
class _Seated:
    arm: Arm
    engine: Engine
    journal: WindowJournal


def run_tape(
    tape: Tape, arms: Sequence[Arm], settings: Settings, seed: int, tell: Tell
) -> list[ArmRun]:
    """Every arm over `tape`, to its end; in the order of `arms`.

    Raises RecordingError or UsageError, one sentence, where the tape cannot be read.
    """
    with closing(tape.open()) as source, ExitStack() as logs:
        branches = [Branch(source) for _ in arms]
        seated = [
            _seat(arm, branch, settings, seed, logs)
            for arm, branch in zip(arms, branches, strict=True)
        ]
        _in_step(source, branches, [one.engine for one in seated], tell)
        warning = source.warning if isinstance(source, ReplayFeed) else None
        return [_finished(one, source.info, warning) for one in seated]


def _in_step(source: Feed, branches: list[Branch], engines: list[Engine], tell: Tell) -> None:
    """Advance all engines together, so that only a tick's messages are ever held."""
    now = told = source.info.start_ms
    tell(Progress(now - source.info.start_ms, _length(source.info)))
    while going := [engine for engine in engines if not ended(engine)]:
        now += going[0].settings.decision_ms
        deal(source, branches, now)
        for engine in going:
            engine.advance(now)
        if now - told >= TELL_EVERY_MS:
            told = now
            tell(Progress(now - source.info.start_ms, _length(source.info)))


def _length(info: FeedInfo) -> int | None:
    return None if info.end_ms is None else info.end_ms - info.start_ms


def _seat(arm: Arm, branch: Branch, settings: Settings, seed: int, logs: ExitStack) -> _Seated:
    """An engine in which `arm` decides, started."""
    journal = WindowJournal(
        logs.enter_context(closing(EventLog(None))),
        lambda token: engine.intake.book(token),  # noqa: PLW0108 - that engine is made with this journal
        Pace(settings.limits.entry_cutoff),
    )
    engine = Engine(branch, journal, arm.ladder, settings, Latch(None), seed)
    if isinstance(arm.ladder, RuleLadder):
        arm.ladder.watch(engine.desks)
    opened = ev.SessionOpened("paper", branch.info.name, seed, arm.policy_id, "", "evaluation")
    engine.start(opened, ())
    return _Seated(arm, engine, journal)


def _finished(one: _Seated, info: FeedInfo, warning: str | None) -> ArmRun:
    one.engine.finish("complete")
    return ArmRun(
        arm=one.arm,
        windows=one.journal.results(executable="book" in info.has),
        pace=one.journal.pace,
        denials=one.journal.denials,
        falls=one.journal.ledger.counts["ModelChanged"],
        warning=warning,
    )
