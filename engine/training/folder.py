"""What a training keeps on disk, so that it can go on after anything.

Owns the folder: ``plan.json`` (what is trained), ``checkpoints`` (the learner after the last
iterations), ``log.csv`` (a row for each iteration) and the weights with their stats and manifest.
A checkpoint is written before the log and the weights of its iteration; both are made to follow it
when a training goes on. One training at a time: the folder is locked.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from engine.errors import ConsoleError, HomeError, LearnerStateError, UsageError
from engine.learning.state_file import seal, unseal
from engine.learning.store import Store
from engine.lock import HomeLock
from engine.training.plan import difference
from models import disk
from models.checkpoint import FILE_NAME

KEEP: Final = 3
"""Checkpoints kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One iteration, as the log has it. None: the update did not get that far."""

    iteration: int
    """From 1."""
    verdict: str
    """Of the update (`engine.learning_view.UpdateView`), or ``waiting`` where there was none."""
    reason: str
    rows: int
    """Transitions experienced."""
    rewarded: int
    """Of the update's rows, those with a reward other than 0."""
    steps: int
    windows: int
    """With a known outcome."""
    slots: int
    pnl: float
    """Dollars, after fees."""
    fees: float
    """Dollars."""
    fills: int
    policy_loss: float | None
    value_loss: float | None
    entropy: float | None
    """Nats."""
    kl: float | None
    """Nats."""
    clip_fraction: float | None
    explained_variance: float | None
    policy_id: str
    """Of the weights after it."""
    collect_s: float
    """Real seconds of experience."""
    update_s: float
    """Real seconds of learning."""

    @property
    def pnl_per_window(self) -> float | None:
        """Dollars; None: no window's outcome is known."""
        return self.pnl / self.windows if self.windows else None


@dataclass(frozen=True, slots=True)
class Kept:
    """A training after one of its iterations."""

    iteration: int
    learned_until: int | None
    """Unix ms of the newest recorded data so far; None: none was recorded."""
    learned_from: tuple[str, ...]
    """Names of the markets so far."""
    learner: bytes
    """Its state (`engine.learning.learner.Learner.state_bytes`)."""

    def encoded(self) -> bytes:
        """As `engine.learning.store` keeps it."""
        facts = {
            "iteration": self.iteration,
            "learned_until": self.learned_until,
            "learned_from": self.learned_from,
        }
        return seal(facts, {"learner": np.frombuffer(self.learner, np.uint8)})


def decoded(data: bytes) -> Kept:
    """What `Kept.encoded` wrote; LearnerStateError for anything else."""
    facts, arrays = unseal(data)
    said = json.loads(facts)
    try:
        sources = tuple(map(str, said["learned_from"]))
        return Kept(said["iteration"], said["learned_until"], sources, arrays["learner"].tobytes())
    except (KeyError, TypeError):
        raise LearnerStateError("is the checkpoint of something else than a training") from None


class Folder:
    """Context manager that holds a training's folder for this process."""

    def __init__(self, path: Path, plan: dict[str, Any]) -> None:
        """`plan` is `Plan.fixed`. Nothing is touched before entering."""
        self.path = path
        self._plan = plan
        self._lock = HomeLock(path / "training.lock")

    @property
    def weights(self) -> Path:
        """The newest weights."""
        return self.path / FILE_NAME

    @property
    def log(self) -> Path:
        return self.path / "log.csv"

    def __enter__(self) -> Self:
        """Raises UsageError where something else was trained here, HomeError where another process
        trains here now, ConsoleError where the folder cannot be used."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConsoleError(
                f"{self.path}: cannot be made ({error.strerror}); name another folder with --out"
            ) from None
        self._enter_lock()
        try:
            self._check_plan()
        except BaseException:  # also Ctrl-C: a `with` that is not entered releases no lock
            self._lock.__exit__(None, None, None)
            raise
        self.store = Store(self.path / "checkpoints", KEEP)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.__exit__(kind, error, trace)

    def keep(self, kept: Kept) -> None:
        """Make an iteration durable."""
        self.store.save(kept.iteration, kept.encoded())

    def entries(self) -> list[Entry]:
        """The log so far."""
        if not self.log.exists():
            return []
        with self.log.open(newline="", encoding="utf-8") as file:
            return [_entry(row) for row in csv.DictReader(file)]

    def write_log(self, entries: list[Entry]) -> None:
        """The whole log anew, in one step."""
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, [field.name for field in fields(Entry)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(entry) for entry in entries)
        disk.stage(self.log, text.getvalue().encode())
        disk.commit(self.log)

    def _enter_lock(self) -> None:
        try:
            self._lock.__enter__()
        except HomeError:
            raise HomeError(
                f"{self.path}: another training writes here, or the folder cannot be written to;"
                " wait for it, or name another folder with --out"
            ) from None

    def _check_plan(self) -> None:
        file = self.path / "plan.json"
        if not file.exists():
            disk.stage(file, (json.dumps(self._plan, indent=2) + "\n").encode())
            disk.commit(file)
            return
        try:
            known = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"{file}: cannot be read ({error}); name another folder with --out"
            ) from None
        told = difference(known, self._plan)
        if told:
            raise UsageError(
                f"{self.path}: holds another training ({told}); repeat that one to go on with it,"
                " or name another folder with --out"
            )


def _entry(row: dict[str, str]) -> Entry:
    kinds = {field.name: str(field.type) for field in fields(Entry)}
    return Entry(**{name: _value(kinds[name], row[name]) for name in kinds})


def _value(kind: str, text: str) -> Any:
    if kind == "int":
        return int(text)
    if kind == "str":
        return text
    return float(text) if text else None
