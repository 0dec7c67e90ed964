"""What every dialog shares: a frame between the status row and the keys that still work, live
text, a grace, a safe way out.

Keys pressed before the dialog was seen (typed ahead, or sent in a burst by a slow link) must not
answer it, so none counts for the first half second. Keys that the dialog does not know go
nowhere: Textual offers them to no screen below a modal one; only the app's priority keys (halt)
come first. Nothing here asks the engine for anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Static

from console.modals.page import text_of
from console.text import Money
from console.widgets.display import look_of
from console.widgets.keys import EVERYWHERE, KeyRow
from console.widgets.lines import Line
from console.widgets.status import StatusRow
from engine.snapshot import Snapshot

GRACE_S = 0.5
"""Seconds for which a fresh dialog ignores keys."""

BACKDROP = "black 60%"
"""What lies between the dialog and the dashboard, which goes on behind it."""

Answer = TypeVar("Answer")
Clock = Callable[[], float]


class Dialog(ModalScreen[Answer]):
    """A framed dialog over the dashboard. ESC dismisses with `safe_answer()`."""

    TITLE: ClassVar[str] = ""
    HINT: ClassVar[str] = "esc back"
    """Keys of this dialog, written on the frame's lower edge."""
    GRACE_S: ClassVar[float] = GRACE_S

    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog > StatusRow { dock: top; }
    Dialog #frame {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        padding: 0 1; border: round $accent; background: $background;
        border-title-style: bold;
    }
    Dialog #body { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    Dialog #text { height: auto; }
    Dialog #answer { dock: bottom; height: auto; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "safe", "Back"),
        Binding("pageup", "scroll_page(-1)", "Scroll up", show=False),
        Binding("pagedown", "scroll_page(1)", "Scroll down", show=False),
    ]

    def __init__(self, snapshot: Snapshot, clock: Clock = time.monotonic) -> None:
        super().__init__()
        self.snapshot = snapshot
        self._clock = clock
        self._opened: float | None = None
        self._text = Text()

    def lines(self) -> Sequence[Line]:
        """The text of the dialog, read anew for each snapshot."""
        raise NotImplementedError

    def compose_answer(self) -> ComposeResult:
        """The widgets that take the answer; none where there is nothing to choose."""
        yield from ()

    def safe_answer(self) -> Answer | None:
        """What ESC means: nothing happens."""
        return None

    def compose(self) -> ComposeResult:
        yield StatusRow()
        with Vertical(id="frame"):
            with VerticalScroll(id="body", can_focus=False):
                yield Static(id="text")
            with Vertical(id="answer"):
                yield from self.compose_answer()
        yield KeyRow(EVERYWHERE)

    def on_mount(self) -> None:
        # Inline, since DEFAULT_CSS yields to the app's rule for every Screen: the dashboard must
        # be seen behind a dialog.
        self.styles.background = BACKDROP
        frame = self.query_one("#frame")
        frame.border_title, frame.border_subtitle = self.TITLE, self.HINT
        self._opened = self._clock()
        self.app.clear_notifications()  # what stood on the screen would cover the answer
        self.show(self.snapshot)

    def show(self, snapshot: Snapshot) -> None:
        """Show a newer snapshot in the status row and in the text."""
        self.snapshot = snapshot
        if self._opened is None:
            return
        self.query_one(StatusRow).show(snapshot)
        text = text_of(self.lines())
        if text != self._text:
            self._text = text
            self.query_one("#text", Static).update(text)

    @property
    def money(self) -> Money:
        """Writes amounts, or hides them while privacy is on."""
        return look_of(self.app).money

    def too_early(self) -> bool:
        """Whether a key pressed now may have been meant for the screen below."""
        return self._opened is None or self._clock() - self._opened < self.GRACE_S

    def on_key(self, event: Key) -> None:
        if self.too_early():
            event.stop()
            event.prevent_default()

    def action_safe(self) -> None:
        self.dismiss(self.safe_answer())

    def action_scroll_page(self, pages: int) -> None:
        self.scroll_body(pages * max(1, self.query_one("#body").size.height - 1))

    def scroll_body(self, rows: int) -> None:
        """Move the text by `rows`, down where positive, as far as it goes."""
        self.query_one("#body").scroll_relative(y=rows, animate=False)
