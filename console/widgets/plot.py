"""A curve drawn in braille dots: two dots across and four down in every cell."""

from __future__ import annotations

from collections.abc import Sequence

from console.text import finite

DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
"""Bits of a braille cell by column, then by row from the top."""

BLANK = 0x2800

MOST_HELD = 8
"""Dots for which one value of a trace is held at most: four cells."""


def scale_of(*series: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value of all series, zero always between them; never of no height."""
    values = [value for one in series for value in one if finite(value) is not None]
    low, high = min([0.0, *values]), max([0.0, *values])
    return (low, high) if high > low else (-1.0, 1.0)


def resample(values: Sequence[float], count: int) -> list[float]:
    """`count` values evenly taken from first to last."""
    if not values or count <= 0:
        return []
    last = len(values) - 1
    return [values[round(last * index / max(1, count - 1))] for index in range(count)]


def braille(
    values: Sequence[float], width: int, height: int, scale: tuple[float, float]
) -> list[str]:
    """`values` over `width` x `height` cells, joined by vertical strokes."""
    return _strokes(resample(values, width * 2), width, height, scale)


def trace(
    values: Sequence[float | None], width: int, height: int, scale: tuple[float, float]
) -> list[str]:
    """The last `values`, each held for the same few dots; a gap where one is unknown.

    Few values are not stretched over the width: three points must not look like a history.
    """
    dots = width * 2
    held = max(1, min(MOST_HELD, dots // max(1, len(values))))
    columns = [value for value in values[-dots:] for _ in range(held)]
    return _strokes(columns, width, height, scale)


def _strokes(
    columns: Sequence[float | None], width: int, height: int, scale: tuple[float, float]
) -> list[str]:
    """One column of dots for each value, joined to the one before it."""
    cells = [[BLANK] * width for _ in range(height)]
    before: int | None = None
    for x, value in enumerate(columns):
        number = finite(value)
        row = None if number is None else _dot_row(number, height * 4, scale)
        if row is not None:
            start = row if before is None else before
            for y in range(min(row, start), max(row, start) + 1):
                cells[y // 4][x // 2] |= DOTS[x % 2][y % 4]
        before = row
    return ["".join(map(chr, line)).replace(chr(BLANK), " ") for line in cells]


def zero_row(height: int, scale: tuple[float, float]) -> int:
    """The line of cells on which zero lies."""
    return _dot_row(0.0, height * 4, scale) // 4


def _dot_row(value: float, dots: int, scale: tuple[float, float]) -> int:
    low, high = scale
    share = (value - low) / (high - low)
    return min(dots - 1, max(0, round((1 - share) * (dots - 1))))
