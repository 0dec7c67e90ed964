"""``trade-console train``: weights from the embedded market, from recordings, or from both.

Owns what the user sees of it: the refusals before hours of work, what Ctrl-C means, the account at
the end. The training itself is `engine.training`.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import orjson
from pydantic import ValidationError

from console.train_progress import Goal, Progress
from engine.clock import SystemClock
from engine.errors import ConsoleError, UsageError
from engine.home import Home
from engine.learning.learner import Learner
from engine.learning.profile import profile_of
from engine.settings import PPO, Settings, load_settings
from engine.training.course import Course, Telling
from engine.training.crew import Crew, Stopped
from engine.training.folder import Folder
from engine.training.plan import GUARDS, Plan, refuse_unusable, training_settings
from models.architecture import ARCHITECTURES, Architecture
from models.checkpoint import read_checkpoint
from models.errors import WeightsError
from models.initial import initial_tensors
from models.stats import Stats
from models.tensor_file import Tensors, tensor_bytes

ITERATIONS = 100
"""Where neither iterations nor minutes are asked for."""


@dataclass(frozen=True, slots=True)
class Start:
    """What a training begins with."""

    architecture: Architecture
    tensors: Tensors
    stats: Stats | None
    """None: the weights come without."""

    @property
    def sha256(self) -> str:
        """Of the weight file."""
        return hashlib.sha256(tensor_bytes(self.architecture, self.tensors)).hexdigest()


class Wishes:
    """What signals asked for so far."""

    def __init__(self) -> None:
        self.signal: int | None = None
        """The first one; None: none came."""
        self.abandoned = False
        """Whether the iteration in progress shall be given up."""
        self.answered = False
        """Whether the first one was answered."""

    def heard(self, number: int, _frame: FrameType | None) -> None:
        """Ctrl-C lets the iteration end; a second one, or any other signal, gives it up."""
        self.abandoned = self.signal is not None or number != signal.SIGINT
        self.signal = self.signal or number


def train_command(options: argparse.Namespace) -> int:
    """Train, keep, tell. Returns the exit code; raises ConsoleError for one-line failures."""
    wishes = Wishes()
    try:
        settings = load_settings(Home.find().settings_file)
        start = _start(options)
        plan = _plan(options, settings, start)
        with _listening(wishes), Folder(_out(options), plan.fixed()) as folder:
            return _train(options, plan, start, folder, wishes)
    except WeightsError as error:
        raise ConsoleError(str(error)) from None


def _train(
    options: argparse.Namespace, plan: Plan, start: Start, folder: Folder, wishes: Wishes
) -> int:
    with closing(_learner(plan, start)) as learner:
        course = Course(plan, learner, folder, SystemClock())
        progress = _progress(options, plan, course)
        for warning in course.warnings:
            progress.say(warning)
        _run(options, plan, course, progress, wishes)
        progress.clear()
        return _account(options, course, folder, wishes)


def _run(
    options: argparse.Namespace, plan: Plan, course: Course, progress: Progress, wishes: Wishes
) -> None:
    def more(iteration: int) -> bool:
        return wishes.signal is None and not progress.goal.reached(iteration, progress.elapsed)

    if not more(course.iteration):
        return
    telling = Telling(
        progress.moment, progress.entry, lambda: _looked(wishes, progress, course.iteration + 1)
    )
    workers = min(options.workers or os.cpu_count() or 1, plan.segments)
    with Crew(workers, training_settings(plan.settings)) as crew:
        try:
            course.run(crew, more, telling)
        except Stopped:
            progress.say(f"iteration {course.iteration + 1} was given up")


def _looked(wishes: Wishes, progress: Progress, iteration: int) -> bool:
    """Whether to give up the iteration; the first Ctrl-C is answered here."""
    if wishes.signal is not None and not wishes.abandoned and not wishes.answered:
        wishes.answered = True
        progress.say(f"finishing iteration {iteration}; Ctrl-C again gives it up")
    return wishes.abandoned


@contextmanager
def _listening(wishes: Wishes) -> Iterator[None]:
    """Signals become wishes for as long as this lasts."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, wishes.heard) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


# ---- from options to parts ------------------------------------------------------------------


def _start(options: argparse.Namespace) -> Start:
    """The weights named, or the architecture's seeded initial ones."""
    asked = options.architecture
    if options.start is None:
        architecture = next(a for a in ARCHITECTURES if a.name == (asked or "phase5"))
        return Start(architecture, initial_tensors(architecture, options.seed), None)
    found = read_checkpoint(options.start)
    if asked not in (None, found.architecture.name):
        raise UsageError(
            f"{found.path}: holds {found.architecture.name} weights; leave --architecture out"
        )
    return Start(found.architecture, found.tensors, found.stats)


def _plan(options: argparse.Namespace, settings: Settings, start: Start) -> Plan:
    embedded = options.feed == "sim" or not options.paths
    if options.windows is not None and not embedded:
        raise UsageError("--windows is about the embedded market; give --feed sim too")
    refuse_unusable(options.paths)
    return Plan(
        architecture=start.architecture,
        profile=profile_of(_ppo(options, settings.ppo), settings.decision_ms),
        minibatch=options.minibatch,
        settings=settings,
        seed=options.seed,
        start=start.sha256,
        recordings=tuple(options.paths),
        embedded=embedded,
        segments=options.segments,
        windows=options.windows or 1,
    )


def _ppo(options: argparse.Namespace, configured: PPO) -> PPO:
    """The configured numbers with those of the command line in their place."""
    asked = {
        name: getattr(options, name) for name in ("profile", "actor_lr", "critic_lr", "epochs")
    }
    given = {name: value for name, value in asked.items() if value is not None}
    try:
        return PPO.model_validate(configured.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        option = f"--{str(first['loc'][0]).replace('_', '-')}"
        raise UsageError(f"{option}: {first['msg']}; mend the value") from None


def _out(options: argparse.Namespace) -> Path:
    if options.out is not None:
        return Path(options.out)
    name = options.architecture or ("phase5" if options.start is None else options.start.stem)
    return Home.open().models / "training" / f"{name}-seed-{options.seed}"


def _learner(plan: Plan, start: Start) -> Learner:
    return Learner(
        plan.architecture,
        start.tensors,
        start.stats,
        start.sha256[:12],
        plan.update_profile,
        GUARDS,
        float(plan.settings.trade_size),
        plan.seed,
    )


def _progress(options: argparse.Namespace, plan: Plan, course: Course) -> Progress:
    iterations = options.iterations
    if iterations is None and options.minutes is None:
        iterations = ITERATIONS
    seconds = None if options.minutes is None else options.minutes * 60
    return Progress(
        sys.stderr, SystemClock().mono, Goal(iterations, seconds), course.iteration, plan.segments
    )


# ---- the account ------------------------------------------------------------------------------


def _account(options: argparse.Namespace, course: Course, folder: Folder, wishes: Wishes) -> int:
    """Say what there is, and how to go on. Returns the exit code."""
    if wishes.signal is not None:
        sys.stderr.write(
            f"trade-console: stopped after iteration {course.iteration}; give the same command"
            " again to go on\n"
        )
    facts = _facts(course, folder)
    if options.json:
        sys.stdout.write(orjson.dumps(facts, option=orjson.OPT_APPEND_NEWLINE).decode())
    elif course.iteration:
        sys.stdout.write(_as_text(facts))
    return 0 if wishes.signal is None else 128 + wishes.signal


def _facts(course: Course, folder: Folder) -> dict[str, object]:
    entries = course.entries
    last = entries[-1] if entries else None
    return {
        "iterations": course.iteration,
        "rows": sum(entry.rows for entry in entries),
        "windows": sum(entry.windows for entry in entries),
        "accepted": sum(entry.verdict == "accepted" for entry in entries),
        "weights": str(folder.weights) if course.iteration else None,
        "policy_id": course.policy_id,
        "log": str(folder.log),
        "last": last,
        "pnl_per_window": None if last is None else last.pnl_per_window,
    }


def _as_text(facts: dict[str, object]) -> str:
    return (
        f"{facts['policy_id']} after {facts['iterations']} iterations, {facts['accepted']} of them"
        f" accepted, {facts['windows']:,} windows, {facts['rows']:,} rows\n"
        f"  weights {facts['weights']}\n"
        f"  log {facts['log']}\n"
        f"  to let them decide: trade-console model import {facts['weights']}\n"
    )
