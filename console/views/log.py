"""The event log, bounded, newest last."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import RichLog

from console.widgets.display import Display
from console.widgets.tail import log_line
from engine.snapshot import LogLine, Snapshot

MAX_LINES = 1000
"""A log without a bound grows for ever."""

LONGEST = 10_000
"""No line is clipped in this view; it wraps."""


def newer(lines: Sequence[LogLine], last: Sequence[LogLine]) -> Sequence[LogLine] | None:
    """The lines after those shown before; None where the two no longer touch."""
    if not last:
        return lines
    for end in range(len(lines), 0, -1):
        overlap = min(end, len(last))
        if lines[end - overlap : end] == last[len(last) - overlap :]:
            return lines[end:]
    return None


def entry(line: LogLine, display: Display) -> Table:
    """A line whose continuations stand under its words, not under its time."""
    (time, style), words = log_line(line, display, LONGEST)
    table = Table.grid(padding=0)
    table.add_column(width=len(time))
    table.add_column()
    table.add_row(Text(time, style), Text(*words))
    return table


class Log(Container):
    """What the engine wrote, following the end unless scrolled up."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._shown: Sequence[LogLine] = ()
        self._display = Display()
        self._form: tuple[bool, int] | None = None
        """Privacy and width under which the lines on the screen were written."""

    def compose(self) -> ComposeResult:
        yield RichLog(
            max_lines=MAX_LINES, min_width=1, markup=False, highlight=False, wrap=True,
            id="log-lines",
        )  # fmt: skip

    def on_resize(self) -> None:
        """A written line keeps its breaks: write all again for the new width."""
        self.call_after_refresh(self._write, self._shown)

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:  # noqa: ARG002 all assets
        """Write what is new; write all again after privacy was switched or the width changed."""
        self._display = display
        self._write(snapshot.log)

    def _write(self, lines: Sequence[LogLine]) -> None:
        log = self.query_one("#log-lines", RichLog)
        form = (self._display.money.hidden, log.scrollable_content_region.width)
        fresh = newer(lines, self._shown) if form == self._form else None
        if fresh is None:
            log.clear()
            fresh = lines
        self._shown, self._form = lines, form
        for line in fresh:
            log.write(entry(line, self._display))
