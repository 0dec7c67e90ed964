"""Every arm over the same tape: one engine each, fed the same messages, in step.

Owns the loop and the parts of an arm's run. Every engine has its own ledger, its own paper
venue and the same seed, so that the k-th order of each meets the same draws. Each tape starts with
fresh accounts; an arm that learns takes what it learned to the next one. It judges nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from engine import events as ev
from engine.core import Engine
from engine.end import ended
from engine.evaluation.accounts import WindowJournal, WindowResult
from engine.evaluation.arms import Arm
from engine.evaluation.online import sampling, shadow_of
from engine.evaluation.pace import Pace
from engine.evaluation.seat import RuleLadder
from engine.evaluation.tape import Tape
from engine.feeds.feed import Feed, FeedInfo
from engine.feeds.replay import ReplayFeed
from engine.feeds.tee import Tee
from engine.learning.shadow import Shadow
from engine.settings import Settings
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
    updates: Counter[str] = field(default_factory=Counter)
    """Updates of its learner by verdict."""
    learned_windows: int = 0
    """Windows that are not among `windows` because an arm may have learned from them."""


@dataclass(frozen=True, slots=True)
class Seated:
    """An arm in an engine of its own, started."""

    arm: Arm
    engine: Engine
    journal: WindowJournal
    shadow: Shadow | None
    """What drives the engine and lets the arm learn; None: it does not."""
    updates: Counter[str]

    def advance(self, until_ms: int) -> None:
        """Decide, and learn where the arm does, up to `until_ms` of market time."""
        if self.shadow is None:
            self.engine.advance(until_ms)
            return
        while self.shadow.behind(until_ms):
            judged = self.shadow.work(until_ms)
            if judged is not None:
                self.updates[judged.verdict] += 1


def run_tape(
    tape: Tape, arms: Sequence[Arm], settings: Settings, seed: int, tell: Tell
) -> list[ArmRun]:
    """Every arm over `tape`, to its end; in the order of `arms`.

    Raises RecordingError or UsageError, one sentence, where the tape cannot be read.
    """
    with closing(tape.open()) as source:
        tee = Tee(source)
        seated = [seat(arm, tee.branch(), settings, seed) for arm in arms]
        _in_step(source.info, seated, tell)
        warning = source.warning if isinstance(source, ReplayFeed) else None
        return [_finished(one, source.info, warning) for one in seated]


def _in_step(info: FeedInfo, seated: list[Seated], tell: Tell) -> None:
    """Advance all engines together, so that only a tick's messages are ever held."""
    now = told = info.start_ms
    tell(Progress(now - info.start_ms, _length(info)))
    while going := [one for one in seated if not ended(one.engine)]:
        now += going[0].engine.settings.decision_ms
        for one in going:
            one.advance(now)
        if now - told >= TELL_EVERY_MS:
            told = now
            tell(Progress(now - info.start_ms, _length(info)))


def _length(info: FeedInfo) -> int | None:
    return None if info.end_ms is None else info.end_ms - info.start_ms


def seat(arm: Arm, feed: Feed, settings: Settings, seed: int) -> Seated:
    """An engine on `feed` in which `arm` decides, started."""
    if arm.learner is not None:
        settings = sampling(settings)
    journal = WindowJournal(
        lambda token: engine.intake.book(token),  # noqa: PLW0108 - that engine is made with this journal
        Pace(settings.limits.entry_cutoff),
    )
    engine = Engine(feed, journal, arm.ladder, settings, Latch(None), seed)
    if isinstance(arm.ladder, RuleLadder):
        arm.ladder.watch(engine.desks)
    opened = ev.SessionOpened("paper", feed.info.name, seed, arm.policy_id, "", "evaluation")
    engine.start(opened, ())
    return Seated(arm, engine, journal, shadow_of(arm, engine), Counter())


def _finished(one: Seated, info: FeedInfo, warning: str | None) -> ArmRun:
    one.engine.finish("complete")
    if one.shadow is not None:
        one.shadow.trajectories.cut("the tape ended")
    return ArmRun(
        arm=one.arm,
        windows=one.journal.results(executable="book" in info.has),
        pace=one.journal.pace,
        denials=one.journal.denials,
        falls=one.journal.ledger.counts["ModelChanged"],
        warning=warning,
        updates=one.updates,
    )
