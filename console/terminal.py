"""The terminal before Textual sees it: colour, animations, and whether there is one at all.

Textual reads its environment once, when it is imported; so this module runs first and must
never import textual. It changes only the environment and writes nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping
from enum import StrEnum
from typing import NamedTuple, Protocol

from engine.errors import UsageError

FALLBACK_SIZE = os.terminal_size((80, 24))
"""Columns and lines where the terminal does not say, as a fresh pty or a serial line may not."""

_NO_SCREEN = "run it in a terminal, or add --headless to run without a screen"


class Color(StrEnum):
    """What `--color` takes."""

    AUTO = "auto"
    """What TERM, COLORTERM and NO_COLOR say."""
    TRUE = "true"
    C256 = "256"
    C16 = "16"
    NONE = "none"
    """Shades of the terminal's own grey; words, signs and reverse carry every state."""


_COLOR_SYSTEM = {
    Color.AUTO: "auto",
    Color.TRUE: "truecolor",
    Color.C256: "256",
    Color.C16: "standard",
    Color.NONE: "auto",
}
"""Names that Textual hands to Rich through TEXTUAL_COLOR_SYSTEM."""


class Stream(Protocol):
    """The part of a standard stream that is looked at."""

    def isatty(self) -> bool: ...

    def fileno(self) -> int: ...


class Streams(NamedTuple):
    """The three that a process begins with; None where it began without."""

    stdin: Stream | None
    stdout: Stream | None
    stderr: Stream | None
    """What Textual draws on."""


def prepare(color: str) -> os.terminal_size:
    """`set_up` for this process: call it before the first import of textual."""
    return set_up(color, os.environ, Streams(sys.stdin, sys.stdout, sys.__stderr__))


def set_up(color: str, environ: MutableMapping[str, str], streams: Streams) -> os.terminal_size:
    """Set the environment for Textual and return the terminal's size in columns and lines.

    Raises UsageError where `color` is not one of `Color`, a stream is not a terminal, the process
    runs in the background of it, or the terminal cannot move its cursor.
    """
    choice = parse_color(color)
    require_terminal(environ, streams)
    choose_color(choice, environ)
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    return terminal_size(streams.stdout)


def parse_color(text: str) -> Color:
    """The `Color` named `text`. Raises UsageError for any other word."""
    try:
        return Color(text)
    except ValueError:
        names = ", ".join(Color)
        raise UsageError(f"--color {text}: no such choice; take one of {names}") from None


def choose_color(choice: Color, environ: MutableMapping[str, str]) -> None:
    """Make Textual draw with `choice`; only `auto` lets NO_COLOR decide.

    An empty NO_COLOR means nothing by its convention, yet Textual obeys it, so it is removed.
    """
    environ["TEXTUAL_COLOR_SYSTEM"] = _COLOR_SYSTEM[choice]
    wanted = choice is Color.NONE or (choice is Color.AUTO and bool(environ.get("NO_COLOR")))
    if wanted:
        environ["NO_COLOR"] = "1"
        return
    environ.pop("NO_COLOR", None)


def require_terminal(environ: Mapping[str, str], streams: Streams) -> None:
    """Raise UsageError, saying which, where one of `streams` cannot carry the console."""
    for name, stream in zip(("input", "output", "error"), streams, strict=True):
        if not is_terminal(stream):
            raise UsageError(f"standard {name} is not a terminal; {_NO_SCREEN}")
    if in_background(streams.stdin):
        raise UsageError(
            "it was started in the background of this terminal, which would suspend it; start it"
            " in the foreground, or add --headless to run without a screen"
        )
    if environ.get("TERM") == "dumb":
        raise UsageError(
            "TERM=dumb cannot place text on the screen; set TERM to what the terminal is "
            "(xterm-256color), or add --headless to run without a screen"
        )


def is_terminal(stream: Stream | None) -> bool:
    """Whether `stream` is an open terminal; a closed one or none at all is not."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # what Python raises for a stream that was closed
        return False


def in_background(terminal: Stream | None) -> bool:
    """Whether a shell runs this process behind its prompt; Textual would stop it with SIGSTOP."""
    try:
        return terminal is not None and os.tcgetpgrp(terminal.fileno()) != os.getpgrp()
    except (OSError, ValueError):  # not the terminal that controls this process: nobody stops it
        return False


def terminal_size(stdout: Stream | None) -> os.terminal_size:
    """Columns and lines of `stdout`; `FALLBACK_SIZE` where it does not say."""
    try:
        size = os.get_terminal_size(stdout.fileno()) if stdout is not None else FALLBACK_SIZE
    except (OSError, ValueError):  # no descriptor, or one without a window
        return FALLBACK_SIZE
    return size if size.columns > 0 and size.lines > 0 else FALLBACK_SIZE
