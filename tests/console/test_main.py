from __future__ import annotations

import errno
import io
import sys
from typing import NoReturn

import pytest

from console import keys_command
from console.__main__ import main
from console.arguments import parse


class Refusing(io.StringIO):
    """Standard output that the system refuses to take."""

    def __init__(self, number: int, reason: str) -> None:
        super().__init__()
        self._error = OSError(number, reason)

    def flush(self) -> NoReturn:
        raise self._error


def test_a_full_disk_behind_the_output_is_a_sentence_and_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Refusing(errno.ENOSPC, "No space left on device"))
        code = main(["keys"])
    err = capsys.readouterr().err
    assert code == 1
    assert "No space left on device" in err
    assert err.count("\n") == 1


def test_a_reader_who_has_had_enough_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", Refusing(errno.EPIPE, "Broken pipe"))
        code = main(["keys"])
    assert (code, capsys.readouterr().err) == (0, "")


@pytest.mark.parametrize("arguments", [["keys"], ["replay", "nowhere", "--headless"]])
def test_a_program_started_with_its_output_closed_still_ends_with_its_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, arguments: list[str]
) -> None:
    monkeypatch.setenv("TRADE_CONSOLE_HOME", str(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None)
        patched.setattr(sys, "stderr", None)
        code = main(arguments)
        sys.stdout.close()
        sys.stderr.close()
    assert code == (0 if arguments == ["keys"] else 1)


def test_ctrl_c_in_a_command_without_a_screen_is_code_130(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(keys_command, "keys_table", interrupted)
    assert main(["keys"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_name_with_a_line_break_cannot_break_the_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TRADE_CONSOLE_HOME", str(tmp_path))
    code = main(["replay", "a\nb\x1b[31m", "--headless"])
    err = capsys.readouterr().err
    assert code == 1
    assert err.count("\n") == 1
    assert "\x1b" not in err


def test_options_before_the_word_replay_are_not_forgotten() -> None:
    options = parse(["--seed", "3", "--headless", "--json", "replay", "FILE", "--speed", "2"])
    assert (options.seed, options.headless, options.json, options.speed) == (3, True, True, 2)


def test_what_is_given_after_the_word_replay_wins() -> None:
    assert parse(["--seed", "3", "replay", "FILE", "--seed", "4"]).seed == 4


@pytest.mark.parametrize(
    "option", [["--feed", "sim"], ["--windows", "2"], ["--fresh"], ["--record"]]
)
def test_an_option_of_a_running_market_does_not_go_with_replay(
    option: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        parse([*option, "replay", "FILE"])
    assert left.value.code == 2
    assert option[0] in capsys.readouterr().err


def test_an_unknown_command_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["frobnicate"])
    assert "argument COMMAND: invalid choice: 'frobnicate'" in capsys.readouterr().err
