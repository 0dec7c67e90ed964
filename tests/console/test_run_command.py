from __future__ import annotations

import gzip
import json
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from console.__main__ import main
from engine import latch_file
from engine.home import VARIABLE
from tests.engine import recordings as rec
from tests.shared import SHARED, needs_shared

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs one command line in a home of its own; returns exit code, stdout and stderr."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "home"))

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = main([str(a) for a in arguments])
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def one_sentence(err: str) -> bool:
    return err.count("\n") == 1 and "Traceback" not in err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--feed", "moon"],
        ["--speed", "2"],
        ["--feed", "live", "--speed", "2"],
        ["--feed", "sim", "--record"],
        ["--out", "somewhere"],
        ["--record", "--out", ""],
        ["record", "--out", ""],
        ["--feed", "sim", "--speed", "0"],
        ["--feed", "sim", "--speed", "nan"],
        ["--feed", "sim", "--speed", "fast"],
        ["--feed", "sim", "--seed", "-1"],
        ["--feed", "sim", "--windows", "0"],
        ["--feed", "sim", "--json"],
        ["replay"],
        ["model"],
        ["model", "forget"],
        ["frobnicate"],
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_a_sentence_and_code_2(say: Say, arguments: list[str]) -> None:
    code, out, err = say(*arguments)
    assert (code, out) == (2, "")
    assert one_sentence(err)


@pytest.mark.parametrize("command", [[], ["replay"], ["model"], ["model", "import"], ["keys"]])
def test_every_help_has_examples(say: Say, command: list[str]) -> None:
    code, out, _ = say(*command, "--help")
    assert code == 0
    assert "examples:" in out
    assert "trade-console" in out


def test_the_version_is_told(say: Say) -> None:
    code, out, _ = say("--version")
    assert code == 0
    assert out.startswith("trade-console ")


def test_the_summary_has_what_the_contract_names(say: Say, tmp_path: Path) -> None:
    tape = rec.write(
        tmp_path,
        rec.market(),
        *(rec.book(rec.T0 + i * 500, token=(rec.UP, rec.DOWN)[i % 2]) for i in range(600)),
    )
    code, out, err = say("replay", tape, "--headless", "--json")
    summary = json.loads(out)
    assert (code, err) == (0, "")
    assert {
        "windows", "decisions", "orders", "fills", "rejects", "pnl_executable", "pnl_mid", "fees",
        "open_positions", "unmanaged_expiries", "loop_gap_ms", "rss_mb", "model", "profile",
        "event_hash",
    } <= set(summary)  # fmt: skip
    assert set(summary["loop_gap_ms"]) == {"p50", "p99", "max"}
    assert summary["windows"] == 1


def test_a_replay_without_json_is_a_page_to_read(say: Say, tmp_path: Path) -> None:
    tape = rec.write(tmp_path, rec.market(), *(rec.book(rec.T0 + i * 1_000) for i in range(20)))
    code, out, _ = say("replay", tape, "--headless")
    assert code == 0
    assert "PnL executable" in out
    assert "10 of 18 features neutral" in out


def cut_header(folder: Path) -> Path:
    path = rec.write(folder, rec.market())
    path.write_bytes(path.read_bytes()[:20])
    return path


def as_text(folder: Path) -> Path:
    path = folder / "plain.jsonl.gz"
    path.write_text("this is not gzip\n")
    return path


def emptied(folder: Path) -> Path:
    path = folder / "empty.jsonl.gz"
    path.write_bytes(b"")
    return path


def nothing_inside(folder: Path) -> Path:
    path = folder / "hollow.jsonl.gz"
    path.write_bytes(gzip.compress(b""))
    return path


def reordered(folder: Path) -> Path:
    rows = [rec.book(rec.T0 + i * 5_000) for i in range(120)]
    return rec.write(folder, rec.market(), *reversed(rows))


@pytest.mark.parametrize(
    "spoilt",
    [
        emptied,
        nothing_inside,
        as_text,
        cut_header,
        reordered,
        lambda folder: folder,
        lambda folder: folder / "nowhere.jsonl.gz",
        lambda folder: rec.write(folder, first={"format": "another"}),
        lambda folder: rec.write(folder, first=rec.header(version=99)),
    ],
    ids=["empty", "hollow", "text", "cut", "reordered", "folder", "missing", "format", "newer"],
)
def test_a_recording_that_cannot_be_replayed_is_a_sentence(
    say: Say, tmp_path: Path, spoilt: Callable[[Path], Path]
) -> None:
    code, out, err = say("replay", spoilt(tmp_path), "--headless", "--json")
    assert (code, out) == (1, "")
    assert one_sentence(err)


@pytest.mark.parametrize(
    "row",
    [
        rec.book(rec.T0 + 500, bids=(("0.60", "10"),), asks=(("0.40", "10"),)),
        rec.book(rec.T0 + 500, bids=()),
        rec.book(rec.T0 + 500, asks=()),
        rec.book(rec.T0 + 500, bids=(("NaN", "10"),)),
        rec.book(rec.T0 + 500, bids=(("0.40", "-10"),)),
        rec.book(rec.T0 + 500, bids=(("1e999", "10"),)),
        rec.row(rec.T0 + 500, "from.nowhere", {"x": 1}),
    ],
    ids=["crossed", "no-bids", "no-asks", "nan", "negative", "huge", "unknown-src"],
)
def test_a_spoilt_row_neither_stops_the_replay_nor_is_traded_on(
    say: Say, tmp_path: Path, row: rec.Line
) -> None:
    tape = rec.write(tmp_path, rec.market(), *[row] * 3, rec.resolution(rec.T0 + 960_000))
    code, out, err = say("replay", tape, "--headless", "--json")
    summary = json.loads(out)
    assert (code, err) == (0, "")
    assert summary["orders"] == 0
    assert summary["decisions"] == 0


@pytest.mark.parametrize(
    "line", [b"{not json", b"[]", b'{"t": "soon", "src": "mid", "data": {}}', b"\xff\xfe"]
)
def test_a_line_that_is_no_row_is_counted_and_passed_over(
    say: Say, tmp_path: Path, line: bytes
) -> None:
    good = [rec.book(rec.T0 + i * 1_000) for i in range(20)]
    code, out, _ = say(
        "replay", rec.write(tmp_path, rec.market(), line, *good), "--headless", "--json"
    )
    summary = json.loads(out)
    assert code == 0
    assert sum(summary["bad_messages"].values()) == 1
    assert summary["decisions"] > 0


def test_an_unwritable_home_is_a_sentence(
    say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "home"))
    code, _, err = say("--feed", "sim", "--headless")
    assert code == 1
    assert one_sentence(err)


def test_bad_settings_are_a_sentence_that_names_the_line(say: Say, tmp_path: Path) -> None:
    config = tmp_path / "home" / "config" / "config.toml"
    config.parent.mkdir(parents=True)
    config.write_text("[limits]\ndaily_loss = -5\n")
    code, _, err = say("--feed", "sim", "--headless")
    assert code == 2
    assert "limits.daily_loss" in err
    assert one_sentence(err)


def test_a_named_model_that_cannot_be_loaded_is_refused_not_replaced(
    say: Say, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nonsense")
    code, out, err = say("--feed", "sim", "--headless", "--model", bad)
    assert (code, out) == (1, "")
    assert "bad.safetensors" in err
    assert one_sentence(err)


def test_the_models_are_listed_and_inspected(say: Say) -> None:
    code, out, _ = say("model", "list")
    assert code == 0
    assert "champion" in out
    assert " trained" in out
    code, out, _ = say("model", "list", "--json")
    shipped = next(m for m in json.loads(out) if m["name"] == "shipped phase5")
    code, out, _ = say("model", "inspect", shipped["path"])
    assert code == 0
    assert "38,756 parameters" in out


@needs_shared
def test_an_imported_model_becomes_the_champion(say: Say, tmp_path: Path) -> None:
    weights = SHARED / "weights" / "phase5" / "rl_model.safetensors"
    assert say("model", "import", weights)[0] == 0
    code, out, _ = say("model", "list")
    assert code == 0
    assert "champion" in out
    assert "c01b2bd7e25b" in out
    kept = next((tmp_path / "home").rglob("rl_model.safetensors"))
    assert kept.read_bytes() == weights.read_bytes()


def test_the_keys_are_the_command_table(say: Say) -> None:
    from console.commands import COMMANDS

    code, out, _ = say("keys")
    assert code == 0
    assert all(command.help in out for command in COMMANDS)


def test_what_a_run_leaves_is_closed_to_others(say: Say, tmp_path: Path) -> None:
    tape = rec.write(tmp_path, rec.market(), rec.book(rec.T0 + 1_000))
    say("replay", tape, "--headless")
    left = [p for p in (tmp_path / "home").rglob("*") if p.is_file()]
    assert left
    assert {stat.S_IMODE(p.stat().st_mode) for p in left} == {0o600}


def test_no_folder_of_a_run_that_learned_is_open_to_others(say: Say, tmp_path: Path) -> None:
    say("--feed", "sim", "--headless", "--windows", 1, "--speed", "max")
    left = [p for p in (tmp_path / "home" / "data").rglob("*") if p.is_dir()]
    assert any("challenger" in p.parts and p.name.startswith("sim-") for p in left)
    assert {stat.S_IMODE(p.stat().st_mode) for p in left} == {0o700}


def test_the_readme_has_the_table_of_keys_as_the_program_prints_it(say: Say) -> None:
    _, out, _ = say("keys", "--markdown")
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")
    assert out.strip() in readme


def test_a_refused_model_is_told_without_what_comes_below_it(say: Say, tmp_path: Path) -> None:
    bad = tmp_path / "bad.safetensors"
    bad.write_bytes(b"nonsense")
    _, _, err = say("--feed", "sim", "--headless", "--model", bad)
    assert "no checkpoint" not in err


def spoil_champion(folder: Path) -> None:
    champion = folder / "home" / "data" / "models" / "champion"
    champion.mkdir(parents=True)
    (champion / "rl_model.safetensors").write_bytes(b"nonsense")


def test_the_summary_says_that_another_model_decided_and_why(say: Say, tmp_path: Path) -> None:
    spoil_champion(tmp_path)
    tape = rec.write(tmp_path, rec.market(), *(rec.book(rec.T0 + i * 1_000) for i in range(20)))
    _, out, _ = say("replay", tape, "--headless", "--json")
    summary = json.loads(out)
    assert summary["model"].startswith("pre-phase-5 ")
    assert summary["falls"] == 1
    assert "not a safetensors file" in summary["last_fall"]
    _, page, _ = say("replay", tape, "--headless")
    assert "the model changed 1 times, last: " in page


def test_the_page_says_that_a_run_ended_halted_and_why(say: Say, tmp_path: Path) -> None:
    state = tmp_path / "home" / "state"
    state.mkdir(parents=True, mode=0o700)
    latch_file.write(state / "HALTED", "the log was broken", 1)
    code, out, _ = say("--feed", "sim", "--headless", "--windows", "1", "--no-learn")
    assert code == 0
    assert "note: HALTED at the end: the log was broken" in out


def test_the_page_says_why_nothing_was_traded(say: Say, tmp_path: Path) -> None:
    tape = rec.write(tmp_path, rec.market(tick_size="0.03"), rec.book(rec.T0 + 1_000))
    code, out, _ = say("replay", tape, "--headless")
    assert code == 0
    assert "unusable messages, by source: market 1, polymarket.market 1" in out
    assert "no decision was made" in out
