"""What of an update differs from what the terminal shows already, cell by cell.

Textual repaints every changed region from its widget's left edge and names each style in full;
over SSH most of that is repetition. `Shown` remembers what was sent, cell by cell, and rewrites
an update into the moves, styles and characters that make a difference. It understands exactly
the four things an update is made of (move, style, text, newline); anything else is passed
through untouched, and what the terminal shows is then unknown until it is painted again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from rich.cells import cell_len
from rich.console import Console

TOKEN = re.compile(r"\x1b\[(\d+);(\d+)H|\x1b\[([\d;]*)m|(\n)|([^\x00-\x1f\x7f]+)")

HARMLESS = re.compile(r"(?:\x1b\[\?2026[hl]|\x07|\x1b\](?:22|52);[^\x07\x1b]*\x07)*")
"""Synchronized updates, the bell, the pointer's shape, the clipboard: no cell changes."""

Cell = tuple[str, str]
"""A character and the parameters of its style."""

Painted = tuple[int, int, str, str]
"""Row, column (both from 1), text and style of a run."""

BRIDGE = 4
"""Unchanged cells of the same style that cost less than a move over them."""

MOVE_FORWARD_MOST = 99
"""Longest step that a relative move says shorter than an absolute one."""


class NotUnderstoodError(ValueError):
    """An update that holds something else than moves, styles, newlines and narrow text."""


Size = tuple[int, int]
"""Columns and rows."""

UNBOUNDED: Size = (10_000, 10_000)


class Shown:
    """What the terminal shows, as far as is known."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], Cell] = {}

    def forget(self) -> None:
        """Know nothing: the next update is sent whole."""
        self._cells.clear()

    def difference(self, update: str, size: Size = UNBOUNDED) -> str:
        """`update` reduced to what changes a terminal of `size`, or as it is if not understood."""
        if HARMLESS.fullmatch(update):
            return update
        pen = Pen()
        try:
            for run in runs(update):
                require_inside(run, size)
                self._paint(run, pen)
        except NotUnderstoodError:
            self.forget()
            return update
        return pen.finished(_last_move(update))

    def _paint(self, run: Painted, pen: Pen) -> None:
        row, column, text, style = run
        first = last = None
        for index, character in enumerate(text):
            cell = (character, _blank(style) if character == " " else style)
            if self._cells.get((row, column + index)) == cell:
                continue
            self._cells[row, column + index] = cell
            if first is None or last is None:
                first = index
            elif index - last > BRIDGE:
                pen.put(row, column + first, text[first : last + 1], style)
                first = index
            last = index
        if first is not None and last is not None:
            pen.put(row, column + first, text[first : last + 1], style)


class Pen:
    """Writes runs with as few codes as it takes. Starts without a style, as updates do."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._at: tuple[int, int] | None = None
        self._style = ""

    def put(self, row: int, column: int, text: str, style: str) -> None:
        """Write `text` at `row`, `column`."""
        self._parts.append(_move(self._at, (row, column)))
        self._parts.append(transition(self._style, style))
        self._parts.append(text)
        self._at, self._style = (row, column + len(text)), style

    def finished(self, last_move: str) -> str:
        """What was written, the style ended and the cursor where the update left it."""
        if not self._parts:
            return ""
        return "".join([*self._parts, transition(self._style, ""), last_move])


def require_inside(run: Painted, size: Size) -> None:
    """Raise NotUnderstoodError for a run beyond the edge.

    It was laid out before the terminal shrank, which shows it at its edge: no one knows where.
    """
    row, column, text, _ = run
    if row > size[1] or column + len(text) - 1 > size[0]:
        raise NotUnderstoodError(text)


def runs(update: str) -> Iterator[Painted]:
    """The runs of text in `update`. Raises NotUnderstoodError where it holds anything else."""
    at: tuple[int, int] | None = None
    style, end = "", 0
    for token in TOKEN.finditer(update):
        if token.start() != end:
            raise NotUnderstoodError(update[end : token.start()])
        end = token.end()
        row, column, parameters, newline, text = token.groups()
        if row is not None:
            at = (int(row), int(column))
        elif parameters is not None:
            style = _styled(style, parameters)
        elif newline is not None:
            at = None
        elif at is None or cell_len(text) != len(text):
            raise NotUnderstoodError(text)
        else:
            yield (*at, text, style)
            at = (at[0], at[1] + len(text))
    if end != len(update):
        raise NotUnderstoodError(update[end:])


def _styled(before: str, parameters: str) -> str:
    """The style after a style code: Textual ends each before it begins the next."""
    if parameters in ("", "0"):
        return ""
    if before:
        raise NotUnderstoodError(parameters)
    return parameters


def _move(at: tuple[int, int] | None, to: tuple[int, int]) -> str:
    if at == to:
        return ""
    if at is not None and at[0] == to[0] and 0 < to[1] - at[1] <= MOVE_FORWARD_MOST:
        return f"\x1b[{to[1] - at[1]}C"
    return f"\x1b[{to[0]};{to[1]}H"


def _last_move(update: str) -> str:
    start = update.rfind("\x1b[")
    return update[start:] if update.endswith("H") and start >= 0 else ""


@lru_cache(4096)
def transition(before: str, after: str) -> str:
    """The shortest code that turns style `before` into `after`."""
    if before == after:
        return ""
    if not after:
        return "\x1b[0m"
    old, new = parts_of(before), parts_of(after)
    lost = any(was and not now for was, now in zip(old, new, strict=True))
    if lost or old[0] != new[0]:
        return f"\x1b[0;{after}m"
    return f"\x1b[{';'.join(now for was, now in zip(old, new, strict=True) if was != now)}m"


@lru_cache(4096)
def parts_of(style: str) -> tuple[str, str, str]:
    """Attributes, foreground and background of a style's parameters."""
    attributes: list[str] = []
    foreground = background = ""
    codes = style.split(";") if style else []
    while codes:
        code = codes.pop(0)
        colour = code
        if code in ("38", "48"):
            count = 2 if codes[:1] == ["5"] else 4
            colour = ";".join([code, *codes[:count]])
            del codes[:count]
        if code == "38" or 30 <= int(code) <= 39 or 90 <= int(code) <= 97:
            foreground = colour
        elif code == "48" or 40 <= int(code) <= 49 or 100 <= int(code) <= 107:
            background = colour
        else:
            attributes.append(code)
    return ";".join(attributes), foreground, background


@lru_cache(4096)
def _blank(style: str) -> str:
    """The style of a space as far as it can be seen: the foreground of most is not."""
    attributes, _, background = parts_of(style)
    drawn = {"4", "7", "9", "21", "53"} & set(attributes.split(";"))
    return style if drawn else background


def shorter_codes(console: Console) -> Console:
    """`console`, or one of 256 colours in place of truecolor.

    Every colour of the theme is exact among the 256, and their codes are half as long.
    """
    if console.color_system != "truecolor":
        return console
    return Console(
        color_system="256", file=console.file, force_terminal=True, legacy_windows=False,
        highlight=False, emoji=False, safe_box=False, soft_wrap=False,
    )  # fmt: skip
