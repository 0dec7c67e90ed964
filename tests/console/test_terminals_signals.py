"""Signals to a run in a real terminal: each is obeyed, and the terminal is as it was before."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.console.ptys import Terminal, halted_by, in_terminal, left, logged, until

SIM = ("--feed", "sim", "--speed", "1", "--no-learn")
CTRL_X = "\x18"


def as_before(terminal: Terminal) -> bool:
    """Whether the terminal shows and takes lines again, with nothing of the screen left on it."""
    return terminal.modes_now() == terminal.modes and not terminal.glass.raised


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT], ids=lambda n: n.name
)
def test_a_signal_to_leave_restores_the_screen_and_tells_its_number(
    number: signal.Signals, tmp_path: Path
) -> None:
    with in_terminal(tmp_path, *SIM) as terminal:
        terminal.wait_up()
        terminal.signal(number)
        assert terminal.wait_end() == 128 + number
        terminal.wait_for(lambda glass: "event hash" in glass.told, "summary")
        assert as_before(terminal)
        assert "Traceback" not in terminal.glass.told
        assert left(tmp_path)


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2], ids=lambda n: n.name)
def test_a_signal_to_stop_halts_and_never_leaves(number: signal.Signals, tmp_path: Path) -> None:
    with in_terminal(tmp_path, *SIM) as terminal:
        terminal.wait_up()
        terminal.signal(number)
        terminal.wait_shown("HALTED")
        terminal.press("?")  # the screen goes on
        terminal.wait_shown("Halt")
        terminal.press("\x1b")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
    assert halted_by(tmp_path) == [f"halt by signal {number.name}"]


def test_a_process_that_trades_cannot_be_suspended_from_the_keyboard(tmp_path: Path) -> None:
    with in_terminal(tmp_path, *SIM) as terminal:
        terminal.wait_up()
        for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU, signal.SIGCONT):
            terminal.signal(number)
        terminal.press("\x1a" + CTRL_X)
        terminal.wait_shown("HALTED")


def test_a_machine_that_slept_shows_its_screen_and_takes_the_stop_key(tmp_path: Path) -> None:
    with in_terminal(tmp_path, *SIM) as terminal:
        terminal.wait_up()
        terminal.signal(signal.SIGSTOP)
        terminal.press(CTRL_X)  # typed while the lid was shut
        terminal.forget()
        terminal.signal(signal.SIGCONT)
        terminal.wait_shown("HALTED")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
        assert as_before(terminal)


@pytest.mark.parametrize("arguments", [SIM, (*SIM, "--headless")], ids=["screen", "headless"])
def test_signals_during_the_start_are_obeyed_however_many(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    with in_terminal(tmp_path, *arguments) as terminal:
        until(lambda: list(tmp_path.rglob("*.lock")), "a locked home")
        terminal.signal(signal.SIGUSR1)
        terminal.signal(signal.SIGINT)
        terminal.signal(signal.SIGINT)
        terminal.signal(signal.SIGTERM)
        # Of several that wait for a process, the kernel has any delivered first.
        assert terminal.wait_end() in (128 + signal.SIGINT, 128 + signal.SIGTERM)
        assert "Traceback" not in terminal.glass.told
        assert as_before(terminal)
    assert "signal SIGUSR1" in (tmp_path / "state" / "HALTED").read_text()


def test_ctrl_c_in_a_dialog_is_a_key_like_any_other(tmp_path: Path) -> None:
    with in_terminal(tmp_path, *SIM) as terminal:
        terminal.wait_up()
        terminal.press("?\x03\x03\x1b")
        terminal.press(CTRL_X)
        terminal.wait_shown("HALTED")
        assert terminal.process.poll() is None


def test_a_run_without_a_screen_halts_and_leaves_by_signal(tmp_path: Path) -> None:
    with in_terminal(tmp_path, *SIM, "--headless") as terminal:
        until(lambda: logged(tmp_path), "a session")
        terminal.signal(signal.SIGUSR1)
        until(lambda: halted_by(tmp_path), "a halt")
        assert terminal.process.poll() is None
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
        assert left(tmp_path)
        assert "Traceback" not in terminal.glass.told
