from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from console import train_command
from console.__main__ import main
from engine.home import VARIABLE
from engine.settings import Settings
from engine.training.crew import Stopped
from engine.training.harvest import Harvest
from engine.training.segment import Segment, run_segment
from engine.training.worker import acting
from models.architecture import PRE_PHASE5
from models.checkpoint import read_checkpoint
from models.shipped import shipped
from tests.engine import recordings as rec
from tests.engine.training.small import recording

Say = Callable[..., tuple[int, str, str]]


class Here:
    """A crew that runs segments in this process, and gets `signals` while it does."""

    started = 0
    signals: Sequence[int] = ()

    workers = 0

    def __init__(self, workers: int, settings: Settings) -> None:
        Here.workers = workers
        self._settings = settings

    def __enter__(self) -> Here:
        Here.started += 1
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def gather(
        self,
        weights: bytes,
        segments: Sequence[Segment],
        landed: Callable[[Harvest], None],
        stopped: Callable[[], bool],
    ) -> list[Harvest]:
        for number in self.signals:
            os.kill(os.getpid(), number)
        if stopped():
            raise Stopped
        ladder = acting(weights)
        found = [run_segment(segment, ladder, self._settings) for segment in segments]
        ladder.close()
        for harvest in found:
            landed(harvest)
        return found


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    return recording(tmp_path / "tape")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs one small `train` in a home of its own: exit code, stdout, stderr."""
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("decision_ms = 5000\n")
    monkeypatch.setenv(VARIABLE, str(home))
    monkeypatch.setattr(train_command, "Crew", Here)
    monkeypatch.setattr(Here, "started", 0)
    monkeypatch.setattr(Here, "signals", ())

    def run(*arguments: object) -> tuple[int, str, str]:
        small = ["--architecture", "pre_phase5", "--segments", "1", "--minibatch", "64"]
        try:
            code = main(["train", *small, *(str(a) for a in arguments)])
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def trained(say: Say, tape: Path, out: Path, *more: object) -> dict[str, Any]:
    code, stdout, _ = say(tape, "--out", out, "--json", *more)
    assert code == 0
    facts: dict[str, Any] = json.loads(stdout)
    return facts


def test_training_leaves_weights_and_says_where(say: Say, tape: Path, out: Path) -> None:
    facts = trained(say, tape, out, "--iterations", 1)
    found = read_checkpoint(facts["weights"])
    assert facts["iterations"] == facts["accepted"] == 1
    assert found.sha256[:12] == facts["policy_id"]
    assert found.trained
    assert Path(facts["log"]).exists()


def test_the_same_command_again_has_nothing_to_do(say: Say, tape: Path, out: Path) -> None:
    facts = trained(say, tape, out, "--iterations", 1)
    assert trained(say, tape, out, "--iterations", 1) == facts
    assert Here.started == 1


def test_more_iterations_go_on_from_there(say: Say, tape: Path, out: Path) -> None:
    trained(say, tape, out, "--iterations", 1)
    _, _, err = say(tape, "--out", out, "--iterations", 2)
    assert "iteration 2/2: " in err
    assert "iteration 1/2: " not in err


def test_no_more_workers_are_started_than_there_are_markets_to_run(
    say: Say, tape: Path, out: Path
) -> None:
    trained(say, tape, out, "--iterations", 1, "--workers", 100_000)
    assert Here.workers == 1


def test_windows_of_the_embedded_market_mean_nothing_without_it(say: Say, tape: Path) -> None:
    code, _, err = say(tape, "--windows", 3)
    assert code == 2
    assert "--feed sim" in err
    assert err.count("\n") == 1


def test_without_a_folder_it_is_kept_in_the_home(say: Say, tape: Path, tmp_path: Path) -> None:
    say(tape, "--iterations", 1, "--seed", 4)
    kept = tmp_path / "home" / "data" / "models" / "training" / "pre_phase5-seed-4"
    assert (kept / "rl_model.safetensors").exists()


def test_weights_that_are_named_are_the_beginning(say: Say, tape: Path, out: Path) -> None:
    facts = trained(say, tape, out, "--iterations", 1, "--from", shipped(PRE_PHASE5))
    manifest = read_checkpoint(facts["weights"]).manifest
    assert manifest is not None
    assert manifest.origin.parent == read_checkpoint(shipped(PRE_PHASE5)).sha256


@pytest.mark.parametrize(
    ("signals", "code", "kept"),
    [
        ((signal.SIGINT,), 130, 1),
        ((signal.SIGINT, signal.SIGINT), 130, 0),
        ((signal.SIGTERM,), 143, 0),
        ((signal.SIGHUP,), 129, 0),
    ],
)
def test_ctrl_c_lets_the_iteration_end_and_anything_stronger_gives_it_up(
    say: Say,
    tape: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    signals: Sequence[int],
    code: int,
    kept: int,
) -> None:
    monkeypatch.setattr(Here, "signals", signals)
    before = signal.getsignal(signal.SIGINT)
    found, _, err = say(tape, "--out", out, "--iterations", 5)
    assert found == code
    assert f"stopped after iteration {kept}; give the same command again to go on" in err
    assert signal.getsignal(signal.SIGINT) is before
    monkeypatch.setattr(Here, "signals", ())
    assert trained(say, tape, out, "--iterations", 1)["iterations"] == 1


def test_another_training_in_the_folder_is_refused(say: Say, tape: Path, out: Path) -> None:
    trained(say, tape, out, "--iterations", 1)
    code, _, err = say(tape, "--out", out, "--seed", 8)
    assert code == 2
    assert "seed was 7 and is 8 now" in err


def test_a_recording_that_teaches_nothing_is_refused(say: Say, tmp_path: Path, out: Path) -> None:
    path = rec.write(tmp_path, rec.mid(rec.T0, 0.5), first=rec.header(has=["mid"], lacks=["book"]))
    code, _, err = say(path, "--out", out)
    assert code == 2
    assert "no order books" in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--minutes", "0"], 2, "no time"),
        (["--iterations", "many"], 2, "no count"),
        (["--from", "nowhere.safetensors"], 1, "no such file"),
        (["gone.jsonl.gz"], 1, "gone.jsonl.gz"),
    ],
)
def test_a_wrong_argument_is_one_sentence(
    say: Say, arguments: list[str], code: int, said: str
) -> None:
    found, _, err = say(*arguments)
    assert found == code
    assert said in err
    assert err.count("\n") == 1


def test_weights_of_the_other_architecture_are_refused(say: Say) -> None:
    code, _, err = say("--from", shipped(PRE_PHASE5).parents[1] / "phase5")
    assert code == 2
    assert "holds phase5 weights" in err
