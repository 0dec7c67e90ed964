"""One asset's panel: as a card in the 2 x 2 dashboard, or as a few stacked lines at 80x24.

Lays out lines; what they say is in `phrases` and `features`.
"""

from __future__ import annotations

from console.themes import FAINT, LABEL, PLAIN, STRONG, WARN
from console.widgets.display import Display
from console.widgets.features import feature_grid, texture
from console.widgets.lines import Line, Lines, Run, fit, spread, width_of
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
    time_left,
    top_of_book,
)
from engine.snapshot import AssetView

CARD_ROWS = 12
"""Rows of a card's content with every line on its own."""

STACKED_ROWS = 9
"""Rows of the selected asset at 80x24: four of summary and five of features."""


def card_lines(view: AssetView, display: Display, width: int, height: int) -> list[Line]:
    """A card's content, blank lines between its sections where the height allows."""
    features = feature_grid(view, width, columns=3)
    decision = [softmax_line(view, width), action_line(view, display, width)]
    position = position_line(view, display, width)
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
    """The asset in `height` lines: four of summary, features named where there are nine."""
    if height < STACKED_ROWS:
        return _summary(view, number, display, width, mark)[:height]
    head, decision, signals, account = _summary(view, number, display, width, mark)
    named = [[("  ", PLAIN), *row] for row in feature_grid(view, width - 2, columns=4)]
    books: Line = [("  ", PLAIN), *books_line(view, width - 2)]
    said = note(view, display)
    third = signals if said is not None else books
    return [head, decision, *named, _without_texture(third, said, width), account]


def _without_texture(third: Line, said: Run | None, width: int) -> Line:
    return third if said is None else fit([("  ", PLAIN), said], width)


def _summary(
    view: AssetView, number: int, display: Display, width: int, mark: str
) -> list[Line]:
    name: list[Run] = [(f"{mark}{number} {view.asset:<4}", STRONG)]
    head: Line = [*name, *market_line(view, width - width_of(name))]
    size: list[Run] = [("  ", PLAIN), (size_words(view, display), PLAIN)]
    choice: list[Run] = [(f"  {view.action or '-':<5}", STRONG)]
    bars = softmax_line(view, width - width_of(choice) - width_of(size))
    return [
        head,
        spread([*choice, *bars], size, width),
        _signals(view, display, width),
        _account(view, display, width),
    ]


def _signals(view: AssetView, display: Display, width: int) -> Line:
    """The texture of the inputs, then what must be known, else the top of the book."""
    left: list[Run] = [("  ", PLAIN), *texture(view), ("  ", PLAIN)]
    room = width - width_of(left)
    said = note(view, display)
    right = [said] if said is not None else top_of_book("UP", view.up, room)
    return fit([*left, *right], width)


def _account(view: AssetView, display: Display, width: int) -> Line:
    right: list[Run] = [("  ", PLAIN), *pnl_variants(view, display)[-1]]
    variants = position_words(view, display)
    room = width - width_of(right) - 2
    held = next((line for line in variants if width_of(line) <= room), variants[-1])
    return spread([("  ", PLAIN), *held], right, width)


class AssetPanel(Lines):
    """The panel of one asset. `-card` draws it as a bordered card, else as stacked lines."""

    def __init__(self, number: int) -> None:
        super().__init__(id=f"asset-{number}")
        self.number = number
        self._view: AssetView | None = None
        self._display = Display()

    def show(self, view: AssetView | None, display: Display) -> None:
        self._view, self._display = view, display
        if view is not None and self.has_class("-card"):
            self._set_title(view)
        self.redraw()

    def _set_title(self, view: AssetView) -> None:
        mark = "▶ " if self.has_class("-selected") else ""
        title = mark + heading(view, self.number, max(0, self.size.width - 6))
        if self.border_title != title:
            self.border_title = title

    def lines(self, width: int, height: int) -> list[Line]:
        view = self._view
        if view is None:
            return [[(f"{self.number} waiting for the engine", FAINT)]]
        if self.has_class("-card"):
            return card_lines(view, self._display, width, height)
        mark = "▶" if self.has_class("-selected") else " "
        return stacked_lines(view, self.number, self._display, width, height, mark)


_ = (LABEL, WARN, time_left)
