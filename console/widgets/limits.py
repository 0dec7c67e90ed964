"""The gate's limits with their use as bars, and how often it refused."""

from __future__ import annotations

from console.text import finite
from console.themes import ALARM, FAINT, LABEL, PLAIN, STRONG, WARN
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.lines import Line, first_line_that_fits
from engine.snapshot import LimitView, Snapshot

NAME_CELLS = 11
WORD_CELLS = 15
FULL = " FULL"

NEAR = 0.8
"""Share of a limit from which it is drawn as a warning."""


def limit_line(limit: LimitView, display: Display, width: int) -> Line:
    """`exposure  ████▏      $467 of $2,000`; full or over says so in a word."""
    share = limit.used / limit.limit if limit.limit else None
    number = finite(share)
    full = number is None or number >= 1.0
    style = ALARM if full else WARN if number is not None and number >= NEAR else PLAIN
    words = f"{_amount(limit.used, limit, display)} of {_amount(limit.limit, limit, display)}"
    bar = max(4, width - NAME_CELLS - 1 - 1 - WORD_CELLS - len(FULL))
    return [
        (f"{limit.name:<{NAME_CELLS}.{NAME_CELLS}} ", LABEL),
        (f"{gauge(number, bar)} ", style),
        (f"{words:<{WORD_CELLS}}", PLAIN),
        (FULL if full else "", ALARM),
    ]


def _amount(value: float, limit: LimitView, display: Display) -> str:
    if limit.unit == "$":
        return display.money.plain(value, 2 if abs(value) < 10 else 0)
    return f"{value:g}{limit.unit}"


def limit_lines(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Every limit of the gate."""
    title: Line = [("limits", STRONG), ("  use of each", LABEL)]
    lines = [limit_line(limit, display, width) for limit in snapshot.limits]
    return [title, *(lines or [[("no limits reported", FAINT)]])]


def denial_lines(snapshot: Snapshot, width: int, height: int) -> list[Line]:
    """Counts: what was asked of the gate and what it refused, most frequent first."""
    asked = f"  {snapshot.orders} orders, {snapshot.fills} fills, {snapshot.rejects} rejects"
    title: Line = first_line_that_fits(
        width,
        [
            [("denials", STRONG), (f"  {snapshot.decisions} decisions,{asked[1:]}", LABEL)],
            [("denials", STRONG), (asked, LABEL)],
            [("denials", STRONG)],
        ],
    )
    most = max((count for _, count in snapshot.denials), default=1)
    lines: list[Line] = [
        [(f"{code:<20.20} ", LABEL), (f"{count:>6} ", PLAIN), (gauge(count / most, 8), LABEL)]
        for code, count in snapshot.denials[: max(0, height - 1)]
    ]
    return [title, *(lines or [[("none", FAINT)]])]
