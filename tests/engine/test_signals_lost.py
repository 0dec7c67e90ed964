"""What is measured where prints are missing, where seconds do not reach, and on another venue."""

from __future__ import annotations

import math

import pytest

from engine.messages import Bar, Bars, TradePrint, TradesMended, TradesMissed
from engine.signals_underlying import HIGH_VOL, YEAR_S, Underlying
from tests.engine.underlyings import NONE_YET, T0, measured, quote, quoted, trade, zigzag

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
