"""What is measured on the underlying, in the windows that the feature table states."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.messages import (
    Bar,
    Bars,
    TradePrint,
    TradesMended,
    TradesMissed,
    TradeSums,
    VenueQuote,
)
from engine.signals_large import EVERY, HALF_LIFE_MS, LargeTrades
from engine.signals_underlying import HIGH_VOL, YEAR_S, Underlying

T0 = 1_767_600_000_000
NONE_YET = dict.fromkeys(
    (
        "returns_1m",
        "returns_5m",
        "returns_10m",
        "vol_expansion",
        "vol_regime",
        "trend_regime",
        "large_trade_flag",
        "trade_flow_imbalance",
        "cvd_acceleration",
        "trade_intensity",
    )
)


def quote(
    second: float, mid: float, venue: str = "v", sums: tuple[TradeSums, ...] = ()
) -> VenueQuote:
    return VenueQuote(T0 + round(second * 1000), venue, "BTC", mid, mid, sums)


def trade(second: float, qty: float, price: float = 1.0, venue: str = "v") -> TradePrint:
    """A print; a negative quantity is a sale."""
    side = 1 if qty > 0 else -1
    return TradePrint(T0 + round(second * 1000), venue, "BTC", price, abs(qty), side)


def quoted(seconds: range, mid: Callable[[int], float] = lambda _: 100.0) -> Underlying:
    """An underlying quoted once a second."""
    underlying = Underlying()
    for second in seconds:
        underlying.quote(quote(second, mid(second)))
    return underlying


def measured(underlying: Underlying, second: float) -> dict[str, float | None]:
    return underlying.inputs(T0 + round(second * 1000))


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


def zigzag(step: float) -> Callable[[int], float]:
    """A mid whose log return is `step` up and down in turn."""
    return lambda second: 100.0 * math.exp(step * (second % 2))


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


# ---- prints that are missing ---------------------------------------------------------------------

FLOWS = ("trade_flow_imbalance", "cvd_acceleration", "trade_intensity")


def traded(underlying: Underlying, seconds: range, qty: float = 1.0) -> Underlying:
    """Quoted and sold or bought once in each of the seconds."""
    for second in seconds:
        underlying.quote(quote(second, 100.0))
        underlying.trade(trade(second, qty))
    return underlying


def flows(underlying: Underlying, second: float) -> list[float | None]:
    inputs = measured(underlying, second)
    return [inputs[name] for name in FLOWS]


def test_sums_are_unknown_from_a_loss_until_their_window_lies_after_the_next_print() -> None:
    underlying = traded(Underlying(), range(100))
    underlying.missed(TradesMissed(T0 + 100_000, "v", "BTC"))
    for second in range(100, 200):  # quoted, and not a print: no window after it is known either
        underlying.quote(quote(second, 100.0))
    assert flows(underlying, 199) == [None, None, None]
    traded(underlying, range(200, 280))
    assert measured(underlying, 205)["trade_intensity"] is None
    assert flows(underlying, 279)[0] == 1.0
    assert None not in flows(underlying, 279)


def test_the_short_sum_is_known_again_before_the_long_one() -> None:
    underlying = traded(Underlying(), range(100))
    underlying.missed(TradesMissed(T0 + 100_000, "v", "BTC"))
    traded(underlying, range(100, 131))
    inputs = measured(underlying, 130)
    assert inputs["trade_intensity"] == pytest.approx(1.0, rel=0.2)
    assert inputs["trade_flow_imbalance"] is None


def test_prices_do_not_suffer_from_missing_prints() -> None:
    underlying = traded(Underlying(), range(100))
    underlying.missed(TradesMissed(T0 + 99_000, "v", "BTC"))
    assert measured(underlying, 99)["returns_1m"] == 0.0


def test_prints_that_come_late_give_the_sums_that_would_have_been() -> None:
    whole, mended = traded(Underlying(), range(90)), traded(Underlying(), range(90))
    for second in range(90, 120):
        whole.quote(quote(second, 100.0))
        mended.quote(quote(second, 100.0))
        if 95 <= second < 105:
            whole.trade(trade(second, -7.0))
        whole.trade(trade(second, 1.0))
        if second == 105:
            mended.missed(TradesMissed(T0 + 105_000, "v", "BTC"))
        mended.trade(trade(second, 1.0))
    for second in range(95, 105):
        mended.trade(trade(second, -7.0))
    assert flows(mended, 119)[:2] == [None, None]
    mended.mended(TradesMended(T0 + 119_000, "v", "BTC"))
    for later in (119, 121, 135):
        assert flows(mended, later) == pytest.approx(flows(whole, later))


def test_what_another_venue_misses_is_nothing_to_this_one() -> None:
    underlying = traded(Underlying(), range(100))
    underlying.missed(TradesMissed(T0 + 99_000, "other", "BTC"))
    assert None not in flows(underlying, 99)
    underlying.missed(TradesMissed(T0 + 99_000, "v", "BTC"))
    underlying.mended(TradesMended(T0 + 99_000, "other", "BTC"))
    assert None in flows(underlying, 99)


def test_intensity_counts_the_fills_of_a_print() -> None:
    underlying = Underlying()
    for second in range(100):
        underlying.quote(quote(second, 100.0))
        underlying.trade(TradePrint(T0 + second * 1000, "v", "BTC", 1.0, 1.0, 1, 5))
    assert measured(underlying, 99)["trade_intensity"] == pytest.approx(5.0, rel=0.2)


# ---- minutes where seconds do not reach ----------------------------------------------------------


def minutes(closes: list[float], ending: int = 0, venue: str = "v") -> Bars:
    """Bars that begin at 100 and close so, the last of them at second `ending`."""
    first = T0 + ending * 1000 - 60_000 * len(closes)
    opens = [100.0, *closes]
    return Bars(
        T0 + ending * 1000,
        venue,
        "BTC",
        tuple(Bar(first + 60_000 * i, opens[i], close) for i, close in enumerate(closes)),
    )


STEADY = [100.0 + i for i in range(1, 13)]
"""Twelve minutes that climb by a dollar each."""


def warmed(bars: Bars, mid: float = 112.0, second: float = 1) -> dict[str, float | None]:
    underlying = Underlying()
    underlying.closed(bars)
    underlying.quote(quote(second, mid))
    return measured(underlying, second)


def test_minutes_give_the_long_returns_and_regimes_at_the_first_quote() -> None:
    inputs = warmed(minutes(STEADY))
    assert inputs["returns_5m"] == pytest.approx(112 / 107 - 1)
    assert inputs["returns_10m"] == pytest.approx(112 / 102 - 1)
    rate = sum(math.log((b + 1) / b) ** 2 for b in range(102, 112)) / 600
    assert inputs["vol_regime"] == float(math.sqrt(rate * YEAR_S) > HIGH_VOL) == 1.0
    assert inputs["trend_regime"] == 1.0
    assert inputs["returns_1m"] is None
    assert inputs["vol_expansion"] is None


def test_a_look_back_takes_the_nearest_boundary_of_minutes() -> None:
    assert warmed(minutes(STEADY), second=29)["returns_5m"] == pytest.approx(112 / 107 - 1)
    assert warmed(minutes(STEADY), second=31)["returns_5m"] == pytest.approx(112 / 108 - 1)


def test_minutes_with_one_missing_give_no_variance() -> None:
    bars = minutes(STEADY)
    holed = Bars(bars.t_ms, "v", "BTC", bars.bars[:7] + bars.bars[8:])
    inputs = warmed(holed)
    assert inputs["vol_regime"] is None
    assert inputs["trend_regime"] is None


def test_minutes_that_ended_long_ago_say_nothing_of_now() -> None:
    assert warmed(minutes(STEADY), second=59)["vol_regime"] is not None
    assert warmed(minutes(STEADY), second=119)["vol_regime"] is not None
    assert warmed(minutes(STEADY), second=121)["vol_regime"] is None


def test_the_short_volatility_is_of_seconds_and_the_long_of_minutes() -> None:
    underlying = quoted(range(90), zigzag(0.001))
    assert measured(underlying, 89)["vol_expansion"] is None
    underlying.closed(minutes([100.0 * math.exp(0.001 * (i % 2)) for i in range(1, 13)], 60))
    # A thousandth each second against a thousandth each minute.
    assert measured(underlying, 89)["vol_expansion"] == pytest.approx(math.sqrt(60) - 1, rel=0.1)


def test_seconds_that_cover_their_window_are_preferred_to_minutes() -> None:
    underlying = quoted(range(700))
    underlying.closed(minutes(STEADY, 660))
    inputs = measured(underlying, 699)
    assert inputs["returns_5m"] == inputs["returns_10m"] == inputs["trend_regime"] == 0.0


def test_minutes_before_the_first_quote_say_nothing() -> None:
    underlying = Underlying("v")
    underlying.closed(minutes(STEADY))
    assert measured(underlying, 1) == NONE_YET


# ---- another venue -------------------------------------------------------------------------------


def test_nothing_measured_on_one_venue_is_known_of_another() -> None:
    underlying = traded(Underlying(), range(700)).moved("w")
    assert underlying.mid is None
    assert underlying.quoted_ms is None
    assert measured(underlying, 700) == NONE_YET
    underlying.quote(quote(700, 200.0))
    assert underlying.mid is None
    underlying.quote(quote(700, 200.0, venue="w"))
    assert measured(underlying, 700) == NONE_YET
    assert underlying.venue == "w"


def test_a_move_begins_with_the_minutes_of_its_own_venue() -> None:
    underlying = quoted(range(10))
    underlying.closed(minutes([50.0] * 12))
    underlying.closed(minutes(STEADY, venue="w"))
    moved = underlying.moved("w")
    moved.quote(quote(10, 112.0, venue="w"))
    assert measured(moved, 10)["returns_10m"] == pytest.approx(112 / 102 - 1)


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
