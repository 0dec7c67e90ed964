"""The session's PnL as two curves on one scale, and below them the limits and the denials."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.geometry import Size

from console.text import utc
from console.themes import FAINT, GAIN, LABEL, PLAIN, STRONG, by_sign
from console.views.view import LinesView
from console.widgets.limits import denial_lines, limit_lines
from console.widgets.lines import Line, Run, beside, first_line_that_fits, spread
from console.widgets.plot import braille, scale_of, zero_row
from console.widgets.verdict import against_hold

AXIS = 11
"""Cells of the dollar axis."""

FEWEST_ROWS = 4
"""Rows under which a curve says nothing."""


class Curve(LinesView):
    """Executable PnL beside mid PnL."""

    def lines(self, area: Size) -> list[Line]:
        width, height = area
        inner, snapshot, display = width - 2, self.snapshot, self.display_state
        room = max(0, height - FEWEST_ROWS - 4)
        half = (inner - 3) // 2
        limits = limit_lines(snapshot, display, half)[:room]
        denials = denial_lines(snapshot, half, room)
        below = beside(limits, denials[:room], inner, gap=3)
        curves = self._curves(inner, height - len(below) - 2)
        return [[(" ", PLAIN), *line] for line in [*curves, self._verdict(inner), (), *below]]

    def _verdict(self, width: int) -> Line:
        """What the executable curve shows, as bold as profit would be."""
        forms = against_hold(self.snapshot.model.verdict, self.display_state.money)[:-1]
        return first_line_that_fits(width, [[label, _bold(words)] for label, words in forms])

    def _curves(self, width: int, height: int) -> list[Line]:
        points = self.snapshot.curve
        executable = [point.executable for point in points]
        mid = [point.mid for point in points]
        half = (width - 3) // 2
        scale = scale_of(executable, mid)
        rows = max(1, height - 2)
        left = self._curve("executable, realised", executable, half, rows, scale)
        right = self._curve(
            "mid, realised, as upstream books it", mid, width - 3 - half, rows, scale
        )
        return [*beside(left, right, width, gap=3), self._span(width)]

    def _curve(
        self, name: str, values: Sequence[float], width: int, rows: int, scale: tuple[float, float]
    ) -> list[Line]:
        money = self.display_state.money
        last = values[-1] if values else None
        title = spread([(name, STRONG)], [(money.signed(last), by_sign(last))], width)
        if not values:
            return [title, [("no point yet", FAINT)]]
        zero = zero_row(rows, scale)
        labels = {0: money.signed(scale[1], 0), rows - 1: money.signed(scale[0], 0), zero: "0"}
        plot = braille(values, width - AXIS, rows, scale)
        return [title, *[_row(labels.get(y, ""), y == zero, text) for y, text in enumerate(plot)]]

    def _span(self, width: int) -> Line:
        points = self.snapshot.curve
        if not points:
            return ()
        first, last = utc(points[0].t_ms), utc(points[-1].t_ms)
        return spread([(f"from {first} UTC", LABEL)], [(f"to {last} UTC", LABEL)], width)


def _bold(run: Run) -> Run:
    return run[0], run[1] + Style(bold=True)


def _row(label: str, zero: bool, text: str) -> Line:  # noqa: FBT001 a fact of the row
    line_style: Style = LABEL if zero else FAINT
    return [(f"{label:>{AXIS - 2}} ", LABEL), ("┼" if zero else "│", line_style), (text, GAIN)]
