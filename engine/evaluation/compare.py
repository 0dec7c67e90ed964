"""An evaluation from beginning to end.

Owns its order: every arm but chance runs first, over all tapes from the oldest to the newest;
chance runs second, at the pace that was measured; then the report is made. It refuses what would
make the result worthless.

The arms' accounts are nobody's money, and have no daily loss limit. It would end an arm's day after
its first bad hours: its losses would be cut off, those slots would count as calm ones, an arm that
learns would stop learning, and a tape cut in two would give another result than the whole. Every
other rule and cost is the user's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from engine.errors import ConsoleError, UsageError
from engine.evaluation.arms import (
    DEFAULT_REFERENCE,
    RANDOM,
    Arm,
    fixed_arms,
    frozen_arms,
    paced_by,
    random_arm,
)
from engine.evaluation.causality import refuse_foresight
from engine.evaluation.online import learning_arms
from engine.evaluation.pace import pooled
from engine.evaluation.report import Conditions, Report, report
from engine.evaluation.rules import FIXED
from engine.evaluation.run import ArmRun, Progress, run_tape
from engine.evaluation.tape import Tape, has_books, in_time_order, refuse_copies
from engine.evaluation.walk_forward import Known, newest_known, refuse_what_was_learned, unseen
from engine.learning.shadow import without_daily_loss
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared, and on what."""

    tapes: tuple[Tape, ...]
    models: tuple[Path, ...]
    settings: Settings
    seed: int
    reference: str = DEFAULT_REFERENCE
    learning: bool = True
    """Whether each model is also run learning online, and as its placebo."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Progress of an evaluation that reads tapes several times."""

    tape: str
    number: int
    """Which reading this is, from 1."""
    of: int
    progress: Progress


Tell = Callable[[Reading], None]

NO_LESSON = (
    "without books nothing is bought, nothing earned and nothing learnt: the arms that learn are"
    " left out"
)


def compare(question: Question, tell: Tell) -> Report:
    """Run every arm over every tape and report.

    Raises ConsoleError in one sentence for weights, tapes or a reference that cannot be used.
    """
    question = replace(
        question,
        tapes=in_time_order(question.tapes),
        settings=without_daily_loss(question.settings),
    )
    refuse_copies(question.tapes)
    nothing_to_learn = question.learning and not any(map(has_books, question.tapes))
    if nothing_to_learn:
        question = replace(question, learning=False)
    models = frozen_arms(question.models)
    arms = list(models)
    try:
        refuse_what_was_learned(question.tapes, models)
        _check_reference(question, models)
        refuse_foresight(
            question.tapes[0], lambda _: _arms(question), question.settings, question.seed
        )
        arms = _with_learning(question, models)
        runs = _over_tapes(question, arms, 0, tell)
        pace = paced_by(question.reference, models)
        paced = next(of for of in runs if of[0].arm.name == pace)
        chance = random_arm(pooled([run.pace for run in paced]), pace, question.seed)
        runs += _over_tapes(question, [chance], len(question.tapes), tell)
    finally:
        for arm in arms:
            arm.close()
    found = report(_scored(question, runs, newest_known(models)), _conditions(question, models))
    return replace(found, warnings=(*found.warnings, NO_LESSON)) if nothing_to_learn else found


def _arms(question: Question) -> list[Arm]:
    """Every arm but chance, loaded."""
    return _with_learning(question, frozen_arms(question.models))


def _with_learning(question: Question, models: Sequence[Arm]) -> list[Arm]:
    """The models, each followed by what it becomes while it learns, then the rules."""
    if not question.learning:
        return [*models, *fixed_arms()]
    learning = learning_arms(models, question.settings, question.seed)
    families = [arm for model in models for arm in (model, *learning) if arm.model == model.name]
    return [*families, *fixed_arms()]


def _over_tapes(
    question: Question, arms: Sequence[Arm], read: int, tell: Tell
) -> list[list[ArmRun]]:
    """For each arm its runs over all tapes; `read` readings were done before."""
    by_tape: list[list[ArmRun]] = []
    for number, tape in enumerate(question.tapes, start=read + 1):
        told = partial(_tell, tell, tape.name, number, 2 * len(question.tapes))
        by_tape.append(run_tape(tape, arms, question.settings, question.seed, told))
        _check_windows(by_tape, question.tapes)
    return [list(of) for of in zip(*by_tape, strict=True)]


def _scored(
    question: Question, runs: Sequence[Sequence[ArmRun]], known: Known | None
) -> list[list[ArmRun]]:
    """`runs` with only those windows that nobody learned from. ConsoleError if none is left."""
    scored = [
        [_unseen(*pair, known) for pair in zip(of, question.tapes, strict=True)] for of in runs
    ]
    if any(run.windows for run in runs[0]) and not any(run.windows for run in scored[0]):
        names = ", ".join(tape.name for tape in question.tapes)
        raise ConsoleError(f"{names}: no window began after {known}; name newer recordings")
    return scored


def _unseen(run: ArmRun, tape: Tape, known: Known | None) -> ArmRun:
    kept = unseen(run.windows, tape, known)
    return replace(run, windows=kept, learned_windows=len(run.windows) - len(kept))


def _tell(tell: Tell, tape: str, number: int, of: int, progress: Progress) -> None:
    tell(Reading(tape, number, of, progress))


def _check_reference(question: Question, models: Sequence[Arm]) -> None:
    """Before anything that takes time."""
    if question.reference == RANDOM:
        raise UsageError(
            "random takes its pace from the reference and cannot be it; choose another"
        )
    learning = ("", " online", " placebo") if question.learning else ("",)
    names = [f"{model.name}{suffix}" for model in models for suffix in learning]
    names += FIXED
    if question.reference not in names:
        raise UsageError(
            f"there is no arm {question.reference!r} to compare with; there are {', '.join(names)}"
        )


def _check_windows(by_tape: Sequence[Sequence[ArmRun]], tapes: Sequence[Tape]) -> None:
    """A window in two tapes would count twice as evidence."""
    slugs = Counter(window.slug for runs in by_tape for window in runs[0].windows)
    twice = next((slug for slug, count in slugs.items() if count > 1), None)
    if twice is not None:
        raise UsageError(
            f"{tapes[len(by_tape) - 1].name}: window {twice} is in an earlier tape too and would "
            "count twice; name each window's recording once"
        )


def _conditions(question: Question, models: Sequence[Arm]) -> Conditions:
    return Conditions(
        tapes=tuple(tape.name for tape in question.tapes),
        seed=question.seed,
        reference=question.reference,
        trade_size=float(question.settings.trade_size),
        decision_rule=question.settings.decision_rule,
        known=newest_known(models),
    )
