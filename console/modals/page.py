"""Lines and columns of the text inside a dialog. Pure: no widget, no snapshot, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from textwrap import wrap

from rich.style import Style
from rich.text import Text

from console.text import Money, clip
from console.themes import ALARM, GAIN, LABEL, PLAIN, WARN
from console.widgets.lines import Line, Run
from console.widgets.verdict import evidence, headline, style_of
from engine.learning_view import VerdictView

WIDTH = 72
"""Cells that every column layout must fit into: 80 less frame, padding and scrollbar."""

FOUND = 28
"""Cells before the last column of a checklist."""

BLANK: Line = ()


def line(text: str, style: Style = PLAIN) -> Line:
    """One run of text; a line longer than the dialog is wrapped at its words."""
    return ((text, style),)


def check(met: bool | None, what: str, found: str) -> Line:  # noqa: FBT001 three-valued fact, not a switch
    """A row of a checklist: a mark, a word that says the same, what was looked at, what was found.

    `met` None is unknown; the word is there so that no colour is needed.
    """
    mark, word, style = _MARKS[met]
    return (f"{mark} {word:<8} ", style), (f"{what:<17}", LABEL), (_indented(found), PLAIN)


def _indented(found: str) -> str:
    """`found` broken so that it stays in its own column."""
    return ("\n" + " " * FOUND).join(wrap(found, WIDTH - FOUND)) or found


_MARKS: dict[bool | None, tuple[str, str, Style]] = {
    True: ("✓", "ok", GAIN),
    False: ("✗", "not met", WARN),
    None: ("?", "unknown", WARN),
}


def failed(what: str, found: str) -> Line:
    """A row of a checklist that forbids going on."""
    return ("✗ stops    ", ALARM), (f"{what:<17}", LABEL), (found, PLAIN)


def verdict_page(label: str, verdict: VerdictView, money: Money) -> list[Line]:
    """A verdict in two lines under `label`: the word with its reason, then what it rests on."""
    style = style_of(verdict)
    rows: list[Line] = [((label, LABEL), (headline(verdict, money), style))]
    if verdict.slots:
        rows.append(((" " * len(label), LABEL), (evidence(verdict, money), style)))
    return rows


def columns(cells: Sequence[str], widths: Sequence[int], style: Style = PLAIN) -> Line:
    """`cells` in columns: text left (negative width), numbers right. What is cut shows `…`."""
    return tuple(_cell(cell, width, style) for cell, width in zip(cells, widths, strict=True))


def _cell(text: str, width: int, style: Style) -> Run:
    cut = clip(text, abs(width))
    return (f"{cut:<{-width}} " if width < 0 else f"{cut:>{width}} "), style


def text_of(lines: Iterable[Line]) -> Text:
    """`lines` as one text for a `Static`, which wraps at words."""
    return Text("\n").join(Text.assemble(*runs) for runs in lines)
