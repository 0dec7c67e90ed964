"""The model's row: equal to the original numbers, inside [-1, 1], never made of a NaN."""

from __future__ import annotations

import json
import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features import (
    FEATURE_NAMES,
    FEATURES,
    SCHEMA_HASH,
    InvalidRow,
    MarketState,
    to_features,
)
from tests.shared import SHARED, needs_shared

QUIET: dict[str, Any] = {
    "asset": "BTC",
    "prob": 0.5,
    "time_remaining": 0.5,
    "spread": 0.01,
    "order_book_imbalance_l1": 0.0,
    "order_book_imbalance_l5": 0.0,
    "has_position": False,
    "position_side": None,
    "position_pnl": 0.0,
    "returns_1m": 0.0,
    "returns_5m": 0.0,
    "returns_10m": 0.0,
    "trade_flow_imbalance": 0.0,
    "cvd_acceleration": 0.0,
    "trade_intensity": 0.0,
    "large_trade_flag": 0.0,
    "vol_expansion": 0.0,
    "vol_regime": 0.0,
    "trend_regime": 0.0,
    "prob_history": [0.5] * 30,
}
NUMBERS = [name for name, value in QUIET.items() if isinstance(value, float)]
LOUD = st.floats(allow_nan=False, allow_infinity=False)


def state(**changes: Any) -> MarketState:
    return MarketState(**{**QUIET, **changes})


def feature(name: str, **changes: Any) -> float:
    return float(to_features(state(**changes))[FEATURE_NAMES.index(name)])


@needs_shared
def test_rows_equal_the_original_systems_to_the_last_bit() -> None:
    golden = json.loads((SHARED / "golden" / "features.json").read_text())
    assert len(golden) == 200
    for case in golden:
        row = to_features(MarketState(**case["state"]))
        assert row.dtype == np.float32
        np.testing.assert_array_equal(row, np.array(case["features"], dtype=np.float32))


def test_the_names_are_the_models_columns_in_order() -> None:
    assert FEATURE_NAMES == (
        "returns_1m",
        "returns_5m",
        "returns_10m",
        "ob_imbalance_l1",
        "ob_imbalance_l5",
        "trade_flow",
        "cvd_accel",
        "spread_pct",
        "trade_intensity",
        "large_trade",
        "vol_5m",
        "vol_expansion",
        "has_position",
        "position_side",
        "position_pnl",
        "time_remaining",
        "vol_regime",
        "trend_regime",
    )


def test_every_feature_reads_a_field_that_exists() -> None:
    assert {f.field for f in FEATURES} < {f.name for f in fields(MarketState)}


@pytest.mark.parametrize(
    ("name", "field", "scale"),
    [(f.name, f.field, f.scale) for f in FEATURES if f.field in NUMBERS and f.field != "spread"],
)
def test_the_table_and_the_row_agree_on_field_and_scale(
    name: str, field: str, scale: float
) -> None:
    assert feature(name, **{field: 0.01}) == pytest.approx(0.01 * scale, rel=1e-6)


def test_spread_is_taken_relative_to_the_probability_but_never_to_less_than_a_cent() -> None:
    assert feature("spread_pct", spread=0.01, prob=0.5) == pytest.approx(0.4)
    assert feature("spread_pct", spread=0.0002, prob=0.0) == pytest.approx(0.4)


def test_vol_is_zero_with_fewer_than_thirty_probabilities() -> None:
    rough = [0.49, 0.51] * 15
    assert feature("vol_5m", prob_history=rough) == pytest.approx(0.2)
    assert feature("vol_5m", prob_history=rough[1:]) == 0.0


def test_vol_reads_only_the_last_thirty_probabilities() -> None:
    assert feature("vol_5m", prob_history=[0.0, 1.0, *[0.5] * 30]) == 0.0


@pytest.mark.parametrize(("side", "sign"), [("UP", 1.0), ("DOWN", -1.0), (None, 0.0)])
def test_position_side_is_signed(side: str | None, sign: float) -> None:
    assert feature("position_side", position_side=side) == sign


@given(st.fixed_dictionaries(dict.fromkeys(NUMBERS, LOUD)), st.lists(LOUD, max_size=40))
def test_any_finite_state_gives_a_row_within_one(
    numbers: dict[str, float], history: list[float]
) -> None:
    row = to_features(state(**numbers, prob_history=history))
    assert row.shape == (18,)
    assert np.all(np.abs(row) <= 1)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "0.5"])
@pytest.mark.parametrize("field", NUMBERS)
def test_a_field_that_is_no_finite_number_makes_no_row(field: str, value: Any) -> None:
    name = next((f.name for f in FEATURES if f.field == field), field)
    with pytest.raises(InvalidRow, match=rf"^{name} is "):
        to_features(state(**{field: value}))


@pytest.mark.parametrize("length", [1, 30, 31])
def test_a_nan_anywhere_in_the_history_makes_no_row(length: int) -> None:
    with pytest.raises(InvalidRow, match="vol_5m is nan"):
        to_features(state(prob_history=[math.nan, *[0.5] * (length - 1)]))


def test_an_unknown_side_makes_no_row() -> None:
    with pytest.raises(InvalidRow, match="position_side is 'LONG'"):
        to_features(state(position_side="LONG"))


def test_infinities_of_both_signs_do_not_cancel_into_a_row() -> None:
    with pytest.raises(InvalidRow):
        to_features(replace(state(), returns_1m=math.inf, returns_5m=-math.inf))


def test_the_schema_has_an_identity() -> None:
    assert len(SCHEMA_HASH) == 64
    assert all(f.describe().startswith(f"{f.name}: ") for f in FEATURES)
