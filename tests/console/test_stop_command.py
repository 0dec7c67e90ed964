"""``stop``, ``flatten``, ``resume`` and ``status`` as a shell meets them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from console.__main__ import main
from engine import latch_file
from engine.home import VARIABLE, Home
from engine.lock import HomeLock
from engine.requests import Flatten, Halt, Resume
from engine.safety_view import BreakerView, DutyView, SafetyView
from engine.snapshot import Snapshot
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.engine.control.ports import DONE, UNDERWAY, ToldPort, serving

Shell = pytest.CaptureFixture[str]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with tempfile.TemporaryDirectory(prefix="tc-") as root:
        monkeypatch.setenv(VARIABLE, str(Path(root)))
        yield Home.open()


def halted() -> Snapshot:
    return Snapshot(seq=7, state="HALTED", state_reason="halt by key")


def test_stop_prints_the_evidence_and_exits_with_0(home: Home, capsys: Shell) -> None:
    port = ToldPort()
    with serving(home.control_socket, port):
        assert main(["stop"]) == 0
    assert port.requests == [Halt("trade-console stop")]
    assert capsys.readouterr().out.splitlines()[-1] == DONE.sentence


def test_stop_as_json_is_one_object(home: Home, capsys: Shell) -> None:
    with serving(home.control_socket, ToldPort()):
        assert main(["stop", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["shut"], told["done"], told["way"]) == (True, True, "control socket")
    assert told["stop"]["confirmed"] == DONE.confirmed


def test_stop_without_an_engine_halts_the_next_start(home: Home, capsys: Shell) -> None:
    assert main(["stop"]) == 0
    assert "the next start is HALTED" in capsys.readouterr().out
    assert latch_file.present(home.halt_latch)


def test_flatten_without_an_engine_latches_and_says_that_nobody_can_sell(
    home: Home, capsys: Shell
) -> None:
    assert main(["flatten"]) == 1
    assert "nobody can sell" in capsys.readouterr().err
    assert latch_file.present(home.halt_latch)


def test_flatten_that_is_not_done_is_no_success(
    home: Home, capsys: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.control.protocol.FLATTEN_S", 0.1)
    port = ToldPort(evidence=[UNDERWAY])
    with serving(home.control_socket, port):
        assert main(["flatten"]) == 1
    assert port.requests == [Flatten("trade-console flatten")]
    assert "not known that everything is sold" in capsys.readouterr().err


def test_resume_shows_what_it_takes_and_resumes(home: Home, capsys: Shell) -> None:
    port = ToldPort(snapshot=replace(halted(), safety=SafetyView(stop=DONE)))
    with serving(home.control_socket, port):
        assert main(["resume", "--word", "RESUME"]) == 0
    assert port.requests == [Resume("RESUME")]
    out = capsys.readouterr().out
    assert f"  ok  the halt is done: {DONE.sentence}" in out
    assert "resumed; the state is ACTIVE" in out


@pytest.mark.parametrize(
    ("word", "code", "sentence"),
    [(["--word", "resume"], 2, "'resume' was typed"), ([], 2, "add --word RESUME")],
)
def test_only_the_word_resumes(
    home: Home, capsys: Shell, word: list[str], code: int, sentence: str
) -> None:
    port = ToldPort(snapshot=halted())
    with serving(home.control_socket, port):
        assert main(["resume", *word]) == code
    assert port.requests == []
    assert sentence in capsys.readouterr().err


def test_a_stop_that_is_not_done_is_not_resumed(home: Home, capsys: Shell) -> None:
    port = ToldPort(snapshot=replace(halted(), safety=SafetyView(stop=UNDERWAY)))
    with serving(home.control_socket, port):
        assert main(["resume", "--word", "RESUME"]) == 1
    assert port.requests == []
    assert "still HALTED" in capsys.readouterr().err


def test_an_engine_that_refuses_is_quoted(home: Home, capsys: Shell) -> None:
    port = ToldPort(snapshot=halted(), resumes=False)
    with pytest.MonkeyPatch.context() as patch, serving(home.control_socket, port):
        patch.setattr("engine.control.answers.HEARD_S", 0.1)
        assert main(["resume", "--word", "RESUME"]) == 1
    assert "still HALTED: halt by key" in capsys.readouterr().err


def test_nothing_halted_is_nothing_to_resume(home: Home, capsys: Shell) -> None:
    with serving(home.control_socket, ToldPort()):
        assert main(["resume"]) == 0
    assert "nothing is halted; the state is ACTIVE" in capsys.readouterr().out


def test_without_an_engine_the_word_opens_the_latch(home: Home, capsys: Shell) -> None:
    main(["stop"])
    assert main(["resume", "--word", "RESUME"]) == 0
    assert not latch_file.present(home.halt_latch)
    assert main(["resume"]) == 0
    assert "the latch is open" in capsys.readouterr().out


def test_a_stop_file_is_named_and_keeps_the_latch_shut(home: Home, capsys: Shell) -> None:
    main(["stop"])
    home.stop_file.write_text("stop")
    assert main(["resume", "--word", "RESUME"]) == 1
    assert str(home.stop_file) in capsys.readouterr().err
    assert latch_file.present(home.halt_latch)


def test_status_without_an_engine_tells_the_latch(home: Home, capsys: Shell) -> None:
    assert main(["status"]) == 0
    assert capsys.readouterr().out == "no engine runs in this home; the latch is open\n"
    main(["stop"])
    capsys.readouterr()
    assert main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["running"], told["latch"]) == (False, "shut")


def test_status_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none"))
    assert main(["status"]) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_does_not_answer_is_no_absent_one(home: Home, capsys: Shell) -> None:
    with HomeLock(home.lock_file):
        assert main(["status"]) == 1
    assert "holds this home" in capsys.readouterr().err


def test_status_shows_what_is_held_and_what_is_amiss(home: Home, capsys: Shell) -> None:
    safety = SafetyView(
        stop=UNDERWAY,
        breakers=(BreakerView("disk", "9 MB free, limit 64", 0, lasts=True, clears="by itself"),),
        duties=(
            DutyView("exit rules", None, 5.0, fresh=False),
            DutyView("disk", 0.1, 5.0, fresh=True),
        ),
    )
    with serving(home.control_socket, FakeEngine(sample_snapshot(safety=safety))):
        assert main(["status"]) == 0
        page = capsys.readouterr().out
        assert main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "disk: 9 MB free, limit 64; by itself" in page
    assert "exit rules never ran, limit 5 s" in page
    assert UNDERWAY.sentence in page
    assert told["positions"][0]["asset"] == "BTC"
    assert told["stop"]["confirmed"] == UNDERWAY.confirmed
    assert len(told["duties"]) == 2


def test_attach_without_an_engine_is_one_sentence(home: Home, capsys: Shell) -> None:
    assert main(["attach"]) == 1
    assert "no engine runs in this home" in capsys.readouterr().err
