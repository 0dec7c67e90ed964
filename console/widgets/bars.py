"""Shapes made of block glyphs: signed bars, sparklines, gauges. Pure functions of numbers.

A sign is told by the side of a centre line, so it survives without colour. Scales are fixed,
never fitted to the data: the same shape always means the same value.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.text import finite

LEVELS = "▁▂▃▄▅▆▇█"
EIGHTHS = " ▏▎▍▌▋▊▉█"
CENTRE = "│"
NO_VALUE = "·"


def signed_bar(value: float | None, width: int) -> str:
    """A value in [-1, 1] as a bar of odd `width`, left or right of a centre line.

    Half-cell steps; anything that is not exactly zero shows at least one step.
    """
    side = width // 2
    number = finite(value)
    if number is None:
        return NO_VALUE.center(width)
    steps = min(2 * side, round(abs(number) * 2 * side))
    if number != 0 and steps == 0:
        steps = 1
    full, half = divmod(steps, 2)
    if number < 0:
        return ("▐" * half + "█" * full).rjust(side) + CENTRE + " " * side
    return " " * side + CENTRE + ("█" * full + "▌" * half).ljust(side)


def level(value: float | None) -> str:
    """A value in [-1, 1] as one of eight heights; zero is the lower middle."""
    number = finite(value)
    if number is None:
        return NO_VALUE
    return LEVELS[min(7, max(0, int((number + 1) * 4)))]


def sparkline(values: Sequence[float | None], width: int = 5) -> str:
    """The last `width` values in [-1, 1], oldest first; states that never were are dots."""
    shown = list(values)[-width:]
    return NO_VALUE * (width - len(shown)) + "".join(level(value) for value in shown)


def gauge(fraction: float | None, width: int) -> str:
    """A fraction in [0, 1] as a bar growing from the left in eighths of a cell."""
    number = finite(fraction)
    if number is None:
        return NO_VALUE.ljust(width)
    eighths = round(min(1.0, max(0.0, number)) * width * 8)
    full, rest = divmod(eighths, 8)
    bar = "█" * full + (EIGHTHS[rest] if rest else "")
    return bar.ljust(width)


def gauge_from_right(fraction: float | None, width: int) -> str:
    """Like `gauge`, growing from the right in half cells."""
    number = finite(fraction)
    if number is None:
        return NO_VALUE.rjust(width)
    full, half = divmod(round(min(1.0, max(0.0, number)) * width * 2), 2)
    return ("▐" * half + "█" * full).rjust(width)
