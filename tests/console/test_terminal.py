"""What must hold of the terminal before Textual is imported."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator

import pytest

from console.terminal import (
    FALLBACK_SIZE,
    Color,
    Streams,
    choose_color,
    is_terminal,
    parse_color,
    set_up,
    terminal_size,
)
from engine.errors import UsageError


class Tty:
    """A standard stream that is a terminal, or is not."""

    def __init__(self, tty: bool = True, descriptor: int = -1) -> None:
        self.tty = tty
        self.descriptor = descriptor

    def isatty(self) -> bool:
        return self.tty

    def fileno(self) -> int:
        return self.descriptor


TERMINALS = Streams(Tty(), Tty(), Tty())


@pytest.fixture
def terminal() -> Iterator[Tty]:
    ours, theirs = pty.openpty()
    yield Tty(descriptor=theirs)
    os.close(ours)
    os.close(theirs)


@pytest.mark.parametrize(
    ("choice", "before", "system", "no_color"),
    [
        ("auto", {}, "auto", None),
        ("auto", {"NO_COLOR": "yes"}, "auto", "1"),
        ("auto", {"NO_COLOR": ""}, "auto", None),
        ("true", {"NO_COLOR": "1"}, "truecolor", None),
        ("256", {}, "256", None),
        ("16", {}, "standard", None),
        ("none", {}, "auto", "1"),
    ],
)
def test_color_choice_reaches_the_environment(
    choice: str, before: dict[str, str], system: str, no_color: str | None
) -> None:
    environ = dict(before)
    choose_color(Color(choice), environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == system
    assert environ.get("NO_COLOR") == no_color


def test_an_unknown_color_is_told_with_the_choices() -> None:
    with pytest.raises(UsageError, match=r"--color green: .*auto, true, 256, 16, none"):
        parse_color("green")


def test_animations_are_off_unless_the_user_chose() -> None:
    environ = {"TERM": "xterm-256color"}
    set_up("auto", environ, TERMINALS)
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    environ["TEXTUAL_ANIMATIONS"] = "full"
    set_up("auto", environ, TERMINALS)
    assert environ["TEXTUAL_ANIMATIONS"] == "full"


@pytest.mark.parametrize(
    ("streams", "name"),
    [
        (Streams(Tty(False), Tty(), Tty()), "input"),
        (Streams(Tty(), Tty(False), Tty()), "output"),
        (Streams(Tty(), Tty(), Tty(False)), "error"),
        (Streams(None, Tty(), Tty()), "input"),
    ],
)
def test_a_pipe_is_told_in_one_sentence_that_names_headless(streams: Streams, name: str) -> None:
    with pytest.raises(UsageError) as error:
        set_up("auto", {"TERM": "xterm"}, streams)
    assert f"standard {name} is not a terminal" in str(error.value)
    assert "--headless" in str(error.value)


def test_a_refused_terminal_leaves_the_environment_alone() -> None:
    environ = {"TERM": "dumb", "NO_COLOR": ""}
    with pytest.raises(UsageError, match="TERM=dumb"):
        set_up("true", environ, TERMINALS)
    assert environ == {"TERM": "dumb", "NO_COLOR": ""}


def test_a_closed_stream_is_no_terminal() -> None:
    ours, theirs = pty.openpty()
    stream = os.fdopen(theirs, "w")
    assert is_terminal(stream)
    stream.close()
    os.close(ours)
    assert not is_terminal(stream)


def test_size_is_the_terminal_s_own(terminal: Tty) -> None:
    fcntl.ioctl(terminal.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
    assert terminal_size(terminal) == (120, 36)


def test_a_terminal_that_says_nothing_gets_the_fallback_size(terminal: Tty) -> None:
    assert terminal_size(terminal) == FALLBACK_SIZE
    assert terminal_size(Tty(descriptor=-1)) == FALLBACK_SIZE
    assert terminal_size(None) == FALLBACK_SIZE


def test_textual_is_not_imported_and_then_obeys() -> None:
    code = (
        "import os, sys, console.terminal as t\n"
        "assert 'textual' not in sys.modules\n"
        "t.choose_color(t.Color.C16, os.environ)\n"
        "os.environ.setdefault('TEXTUAL_ANIMATIONS', 'none')\n"
        "import textual.constants as c\n"
        "print(c.COLOR_SYSTEM, c.TEXTUAL_ANIMATIONS)\n"
    )
    environ = {k: v for k, v in os.environ.items() if not k.startswith("TEXTUAL")}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environ, check=False
    )
    assert done.stdout.split() == ["standard", "none"], done.stderr


IN_BACKGROUND = """
import os, signal, sys
from console.terminal import prepare
from engine.errors import UsageError

signal.signal(signal.SIGTTOU, signal.SIG_IGN)
os.setpgid(0, 0)  # what a shell does with `trade-console &`
try:
    prepare("auto")
except UsageError as error:
    print(error)
os.tcsetpgrp(0, os.getpgrp())  # fg
prepare("auto")
print("shown")
"""


def test_a_screen_in_the_background_is_refused_instead_of_suspended() -> None:
    """Textual would stop the process, engine and all, with SIGSTOP."""
    pid, ours = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        shell = subprocess.run([sys.executable, "-c", IN_BACKGROUND], check=False)
        os._exit(shell.returncode)
    said = b""
    try:
        while chunk := os.read(ours, 4096):
            said += chunk
    except OSError:  # how Linux tells that the other end is closed
        pass
    os.close(ours)
    assert os.waitpid(pid, 0)[1] == 0
    assert b"in the background" in said
    assert b"shown" in said
