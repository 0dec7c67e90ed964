"""The 18 inputs of the model as a grid: name, signed bar, and the last five states.

Owns the short names. The order is the model's; nothing here computes a feature.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.style import Style

from console.text import signed
from console.themes import DEAD_BAND, FAINT, LABEL, PLAIN, WARN, by_sign
from console.widgets.bars import level, signed_bar, sparkline
from console.widgets.display import Display
from console.widgets.lines import Line, Run, fit
from engine.snapshot import AssetView

STATES = 5
"""Rows of a history."""


@dataclass(frozen=True, slots=True)
class FeatureName:
    """One input's names, by the room there is."""

    full: str
    """The name in the model's schema."""
    medium: str
    """At most nine cells."""
    short: str
    """At most four cells."""


FEATURES = (
    FeatureName("returns_1m", "return 1m", "r1m"),
    FeatureName("returns_5m", "return 5m", "r5m"),
    FeatureName("returns_10m", "return10m", "r10m"),
    FeatureName("ob_imbalance_l1", "book L1", "ob1"),
    FeatureName("ob_imbalance_l5", "book L5", "ob5"),
    FeatureName("trade_flow", "flow", "flow"),
    FeatureName("cvd_accel", "cvd accel", "cvd"),
    FeatureName("spread_pct", "spread", "sprd"),
    FeatureName("trade_intensity", "intensity", "rate"),
    FeatureName("large_trade", "large", "big"),
    FeatureName("vol_5m", "vol 5m", "vol"),
    FeatureName("vol_expansion", "vol grows", "volx"),
    FeatureName("has_position", "position", "held"),
    FeatureName("position_side", "side", "side"),
    FeatureName("position_pnl", "pos. pnl", "ppnl"),
    FeatureName("time_remaining", "time left", "time"),
    FeatureName("vol_regime", "vol reg.", "vreg"),
    FeatureName("trend_regime", "trend", "trnd"),
)


MARKS = {"absent": "–", "unknown": "?", "warming": "~"}
"""What stands behind the name of an input that is not live."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One input of one asset, ready to draw."""

    name: FeatureName
    value: float | None
    """In [-1, 1]; None where the row is invalid."""
    past: tuple[float, ...]
    """Its last states, oldest first, the current one last."""
    status: str
    """``live``, ``warming``, ``absent`` or ``unknown``."""

    @property
    def style(self) -> Style:
        """By sign; the labels' grey near zero; a warning where the input is unknown."""
        if self.status == "unknown":
            return WARN
        if self.value is None or abs(self.value) <= DEAD_BAND:
            return LABEL
        return by_sign(self.value)


def features_of(view: AssetView) -> Iterator[Feature]:
    """The 18 inputs of `view` in the model's order."""
    for index, name in enumerate(FEATURES):
        value = None if view.features is None else view.features[index]
        past = tuple(row[index] for row in view.history[-STATES:])
        status = view.feature_status[index] if view.feature_status else "no window"
        yield Feature(name, value, past, status)


def feature_grid(view: AssetView, width: int, columns: int) -> list[Line]:
    """All 18 in `columns`, read downwards; only the bars are coloured, by their sign."""
    rows = -(-len(FEATURES) // columns)
    cell = (width + 1) // columns - 1
    cells = [_cell(feature, cell) for feature in features_of(view)]
    blocks = [cells[start : start + rows] for start in range(0, len(cells), rows)]
    return [_joined(row) for row in zip_longest(*blocks, fillvalue=())]


def _joined(cells: Sequence[Line]) -> Line:
    return [run for cell in cells for run in (*cell, (" ", LABEL))][:-1]


def _cell(feature: Feature, width: int) -> Line:
    """Name, bar and sparkline in exactly `width` cells (15 at the least)."""
    name, bar = _split(feature, width)
    mark = MARKS.get(feature.status, " ")
    history = f" {sparkline(feature.past, STATES)}"
    rest = width - len(name) - 1 - bar - len(history)
    return [
        (f"{name}{mark}", WARN if feature.status == "unknown" else LABEL),
        (signed_bar(feature.value, bar), feature.style),
        (history + " " * rest, LABEL),
    ]


def _split(feature: Feature, width: int) -> tuple[str, int]:
    """The name padded, and the odd width of the bar."""
    room = width - STATES - 2
    for name, cells, bar in (
        (feature.name.full, 15, 9), (feature.name.medium, 9, 9), (feature.name.medium, 9, 7),
        (feature.name.short, 4, 7), (feature.name.short, 4, 5),
    ):  # fmt: skip
        if cells + bar <= room:
            return name.ljust(cells), bar
    return feature.name.short.ljust(4)[:4], 3


def texture(view: AssetView) -> list[Run]:
    """The 18 current values as one glyph each, a gap between the model's groups of six."""
    heights = [(level(feature.value), feature.style) for feature in features_of(view)]
    return [*heights[:6], (" ", PLAIN), *heights[6:12], (" ", PLAIN), *heights[12:]]


def feature_table(view: AssetView, display: Display, width: int) -> list[Line]:
    """One input a line with its full name, value, bar, history and status."""
    bar = 15 if width >= 56 else 9 if width >= 50 else 7
    return [_row(feature, _value(feature, display), bar, width) for feature in features_of(view)]


def _value(feature: Feature, display: Display) -> str:
    """The value in digits; an input that is dollars on a scale is hidden with the dollars."""
    private = display.money.hidden and feature.name.full == "position_pnl"
    return "•••" if private else signed(feature.value)


def _row(feature: Feature, value: str, bar: int, width: int) -> Line:
    status_style = LABEL if feature.status == "live" else WARN
    return fit(
        [
            (f"{feature.name.full:<15} ", PLAIN if feature.status == "live" else LABEL),
            (f"{value:>5} ", feature.style),
            (f"{signed_bar(feature.value, bar)} ", feature.style),
            (sparkline(feature.past, STATES), feature.style),
            (f" {feature.status}", FAINT if status_style is LABEL else status_style),
        ],
        width,
    )
