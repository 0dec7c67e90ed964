"""An evaluation from beginning to end.

Owns its order: every arm but chance runs first, over all tapes; chance runs second, at the pace
that was measured; then the report is made. It refuses what would make the result worthless.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.errors import UsageError
from engine.evaluation.arms import (
    DEFAULT_REFERENCE,
    RANDOM,
    Arm,
    fixed_arms,
    frozen_arms,
    paced_by,
    random_arm,
)
from engine.evaluation.pace import pooled
from engine.evaluation.report import Conditions, Report, report
from engine.evaluation.run import ArmRun, Progress, run_tape
from engine.evaluation.tape import Tape
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be compared, and on what."""

    tapes: tuple[Tape, ...]
    models: tuple[Path, ...]
    settings: Settings
    seed: int
    reference: str = DEFAULT_REFERENCE


@dataclass(frozen=True, slots=True)
class Reading:
    """Progress of an evaluation that reads tapes several times."""

    tape: str
    number: int
    """Which reading this is, from 1."""
    of: int
    progress: Progress


Tell = Callable[[Reading], None]


def compare(question: Question, tell: Tell) -> Report:
    """Run every arm over every tape and report.

    Raises ConsoleError in one sentence for weights, tapes or a reference that cannot be used.
    """
    models = frozen_arms(question.models)
    arms = [*models, *fixed_arms()]
    _check_reference(question.reference, arms)
    try:
        runs = _over_tapes(question, arms, 0, tell)
        pace = paced_by(question.reference, models)
        paced = next(of for of in runs if of[0].arm.name == pace)
        chance = random_arm(pooled([run.pace for run in paced]), pace, question.seed)
        runs += _over_tapes(question, [chance], len(question.tapes), tell)
    finally:
        for arm in arms:
            arm.ladder.close()
    return report(runs, _conditions(question))


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


def _tell(tell: Tell, tape: str, number: int, of: int, progress: Progress) -> None:
    tell(Reading(tape, number, of, progress))


def _check_reference(reference: str, arms: Sequence[Arm]) -> None:
    names = [arm.name for arm in arms]
    if reference == RANDOM:
        raise UsageError(
            "random takes its pace from the reference and cannot be it; choose another"
        )
    if reference not in names:
        raise UsageError(f"there is no arm {reference!r} to compare with; there are {_list(names)}")


def _check_windows(by_tape: Sequence[Sequence[ArmRun]], tapes: Sequence[Tape]) -> None:
    """A window in two tapes would count twice as evidence."""
    slugs = Counter(window.slug for runs in by_tape for window in runs[0].windows)
    twice = next((slug for slug, count in slugs.items() if count > 1), None)
    if twice is not None:
        raise UsageError(
            f"{tapes[len(by_tape) - 1].name}: window {twice} is in an earlier tape too and would "
            "count twice; name each window's recording once"
        )


def _conditions(question: Question) -> Conditions:
    return Conditions(
        tapes=tuple(tape.name for tape in question.tapes),
        seed=question.seed,
        reference=question.reference,
        trade_size=float(question.settings.trade_size),
        decision_rule=question.settings.decision_rule,
    )


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
