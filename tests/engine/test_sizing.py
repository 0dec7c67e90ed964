"""The confidence size, and the stake that never exceeds what it says."""

from __future__ import annotations

import json
import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.sizing import confidence_size, order_size_micro
from engine.units import MICRO, micro
from tests.shared import SHARED, needs_shared


@needs_shared
def test_sizes_equal_the_original_systems() -> None:
    golden = json.loads((SHARED / "golden" / "confidence_size.json").read_text())
    for case in golden:
        assert confidence_size(case["prob"]) == case["buy"] == case["sell"]


def test_the_spelt_out_example_holds() -> None:
    assert order_size_micro(Decimal(500), 0.5) == 125 * MICRO
    assert order_size_micro(Decimal(500), 0.0) == 500 * MICRO


@given(st.decimals(0, 10_000_000, places=6), st.floats(0, 1))
def test_a_stake_is_between_a_quarter_and_the_whole_of_the_trade_size(
    trade_size: Decimal, prob: float
) -> None:
    whole = micro(trade_size)
    assert whole // 4 <= order_size_micro(trade_size, prob) <= whole


@given(st.floats(0, 0.5), st.floats(0, 0.5))
def test_more_certainty_never_stakes_less(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert order_size_micro(Decimal(500), 0.5 - high) >= order_size_micro(Decimal(500), 0.5 - low)


@pytest.mark.parametrize("prob", [-0.01, 1.01, math.nan, math.inf])
def test_what_is_no_probability_has_no_size(prob: float) -> None:
    with pytest.raises(ValueError, match=r"not in \[0, 1\]"):
        confidence_size(prob)
