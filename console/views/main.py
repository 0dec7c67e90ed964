"""The main screen: status row on top, one view below, the key row at the bottom.

Switches views and passes snapshots on. Decides nothing and asks the engine for nothing.
"""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import ContentSwitcher

from console.themes import LABEL, WARN
from console.views.asset import AssetDetail
from console.views.book import Book
from console.views.curve import Curve
from console.views.dashboard import Dashboard
from console.views.feeds import Feeds
from console.views.learning import Learning
from console.views.log import Log
from console.views.safety import Safety
from console.views.trades import Trades
from console.views.view import View
from console.widgets.display import Display
from console.widgets.keys import KeyRow
from console.widgets.lines import Line, Lines
from console.widgets.status import StatusRow
from console.widgets.vitals import badge, state
from engine.snapshot import Snapshot

FEWEST_COLUMNS = 80
FEWEST_ROWS = 20


class TooSmall(Lines):
    """Takes the place of everything on a terminal that is too small; the keys go on working."""

    def __init__(self) -> None:
        super().__init__(id="too-small")
        self._snapshot = Snapshot()

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self.redraw()

    def lines(self, area: Size) -> list[Line]:  # noqa: ARG002 it says the same at every size
        have = f"{self.app.size.width}x{self.app.size.height}"
        return [
            [*badge(self._snapshot.mode), (" ", LABEL), *state(self._snapshot)],
            [(f"needs {FEWEST_COLUMNS}x24,", WARN)],
            [(f"have {have}", WARN)],
            [("^x halts", LABEL)],
        ]


class MainScreen(Screen[None], inherit_bindings=False):
    """Status, view, keys. `inherit_bindings=False`: tab selects assets here, not widgets."""

    def compose(self) -> ComposeResult:
        yield StatusRow()
        yield TooSmall()
        with ContentSwitcher(initial="dashboard", id="views"):
            yield Dashboard(id="dashboard")
            yield AssetDetail(id="asset")
            yield Book(id="book")
            yield Trades(id="trades")
            yield Curve(id="curve")
            yield Learning(id="learning")
            yield Feeds(id="feeds")
            yield Safety(id="safety")
            yield Log(id="log")
        yield KeyRow()

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        self.set_class(width < FEWEST_COLUMNS or height < FEWEST_ROWS, "-too-small")

    def show_status(self, snapshot: Snapshot) -> None:
        """The part that goes on while the display is frozen."""
        self.query_one(StatusRow).show(snapshot)
        if self.has_class("-too-small"):
            self.query_one(TooSmall).show(snapshot)

    def show_view(self, snapshot: Snapshot, selected: int, display: Display) -> None:
        """Show `snapshot` in the view that is visible."""
        cast("View", self._switcher.visible_content).show(snapshot, selected, display)

    def switch(self, view: str) -> None:
        """Make `view` the visible one and give it the keys that scroll."""
        self._switcher.current = view
        self.set_focus(None)
        for scrollable in self._switcher.query(f"#{view} DataTable, #{view} RichLog"):
            scrollable.focus()

    @property
    def view(self) -> str:
        """The id of the visible view."""
        return self._switcher.current or ""

    @property
    def _switcher(self) -> ContentSwitcher:
        return self.query_one("#views", ContentSwitcher)
