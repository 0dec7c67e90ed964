"""What a view is: something that can show a snapshot, or draw itself from the last one."""

from __future__ import annotations

from typing import Protocol

from console.widgets.display import Display
from console.widgets.lines import Lines
from engine.market import ASSETS
from engine.snapshot import AssetView, Snapshot


def asset_of(snapshot: Snapshot, index: int) -> AssetView | None:
    """The asset that key `index` + 1 selects; None where this feed does not have it."""
    return next((view for view in snapshot.assets if view.asset == ASSETS[index]), None)


def present_in(snapshot: Snapshot) -> tuple[int, ...]:
    """Indices into `ASSETS` of what the feed has; empty until the engine has spoken."""
    names = {view.asset for view in snapshot.assets}
    return tuple(index for index, name in enumerate(ASSETS) if name in names)


class View(Protocol):
    """A child of the switcher. Only the visible one is shown anything."""

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None: ...


class LinesView(Lines):
    """A view that is one block of lines."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.snapshot = Snapshot()
        self.selected = 0
        self.display_state = Display()

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:
        self.snapshot, self.selected, self.display_state = snapshot, selected, display
        self.redraw()

    @property
    def asset(self) -> AssetView | None:
        """The selected asset, if the engine has spoken of it."""
        return asset_of(self.snapshot, self.selected)
