"""The order book of the selected asset: UP and DOWN beside each other."""

from __future__ import annotations

from textual.geometry import Size

from console.themes import FAINT, STRONG, WARN
from console.views.view import LinesView
from console.widgets.ladder import ladders
from console.widgets.lines import Line, beside
from console.widgets.phrases import BOOKLESS, bookless, market_line


class Book(LinesView):
    """Both ladders under one line on the market."""

    def lines(self, area: Size) -> list[Line]:
        width, height = area
        view = self.asset
        if view is None:
            return [[("waiting for the engine", FAINT)]]
        inner = width - 2
        head: Line = [(f" {self.selected + 1} {view.asset:<5}", STRONG)]
        title: Line = [*head, *market_line(view, width - 9), (" ", FAINT)]
        if bookless(view):
            return [title, (), [(f" {BOOKLESS[0]}", WARN)]]
        up, down = ladders(view.up, view.down, inner, height - 2)
        body = beside(up, down, inner, gap=3)
        return [title, (), *[[(" ", FAINT), *line] for line in body]]
