from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from typing import TextIO

import pytest

from console.rewritten import COLUMNS, RewrittenLine
from tests.console.terminals import Terminal

START = "\r\x1b[K"


@pytest.fixture
def narrow() -> Iterator[tuple[int, TextIO]]:
    """A terminal of 30 columns: its far end, and the stream to write to."""
    far, near = pty.openpty()
    fcntl.ioctl(near, termios.TIOCSWINSZ, struct.pack("HHHH", 5, 30, 0, 0))
    with os.fdopen(near, "w") as stream:
        yield far, stream
    os.close(far)


def test_a_line_stays_one_line_on_a_narrow_terminal(narrow: tuple[int, TextIO]) -> None:
    far, stream = narrow
    RewrittenLine(stream).show("x" * 200)
    assert os.read(far, 1_000).decode() == START + "x" * 29


def test_wide_characters_count_as_the_cells_that_they_take(narrow: tuple[int, TextIO]) -> None:
    far, stream = narrow
    RewrittenLine(stream).show("\u4e2d" * 200)
    assert os.read(far, 1_000).decode() == START + "\u4e2d" * 14


def test_nothing_in_it_moves_the_cursor() -> None:
    terminal = Terminal()
    RewrittenLine(terminal).show("a\nb\x1b[2Jc")
    assert terminal.getvalue() == f"{START}a?b?[2Jc"


def test_a_terminal_that_does_not_tell_its_width_has_the_usual_one() -> None:
    terminal = Terminal()
    RewrittenLine(terminal).show("x" * 200)
    assert terminal.getvalue() == START + "x" * (COLUMNS - 1)


def test_it_leaves_nothing_when_it_is_cleared_and_says_nothing_to_a_file() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        RewrittenLine(stream).show("x")
        RewrittenLine(stream).clear()
    assert terminal.getvalue() == f"{START}x{START}"
    assert file.getvalue() == ""
