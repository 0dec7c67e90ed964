"""The table of connections: one row each, changed cell by cell where something changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.widgets import DataTable

from console.text import Money, age, clip, milliseconds
from console.themes import ALARM, FAINT, LABEL, PLAIN, WARN
from console.widgets.lines import Run
from engine.feeds_view import LIVE_STATES, ConnectionView

MARKS: dict[str, tuple[str, Style]] = {
    "live": ("✓", LABEL),
    "stale": ("!", WARN),
    "waiting": ("·", PLAIN),
    "connecting": ("·", PLAIN),
    "retrying": ("!", WARN),
    "blocked": ("✗", ALARM),
    "off": ("-", FAINT),
}
"""By state: a mark that stands out where the state does, so that no colour is needed."""

ROOMY = 100
"""Cells from which two of them separate the columns of the table."""

WIDEST_NAME = 28
WIDEST_NARROW_NAME = 24
SHORTEST_ERROR = 12


@dataclass(frozen=True, slots=True)
class Column:
    """One number of a connection."""

    name: str
    width: int
    of: Callable[[ConnectionView], str]


AGE = Column("age", 5, lambda view: age(view.age_s))
RATE = Column("per s", 6, lambda view: f"{view.rate:.1f}" if view.rate < 9_999.5 else ">9999")
LATENCY = Column("latency", 7, lambda view: milliseconds(view.latency_ms))
MESSAGES = Column("messages", 11, lambda view: f"{view.messages:,}")
DROPPED = Column("dropped", 7, lambda view: f"{view.dropped:,}")
RECONNECTS = Column("again", 5, lambda view: f"{view.reconnects:,}")
KIND = Column("kind", 7, lambda view: view.kind)

IN_ORDER = (KIND, AGE, RATE, LATENCY, MESSAGES, DROPPED, RECONNECTS)
VITAL = (AGE, RATE, LATENCY, RECONNECTS)
BY_WORTH = (*VITAL, DROPPED, MESSAGES, KIND)
"""The same, those first that a narrow terminal keeps; the vital ones shorten the last error."""

STATE_WIDTH = 12
"""A mark and the longest state."""


def state_of(view: ConnectionView) -> Run:
    """The state as a mark and a word."""
    mark, style = MARKS.get(view.state, ("?", WARN))
    return f"{mark} {view.state}", style


def badness(view: ConnectionView) -> int:
    """The higher, the worse its state; one that the console does not know is the worst."""
    known = view.state in LIVE_STATES
    return LIVE_STATES.index(view.state) if known else len(LIVE_STATES)


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of the table for one width."""

    name: int
    """Cells of a connection's name."""
    gap: int
    numbers: tuple[Column, ...]
    error: int
    """Cells of the last error: all that is left."""


def layout(connections: Sequence[ConnectionView], width: int) -> Layout:
    """Share `width` cells among the columns."""
    gap, widest = (2, WIDEST_NAME) if width >= ROOMY else (1, WIDEST_NARROW_NAME)
    name = min(widest, max((len(view.name) for view in connections), default=0))
    left = width - 1 - name - gap - STATE_WIDTH - gap
    kept: list[Column] = []
    for column in BY_WORTH:
        error = SHORTEST_ERROR if column in VITAL else max(SHORTEST_ERROR, width // 4)
        if left - column.width - gap < error:
            break
        left -= column.width + gap
        kept.append(column)
    return Layout(name, gap, tuple(c for c in IN_ORDER if c in kept), max(0, left))


def cells(view: ConnectionView, money: Money, plan: Layout) -> list[Run]:
    """A row: words with their style."""
    error = money.sentence(view.last_error or view.why)
    quiet = FAINT if view.state == "off" else PLAIN
    return [
        (f" {clip(view.name, plan.name)}", quiet),
        state_of(view),
        *((f"{column.of(view):>{column.width}}", quiet) for column in plan.numbers),
        (clip(error, plan.error), WARN if view.ill else LABEL),
    ]


class Connections(DataTable[Text]):
    """Every connection in the order in which the engine lists them."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(cursor_type="row", zebra_stripes=False, cell_padding=0, id=id)
        self._connections: Sequence[ConnectionView] = ()
        self._money = Money()
        self._frame: object = None
        self._written: list[list[Run]] = []

    def show_connections(self, connections: Sequence[ConnectionView], money: Money) -> None:
        """Write what differs; the whole table where its columns or its rows are others."""
        self._connections, self._money = connections, money
        if not self.size.width:
            return
        plan = layout(connections, self.size.width - self.styles.scrollbar_size_vertical)
        wanted = [cells(view, money, plan) for view in connections]
        frame = plan, len(wanted)
        if frame == self._frame:
            self._change(wanted)
        else:
            self._write(plan, wanted)
        self._frame, self._written = frame, wanted

    @property
    def chosen(self) -> ConnectionView | None:
        """The one at the cursor; at the top, which nobody went to, the first that is ill."""
        if not self._connections:
            return None
        if self.cursor_row == 0:
            return next((view for view in self._connections if view.ill), self._connections[0])
        return self._connections[min(self.cursor_row, len(self._connections) - 1)]

    def on_resize(self) -> None:
        """The last error takes what room there is."""
        self.show_connections(self._connections, self._money)

    def _write(self, plan: Layout, wanted: list[list[Run]]) -> None:
        kept = self.cursor_row
        self.clear(columns=True)
        self.add_column(" connection", width=1 + plan.name + plan.gap, key="0")
        self.add_column("state", width=STATE_WIDTH + plan.gap, key="1")
        for place, column in enumerate(plan.numbers, 2):
            title = f"{column.name:>{column.width}}"
            self.add_column(title, width=column.width + plan.gap, key=str(place))
        self.add_column("last error", width=plan.error, key=str(2 + len(plan.numbers)))
        for row, runs in enumerate(wanted):
            self.add_row(*(Text(*run) for run in runs), key=str(row))
        self.move_cursor(row=kept, animate=False)

    def _change(self, wanted: list[list[Run]]) -> None:
        for row, (old, new) in enumerate(zip(self._written, wanted, strict=True)):
            for column, (before, after) in enumerate(zip(old, new, strict=True)):
                if before != after:
                    self.update_cell(str(row), str(column), Text(*after))
