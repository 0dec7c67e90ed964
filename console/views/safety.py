"""Safety: the gate, a stop with its evidence, breakers, the tasks that prove themselves, alerts.

Owns which part gives way where there is no room: what stops trading is told whole, then the tasks,
then the ways to stop; alerts take what is left, and the Log view has them all.
"""

from __future__ import annotations

from textual.geometry import Size

from console.themes import PLAIN, WARN
from console.views.view import LinesView
from console.widgets.display import Display
from console.widgets.lines import Line, beside, fit
from console.widgets.safety import (
    alert_rows,
    breaker_lines,
    duties_title,
    duty_rows,
    gate_lines,
    stopped_lines,
    way_lines,
)
from engine.safety_view import DutyView
from engine.snapshot import Snapshot

ROOMY_ROWS = 30
"""From here on empty lines separate the parts."""

WIDE_COLUMNS = 160
"""From here on the tasks stand in two columns though there is room for one."""

FEWEST_ALERTS = 2
"""Rows that the alerts keep before the parts above them are cut."""


def safety_lines(snapshot: Snapshot, display: Display, area: Size) -> list[Line]:
    """The whole view in `area`."""
    inner, money, safety = area.width - 2, display.money, snapshot.safety
    blank: list[Line] = [()] if area.height >= ROOMY_ROWS else []
    above: list[Line] = [
        *gate_lines(snapshot, money, inner),
        *stopped_lines(snapshot, money, inner),
        *blank,
        *breaker_lines(snapshot, money, inner),
        *blank,
        *_tasks(safety.duties, inner, area.height),
        *blank,
        *way_lines(safety, money, inner),
        *blank,
    ]
    kept = min(FEWEST_ALERTS, max(1, len(safety.alerts)))
    above = _cut(above, area.height - kept, inner)
    alerts = alert_rows(safety.alerts, money, inner, area.height - len(above))
    return [[(" ", PLAIN), *line] for line in [*above, *alerts][: area.height]]


def _tasks(duties: tuple[DutyView, ...], width: int, height: int) -> list[Line]:
    """In one column with notes where there is room; else in two."""
    title = duties_title(duties, width)
    if height >= ROOMY_ROWS and width < WIDE_COLUMNS:
        return [title, *duty_rows(duties, width)]
    rows = -(-len(duties) // 2)
    half = (width - 2) // 2
    columns = duty_rows(duties[:rows], half), duty_rows(duties[rows:], half)
    return [title, *beside(*columns, width)]


def _cut(lines: list[Line], rows: int, width: int) -> list[Line]:
    """At most `rows` of `lines`; what is left out is counted."""
    if len(lines) <= rows:
        return lines
    left = len(lines) - rows + 1
    more: Line = fit([(f"… {left} more lines on a taller terminal", WARN)], width)
    return [*lines[: rows - 1], more]


class Safety(LinesView):
    """The view of everything that stops trading, and of what proves that it would."""

    def lines(self, area: Size) -> list[Line]:
        return safety_lines(self.snapshot, self.display_state, area)
