"""The grid of inputs agrees with the model's schema and shows each of the 18."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.text import Money
from console.widgets.bars import CENTRE
from console.widgets.display import Display
from console.widgets.features import FEATURES, feature_grid, feature_table, features_of
from console.widgets.lines import width_of
from engine.features import FEATURE_NAMES
from tests.console.fakes import sample_snapshot
from tests.console.screens import words

BTC, ETH, SOL, XRP = sample_snapshot().assets


def test_names_are_those_of_the_model_in_its_order() -> None:
    assert tuple(name.full for name in FEATURES) == tuple(FEATURE_NAMES)


def test_short_names_are_short_and_unique() -> None:
    assert len({name.short for name in FEATURES}) == 18
    assert max(len(name.short) for name in FEATURES) <= 4
    assert max(len(name.medium) for name in FEATURES) <= 9


@pytest.mark.parametrize(("width", "columns"), [(46, 3), (56, 3), (76, 3), (96, 3), (79, 4)])
def test_every_input_has_a_bar_and_five_states_at_every_width(width: int, columns: int) -> None:
    grid = feature_grid(BTC, width, columns)
    assert all(width_of(line) <= width for line in grid)
    assert words(grid).count(CENTRE) == 18


def test_the_table_names_every_input_with_value_and_status() -> None:
    table = words(feature_table(ETH, Display(), 44))
    for name in FEATURE_NAMES:
        assert name in table
    assert "warming" in table
    assert "-0." in table


def test_an_invalid_row_has_no_bars_but_keeps_its_history() -> None:
    grid = words(feature_grid(SOL, 56, 3))
    assert CENTRE not in grid
    assert "r1m ?" in grid
    assert any(mark in grid for mark in "▁▂▃▄▅▆▇█")


def test_an_absent_source_is_marked_as_absent_not_unknown() -> None:
    absent = replace(BTC, feature_status=("absent",) * 18, features=(0.0,) * 18)
    assert {feature.status for feature in features_of(absent)} == {"absent"}
    assert "r1m –" in words(feature_grid(absent, 56, 3))


def test_between_windows_nothing_is_called_unknown() -> None:
    assert "?" not in words(feature_grid(XRP, 56, 3))


def test_privacy_hides_the_input_that_is_dollars_on_a_scale() -> None:
    def row(money: Money) -> str:
        table = words(feature_table(BTC, Display(money), 60)).splitlines()
        return table[FEATURE_NAMES.index("position_pnl")]

    assert "+0.40" in row(Money())
    assert "+0.40" not in row(Money(hidden=True))
