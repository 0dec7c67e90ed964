"""The dashboard: a panel for each asset of the feed, and below the last trades and log lines.

Owns the arithmetic of the arrangement: cards two by two from 100x30 terminals on, else stacked
with the selected asset larger. Assets that the feed lacks leave their room to what it has. Every
height is fixed here, so that no content moves
anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize

from console.views.view import asset_of, present_in
from console.widgets.asset import STACKED_ROWS, AssetPanel
from console.widgets.display import Display
from console.widgets.tail import LogTail, TradesTail
from engine.market import ASSETS
from engine.snapshot import Snapshot

CARD_COLUMNS = 100
CARD_TERMINAL_ROWS = 30

PADDED_COLUMNS = 116
"""From here on a card can spare a blank at either side."""

CARD_HEIGHTS = ((18, 10), (16, 8), (14, 3), (13, 3))
"""Card height with border, and the rows it must leave below; the first that fits is taken."""

CARDS_BESIDE = 2
"""Most cards in one row."""

SUMMARY_ROWS = 4
"""Rows of an asset that is not selected, stacked."""

TAIL_ROWS = 3
"""Fewest rows that are worth a tail: its title and two lines."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the rows of the dashboard are shared out."""

    columns: int
    """Cards side by side; 0: no cards, the panels are stacked."""
    heights: tuple[int, ...]
    """Rows of each panel, border included."""
    above: int
    """Rows of all panels together."""
    tail: int
    """Rows for the tails; 0: none."""


def arrange(
    width: int, height: int, terminal_rows: int, selected: int, count: int = len(ASSETS)
) -> Arrangement:
    """Share `height` rows among `count` panels, the `selected` one of them, and the tails."""
    if width >= CARD_COLUMNS and terminal_rows >= CARD_TERMINAL_ROWS:
        return _cards(height, count)
    summary = min(SUMMARY_ROWS, height // count)
    most = height - summary * (count - 1)
    large = max(summary, min(STACKED_ROWS, most))
    heights = [summary] * count
    heights[selected] = large
    return Arrangement(
        columns=0, heights=tuple(heights), above=sum(heights), tail=_tail(height - sum(heights))
    )


def _cards(height: int, count: int) -> Arrangement:
    columns = min(CARDS_BESIDE, count)
    rows = -(-count // columns)
    fitting = (card for card, below in CARD_HEIGHTS if rows * card + below <= height)
    card = next(fitting, height // rows)
    return Arrangement(
        columns=columns,
        heights=(card,) * count,
        above=rows * card,
        tail=_tail(height - rows * card),
    )


def _tail(rows: int) -> int:
    return rows if rows >= TAIL_ROWS else 0


class Dashboard(Container):
    """All four assets."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._selected = 0
        self._present: tuple[int, ...] = tuple(range(len(ASSETS)))
        """Indices of the assets that the feed has; all of them until it has spoken."""

    def compose(self) -> ComposeResult:
        with Container(id="panels"):
            for number in range(1, len(ASSETS) + 1):
                yield AssetPanel(number)
        with Container(id="tails"):
            yield TradesTail("trades", id="trades-tail")
            yield LogTail("log", id="log-tail")

    def on_resize(self, _: Resize) -> None:
        self._arrange()

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:
        """Draw `snapshot`; moving the selection rearranges a stacked dashboard."""
        present = present_in(snapshot) or self._present
        if (selected, present) != (self._selected, self._present):
            self._selected, self._present = selected, present
            self._arrange()
        for index, panel in enumerate(self.query(AssetPanel)):
            panel.show(asset_of(snapshot, index), display)
        if self.query_one("#tails").display:
            self.query_one(TradesTail).show(snapshot, display)
            self.query_one(LogTail).show(snapshot, display)

    def _arrange(self) -> None:
        width, height = self.size
        if not height:
            return
        selected = self._present.index(self._selected) if self._selected in self._present else 0
        count = len(self._present)
        plan = arrange(width, height, self.app.size.height, selected, count)
        self.set_class(plan.columns > 0, "-cards")
        self.set_class(width < PADDED_COLUMNS * plan.columns // CARDS_BESIDE, "-tight")
        self._lay_out_panels(plan)
        tails = self.query_one("#tails")
        tails.display = plan.tail > 0
        tails.set_class(not plan.columns, "-one-above-the-other")
        self.query_one(LogTail).display = bool(plan.columns) or plan.tail >= 2 * TAIL_ROWS
        tails.styles.height = plan.tail or 1

    def _lay_out_panels(self, plan: Arrangement) -> None:
        panels = self.query_one("#panels")
        panels.styles.height = plan.above
        panels.styles.grid_size_columns = max(1, plan.columns)
        heights = dict(zip(self._present, plan.heights, strict=True))
        for index, panel in enumerate(self.query(AssetPanel)):
            panel.display = index in heights
            panel.set_class(plan.columns > 0, "-card")
            panel.set_class(index == self._selected, "-selected")
            panel.styles.height = heights.get(index, 1)
            panel.redraw()
