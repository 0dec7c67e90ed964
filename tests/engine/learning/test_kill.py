"""Killed at any moment, a learner loses at most the update in progress.

The processes killed here are real ones: this file is also the program that they run.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.learning.learner import Learner
from engine.learning.state_file import seal
from engine.learning.store import Store
from models import disk
from tests.engine.learning.builders import Dice, learning

ROOT = Path(__file__).resolve().parents[3]
KEEP = 3
UPDATES = 5


def killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Countdown:
    """Kills this process at one of its steps; 0: never."""

    def __init__(self, step: int) -> None:
        self._left = step

    def step(self) -> bool:
        """Whether this step is the last one."""
        self._left -= 1
        return self._left == 0

    def watch_disk(self) -> None:
        """Die before a disk step of a save; a file that is being written is left in halves."""
        stage, commit, sync = disk.stage, disk.commit, disk.sync_folder

        def staging(path: Path, data: bytes) -> None:
            if self.step():
                killed()
            if self.step():
                stage(path, data[: len(data) // 2])
                killed()
            stage(path, data)

        self._patch("stage", staging)
        self._patch("commit", self._dying(commit))
        self._patch("sync_folder", self._dying(sync))

    def _patch(self, name: str, function: Callable[..., None]) -> None:
        """For good: the process is going to die, or to end."""
        setattr(disk, name, function)

    def _dying(self, real: Callable[[Path], None]) -> Callable[[Path], None]:
        def counted(path: Path) -> None:
            if self.step():
                killed()
            real(path)

        return counted


def state(number: int) -> bytes:
    return seal({"number": number}, {"a": np.full(1_000, number, np.float32)})


def save_twice(folder: Path, kill_at: int) -> None:
    """The program of `test_a_save_killed_at_any_disk_step...`."""
    store = Store(folder, KEEP)
    store.save(1, state(1))
    Countdown(kill_at).watch_disk()
    store.save(2, state(2))


def learn(folder: Path, slice_to_die: int, disk_step_to_die: int) -> None:
    """The program that learns, saves after each update, and goes on from where it was killed."""
    store = Store(folder, KEEP)
    slices, steps = Countdown(slice_to_die), Countdown(disk_step_to_die)
    steps.watch_disk()
    with learning() as learner:
        for _, data in store.newest():
            learner.resume(data)
            break
        for number in ticking(learner):
            if number > learner.number:
                if slices.step():
                    killed()
            else:
                store.save(learner.number, learner.state_bytes())


def ticking(learner: Learner) -> Iterator[int]:
    """The number of the update that is under way, or of the one that has just been judged."""
    dice = Dice.after(learner)
    while learner.number < UPDATES:
        judged = dice.tick(learner)
        if judged:
            yield judged.number
        elif learner.updating:
            yield learner.number + 1


def run(*arguments: object) -> int:
    """The exit status of this file as a program."""
    command = [sys.executable, "-m", "tests.engine.learning.test_kill", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def newest(folder: Path) -> bytes:
    _, data = next(Store(folder, KEEP).newest())
    return data


@pytest.fixture(scope="module")
def undisturbed() -> list[bytes]:
    """The states after each update of a learner that nothing ever happened to."""
    with learning() as learner:
        return [learner.state_bytes() for n in ticking(learner) if n == learner.number]


@pytest.mark.parametrize("step", range(1, 6))
def test_a_save_killed_at_any_disk_step_leaves_a_whole_checkpoint(
    tmp_path: Path, step: int
) -> None:
    died = run("save", tmp_path, step) != 0
    assert died == (step < 5)
    assert newest(tmp_path) == (state(1) if step < 4 else state(2))
    Store(tmp_path, KEEP).save(3, state(3))
    assert newest(tmp_path) == state(3)
    assert not list(tmp_path.glob("*.new"))


def test_a_learner_killed_again_and_again_learns_what_an_undisturbed_one_does(
    tmp_path: Path, undisturbed: list[bytes]
) -> None:
    """First amid the second update, then while the third is being written, then not any more."""
    assert run("learn", tmp_path, 12, 0) != 0
    assert newest(tmp_path) == undisturbed[0]
    assert run("learn", tmp_path, 0, 6) != 0
    assert newest(tmp_path) == undisturbed[1]
    assert run("learn", tmp_path, 0, 0) == 0
    assert newest(tmp_path) == undisturbed[-1]


if __name__ == "__main__":
    PROGRAMS: dict[str, Callable[..., None]] = {"save": save_twice, "learn": learn}
    PROGRAMS[sys.argv[1]](Path(sys.argv[2]), *map(int, sys.argv[3:]))
