"""What the console will be drawn on: judged from plain facts, which the console gathers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.doctor.findings import Finding, amiss, fine, judged

COLUMNS, LINES = 80, 24
"""The least that the console needs."""

FULL_COLOR = ("truecolor", "24bit")


@dataclass(frozen=True, slots=True)
class Terminal:
    """Facts about standard output."""

    tty: bool
    columns: int
    lines: int
    encoding: str
    """Of standard output, as Python names it."""


def terminal_findings(terminal: Terminal, environ: Mapping[str, str]) -> list[Finding]:
    """Size, encoding and colours; one finding where output is no terminal."""
    encoding = _encoding(terminal.encoding)
    if not terminal.tty:
        return [fine("terminal: kind", "output is a pipe or a file: no screen to judge"), encoding]
    return [_kind(environ.get("TERM", "")), _size(terminal), encoding, _color(environ)]


def _kind(term: str) -> Finding:
    check = "terminal: kind"
    if term in {"", "dumb"}:
        return amiss(
            check,
            f"TERM is {term or 'not set'}",
            "set TERM to what the terminal is (xterm-256color), or run with --headless",
        )
    return fine(check, term)


def _size(terminal: Terminal) -> Finding:
    small = terminal.columns < COLUMNS or terminal.lines < LINES
    advice = f"widen the window to {COLUMNS}x{LINES} or make its letters smaller"
    size = f"{terminal.columns}x{terminal.lines}"
    return judged("terminal: size", size, advice if small else "")


def _encoding(encoding: str) -> Finding:
    plain = encoding.lower().replace("-", "").replace("_", "") != "utf8"
    advice = "choose a UTF-8 locale (LANG=en_US.UTF-8), and let ssh send it (SendEnv LANG)"
    return judged("terminal: encoding", encoding or "unknown", advice if plain else "")


def _color(environ: Mapping[str, str]) -> Finding:
    """Every depth will do: words and signs carry each state."""
    if environ.get("NO_COLOR"):
        return fine("terminal: colour", "none, by NO_COLOR")
    if environ.get("COLORTERM", "").lower() in FULL_COLOR:
        return fine("terminal: colour", "24 bits")
    depth = "256 colours" if "256color" in environ.get("TERM", "") else "16 colours"
    return fine("terminal: colour", f"{depth} (COLORTERM=truecolor would give all)")
