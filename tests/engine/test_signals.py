"""Live, warming, absent, unknown: each input says which it is, and unknown makes no row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.book import Book, unusable
from engine.features import FEATURE_NAMES, FEATURES, VOL_TICKS, to_features
from engine.feeds.feed import FeedInfo
from engine.market import Outcome
from engine.messages import (
    Level,
    MidQuote,
    TradePrint,
    TradesMended,
    TradesMissed,
    TradeSums,
    VenueQuote,
)
from engine.settings import Settings
from engine.signals import AssetSignals, PositionInput, Reading, neutral_count
from tests.engine.build import MARKET, NOW, book

UNDERLYING = {f.name for f in FEATURES if f.source == "binance"}
OF_BOOK = {f.name for f in FEATURES if f.source == "book"}
SUMS = (TradeSums(3.0, 1.0, 1.0, 6.0), TradeSums(10.0, 4.0, 4.0, 50.0))
FLAT = PositionInput()


class Listener:
    """One asset's signals, with the books and mids that the engine would hold for it."""

    def __init__(self, *has: str) -> None:
        known = ("mid", "book", "binance")
        info = FeedInfo("t", ("BTC",), frozenset(has), frozenset(known) - set(has), NOW, None)
        self.signals = AssetSignals("BTC", info, Settings())

    def quote(self, t_ms: int, sums: tuple[TradeSums, ...] = (), asset: str = "BTC") -> None:
        self.signals.on_message(VenueQuote(t_ms, "v", asset, 100.0, 100.0, sums))

    def at(
        self,
        t_ms: int = NOW,
        up: Book | None = None,
        mid: MidQuote | None = None,
        position: PositionInput = FLAT,
    ) -> Reading:
        return self.signals.reading(t_ms, MARKET, up, mid, position)


def named(reading: Reading, status: str) -> set[str]:
    return {n for n, s in zip(FEATURE_NAMES, reading.status, strict=True) if s == status}


def up_mid(value: float, t_ms: int = NOW, slug: str = MARKET.slug) -> MidQuote:
    return MidQuote(t_ms, slug, value)


def test_a_feed_with_mids_alone_leaves_thirteen_features_neutral() -> None:
    reading = Listener("mid").at(mid=up_mid(0.4))
    assert reading.prob == 0.4
    assert named(reading, "absent") == UNDERLYING | OF_BOOK
    assert neutral_count(reading.status) == 13
    assert reading.state is not None
    row = to_features(reading.state)
    absent = [FEATURE_NAMES.index(name) for name in UNDERLYING | OF_BOOK]
    assert not row[absent].any()


def test_a_feed_with_books_alone_leaves_ten_features_neutral() -> None:
    reading = Listener("book").at(up=book())
    assert reading.prob == pytest.approx(0.495)
    assert named(reading, "absent") == UNDERLYING
    assert neutral_count(reading.status) == 10


def test_a_source_without_prints_leaves_large_trade_neutral() -> None:
    listener = Listener("book", "binance")
    listener.quote(NOW, SUMS)
    reading = listener.at(up=book())
    assert named(reading, "absent") == {"large_trade"}
    assert {"trade_flow", "cvd_accel", "trade_intensity"} <= named(reading, "live")


def test_silence_is_told_of_the_venue_that_is_followed() -> None:
    listener = Listener("book", "binance")
    listener.signals.choose("okx-swap")
    assert listener.at(up=book()).invalid == "no quote of BTC from okx-swap yet"
    listener.quote(NOW)  # of another venue
    assert listener.at(up=book()).invalid == "no quote of BTC from okx-swap yet"


def test_sums_over_missing_prints_warm_up_again() -> None:
    listener = Listener("book", "binance")
    for t_ms in range(NOW - 90_000, NOW + 1, 1_000):
        listener.quote(t_ms)
        listener.signals.on_message(TradePrint(t_ms, "v", "BTC", 100.0, 1.0, 1))
    flows = {"trade_flow", "cvd_accel", "trade_intensity"}
    assert flows <= named(listener.at(up=book()), "live")
    listener.signals.on_message(TradesMissed(NOW, "v", "BTC"))
    assert flows <= named(listener.at(up=book()), "warming")
    listener.signals.on_message(TradesMended(NOW, "v", "BTC"))
    assert flows <= named(listener.at(up=book()), "live")


def test_what_is_not_covered_yet_warms_up_and_the_row_stands() -> None:
    listener = Listener("book", "binance")
    for second in range(200):
        listener.quote(NOW - 200_000 + second * 1000)
    reading = listener.at(up=book())
    assert reading.state is not None
    assert reading.state.returns_10m == 0.0
    warming = named(reading, "warming")
    assert {"returns_5m", "returns_10m", "vol_expansion", "vol_regime", "vol_5m"} <= warming
    assert "returns_1m" in named(reading, "live")


def test_a_promised_underlying_never_heard_is_unknown_and_makes_no_row() -> None:
    reading = Listener("book", "binance").at(up=book())
    assert reading.state is None
    assert reading.invalid == "no quote of BTC from binance yet"
    assert named(reading, "unknown") == UNDERLYING
    assert reading.prob is not None


@pytest.mark.parametrize(("silent_ms", "known"), [(10_000, True), (10_001, False)])
def test_an_underlying_that_goes_silent_is_unknown(silent_ms: int, known: bool) -> None:
    listener = Listener("book", "binance")
    listener.quote(NOW - silent_ms)
    reading = listener.at(up=book())
    assert (reading.state is not None) == known
    assert reading.invalid == (None if known else "v silent on BTC for more than 10 s")


def test_an_underlying_that_speaks_again_is_known_again() -> None:
    listener = Listener("book", "binance")
    listener.quote(NOW - 60_000)
    silent = listener.at(up=book())
    listener.quote(NOW)
    assert silent.state is None
    assert listener.at(up=book()).state is not None


@pytest.mark.parametrize(("silent_ms", "known"), [(10_000, True), (10_001, False)])
def test_a_book_that_goes_silent_has_no_probability(silent_ms: int, known: bool) -> None:
    reading = Listener("book").at(up=book(t_ms=NOW - silent_ms))
    assert (reading.prob is not None) == known
    assert reading.invalid == (None if known else "book of UP silent for more than 10 s")


@pytest.mark.parametrize(("silent_ms", "known"), [(30_000, True), (30_001, False)])
def test_a_mid_that_goes_silent_has_no_probability(silent_ms: int, known: bool) -> None:
    reading = Listener("mid").at(mid=up_mid(0.5, NOW - silent_ms))
    assert (reading.state is not None) == known
    assert reading.invalid == (None if known else "mid of UP silent for more than 30 s")
    assert ("vol_5m" in named(reading, "unknown")) != known


def test_an_invalid_book_makes_no_row_and_says_why() -> None:
    crossed = unusable(MARKET.up_token, NOW, "crossed book: bid 0.52 at or above ask 0.51")
    reading = Listener("book").at(up=crossed)
    assert reading.state is None
    assert reading.prob is None
    assert reading.invalid == ("book of UP is invalid: crossed book: bid 0.52 at or above ask 0.51")
    assert named(reading, "unknown") == OF_BOOK | {"vol_5m"}


def test_the_down_book_is_never_taken_for_the_up_book() -> None:
    assert Listener("book").at(up=book(token=MARKET.down_token)).invalid == "no book of UP yet"


def test_the_mid_of_another_window_is_not_taken() -> None:
    reading = Listener("mid").at(mid=up_mid(0.5, slug="other"))
    assert reading.invalid == "no mid of UP yet"


def test_a_mid_does_not_stand_in_for_a_promised_book() -> None:
    assert Listener("book", "mid").at(mid=up_mid(0.5)).invalid == "no book of UP yet"


def test_a_feed_with_no_price_makes_no_row() -> None:
    listener = Listener("binance")
    listener.quote(NOW)
    assert listener.at().invalid == "this feed has no price of UP"


def test_a_probability_of_zero_is_a_probability() -> None:
    reading = Listener("mid").at(mid=up_mid(0.0))
    assert reading.prob == 0.0
    assert reading.state is not None


def test_one_probability_is_pushed_per_tick_however_often_it_is_read() -> None:
    listener = Listener("mid")
    for _ in range(5):
        reading = listener.at(mid=up_mid(0.5))
    assert reading.state is not None
    assert list(reading.state.prob_history) == [0.5]


def test_volatility_is_live_from_the_thirtieth_tick_and_forgotten_with_the_window() -> None:
    listener = Listener("mid")
    readings = [
        listener.at(NOW + 500 * tick, mid=up_mid(0.4 + 0.1 * (tick % 2)))
        for tick in range(VOL_TICKS)
    ]
    assert ["vol_5m" in named(r, "live") for r in readings] == [False] * (VOL_TICKS - 1) + [True]
    reading = readings[-1]
    assert reading.state is not None
    assert to_features(reading.state)[FEATURE_NAMES.index("vol_5m")] == pytest.approx(1.0)
    listener.signals.open_window()
    assert "vol_5m" in named(listener.at(NOW + 500 * VOL_TICKS, mid=up_mid(0.5)), "warming")


def test_the_underlying_is_remembered_over_the_end_of_a_window() -> None:
    listener = Listener("book", "binance")
    for second in range(120):
        listener.quote(NOW - 120_000 + second * 1000)
    listener.signals.open_window()
    assert "returns_1m" in named(listener.at(up=book()), "live")


def test_imbalances_and_spread_are_those_of_the_up_book() -> None:
    bids = tuple((4900 - 100 * i, 30) for i in range(6))
    asks = ((5100, 10), *((5200 + 100 * i, 20) for i in range(5)))
    state = Listener("book").at(up=book(bids, asks)).state
    assert state is not None
    assert state.order_book_imbalance_l1 == pytest.approx((30 - 10) / 40)
    assert state.order_book_imbalance_l5 == pytest.approx((150 - 90) / 240)
    assert state.spread == pytest.approx(0.02)


def test_the_position_and_the_clock_reach_the_row() -> None:
    held = PositionInput(has=True, side=Outcome.DOWN, pnl=-25.0)
    state = Listener("mid").at(mid=up_mid(0.5), position=held).state
    assert state is not None
    row = dict(zip(FEATURE_NAMES, to_features(state), strict=True))
    assert (row["has_position"], row["position_side"], row["position_pnl"]) == (1.0, -1.0, -0.5)
    assert row["time_remaining"] == pytest.approx(840 / 900)


def test_another_assets_underlying_is_not_listened_to() -> None:
    listener = Listener("book", "binance")
    listener.quote(NOW, asset="ETH")
    listener.signals.on_message(TradePrint(NOW, "v", "ETH", 1.0, 1.0, 1))
    assert listener.at(up=book()).invalid == "no quote of BTC from binance yet"


LEVELS = st.lists(st.tuples(st.integers(1, 9999), st.integers(1, 10**12)), min_size=1, max_size=9)


@given(LEVELS, LEVELS, st.floats(-1e6, 1e6), st.integers(0, 900_000))
def test_every_valid_reading_gives_a_row_within_one(
    bids: list[Level], asks: list[Level], pnl: float, elapsed: int
) -> None:
    t_ms = MARKET.start_ms + elapsed
    listener = Listener("book", "binance")
    listener.quote(t_ms)
    up = Book(MARKET.up_token, t_ms, tuple(bids), tuple(asks))
    reading = listener.at(t_ms, up, position=PositionInput(True, Outcome.UP, pnl))
    assert reading.state is not None
    assert np.all(np.abs(to_features(reading.state)) <= 1)
