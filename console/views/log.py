"""The event log, bounded, newest last."""

from __future__ import annotations

from collections.abc import Sequence

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


class Log(Container):
    """What the engine wrote, following the end unless scrolled up."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._shown: Sequence[LogLine] = ()
        self._hidden = False

    def compose(self) -> ComposeResult:
        yield RichLog(max_lines=MAX_LINES, markup=False, highlight=False, wrap=True, id="log-lines")

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:  # noqa: ARG002 all assets
        """Write what is new; write all again after privacy was switched."""
        if snapshot.log == self._shown and display.money.hidden == self._hidden:
            return
        log = self.query_one("#log-lines", RichLog)
        fresh = newer(snapshot.log, self._shown)
        if fresh is None or display.money.hidden != self._hidden:
            log.clear()
            fresh = snapshot.log
        self._shown, self._hidden = snapshot.log, display.money.hidden
        for line in fresh:
            log.write(Text.assemble(*log_line(line, display, LONGEST)))
