"""Whole trainings with the real learner; only the workers are fakes that run segments here."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.errors import ConsoleError
from engine.features import SCHEMA_HASH
from engine.learning.learner import Learner
from engine.training.course import EMBEDDED, Course, Telling
from engine.training.crew import Stopped
from engine.training.folder import Entry, Folder
from engine.training.harvest import Harvest
from engine.training.plan import GUARDS, Plan, training_settings
from engine.training.segment import Segment, run_segment
from engine.training.worker import acting
from models.checkpoint import read_checkpoint
from models.initial import initial_tensors
from tests.engine import recordings as rec
from tests.engine.training.small import COARSE, plan, recording


class Ticking:
    """Every look at it is a second later."""

    def __init__(self) -> None:
        self._now = 0.0

    def mono(self) -> float:
        self._now += 1.0
        return self._now

    def wall_ms(self) -> int:
        return 0


class Here:
    """Runs segments in this process, and fails or stops where it is told to."""

    def __init__(self, fails_at: int | None = None) -> None:
        self._fails_at = fails_at
        self.calls = 0

    def gather(
        self,
        weights: bytes,
        segments: Sequence[Segment],
        landed: Callable[[Harvest], None],
        stopped: Callable[[], bool],
    ) -> list[Harvest]:
        self.calls += 1
        if self.calls == self._fails_at:
            raise ConsoleError("worker training-0 died")
        ladder = acting(weights)
        found = [run_segment(one, ladder, training_settings(COARSE)) for one in segments]
        ladder.close()
        for harvest in found:
            landed(harvest)
        return found


@dataclass
class Heard:
    """What a training told."""

    entries: list[Entry] = field(default_factory=list)
    looks: int = 0
    """Times it asked whether to go on."""
    abandon_at: int | None = None
    """Look at which the iteration is to be given up."""
    then: Callable[[Entry], None] = lambda _: None
    """Called after each iteration."""

    def telling(self) -> Telling:
        return Telling(lambda _: None, self._entry, self._abandoned)

    def _entry(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.then(entry)

    def _abandoned(self) -> bool:
        self.looks += 1
        return self.looks == self.abandon_at


def trained(
    asked: Plan, out: Path, iterations: int, crew: Here | None = None, heard: Heard | None = None
) -> Course:
    """`asked`, in the folder `out`, up to so many iterations."""
    with opened(asked, out) as course:
        course.run(crew or Here(), lambda done: done < iterations, (heard or Heard()).telling())
    return course


@contextmanager
def opened(asked: Plan, out: Path) -> Iterator[Course]:
    tensors = initial_tensors(asked.architecture, 3)
    stake = float(COARSE.trade_size)
    with (
        Folder(out, asked.fixed()) as folder,
        closing(
            Learner(
                asked.architecture, tensors, None, asked.start[:12], asked.update_profile, GUARDS,
                stake, asked.seed,
            )
        ) as learner,
    ):  # fmt: skip
        yield Course(asked, learner, folder, Ticking())


def written(out: Path) -> dict[str, bytes]:
    """What a training leaves for others."""
    names = ("rl_model.safetensors", "rl_model_stats.npz", "rl_model.manifest.json", "log.csv")
    return {name: (out / name).read_bytes() for name in names}


@dataclass
class Reference:
    """Three iterations in one run, which nothing disturbed."""

    out: Path
    course: Course
    after: dict[int, dict[str, bytes]]
    """What was written after each iteration."""
    looks: int
    """In the first iteration."""

    def copied(self, to: Path) -> Path:
        return Path(shutil.copytree(self.out, to))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    tape = recording(tmp_path_factory.mktemp("tape"))
    return plan(recordings=(tape,), embedded=False, segments=2)


@pytest.fixture(scope="module")
def reference(asked: Plan, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    out = tmp_path_factory.mktemp("reference")
    after: dict[int, dict[str, bytes]] = {}
    looks: list[int] = []

    def note(entry: Entry) -> None:
        after[entry.iteration] = written(out)
        looks.append(heard.looks)

    heard = Heard(then=note)
    return Reference(out, trained(asked, out, 3, heard=heard), after, looks[0])


def test_an_iteration_changes_the_weights_and_writes_them_down(
    asked: Plan, reference: Reference
) -> None:
    first, _, last = reference.course.entries
    found = read_checkpoint(reference.out)
    assert (first.verdict, first.iteration) == ("accepted", 1)
    assert asked.start[:12] != first.policy_id != last.policy_id
    assert found.sha256[:12] == last.policy_id == reference.course.policy_id


def test_the_manifest_says_what_was_learned_from_and_until_when(
    asked: Plan, reference: Reference
) -> None:
    manifest = read_checkpoint(reference.out).manifest
    assert manifest is not None
    origin = manifest.origin
    assert origin.trained
    assert origin.parent == asked.start
    assert origin.feature_schema == SCHEMA_HASH
    assert origin.learned_from == ("test.jsonl.gz",)
    assert origin.learned_until is not None
    assert origin.learned_until >= rec.T0 + 900_000


def test_the_embedded_market_is_named_and_has_no_time(tmp_path: Path) -> None:
    slow = COARSE.model_copy(update={"decision_ms": 60_000})
    trained(plan(segments=1, settings=slow), tmp_path / "out", 1)
    manifest = read_checkpoint(tmp_path / "out").manifest
    assert manifest is not None
    assert manifest.origin.learned_from == (EMBEDDED,)
    assert manifest.origin.learned_until is None


def test_a_training_in_two_runs_is_a_training_in_one(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    trained(asked, tmp_path, 1)
    trained(asked, tmp_path, 2)
    assert written(tmp_path) == reference.after[2]


def test_what_is_given_up_in_an_update_is_repeated_and_comes_out_the_same(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    with pytest.raises(Stopped):
        trained(asked, tmp_path, 2, heard=Heard(abandon_at=reference.looks + 3))
    assert written(tmp_path) == reference.after[1]
    trained(asked, tmp_path, 2)
    assert written(tmp_path) == reference.after[2]


def test_a_worker_that_dies_loses_its_iteration_only(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    with pytest.raises(ConsoleError, match="died"):
        trained(asked, tmp_path, 2, crew=Here(fails_at=2))
    again = Here()
    trained(asked, tmp_path, 2, crew=again)
    assert again.calls == 1
    assert written(tmp_path) == reference.after[2]


def test_a_torn_checkpoint_is_told_and_the_one_before_it_used(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    out = reference.copied(tmp_path / "out")
    newest = max((out / "checkpoints").glob("*.state"))
    newest.write_bytes(newest.read_bytes()[:-1])
    with opened(asked, out) as course:
        assert (course.iteration, len(course.entries), len(course.warnings)) == (2, 2, 1)
        assert written(out) == reference.after[2]
        course.run(Here(), lambda done: done < 3, Heard().telling())
    assert written(out) == reference.after[3]


def test_weights_that_a_kill_kept_from_being_written_are_written(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    out = reference.copied(tmp_path / "out")
    for name in ("rl_model.safetensors", "rl_model_stats.npz", "rl_model.manifest.json"):
        (out / name).unlink()
    trained(asked, out, 3)
    assert written(out) == reference.after[3]


def test_a_log_that_is_ahead_of_the_checkpoint_is_cut(
    asked: Plan, reference: Reference, tmp_path: Path
) -> None:
    out = reference.copied(tmp_path / "out")
    max((out / "checkpoints").glob("*.state")).unlink()
    with opened(asked, out) as course:
        assert [entry.iteration for entry in course.entries] == [1, 2]
    assert written(out) == reference.after[2]


def test_an_iteration_without_a_reward_waits_for_the_next(tmp_path: Path) -> None:
    """Nobody can buy at these prices: the spread is beyond the limit."""
    books = [
        rec.book(rec.T0 + s * 1000, bids=[("0.10", "9")], asks=[("0.90", "9")], token=token)
        for s in range(1, 900, 4)
        for token in (rec.UP, rec.DOWN)
    ]
    path = rec.write(tmp_path, rec.market(), *books, rec.resolution(rec.T0 + 930_000))
    dead = plan(recordings=(path,), embedded=False, segments=1)
    course = trained(dead, tmp_path / "out", 2)
    assert [entry.verdict for entry in course.entries] == ["waiting", "waiting"]
    assert "with a reward" in course.entries[0].reason
    assert course.policy_id == dead.start[:12]
