"""One asset's panel: as a card in the 2 x 2 dashboard, or as a few stacked lines at 80x24.

Lays out lines; what they say is in `phrases` and `features`.
"""

from __future__ import annotations

from textual.geometry import Size

from console.themes import FAINT, LABEL, PLAIN, STRONG, TITLE_GROUND, WARN
from console.widgets.display import Display
from console.widgets.features import FEATURES, feature_grid, texture
from console.widgets.lines import (
    Line,
    Lines,
    Run,
    first_line_that_fits,
    fit,
    spread,
    width_of,
)
from console.widgets.phrases import (
    action_line,
    books_line,
    heading,
    market_line,
    note,
    pnl_line,
    pnl_variants,
    position_line,
    position_words,
    size_words,
    softmax_line,
    top_of_book,
)
from engine.snapshot import AssetView

CARD_ROWS = 12
"""Rows of a card's content with every line on its own."""

QUOTE_ROWS = 11
"""Fewest rows in which a card shows the top of the book beside what is held."""

STACKED_ROWS = 9
"""Rows of the selected asset at 80x24."""

NAMED_ROWS = 8
"""Fewest rows in which a stacked asset names its inputs."""


def card_lines(view: AssetView, display: Display, width: int, height: int) -> list[Line]:
    """A card's content, blank lines between its sections where the height allows."""
    features = feature_grid(view, width, columns=3)
    decision = [softmax_line(view, width), action_line(view, display, width)]
    position = position_line(view, display, width)
    if height < QUOTE_ROWS:
        both = _account(view, display, width, indent=0)
        return [market_line(view, width), *features, *decision, both]
    if height < CARD_ROWS:
        quote = _quote_and_pnl(view, display, width)
        return [market_line(view, width), quote, *features, *decision, position]
    market = [market_line(view, width), books_line(view, width)]
    account = [position, pnl_line(view, display, width)]
    return _spaced([market, features, decision, account], height)


def _spaced(sections: list[list[Line]], height: int) -> list[Line]:
    """Sections one under another with as many blank lines between as fit, evenly."""
    spare = height - sum(len(section) for section in sections)
    gaps = len(sections) - 1
    lines: list[Line] = []
    for index, section in enumerate(sections):
        lines.extend(section)
        if index < gaps:
            share = spare // gaps + (1 if index < spare % gaps else 0)
            lines.extend([()] * min(share, 1))
    return lines


def _quote_and_pnl(view: AssetView, display: Display, width: int) -> Line:
    right: list[Run] = [("  ", PLAIN), *pnl_variants(view, display)[-1]]
    return spread(top_of_book("UP", view.up, width - width_of(right)), right, width)


def stacked_lines(
    view: AssetView, number: int, display: Display, width: int, height: int, mark: str
) -> list[Line]:
    """The asset in `height` lines under a raised title line.

    Four lines: title, softmax and size, texture and note, account. From eight lines on the 18
    inputs by name take the place of the texture; from nine the books have their own line.
    """
    title = [(f"{mark}{number} {view.asset:<4} ", STRONG)]
    head = raised([*title, *market_line(view, width - width_of(title) - 1)], width)
    decision = _decision(view, display, width)
    account = _account(view, display, width)
    if height < NAMED_ROWS:
        return [head, decision, _signals(view, display, width), account][:height]
    named = [_indented(row) for row in feature_grid(view, width - 1, columns=4)]
    if height < STACKED_ROWS:
        return [head, decision, *named, account]
    return [head, decision, *named, _indented(_news(view, display, width - 1)), account]


def raised(line: Line, width: int) -> Line:
    """`line` on the ground of a title, across the whole width."""
    return [(text, style + TITLE_GROUND) for text, style in fit(line, width)]


def _indented(line: Line) -> Line:
    return [(" ", LABEL), *line]


def _decision(view: AssetView, display: Display, width: int) -> Line:
    size: Line = [("  ", PLAIN), (size_words(view, display), PLAIN)]
    return spread(softmax_line(view, width - width_of(size)), size, width)


def _signals(view: AssetView, display: Display, width: int) -> Line:
    """The texture of the inputs, then what must be known, else the top of the book."""
    left: list[Run] = [(" ", PLAIN), *texture(view), ("  ", PLAIN)]
    room = width - width_of(left)
    said = note(view, display)
    right = [said] if said is not None else books_line(view, room)
    return fit([*left, *right], width)


def _news(view: AssetView, display: Display, width: int) -> Line:
    """What must be known, else the books; at the right how many inputs have no source."""
    absent = f"  {view.neutral} of {len(FEATURES)} features neutral "
    right: Line = [(absent, WARN)] if view.neutral else ()
    said = note(view, display)
    left = [said] if said is not None else books_line(view, width - width_of(right))
    return left if width_of([*left, *right]) > width else spread(left, right, width)


def _account(view: AssetView, display: Display, width: int, indent: int = 1) -> Line:
    """What is held, and at the right both results; `indent` blanks at either end."""
    blank: Run = (" " * indent, PLAIN)
    right: Line = [("  ", PLAIN), *pnl_variants(view, display)[-1], blank]
    room = width - width_of(right) - indent
    held = first_line_that_fits(room, position_words(view, display))
    return spread([blank, *held], right, width)


class AssetPanel(Lines):
    """The panel of one asset. `-card` draws it as a bordered card, else as stacked lines."""

    def __init__(self, number: int) -> None:
        super().__init__(id=f"asset-{number}")
        self.number = number
        self._view: AssetView | None = None
        self._display = Display()

    def show(self, view: AssetView | None, display: Display) -> None:
        self._view, self._display = view, display
        self.redraw()

    def redraw(self) -> None:
        if self._view is not None and self.has_class("-card"):
            self._set_title(self._view)
        super().redraw()

    def _set_title(self, view: AssetView) -> None:
        mark = "▶ " if self.has_class("-selected") else ""
        title = mark + heading(view, self.number, max(0, self.size.width - 6))
        if self.border_title != title:
            self.border_title = title

    def lines(self, area: Size) -> list[Line]:
        width, height = area
        view = self._view
        if view is None:
            return [[(f"{self.number} waiting for the engine", FAINT)]]
        if self.has_class("-card"):
            return card_lines(view, self._display, width, height)
        mark = "▶" if self.has_class("-selected") else " "
        return stacked_lines(view, self.number, self._display, width, height, mark)
