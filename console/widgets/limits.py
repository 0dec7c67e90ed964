"""The gate's limits with their use as bars, and how often it refused."""

from __future__ import annotations

from console.text import HIDDEN, finite
from console.themes import ALARM, FAINT, LABEL, PLAIN, STRONG, WARN
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.lines import Line
from engine.snapshot import LimitView, Snapshot

NEAR = 0.8
"""Share of a limit from which it is drawn as a warning."""


def limit_line(limit: LimitView, display: Display, width: int) -> Line:
    """`exposure  ████▏      $467 of $2,000`; full or over says so in words."""
    share = limit.used / limit.limit if limit.limit else None
    number = finite(share)
    over = number is None or number >= 1.0
    style = ALARM if over else WARN if number is not None and number >= NEAR else PLAIN
    words = f"{_amount(limit.used, limit, display)} of {_amount(limit.limit, limit, display)}"
    bar = max(4, width - 43)
    return [
        (f"{limit.name:<15.15} ", LABEL),
        (f"{gauge(number, bar)} ", style),
        (f"{words:<20}", PLAIN),
        (" FULL" if over else "", ALARM),
    ]


def _amount(value: float, limit: LimitView, display: Display) -> str:
    if limit.unit == "$":
        return HIDDEN if display.money.hidden else display.money.whole(value)
    return f"{value:g}{limit.unit}"


def limit_lines(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Every limit of the gate."""
    title: Line = [("limits", STRONG), ("  use of each", LABEL)]
    lines = [limit_line(limit, display, width) for limit in snapshot.limits]
    return [title, *(lines or [[("no limits reported", FAINT)]])]


def denial_lines(snapshot: Snapshot, height: int) -> list[Line]:
    """Counts: what was asked of the gate and what it refused, most frequent first."""
    counts = f"{snapshot.decisions} decisions, {snapshot.orders} orders, {snapshot.fills} fills, "
    title: Line = [("denials", STRONG), (f"  {counts}{snapshot.rejects} rejects", LABEL)]
    most = max((count for _, count in snapshot.denials), default=1)
    lines: list[Line] = [
        [(f"{code:<20.20} ", LABEL), (f"{count:>6} ", PLAIN), (gauge(count / most, 10), FAINT)]
        for code, count in snapshot.denials[: max(0, height - 1)]
    ]
    return [title, *(lines or [[("none", FAINT)]])]
