"""What the updates measured, as small charts: newest number, range, and the course over updates.

Unlike the bars of the inputs these scales are fitted to what is drawn, since a loss has none of
its own; so every chart prints the range it covers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from console.text import finite, measure, significant
from console.themes import FAINT, GAIN, LABEL, PLAIN, STRONG
from console.widgets.bars import LEVELS, NO_VALUE
from console.widgets.lines import Line, Run, fit, spread
from console.widgets.plot import trace
from engine.learning_view import UpdateView

AXIS = 10
"""Cells of a chart's scale: a number, a blank, a line."""

NAME_CELLS = 9
NEWEST_CELLS = 8
FEWEST_SPARKS = 4

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Series:
    """One measure of the updates."""

    name: str
    short: str
    """For one line of half an 80-column terminal."""
    places: int
    """Decimals that matter."""
    of: Callable[[UpdateView], float | None]
    """Reads it from an update; None where that update did not get so far."""


SERIES = (
    Series("policy loss", "π loss", 4, lambda update: update.policy_loss),
    Series("value loss", "V loss", 4, lambda update: update.value_loss),
    Series("entropy, nats", "entropy", 3, lambda update: update.entropy),
    Series("KL, nats", "KL", 4, lambda update: update.kl),
    Series("clip fraction", "clipped", 3, lambda update: update.clip_fraction),
    Series("explained var.", "expl var", 3, lambda update: update.explained_variance),
    Series("actor grad norm", "π grad", 3, lambda update: update.actor_grad_norm),
    Series("critic grad norm", "V grad", 3, lambda update: update.critic_grad_norm),
)


def span_of(values: Values) -> tuple[float, float] | None:
    """Lowest and highest known value; None where none is known."""
    known = [number for value in values if (number := finite(value)) is not None]
    return (min(known), max(known)) if known else None


def range_words(values: Values) -> str:
    """`0.82…1.1`, the range of the known values, in two digits."""
    span = span_of(values)
    if span is None:
        return ""
    low, high = (significant(end, 2) for end in span)
    return low if low == high else f"{low}…{high}"


def spark(values: Values, width: int) -> str:
    """The last values as heights between their lowest and highest; unknown ones are dots."""
    shown = values[-width:] if width > 0 else ()
    span = span_of(shown)
    if span is None:
        return NO_VALUE * len(shown)
    low, high = span
    return "".join(_height(value, low, high) for value in shown)


def _height(value: float | None, low: float, high: float) -> str:
    number = finite(value)
    if number is None:
        return NO_VALUE
    if high == low:
        return LEVELS[3]
    return LEVELS[round((number - low) / (high - low) * (len(LEVELS) - 1))]


def series_line(series: Series, updates: Sequence[UpdateView], width: int) -> Line:
    """Name, newest number, course and range in one line of `width` cells."""
    values = [series.of(update) for update in updates]
    name: Run = (f"{series.short:<{NAME_CELLS}}", LABEL)
    if not values:
        return [name, (f"{'no update yet':<{NEWEST_CELLS}}", FAINT)]
    newest: Run = (f"{measure(values[-1], series.places):>{NEWEST_CELLS}} ", STRONG)
    room = width - NAME_CELLS - NEWEST_CELLS - 1
    return [name, newest, *_spark_and_range(values, room)]


def _spark_and_range(values: Values, room: int) -> Line:
    """As many updates as the room holds beside their own range."""
    count = room
    while count > FEWEST_SPARKS and count + 1 + len(range_words(values[-count:])) > room:
        count -= 1
    drawn = values[-count:]
    return fit([(f"{spark(drawn, count)} ", GAIN), (range_words(drawn), LABEL)], room)


def chart(series: Series, updates: Sequence[UpdateView], width: int, height: int) -> list[Line]:
    """`height` lines: name and newest number, then the course beside its scale."""
    values = [series.of(update) for update in updates]
    if not values:
        return [[(series.name, LABEL)], [("no update yet", FAINT)]]
    title = spread([(series.name, LABEL)], [(measure(values[-1], series.places), STRONG)], width)
    if height < 3:
        return [title, _spark_and_range(values, width)]
    drawn = values[-2 * (width - AXIS) :]
    span = span_of(drawn)
    if span is None:
        return [title, [("not measured", FAINT)]]
    return [title, *_plot(drawn, span, width, height - 1, series.places)]


def _plot(
    values: Values, span: tuple[float, float], width: int, rows: int, places: int
) -> list[Line]:
    low, high = span
    top, bottom = measure(high, places), measure(low, places)
    labels = {0: top, rows - 1: bottom} if high > low else {rows // 2: bottom}
    scale = span if high > low else (low - 1.0, low + 1.0)
    course = trace(values, width - AXIS, rows, scale)
    return [_row(labels.get(y, ""), text) for y, text in enumerate(course)]


def _row(label: str, text: str) -> Line:
    return [(f"{label:>{AXIS - 2}} ", LABEL), ("│", FAINT), (text, GAIN), ("", PLAIN)]
