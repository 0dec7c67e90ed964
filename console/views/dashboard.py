"""The dashboard: four panels, and the last trades and log lines where there is room below.

Owns the arithmetic of the arrangement: cards two by two from 100x30 terminals on, else stacked
with the selected asset larger. Every height is fixed here, so that no content moves anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Container, Horizontal
from textual.events import Resize

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

SUMMARY_ROWS = 4
"""Rows of an asset that is not selected, stacked."""

TAIL_ROWS = 3
"""Fewest rows that are worth a tail: its title and two lines."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the rows of the dashboard are shared out."""

    cards: bool
    heights: tuple[int, ...]
    """Rows of each panel, border included."""
    tail: int
    """Rows for the tails; 0: none."""


def arrange(width: int, height: int, terminal_rows: int, selected: int) -> Arrangement:
    """Share `height` rows among the panels and the tails."""
    if width >= CARD_COLUMNS and terminal_rows >= CARD_TERMINAL_ROWS:
        return _cards(height)
    summary = min(SUMMARY_ROWS, height // len(ASSETS))
    most = height - summary * (len(ASSETS) - 1)
    large = max(summary, min(STACKED_ROWS, most))
    heights = [summary] * len(ASSETS)
    heights[selected] = large
    return Arrangement(cards=False, heights=tuple(heights), tail=_tail(height - sum(heights)))


def _cards(height: int) -> Arrangement:
    fitting = (card for card, below in CARD_HEIGHTS if 2 * card + below <= height)
    card = next(fitting, height // 2)
    return Arrangement(cards=True, heights=(card,) * len(ASSETS), tail=_tail(height - 2 * card))


def _tail(rows: int) -> int:
    return rows if rows >= TAIL_ROWS else 0


class Dashboard(Container):
    """All four assets."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._selected = 0

    def compose(self) -> ComposeResult:
        with Container(id="panels"):
            for number in range(1, len(ASSETS) + 1):
                yield AssetPanel(number)
        with Horizontal(id="tails"):
            yield TradesTail("trades", id="trades-tail")
            yield LogTail("log", id="log-tail")

    def on_resize(self, _: Resize) -> None:
        self._arrange()

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:
        """Draw `snapshot`; moving the selection rearranges a stacked dashboard."""
        if selected != self._selected:
            self._selected = selected
            self._arrange()
        for index, panel in enumerate(self.query(AssetPanel)):
            view = snapshot.assets[index] if index < len(snapshot.assets) else None
            panel.show(view, display)
        if self.query_one("#tails").display:
            self.query_one(TradesTail).show(snapshot, display)
            self.query_one(LogTail).show(snapshot, display)

    def _arrange(self) -> None:
        width, height = self.size
        if not height:
            return
        plan = arrange(width, height, self.app.size.height, self._selected)
        self.set_class(plan.cards, "-cards")
        self.set_class(width < PADDED_COLUMNS, "-tight")
        for index, panel in enumerate(self.query(AssetPanel)):
            panel.set_class(plan.cards, "-card")
            panel.set_class(index == self._selected, "-selected")
            panel.styles.height = plan.heights[index]
            panel.redraw()
        rows = 2 * plan.heights[0] if plan.cards else sum(plan.heights)
        self.query_one("#panels").styles.height = rows
        tails = self.query_one("#tails")
        tails.display = plan.tail > 0
        tails.styles.height = plan.tail or 1
