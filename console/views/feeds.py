"""Every connection: how it fares, what the reference venue says, and what the engine hears.

Owns the arrangement: above, the reference venue, the clock and the recorder; in the middle, the
table, which scrolls; below, what ails in full, the contracts and the engine's sources.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Size
from textual.widgets import DataTable

from console.themes import PLAIN
from console.widgets.connections import Connections
from console.widgets.contracts import contract_lines
from console.widgets.display import Display
from console.widgets.feeds import NOTE_ROWS, head_lines, notes, sources_line, unconnected_lines
from console.widgets.lines import Line, Lines
from engine.feeds_view import ConnectionView
from engine.snapshot import Snapshot

TABLE_ROWS = 5
"""Rows that the table keeps, its heading included, before the contracts give way."""

ROOMY_ROWS = 28
"""From here on empty lines separate the parts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of the view are shared out."""

    head: int
    table: int
    gap: int
    """Empty lines between the parts."""


def arrange(height: int, facts: int, connections: int, contracts: int) -> Plan:
    """Share `height` rows among `facts` above, `connections` and what stands below them."""
    gap = 1 if height >= ROOMY_ROWS else 0
    if not connections:
        return Plan(head=height, table=0, gap=gap)
    head = facts + gap
    below = NOTE_ROWS + 1 + (contracts + 1 if contracts else 0) + 3 * gap
    table = min(connections + 1, max(TABLE_ROWS, height - head - below))
    return Plan(head, table, gap)


def below_lines(
    snapshot: Snapshot, chosen: ConnectionView | None, display: Display, area: Size, gap: int
) -> list[Line]:
    """What ails, the contracts, the engine's sources; the contracts give way first."""
    inner = area.width - 2
    blank: list[Line] = [()] * gap
    contracts = contract_lines(snapshot.feeds.contracts, inner)
    source = sources_line(snapshot.streams, inner)
    room = area.height - 1 - 2 * gap
    if room - len(contracts) - gap < NOTE_ROWS:
        contracts = []
    part = [*contracts, *blank] if contracts else []
    told = notes(snapshot.feeds, chosen, display, inner, max(0, room - len(part)))
    lines: list[Line] = [*blank, *told, *blank, *part, source]
    return _indented(lines[: area.height])


def _indented(lines: list[Line]) -> list[Line]:
    return [[(" ", PLAIN), *line] for line in lines]


class Part(Lines):
    """Lines above or below the table."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.snapshot = Snapshot()
        self.display_state = Display()


class Head(Part):
    """Reference venue, clock, recorder; everything where nothing is connected."""

    def lines(self, area: Size) -> list[Line]:
        inner, snapshot = area.width - 2, self.snapshot
        if not snapshot.feeds.connections:
            return _indented(unconnected_lines(snapshot, inner))
        return _indented(head_lines(snapshot.feeds, self.display_state, inner))


class Below(Part):
    """Notes, contracts and sources."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.chosen: ConnectionView | None = None
        self.gap = 0

    def lines(self, area: Size) -> list[Line]:
        return below_lines(self.snapshot, self.chosen, self.display_state, area, self.gap)


class Feeds(Container):
    """The view of the connections."""

    def compose(self) -> ComposeResult:
        yield Head(id="feeds-head")
        yield Connections(id="feeds-table")
        yield Below(id="feeds-below")

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:  # noqa: ARG002 connections serve all assets
        """Draw `snapshot`'s connections."""
        for part in self.query(Part):
            part.snapshot, part.display_state = snapshot, display
        self._arrange()
        self._table.show_connections(snapshot.feeds.connections, display.money)
        self._draw()

    def on_resize(self) -> None:
        self._arrange()
        self._draw()

    def on_data_table_row_highlighted(self, _: DataTable.RowHighlighted) -> None:
        """The cursor went to another connection: tell that one in full."""
        self._draw()

    def _arrange(self) -> None:
        feeds = self._below.snapshot.feeds
        facts = len(head_lines(feeds, self._below.display_state, self.size.width - 2))
        plan = arrange(self.size.height, facts, len(feeds.connections), len(feeds.contracts))
        self._below.gap = plan.gap
        self.query_one(Head).styles.height = plan.head
        self._table.styles.height = plan.table
        self._table.display = self._below.display = bool(plan.table)

    def _draw(self) -> None:
        self._below.chosen = self._table.chosen
        for part in self.query(Part):
            part.redraw()

    @property
    def _table(self) -> Connections:
        return self.query_one(Connections)

    @property
    def _below(self) -> Below:
        return self.query_one(Below)
