from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console import evaluate_command
from console.__main__ import main
from engine.errors import ConsoleError
from engine.evaluation.compare import Reading
from engine.evaluation.run import Progress
from engine.home import VARIABLE
from engine.market import Outcome
from models.architecture import PHASE5
from models.shipped import shipped
from tests.console.terminals import Terminal
from tests.engine import recordings as rec

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs one `evaluate` in a home of its own with coarse ticks: exit code, stdout, stderr."""
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("decision_ms = 5000\n")
    monkeypatch.setenv(VARIABLE, str(home))

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main(["evaluate", *(str(a) for a in arguments)])
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def tape(tmp_path: Path) -> Path:
    """One window in which UP becomes the favourite and wins."""
    rows = [rec.market()]
    for second in range(1, 900, 3):
        cents = 50 + second // 30
        for token, mid in ((rec.UP, cents), (rec.DOWN, 100 - cents)):
            bids, asks = ((f"0.{mid - 1}", "500"),), ((f"0.{mid + 1}", "500"),)
            rows.append(rec.book(rec.T0 + second * 1000, bids, asks, token))
    rows.append(rec.resolution(rec.T0 + 910_000, Outcome.UP.value))
    return rec.write(tmp_path, *rows)


def one_sentence(err: str) -> bool:
    return err.count("\n") == 1 and "Traceback" not in err


def test_a_recording_is_evaluated_printed_and_kept(say: Say, tape: Path, tmp_path: Path) -> None:
    plot, table = tmp_path / "equity.png", tmp_path / "slots.csv"
    code, out, err = say(tape, "--frozen", "--plot", plot, "--csv", table)
    assert (code, err) == (0, "")
    assert "NOT SHOWN" in out
    assert "favourite" in out
    assert max(len(line) for line in out.splitlines()) <= 80
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert table.read_text().startswith("arm,kind,slot_start,")


def test_json_has_every_figure_of_every_arm(say: Say, tape: Path) -> None:
    code, out, _ = say(tape, "--json", "--frozen", "--reference", "favourite", "--seed", 3)
    found = json.loads(out)
    assert code == 0
    assert (found["slots"], found["seed"], found["reference"]) == (1, 3, "favourite")
    arms = {arm["name"]: arm for arm in found["arms"]}
    assert arms["favourite"]["trades"] == 1
    assert arms["always-hold"]["pnl_executable"] == 0.0
    assert arms["momentum"]["difference"]["verdict"] == "not shown"
    assert {"without_best", "at_cost", "assets", "fees", "win_rate"} <= arms["random"].keys()


def test_frozen_leaves_the_arms_that_learn_out(say: Say, tape: Path) -> None:
    learning, frozen = (
        {arm["name"] for arm in json.loads(say(tape, "--json", *more)[1])["arms"]}
        for more in ([], ["--frozen"])
    )
    assert learning - frozen == {
        f"{model} {kind}" for model in ("phase5", "pre_phase5") for kind in ("online", "placebo")
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to evaluate on"),
        (["--windows", "3"], "--feed sim"),
        (["some.jsonl.gz", "--feed", "sim"], "not both"),
        (["none.jsonl.gz", "--plot", "no/such/folder/x.png"], "folder that exists"),
        (["--feed", "sim", "--windows", "0"], "no number of windows"),
        (["--feed", "sim", "--reference", "nobody"], "there is no arm"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_question_is_a_sentence_and_code_2(
    say: Say, arguments: list[str], said: str
) -> None:
    code, out, err = say(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert one_sentence(err)


def test_a_missing_recording_and_missing_weights_are_told(say: Say, tape: Path) -> None:
    for arguments in (["none.jsonl.gz"], [tape, "--models", "none.safetensors"]):
        code, out, err = say(*arguments)
        assert (code, out) == (1, "")
        assert one_sentence(err)


def test_a_tape_without_a_known_outcome_is_no_result(say: Say, tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(), rec.book(rec.T0 + 1000), rec.book(rec.T0 + 60_000))
    code, out, err = say(path)
    assert (code, out) == (1, "")
    assert "known outcome" in err
    assert one_sentence(err)


def test_ctrl_c_ends_with_130_and_a_sentence(
    say: Say, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate_command, "compare", interrupted)
    code, out, err = say(tape)
    assert (code, out) == (130, "")
    assert one_sentence(err)


def test_a_failure_begins_on_a_line_of_its_own(
    say: Say, tape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_question: object, tell: Callable[[Reading], None]) -> None:
        tell(Reading("x.jsonl.gz", 1, 4, Progress(3_900_000, 7_800_000)))
        raise ConsoleError("no more")

    monkeypatch.setattr(evaluate_command, "compare", failing)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    code, out, _ = say(tape)
    assert (code, out) == (1, "")
    assert "reading 1 of 4: x.jsonl.gz, 1:05 h of market time 50 %" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[Ktrade-console: no more\n")


def test_what_is_read_is_never_written_over(say: Say, tape: Path, tmp_path: Path) -> None:
    before = tape.read_bytes()
    folder = tmp_path / "own"
    folder.mkdir()
    weights = folder / "rl_model.safetensors"
    weights.write_bytes(shipped(PHASE5).read_bytes())
    for out, model in ((tape, weights), (weights, weights), (weights, folder)):
        code, _, err = say(tape, "--models", model, "--frozen", "--csv", out)
        assert code == 2
        assert "is read by this evaluation" in err
    assert tape.read_bytes() == before
    assert weights.read_bytes() == shipped(PHASE5).read_bytes()


def test_table_and_plot_need_two_files(say: Say, tape: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    code, _, err = say(tape, "--csv", both, "--plot", both)
    assert code == 2
    assert "name two files" in err
    assert not both.exists()


def test_a_recording_under_two_names_is_refused_before_it_is_run(
    say: Say, tape: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy.jsonl.gz"
    copy.write_bytes(tape.read_bytes())
    monkeypatch.setattr("engine.evaluation.compare.run_tape", None)
    for again in (tape, copy):
        code, out, err = say(tape, again)
        assert (code, out) == (2, "")
        assert "the same recording as" in err
        assert one_sentence(err)


def test_the_help_has_examples(say: Say) -> None:
    code, out, _ = say("--help")
    assert code == 0
    assert "examples:" in out
