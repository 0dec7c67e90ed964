"""The arms' running results as a picture.

Owns the drawing. Colours are told apart by people who see colours differently (Okabe and Ito), and
every line is named at its end's height in the legend, best first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from engine.evaluation.report import Report, equity

SIZE = (1200, 640)
"""Pixels."""

PLOT = (90, 60, 900, 580)
"""Left, top, right and bottom of the plot, pixels."""

COLOURS = ("#000000", "#e69f00", "#56b4e9", "#009e73", "#cc79a7", "#0072b2", "#d55e00", "#8a8a00")
GREY = "#b0b0b0"

Point = tuple[float, float]


def save_plot(report: Report, path: Path) -> None:
    """Write the equity curves of all arms to `path` as PNG. Raises OSError."""
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    curves = {arm.name: equity(arm) for arm in report.arms}
    low, high = _range(list(curves.values()))
    _frame(draw, report, low, high)
    ranked = sorted(curves.items(), key=lambda item: -_last(item[1]))
    for rank, (name, curve) in enumerate(ranked):
        colour = COLOURS[list(curves).index(name) % len(COLOURS)]
        draw.line(_points((0.0, *curve), low, high), fill=colour, width=2)
        _legend(draw, rank, f"{name} {_last(curve):+.2f}", colour)
    picture.save(path, "PNG")


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


def _legend(draw: ImageDraw.ImageDraw, rank: int, text: str, colour: str) -> None:
    x, y = PLOT[2] + 20, PLOT[1] + 28 * rank
    draw.line([(x, y + 9), (x + 24, y + 9)], fill=colour, width=4)
    draw.text((x + 32, y), text, fill="black", font=ImageFont.load_default(15))


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
