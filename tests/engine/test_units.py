from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import FeeSchedule, Outcome
from engine.units import (
    MICRO,
    cost_micro,
    floor_to_step,
    micro,
    proceeds_micro,
    shares_for,
)
from tests.engine.build import market

shares = st.integers(min_value=0, max_value=10**12)
prices = st.integers(min_value=1, max_value=9_999)


@given(shares, prices)
def test_rounding_is_never_in_our_favour(amount: int, price_bp: int) -> None:
    exact = Decimal(amount) * price_bp / 10_000
    assert proceeds_micro(amount, price_bp) <= exact <= cost_micro(amount, price_bp)
    assert cost_micro(amount, price_bp) - proceeds_micro(amount, price_bp) <= 1


@given(st.integers(min_value=0, max_value=10**12), prices)
def test_the_shares_that_a_stake_buys_never_cost_more_than_the_stake(usd: int, price: int) -> None:
    assert cost_micro(shares_for(usd, price), price) <= usd


@given(shares)
def test_sellable_shares_are_whole_hundredths(amount: int) -> None:
    floored = floor_to_step(amount)
    assert floored % 10_000 == 0
    assert 0 <= amount - floored < 10_000


def test_a_decimal_is_cut_not_rounded_up() -> None:
    assert micro(Decimal("0.9999999")) == 999_999


@pytest.mark.parametrize(
    ("count", "price_bp", "fee"),
    [(5, 500, 16_620), (100, 5_000, 1_750_000), (5, 9_710, 9_850), (100, 9_900, 69_300)],
)
def test_the_taker_fee_is_the_venues_to_the_hundred_thousandth(
    count: int, price_bp: int, fee: int
) -> None:
    assert FeeSchedule().taker_fee_micro(count * MICRO, price_bp) == fee


@given(shares, prices)
def test_a_fee_is_never_negative_and_never_above_seven_percent_of_the_stake(
    amount: int, price_bp: int
) -> None:
    fee = FeeSchedule().taker_fee_micro(amount, price_bp)
    assert 0 <= fee <= cost_micro(amount, price_bp) * 7 // 100 + 1


def test_time_remaining_is_a_fraction_of_the_markets_own_window() -> None:
    short = market(seconds=300)
    assert short.fraction_left(short.start_ms + 150_000) == 0.5
    assert short.fraction_left(short.end_ms + 1) == 0.0
    assert short.fraction_left(short.start_ms - 10_000) == 1.0


def test_a_token_knows_its_outcome_and_a_stranger_has_none() -> None:
    known = market()
    assert known.outcome_of(known.up_token) is Outcome.UP
    assert known.outcome_of(known.down_token) is Outcome.DOWN
    assert known.outcome_of("another") is None
    assert Outcome.UP.opposite is Outcome.DOWN
