"""Closed minutes: a price near a time, and a variance of minutes that follow each other."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import Bar
from engine.signals_minutes import KEPT, MINUTE_MS, SPAN, Minutes

T0 = 1_767_600_000_000


def bars(closes: list[float], begin_ms: int = T0, first: float = 100.0) -> list[Bar]:
    opens = [first, *closes]
    return [Bar(begin_ms + i * MINUTE_MS, opens[i], close) for i, close in enumerate(closes)]


def taken(closes: list[float]) -> Minutes:
    minutes = Minutes()
    minutes.take(bars(closes))
    return minutes


def test_a_price_is_that_of_the_nearest_boundary_half_a_minute_away_at_most() -> None:
    minutes = taken([101.0, 102.0])
    assert minutes.price_at(T0 - 30_000) == 100.0
    assert minutes.price_at(T0 - 30_001) is None
    assert minutes.price_at(T0 + 30_000) == 101.0
    assert minutes.price_at(T0 + 149_999) == 102.0
    assert minutes.price_at(T0 + 150_000) is None


def test_variance_is_of_the_ten_newest_minutes() -> None:
    closes = [100.0 * math.exp(0.01 * i) for i in range(1, 16)]
    rate = taken(closes).variance_rate(T0 + 15 * MINUTE_MS)
    assert rate == pytest.approx(SPAN * 0.01**2 / 600)


def test_the_newest_minute_may_be_late_but_not_two() -> None:
    minutes = taken([100.0] * SPAN)
    end = T0 + SPAN * MINUTE_MS
    assert minutes.variance_rate(end + 2 * MINUTE_MS - 1) == 0.0
    assert minutes.variance_rate(end + 2 * MINUTE_MS) is None
    assert minutes.variance_rate(end - 1) is None


@given(st.integers(0, SPAN - 1))
def test_one_missing_minute_leaves_the_variance_unknown(lacking: int) -> None:
    minutes = Minutes()
    whole = bars([100.0] * SPAN)
    minutes.take(whole[:lacking] + whole[lacking + 1 :])
    assert minutes.variance_rate(T0 + SPAN * MINUTE_MS) is None
    minutes.take([whole[lacking]])
    assert minutes.variance_rate(T0 + SPAN * MINUTE_MS) == 0.0


def test_a_minute_told_again_is_corrected() -> None:
    minutes = taken([101.0])
    minutes.take([Bar(T0, 100.0, 99.0)])
    assert minutes.price_at(T0 + MINUTE_MS) == 99.0


def test_memory_is_bounded() -> None:
    minutes = taken([100.0] * 1_000)
    assert len(minutes._bars) == KEPT
    assert minutes.price_at(T0 + 1_000 * MINUTE_MS) == 100.0
