"""A block of lines that repaints only the lines that changed, and of these only up to the change.

Textual writes a dirty region from the widget's left edge to the region's right edge, so the
right end of the last change is all that can be saved; over SSH it is most of the bytes. Content
never changes the layout: the height is the layout's business, set from outside.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.events import Resize
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from console.themes import FAINT, PLAIN

Run = tuple[str, Style]
"""Text of one style."""
Line = Sequence[Run]

GAP: Run = ("  ", PLAIN)


def width_of(line: Line) -> int:
    """Cells of a line. Every glyph of the console is one cell wide."""
    return sum(len(text) for text, _ in line)


def fit(line: Line, width: int) -> list[Run]:
    """`line` in exactly `width` cells: padded, or cut with an ellipsis that shows the cut."""
    spare = width - width_of(line)
    if spare >= 0:
        return [*line, (" " * spare, PLAIN)] if spare else list(line)
    kept: list[Run] = []
    room = width - 1
    for text, style in line:
        kept.append((text[: max(0, room)], style))
        room -= len(text)
    return [*kept, ("…", FAINT)] if width > 0 else []


def first_line_that_fits(width: int, variants: Sequence[Line]) -> Line:
    """The first variant that fits into `width` cells, else the last one."""
    return next((line for line in variants if width_of(line) <= width), variants[-1])


def spread(left: Line, right: Line, width: int) -> list[Run]:
    """`left` and `right` at the two ends of `width` cells; `right` is never cut."""
    room = width - width_of(right)
    return [*fit(left, max(0, room)), *right]


def beside(left: Sequence[Line], right: Sequence[Line], width: int, gap: int = 2) -> list[Line]:
    """Two blocks of lines side by side, each in half of `width` cells."""
    half = (width - gap) // 2
    rows = max(len(left), len(right))
    empty: Line = ()
    lefts = [*left, *[empty] * (rows - len(left))]
    rights = [*right, *[empty] * (rows - len(right))]
    return [
        [*fit(a, half), (" " * gap, PLAIN), *fit(b, width - gap - half)]
        for a, b in zip(lefts, rights, strict=True)
    ]


def strip_of(line: Line, width: int) -> Strip:
    """A strip of exactly `width` cells, neighbours of one style joined."""
    segments: list[Segment] = []
    for text, style in fit(line, width):
        if not text:
            continue
        if segments and _joins(segments[-1].style, text, style):
            segments[-1] = Segment(segments[-1].text + text, segments[-1].style)
        else:
            segments.append(Segment(text, style))
    return Strip(segments, width)


def _joins(before: Style | None, text: str, style: Style) -> bool:
    """Whether a run may join the segment before it: same style, or blanks on the same ground."""
    if before == style:
        return True
    same_ground = before is not None and before.bgcolor == style.bgcolor and not before.reverse
    return not text.strip() and same_ground and not style.reverse


def changed_width(old: Strip, new: Strip) -> int:
    """Cells from the left edge to the end of the last difference; 0 where there is none."""
    if old == new:
        return 0
    end = new.cell_length
    for before, after in zip(reversed(list(old)), reversed(list(new)), strict=False):
        if before != after:
            break
        end -= len(after.text)
    return max(end, 1)


class Lines(Widget, can_focus=False):
    """Draws what `lines()` returns. Call `redraw()` after the state behind it has changed."""

    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; }"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id, classes=classes)
        self._strips: list[Strip] = []

    def lines(self, area: Size) -> Iterable[Line]:
        """The content for `area`, in cells. Called on every redraw: keep it cheap."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Recompute the lines and repaint those that differ."""
        width, height = self.size
        if not width or not height:
            return
        strips = [strip_of(line, width) for line in self.lines(self.size)][:height]
        old, self._strips = self._strips, strips
        if len(old) != len(strips):
            self.refresh()
            return
        dirty = [
            Region(0, y, changed, 1)
            for y, pair in enumerate(zip(old, strips, strict=True))
            if (changed := changed_width(*pair))
        ]
        if dirty:
            self.refresh(*dirty)

    def on_resize(self, _: Resize) -> None:
        self._strips = []
        self.redraw()

    def render_line(self, y: int) -> Strip:
        base = self.rich_style
        if y >= len(self._strips):
            return Strip.blank(self.size.width, base)
        return self._strips[y].apply_style(base)

    @property
    def plain(self) -> str:
        """The text on the screen now, for tests and for the plain screenshot."""
        return "\n".join(strip.text for strip in self._strips)
