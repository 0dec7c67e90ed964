from __future__ import annotations

import pytest

from engine.doctor.findings import Finding
from engine.doctor.terminal import Terminal, terminal_findings
from tests.engine.doctor.parts import by_check

GOOD = Terminal(tty=True, columns=120, lines=40, encoding="UTF-8")
XTERM = {"TERM": "xterm-256color"}


def look(terminal: Terminal = GOOD, environ: dict[str, str] | None = None) -> dict[str, Finding]:
    return by_check(terminal_findings(terminal, XTERM | (environ or {})))


def test_a_good_terminal_is_well() -> None:
    assert all(finding.ok for finding in look().values())


def test_a_pipe_is_said_as_such_and_is_well() -> None:
    found = look(Terminal(tty=False, columns=0, lines=0, encoding="utf-8"), {"TERM": ""})
    assert all(finding.ok for finding in found.values())
    assert "pipe" in found["terminal: kind"].detail


@pytest.mark.parametrize("term", ["", "dumb"])
def test_a_terminal_that_cannot_place_text_is_amiss(term: str) -> None:
    assert "xterm-256color" in look(environ={"TERM": term})["terminal: kind"].advice


@pytest.mark.parametrize(
    ("columns", "lines", "well"), [(80, 24, True), (79, 24, False), (80, 23, False)]
)
def test_a_small_window_is_amiss(columns: int, lines: int, well: bool) -> None:
    found = look(Terminal(tty=True, columns=columns, lines=lines, encoding="utf-8"))
    assert found["terminal: size"].ok is well


@pytest.mark.parametrize(("encoding", "well"), [("utf_8", True), ("latin-1", False), ("", False)])
def test_a_locale_without_utf8_is_amiss(encoding: str, well: bool) -> None:
    found = look(Terminal(tty=True, columns=80, lines=24, encoding=encoding))
    assert found["terminal: encoding"].ok is well


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"NO_COLOR": "1"}, "NO_COLOR"),
        ({"COLORTERM": "truecolor"}, "24 bits"),
        ({}, "256 colours"),
        ({"TERM": "vt220"}, "16 colours"),
    ],
)
def test_the_colour_depth_is_told_and_any_will_do(environ: dict[str, str], words: str) -> None:
    found = look(environ=environ)["terminal: colour"]
    assert found.ok
    assert words in found.detail
