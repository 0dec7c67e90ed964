"""The challenger: what it learns from, how it fares against the champion, and every update.

Owns the arrangement: above, the facts and the charts, whose heights depend on the terminal alone;
below, the table of updates, which takes the rest and scrolls.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize
from textual.geometry import Size

from console.themes import PLAIN
from console.widgets.display import Display
from console.widgets.learning import (
    challenger_line,
    champion_line,
    comparison_title,
    criteria_lines,
    fill_line,
    nobody_learns,
    nobody_lines,
    probation_line,
    promotion_title,
    state_line,
    unmet_line,
    updates_line,
    upkeep_line,
    verdict_lines,
)
from console.widgets.lines import Line, Lines, beside
from console.widgets.series import SERIES, chart, series_line
from console.widgets.updates import Updates
from engine.learning_view import LearningView
from engine.snapshot import Snapshot

ROOMY_COLUMNS = 100
ROOMY_ROWS = 25
"""From here on facts stand in two columns and every series has a chart."""

FACT_ROWS = 7
"""Rows of the comparison and of the criteria beside it, titles included."""

TABLE_ROWS = 8
"""Rows that the charts leave to the table where they can."""

HIGHEST_CHART = 9


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of the view are shared out."""

    roomy: bool
    """Two columns of facts, four of charts; else everything in as few lines as it takes."""
    chart: int
    """Rows of one chart with its title; 1: a line."""
    above: int
    """Rows above the table."""


def arrange(width: int, height: int) -> Plan:
    """Share `height` rows among facts, charts and table."""
    if width < ROOMY_COLUMNS or height < ROOMY_ROWS:
        return Plan(roomy=False, chart=1, above=COMPACT_ROWS)
    facts = FACT_ROWS + 8
    rows = max(2, min(HIGHEST_CHART, (height - facts - TABLE_ROWS) // 2))
    return Plan(roomy=True, chart=rows, above=facts + 2 * rows)


COMPACT_ROWS = 14
"""Ten lines of facts, four of series at two a line."""


def board_lines(view: LearningView, display: Display, width: int, plan: Plan) -> list[Line]:
    """All that stands above the table."""
    inner = width - 2
    if nobody_learns(view):
        lines = _padded(nobody_lines(view, display, inner), plan.above)
        return [[(" ", PLAIN), *line] for line in lines]
    lines = _roomy(view, display, inner, plan) if plan.roomy else _compact(view, display, inner)
    return [[(" ", PLAIN), *line] for line in lines]


def _compact(view: LearningView, display: Display, width: int) -> list[Line]:
    return [
        state_line(view, display, width),
        fill_line(view, width),
        champion_line(view, display, width),
        challenger_line(view, display, width),
        *verdict_lines(view, display, width),
        unmet_line(view, display, width),
        probation_line(view, display, width),
        upkeep_line(view, display, width),
        *_series(view, width),
        updates_line(view),
    ]


def _series(view: LearningView, width: int) -> list[Line]:
    half = (width - 2) // 2
    lines = [series_line(series, view.updates, half) for series in SERIES]
    rows = len(lines) // 2
    return beside(lines[:rows], lines[rows:], width)


def _roomy(view: LearningView, display: Display, width: int, plan: Plan) -> list[Line]:
    half = (width - 3) // 2
    facts = beside(_comparison(view, display, half), _promotion(view, display, half), width, 3)
    facts += [()] * (FACT_ROWS - len(facts))
    return [
        state_line(view, display, width),
        fill_line(view, width),
        (),
        *facts,
        (),
        upkeep_line(view, display, width),
        (),
        *_charts(view, width, plan.chart),
        (),
        updates_line(view),
    ]


def _comparison(view: LearningView, display: Display, width: int) -> list[Line]:
    return [
        comparison_title(view, width),
        champion_line(view, display, width),
        challenger_line(view, display, width),
        *verdict_lines(view, display, width),
        probation_line(view, display, width),
    ]


def _promotion(view: LearningView, display: Display, width: int) -> list[Line]:
    return [promotion_title(view), *criteria_lines(view, display, width, FACT_ROWS - 1)]


def _charts(view: LearningView, width: int, rows: int) -> list[Line]:
    """Eight charts, four beside each other."""
    half = (width - 3) // 2
    quarter = (half - 3) // 2
    blocks = [_padded(chart(series, view.updates, quarter, rows), rows) for series in SERIES]
    pairs = [beside(a, b, half, 3) for a, b in zip(blocks[::2], blocks[1::2], strict=True)]
    return [
        line
        for left, right in zip(pairs[::2], pairs[1::2], strict=True)
        for line in beside(left, right, width, 3)
    ]


def _padded(lines: list[Line], rows: int) -> list[Line]:
    return [*lines, *[()] * (rows - len(lines))]


class Board(Lines):
    """Facts and charts; its height is set by the view."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.plan = arrange(0, 0)
        self._view = LearningView()
        self._display = Display()

    def show(self, view: LearningView, display: Display) -> None:
        self._view, self._display = view, display
        self.redraw()

    def lines(self, area: Size) -> list[Line]:
        return board_lines(self._view, self._display, area.width, self.plan)


class Learning(Container):
    """The view of the learner."""

    def compose(self) -> ComposeResult:
        yield Board(id="learning-board")
        yield Updates(id="updates-table")

    def on_resize(self, event: Resize) -> None:
        board = self.query_one(Board)
        board.plan = arrange(*event.size)
        board.styles.height = board.plan.above
        board.redraw()

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:  # noqa: ARG002 all assets learn together
        """Draw `snapshot`'s learner."""
        self.query_one(Board).show(snapshot.learning, display)
        self.query_one(Updates).show_updates(snapshot.learning.updates, display.money)
