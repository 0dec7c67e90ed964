"""Shapes: a sign that needs no colour, fixed scales, exact widths."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.widgets.bars import CENTRE, gauge, level, signed_bar, sparkline
from console.widgets.plot import braille, resample, scale_of, zero_row

UNIT = st.floats(min_value=-1, max_value=1)


@given(value=UNIT, half=st.integers(min_value=1, max_value=8))
def test_a_signed_bar_tells_its_sign_by_the_side_of_the_centre(value: float, half: int) -> None:
    bar = signed_bar(value, 2 * half + 1)
    left, right = bar[:half], bar[half + 1 :]
    assert len(bar) == 2 * half + 1
    assert bar[half] == CENTRE
    assert bool(left.strip()) == (value < 0)
    assert bool(right.strip()) == (value > 0)


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_an_unknown_value_is_a_dot_and_no_bar(value: float | None) -> None:
    assert signed_bar(value, 7) == "   ·   "
    assert level(value) == "·"
    assert gauge(value, 4).strip() == "·"


def test_full_scale_fills_one_side() -> None:
    assert signed_bar(1.0, 7) == "   │███"
    assert signed_bar(-1.0, 7) == "███│   "
    assert signed_bar(-0.5, 7).rstrip() == " ▐█│"


def test_states_that_never_were_are_dots_before_the_first() -> None:
    assert sparkline([-1.0, 1.0]) == "···▁█"
    assert sparkline([0.0] * 9) == "▅▅▅▅▅"


@given(fraction=st.floats(min_value=-3, max_value=3), width=st.integers(1, 40))
def test_a_gauge_is_exactly_as_wide_as_asked(fraction: float, width: int) -> None:
    assert len(gauge(fraction, width)) == width


@given(
    values=st.lists(st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=50),
    width=st.integers(1, 30),
    height=st.integers(1, 12),
)
def test_a_curve_fills_its_box_and_no_more(values: list[float], width: int, height: int) -> None:
    scale = scale_of(values)
    lines = braille(values, width, height, scale)
    assert [len(line) for line in lines] == [width] * height
    assert any(line.strip() for line in lines)
    assert 0 <= zero_row(height, scale) < height


def test_a_flat_curve_has_a_scale_of_some_height() -> None:
    low, high = scale_of([0.0, 0.0])
    assert high > low


def test_resampling_keeps_first_and_last() -> None:
    assert resample([1.0, 2.0, 3.0, 9.0], 2) == [1.0, 9.0]
    assert resample([], 5) == []
