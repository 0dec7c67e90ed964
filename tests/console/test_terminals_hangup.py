"""A terminal that goes away, or is not read: the policy is obeyed, and nothing spins behind it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from engine.home import VARIABLE
from tests.console.ptys import (
    PATIENCE_S,
    ROOT,
    Terminal,
    halted_by,
    in_terminal,
    left,
    logged,
    until,
)

SIM = ("--feed", "sim", "--speed", "1", "--no-learn")
CTRL_X = "\x18"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def policy(home: Path, on_hangup: str) -> None:
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text(f'[safety]\non_hangup = "{on_hangup}"\n')
    config.chmod(0o600)


def test_a_run_whose_link_drops_leaves_in_order_by_default(home: Path) -> None:
    with in_terminal(home, *SIM) as terminal:
        terminal.wait_up()
        terminal.hang_up()
        assert terminal.wait_end() == 128 + signal.SIGHUP
    assert left(home)
    assert not halted_by(home)


def test_a_run_that_is_to_flatten_sells_before_it_leaves(home: Path) -> None:
    policy(home, "flatten")
    with in_terminal(home, "--feed", "sim", "--speed", "10", "--no-learn") as terminal:
        terminal.wait_up()
        until(lambda: fills(home, "BUY"), "a position")
        terminal.hang_up()
        assert terminal.wait_end() == 128 + signal.SIGHUP
    assert left(home)
    assert fills(home, "SELL")
    assert not halted_by(home)


def fills(home: Path, side: str) -> int:
    matched = [content["side"] for kind, content in logged(home) if kind == "FillMatched"]
    return matched.count(side)


def test_a_run_that_is_to_go_on_outlives_its_terminal_and_still_obeys(home: Path) -> None:
    policy(home, "keep-running")
    with in_terminal(home, *SIM) as terminal:
        terminal.wait_up()
        terminal.hang_up()
        let_go(terminal)
        assert not spins(terminal)
        terminal.signal(signal.SIGHUP)
        terminal.signal(signal.SIGUSR1)
        until(lambda: halted_by(home), "a halt")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
    assert halted_by(home) == ["halt by signal SIGUSR1"]
    assert left(home)


def test_a_run_that_was_told_to_ignore_hangups_goes_on(home: Path) -> None:
    with in_terminal(home, *SIM, NOHUP="1") as terminal:
        terminal.wait_up()
        terminal.hang_up()  # no signal comes
        let_go(terminal)
        assert not spins(terminal)
        terminal.signal(signal.SIGINT)
        assert terminal.wait_end() == 128 + signal.SIGINT
    assert left(home)


def test_a_run_without_a_screen_lets_its_terminal_go(home: Path) -> None:
    policy(home, "keep-running")
    with in_terminal(home, *SIM, "--headless") as terminal:
        until(lambda: logged(home), "a session")
        terminal.hang_up()
        let_go(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
    assert left(home)


def let_go(terminal: Terminal) -> None:
    """Until the process has nothing left of its terminal."""
    streams = Path(f"/proc/{terminal.process.pid}/fd")
    until(lambda: {str((streams / n).readlink()) for n in "012"} == {"/dev/null"}, "/dev/null")


def spins(terminal: Terminal) -> bool:
    """Whether a thread computes without a pause; what a market at speed 1 takes is a tenth."""
    share = psutil.Process(terminal.process.pid).cpu_percent(interval=1.0)
    return bool(share > 70.0)


def test_a_stop_key_works_while_nobody_reads_the_terminal(home: Path) -> None:
    with in_terminal(home, *SIM) as terminal:
        terminal.wait_up()
        stall(terminal)
        terminal.press(CTRL_X)
        until(lambda: halted_by(home), "a halt")
        terminal.read_on()
        terminal.wait_shown("HALTED")
    assert halted_by(home) == ["halt by key"]


def test_a_screen_that_was_not_read_is_right_when_it_is_read_again(home: Path) -> None:
    with in_terminal(home, *SIM) as terminal:
        terminal.wait_up()
        stall(terminal)
        terminal.press(CTRL_X + "a")
        until(lambda: halted_by(home), "a halt")
        terminal.read_on()
        terminal.wait_shown("HALTED")
        terminal.press("l ")  # the log, which stands still from here on
        terminal.wait_shown("FROZEN")
        terminal.wait_for(lambda _: "halt by key" in str(log_of(terminal)), "log")
        before = log_of(terminal)
        terminal.forget()
        terminal.resize(35, 120)  # whereupon all of it is painted anew
        terminal.wait_for(lambda _: log_of(terminal) == before, "log as it was")


def test_a_screen_has_the_size_of_its_terminal_whatever_the_environment_says(home: Path) -> None:
    with in_terminal(home, *SIM, COLUMNS="80", LINES="24") as terminal:
        terminal.wait_for(lambda glass: width(glass.text) > 80, "wide screen")
        terminal.resize(40, 150)
        terminal.wait_for(lambda glass: width(glass.text) > 120, "wider screen")


def width(text: str) -> int:
    return max(len(row) for row in text.split("\n"))


def log_of(terminal: Terminal) -> list[str]:
    return [row.rstrip() for row in terminal.glass.text.split("\n") if row.startswith(" 00:00:")]


def stall(terminal: Terminal) -> None:
    """Have more drawn than a terminal that is not read takes."""
    terminal.stop_reading()
    for _ in range(20):
        terminal.press("dabtgl")


def test_a_run_leaves_in_time_though_nobody_reads_its_terminal(home: Path) -> None:
    with in_terminal(home, *SIM) as terminal:
        terminal.wait_up()
        stall(terminal)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
    assert left(home)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed here")
def test_a_tmux_session_that_is_killed_ends_the_run_in_order(home: Path, tmp_path: Path) -> None:
    tmux = ["tmux", "-S", str(tmp_path / "tmux")]
    command = f"{VARIABLE}={home} {sys.executable} -m console {' '.join(SIM)}"
    subprocess.run([*tmux, "-f", "/dev/null", "new-session", "-d", command], check=True, cwd=ROOT)
    try:
        until(lambda: logged(home), "a session")
    finally:
        subprocess.run([*tmux, "kill-server"], check=True, timeout=PATIENCE_S)
    until(lambda: left(home), "the end of the session")
