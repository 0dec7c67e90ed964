"""Charts of what updates measured: fitted scales that are printed, gaps that stay gaps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.text import significant
from console.widgets.bars import NO_VALUE
from console.widgets.lines import width_of
from console.widgets.plot import MOST_HELD, trace
from console.widgets.series import SERIES, chart, range_words, series_line, spark
from tests.console.learners import history, quarantined
from tests.console.screens import words

VALUES = st.lists(st.none() | st.floats(-1e6, 1e6), max_size=60)


@pytest.mark.parametrize(
    ("value", "words_"),
    [(0.0123, "0.0123"), (-0.0123, "-0.0123"), (1.0, "1.00"), (12.34, "12.3"), (0.0, "0"),
     (0.000123, "1.23e-4"), (123456.0, "1.23e5"), (None, "?"), (float("nan"), "?"),
     (99999.9, "100000"), (0.00012, "1.20e-4")],
)  # fmt: skip
def test_a_number_of_any_size_has_three_digits(value: float | None, words_: str) -> None:
    assert significant(value) == words_


def test_heights_run_from_the_lowest_to_the_highest_drawn() -> None:
    assert spark([0.0, 5.0, 10.0], 3) == "▁▅█"
    assert spark([900.0, 0.0, 5.0, 10.0], 3) == "▁▅█", "what is not drawn does not scale"


def test_an_unknown_value_is_a_dot_and_no_height() -> None:
    assert spark([1.0, None, 2.0], 5) == f"▁{NO_VALUE}█"


def test_a_flat_series_is_in_the_middle_and_its_range_one_number() -> None:
    assert spark([2.0, 2.0], 5) == "▄▄"
    assert range_words([2.0, 2.0]) == "2.0"


def test_the_range_is_of_what_is_drawn() -> None:
    line = words([series_line(SERIES[2], history(60), 38)])
    assert "0.81…0.85" in line
    assert "1.0" not in line


def test_a_trace_breaks_where_a_value_is_unknown() -> None:
    [row] = trace([1.0, None, 0.0], width=12, height=1, scale=(0.0, 1.0))
    assert row == "⠉" * 4 + " " * 4 + "⣀" * 4, "and no stroke leads over the gap"


def test_few_values_are_not_stretched_over_the_width() -> None:
    [row] = trace([0.5], width=40, height=1, scale=(0.0, 1.0))
    assert len(row.strip()) == MOST_HELD // 2


def test_the_newest_values_are_the_ones_that_are_drawn() -> None:
    [row] = trace([0.0] * 50 + [1.0] * 20, width=10, height=1, scale=(0.0, 1.0))
    assert row == "⠉" * 10


@given(values=VALUES, width=st.integers(1, 40), height=st.integers(1, 6))
def test_a_trace_fills_its_cells_and_no_more(
    values: list[float | None], width: int, height: int
) -> None:
    rows = trace(values, width, height, (-1e6, 1e6))
    assert len(rows) == height
    assert {len(row) for row in rows} == {width}


@pytest.mark.parametrize("height", [2, 4, 9])
def test_a_chart_says_its_name_its_newest_number_and_its_scale(height: int) -> None:
    lines = chart(SERIES[0], history(), 40, height)
    shown = words(lines)
    assert shown.startswith("policy loss")
    assert "-0.0144" in shown
    assert "-0.016" in shown
    assert all(width_of(line) <= 40 for line in lines)
    assert len(lines) <= height


def test_a_chart_of_nothing_says_so() -> None:
    assert "no update yet" in words(chart(SERIES[0], (), 40, 5))
    assert "not measured" in words(chart(SERIES[0], (quarantined(1),), 40, 5))
