"""The arms' running results as a picture.

Owns the drawing. Colours are told apart by people who see colours differently (Okabe and Ito, and
two more). All arms of one model have one colour and differ in their strokes; the legend names every
line, the one that ends highest first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from engine.evaluation.report import ArmReport, Report, equity

SIZE = (1200, 640)
"""Pixels."""

PLOT = (90, 60, 900, 580)
"""Left, top, right and bottom of the plot, pixels."""

COLOURS = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#cc79a7",
    "#0072b2", "#d55e00", "#8a8a00", "#6a3d9a", "#8c510a",
)  # fmt: skip

STROKES = {"frozen": (3, 0, 0), "online": (3, 9, 5), "placebo": (3, 2, 6), "rule": (1, 0, 0)}
"""By an arm's kind: width, and pixels drawn and left out in turn; 0: drawn throughout."""

LEGEND = 28
"""Pixels from one name to the next, where there is room."""
GREY = "#b0b0b0"

Point = tuple[float, float]


def save_plot(report: Report, path: Path) -> None:
    """Write the equity curves of all arms to `path` as PNG. Raises OSError."""
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    curves = {arm.name: equity(arm) for arm in report.arms}
    low, high = _range(list(curves.values()))
    _frame(draw, report, low, high)
    colours = arm_colours(report.arms)
    ranked = sorted(report.arms, key=lambda arm: -_last(curves[arm.name]))
    for rank, arm in enumerate(ranked):
        curve, colour = curves[arm.name], colours[arm.name]
        _stroke(draw, _points((0.0, *curve), low, high), colour, arm.kind)
        y = PLOT[1] + round(rank * min(LEGEND, (PLOT[3] - PLOT[1]) / len(ranked)))
        _legend(draw, y, f"{arm.name} {_last(curve):+.2f}", colour, arm.kind)
    picture.save(path, "PNG")


def arm_colours(arms: Sequence[ArmReport]) -> dict[str, str]:
    """By arm; one for all arms of a model."""
    families = list(dict.fromkeys(arm.model or arm.name for arm in arms))
    return {arm.name: COLOURS[families.index(arm.model or arm.name) % len(COLOURS)] for arm in arms}


def _stroke(draw: ImageDraw.ImageDraw, points: Sequence[Point], colour: str, kind: str) -> None:
    width, drawn, left_out = STROKES[kind]
    if not drawn:
        draw.line(list(points), fill=colour, width=width)
        return
    for piece in dashes(points, drawn, left_out):
        draw.line(piece, fill=colour, width=width)


def dashes(points: Sequence[Point], drawn: int, left_out: int) -> Iterator[list[Point]]:
    """Pieces of the line through `points`, by the pixels along it."""
    along = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = math.hypot(x1 - x0, y1 - y0)
        period = drawn + left_out
        first = math.floor(along / period) * period
        for start in range(first, math.ceil(along + length), period):
            begin, end = max(start - along, 0.0), min(start + drawn - along, length)
            if begin < end:
                yield [
                    (x0 + (x1 - x0) * at / length, y0 + (y1 - y0) * at / length)
                    for at in (begin, end)
                ]
        along += length


def _frame(draw: ImageDraw.ImageDraw, report: Report, low: float, high: float) -> None:
    left, _, right, bottom = PLOT
    title = "executable PnL in dollars, running, by window slot: " + ", ".join(report.tapes)
    draw.text((left, 20), _cut(title, 130), fill="black", font=ImageFont.load_default(16))
    draw.rectangle(PLOT, outline=GREY)
    for level in (low, 0.0, high):
        y = _height(level, low, high)
        draw.line([(left, y), (right, y)], fill=GREY)
        draw.text((8, y - 8), f"{level:+.0f}", fill="black", font=ImageFont.load_default(14))
    draw.text(
        (left, bottom + 12),
        f"{report.executable_slots} slots with books, seed {report.seed}",
        fill="black",
        font=ImageFont.load_default(14),
    )


def _legend(draw: ImageDraw.ImageDraw, y: int, text: str, colour: str, kind: str) -> None:
    x = PLOT[2] + 20
    _stroke(draw, [(x, y + 9), (x + 28, y + 9)], colour, kind)
    draw.text((x + 36, y), text, fill="black", font=ImageFont.load_default(15))


def _points(curve: Sequence[float], low: float, high: float) -> list[Point]:
    left, _, right, _ = PLOT
    step = (right - left) / max(1, len(curve) - 1)
    return [(left + step * i, _height(level, low, high)) for i, level in enumerate(curve)]


def _height(level: float, low: float, high: float) -> float:
    _, top, _, bottom = PLOT
    return bottom - (level - low) / (high - low) * (bottom - top)


def _range(curves: Sequence[Sequence[float]]) -> tuple[float, float]:
    """Lowest and highest level, 0 among them; never the same."""
    levels = [level for curve in curves for level in curve]
    low, high = min([0.0, *levels]), max([0.0, *levels])
    return (low, high) if high > low else (-1.0, 1.0)


def _last(curve: Sequence[float]) -> float:
    return curve[-1] if curve else 0.0


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
