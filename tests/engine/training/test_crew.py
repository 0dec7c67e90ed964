"""Real processes, and as few as possible: starting one takes a second."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from engine.errors import ConsoleError
from engine.evaluation.tape import Embedded, Recorded
from engine.feeds.feed import Feed
from engine.training.crew import Crew, Stopped
from engine.training.harvest import Harvest
from engine.training.plan import training_settings
from engine.training.segment import Segment, run_segment
from engine.training.worker import acting
from tests.engine.training.small import COARSE, recording, weights

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Deadly:
    """A tape on which its reader dies."""

    name: str = "deadly"

    def open(self) -> Feed:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recording(tmp_path)


@pytest.fixture
def crew() -> Iterator[Crew]:
    with Crew(2, training_settings(COARSE)) as crew:
        yield crew


def ignored(_: Harvest) -> None:
    pass


def never() -> bool:
    return False


def children() -> set[int]:
    """Worker processes of this one."""
    return {child.pid for child in multiprocessing.active_children() if child.pid is not None}


def test_harvests_come_in_the_order_of_the_segments_and_as_if_run_here(
    crew: Crew, path: Path
) -> None:
    slow = Segment(Embedded(9, 1), 0)  # the first to begin is not the first to end
    segments = [slow, *(Segment(Recorded(path), seed) for seed in range(4))]
    told: list[int] = []
    found = crew.gather(weights(), segments, lambda harvest: told.append(len(harvest)), never)
    ladder = acting(weights())
    here = [run_segment(segment, ladder, training_settings(COARSE)) for segment in segments]
    ladder.close()
    assert [h.numbers.tobytes() for h in found] == [h.numbers.tobytes() for h in here]
    assert sorted(told) == sorted(len(h) for h in here)


def test_new_weights_decide_at_once(crew: Crew, path: Path) -> None:
    segment = [Segment(Recorded(path), 1)]
    first = crew.gather(weights(seed=3), segment, ignored, never)
    second = crew.gather(weights(seed=4), segment, ignored, never)
    assert set(first[0].policy_ids).isdisjoint(second[0].policy_ids)


def test_a_segment_that_cannot_be_run_is_told_in_one_sentence(crew: Crew, tmp_path: Path) -> None:
    missing = [Segment(Recorded(tmp_path / "gone.gz"), 1)]
    with pytest.raises(ConsoleError, match=r"gone\.gz"):
        crew.gather(weights(), missing, ignored, never)


def test_a_worker_that_dies_is_told_in_one_sentence(crew: Crew) -> None:
    with pytest.raises(ConsoleError, match=r"worker training-\d died \(exit code -9\)"):
        crew.gather(weights(), [Segment(Deadly(), 1)], ignored, never)


def test_who_wants_to_stop_waits_for_no_segment(crew: Crew, path: Path) -> None:
    with pytest.raises(Stopped):
        crew.gather(weights(), [Segment(Recorded(path), 1)], ignored, lambda: True)


def test_a_worker_is_deaf_to_ctrl_c(crew: Crew, path: Path) -> None:
    for pid in children():
        os.kill(pid, signal.SIGINT)
    assert len(crew.gather(weights(), [Segment(Recorded(path), 1)], ignored, never)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_the_first_workers_of_a_process_are_deaf_to_the_terminal_too(
    number: signal.Signals, path: Path
) -> None:
    """Here multiprocessing has long started what it starts once; in a new process it has not."""
    script = f"""
import multiprocessing, os
from pathlib import Path
from engine.evaluation.tape import Recorded
from engine.training.crew import Crew
from engine.training.segment import Segment
from tests.engine.training.small import COARSE, weights
with Crew(2, COARSE) as crew:
    for child in multiprocessing.active_children():
        os.kill(child.pid, {int(number)})
    segments = [Segment(Recorded(Path({str(path)!r})), seed) for seed in (1, 2)]
    print(len(crew.gather(weights(), segments, lambda _: None, lambda: False)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("2\n", "", 0)


def test_no_worker_outlives_the_crew() -> None:
    with Crew(1, COARSE):
        (worker,) = children()
        assert psutil.pid_exists(worker)
    assert not psutil.pid_exists(worker)
