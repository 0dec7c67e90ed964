"""What is measured on the underlying, in the windows that the feature table states."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import TradeSums, VenueQuote
from engine.signals_large import EVERY, HALF_LIFE_MS, LargeTrades
from engine.signals_underlying import HIGH_VOL, YEAR_S, Underlying
from tests.engine.underlyings import NONE_YET, T0, measured, quote, quoted, trade, zigzag


def test_nothing_is_known_before_the_first_quote() -> None:
    assert measured(Underlying(), 0) == NONE_YET


@pytest.mark.parametrize(("name", "window"), [("1m", 60), ("5m", 300), ("10m", 600)])
def test_a_return_is_unknown_until_its_window_is_covered(name: str, window: int) -> None:
    field = f"returns_{name}"
    assert measured(quoted(range(window)), window - 0.5)[field] is None
    assert measured(quoted(range(window + 2)), window + 1)[field] == 0.0


def test_returns_compare_the_mid_now_with_the_mid_then() -> None:
    underlying = quoted(range(700), lambda second: 100.0 + second)
    inputs = measured(underlying, 699)
    # The mid 60 s before second 699 is that of the second which ended there: 638.
    assert inputs["returns_1m"] == pytest.approx(799 / 738 - 1)
    assert inputs["returns_5m"] == pytest.approx(799 / 498 - 1)
    assert inputs["returns_10m"] == pytest.approx(799 / 198 - 1)


def test_a_look_back_into_a_gap_is_unknown_and_beyond_it_known() -> None:
    underlying = quoted(range(100))
    for second in range(200, 300):
        underlying.quote(quote(second, 100.0))
    assert measured(underlying, 215)["returns_1m"] is None
    assert measured(underlying, 299)["returns_1m"] is not None
    assert measured(underlying, 165)["returns_1m"] is not None


def test_a_sample_of_ten_minutes_ago_is_not_taken_for_a_newer_one() -> None:
    underlying = quoted(range(100))
    for second in range(700, 721):
        underlying.quote(quote(second, 100.0))
    assert measured(underlying, 720)["returns_1m"] is None


def test_the_jump_over_a_gap_is_not_volatility() -> None:
    underlying = quoted(range(300))
    for second in range(320, 700):
        underlying.quote(quote(second, 200.0))
    assert measured(underlying, 699)["vol_regime"] == 0.0


def test_a_window_that_is_mostly_gap_is_not_covered() -> None:
    underlying = quoted(range(10))
    for second in range(600, 611):
        underlying.quote(quote(second, 100.0))
    inputs = measured(underlying, 610)
    assert inputs["returns_10m"] == 0.0
    assert inputs["vol_regime"] is None


def test_prints_do_not_keep_a_silent_mid_alive() -> None:
    underlying = quoted(range(10))
    for second in range(10, 100):
        underlying.trade(trade(second, 1.0))
    underlying.quote(quote(100, 100.0))
    assert measured(underlying, 100)["returns_1m"] is None


def test_history_survives_a_day_of_quotes_in_bounded_memory() -> None:
    underlying = quoted(range(0, 86_400, 2))
    assert measured(underlying, 86_399)["returns_10m"] == 0.0


def test_a_crossed_or_absurd_quote_is_no_quote() -> None:
    underlying = Underlying()
    for bid, ask in ((2.0, 1.0), (0.0, 1.0), (-1.0, 1.0), (math.nan, 1.0), (1.0, math.inf)):
        underlying.quote(VenueQuote(T0, "v", "BTC", bid, ask))
    assert underlying.quoted_ms is None


def test_the_first_venue_is_followed_and_no_other() -> None:
    underlying = quoted(range(70))
    underlying.quote(quote(70, 200.0, venue="other"))
    underlying.trade(trade(70, 5.0, venue="other"))
    assert underlying.quoted_ms == T0 + 69_000
    assert measured(underlying, 70)["returns_1m"] == 0.0


def test_volatility_that_doubles_in_the_last_minute_expands_by_its_ratio() -> None:
    calm, wild = zigzag(0.0001), zigzag(0.0002)
    underlying = quoted(range(700), lambda s: wild(s) if s >= 638 else calm(s))
    long_variance = (540 * 1e-8 + 60 * 4e-8) / 600
    expected = math.sqrt(4e-8 / long_variance) - 1
    assert measured(underlying, 699)["vol_expansion"] == pytest.approx(expected, rel=0.02)


def test_a_flat_market_neither_expands_nor_trends() -> None:
    inputs = measured(quoted(range(700)), 699)
    assert inputs["vol_expansion"] == inputs["vol_regime"] == inputs["trend_regime"] == 0.0


@pytest.mark.parametrize(("factor", "regime"), [(0.9, 0.0), (1.1, 1.0)])
def test_the_volatile_regime_starts_at_its_yearly_volatility(factor: float, regime: float) -> None:
    step = factor * HIGH_VOL / math.sqrt(YEAR_S)
    assert measured(quoted(range(700), zigzag(step)), 699)["vol_regime"] == regime


def test_a_steady_climb_trends_and_a_zigzag_does_not() -> None:
    climb = quoted(range(700), lambda second: 100.0 * math.exp(1e-5 * second))
    assert measured(climb, 699)["trend_regime"] == 1.0
    assert measured(quoted(range(700), zigzag(1e-4)), 699)["trend_regime"] == 0.0


def test_flow_is_the_takers_imbalance_of_the_last_minute() -> None:
    assert _flow([(20, 1000.0), (50, 3.0), (95, -1.0)])["trade_flow_imbalance"] == 0.5


def _flow(prints: list[tuple[int, float]], until: int = 100) -> dict[str, float | None]:
    underlying = Underlying()
    for second in range(until + 1):
        underlying.quote(quote(second, 100.0))
        for at, qty in prints:
            if at == second:
                underlying.trade(trade(second, qty))
    return measured(underlying, until)


def test_intensity_counts_prints_of_the_last_ten_seconds() -> None:
    prints = [(80, 1.0), (92, 1.0), (95, -1.0), (99, 1.0)]
    assert _flow(prints)["trade_intensity"] == pytest.approx(0.3)


def test_a_minute_without_prints_is_quiet_once_prints_have_been_heard() -> None:
    inputs = _flow([(1, 1.0)])
    assert inputs["trade_flow_imbalance"] == inputs["trade_intensity"] == 0.0


def test_flow_is_unknown_where_no_print_was_ever_heard() -> None:
    inputs = _flow([])
    assert inputs["trade_flow_imbalance"] is None
    assert inputs["trade_intensity"] is None
    assert inputs["cvd_acceleration"] is None


def test_acceleration_is_the_turn_of_the_imbalance_per_second() -> None:
    # From all selling to all buying: a change of 2 over the 30 s between both middles.
    inputs = _flow([(60, -1.0), (95, 1.0)])
    assert inputs["cvd_acceleration"] == pytest.approx(2 / 30)


def test_sums_are_used_as_the_source_gives_them() -> None:
    sums = (TradeSums(3.0, 3.0, 1.0, 6.0), TradeSums(10.0, 4.0, 4.0, 50.0))
    underlying = Underlying()
    underlying.quote(quote(0, 100.0, sums=sums))
    inputs = measured(underlying, 0)
    assert inputs["trade_flow_imbalance"] == 0.0
    assert inputs["trade_intensity"] == 5.0
    assert inputs["cvd_acceleration"] == pytest.approx((0.5 - -0.5) / 5)
    assert inputs["large_trade_flag"] is None
    assert underlying.sums_only


def test_large_trades_are_those_above_the_99th_percentile() -> None:
    large = LargeTrades()
    for i in range(EVERY - 1):
        large.add(T0, 1.0 + i)
    assert large.flag(T0) is None
    large.add(T0, 100.0)
    large.add(T0, 99.0)
    assert large.flag(T0) == 0.0
    large.add(T0, 100.0)
    assert large.flag(T0) == 1.0
    assert large.flag(T0 + HALF_LIFE_MS) == 0.5


@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.floats(1e-3, 1e6), st.floats(-1e6, 1e6).filter(bool)),
        max_size=80,
    )
)
def test_whatever_is_heard_the_inputs_are_finite(steps: list[tuple[int, float, float]]) -> None:
    underlying, second = Underlying(), 0
    for pause, mid, qty in steps:
        second += pause
        underlying.quote(quote(second, mid))
        underlying.trade(trade(second, qty, price=mid))
        values = [v for v in measured(underlying, second).values() if v is not None]
        assert all(math.isfinite(value) for value in values)
