"""Binance's frames: what they say, in which order they are believed, and what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from engine.feeds.venues import binance_rest
from engine.feeds.venues.binance import FUTURES, SPOT, BinanceReader
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import RESTART_MS
from engine.feeds.venues.trade_ids import MOST_MISSING, PATIENCE_MS
from engine.messages import (
    Bar,
    Bars,
    Derivative,
    Liquidation,
    Message,
    TradePrint,
    TradesMended,
    TradesMissed,
    VenueQuote,
)
from tests.engine.feeds.venues.frames import (
    T0,
    Raw,
    aggregate,
    answer,
    kline,
    single,
    ticker,
)

MISSED = TradesMissed(T0, FUTURES, "BTC")
MENDED = TradesMended(T0, FUTURES, "BTC")


def futures(*frames: object, reader: BinanceReader | None = None, t_ms: int = T0) -> list[Message]:
    """What the last of the frames says, after the others."""
    reader, said = reader or BinanceReader(), []
    for frame in frames:
        said = list(reader.futures(t_ms, frame))
    return said


def refusal(frame: object) -> str:
    with pytest.raises(MessageError) as caught:
        futures(frame)
    return str(caught.value)


def kinds(messages: list[Message]) -> list[type]:
    return [type(message) for message in messages]


# ---- what a frame says ---------------------------------------------------------------------------


def test_a_buyer_who_was_the_maker_means_that_the_taker_sold() -> None:
    assert futures(aggregate(1, m=True)) == [TradePrint(T0, FUTURES, "BTC", 100.0, 2.0, -1, 5)]
    assert futures(aggregate(1, m=False)) == [TradePrint(T0, FUTURES, "BTC", 100.0, 2.0, 1, 5)]


def test_the_frame_without_its_stream_says_the_same() -> None:
    assert futures(aggregate(1)["data"]) == futures(aggregate(1))


def test_a_quote_needs_no_event_name_where_its_stream_tells() -> None:
    assert futures(ticker(1)) == [VenueQuote(T0, FUTURES, "BTC", 99.0, 101.0)]
    assert list(BinanceReader().spot(T0, ticker(1))) == [VenueQuote(T0, SPOT, "BTC", 99.0, 101.0)]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"b": "102.0"}, "crossed quote"),
        ({"b": "0"}, "b 0 is not a believable amount"),
        ({"a": ""}, "a is not a string of digits"),
        ({"A": "0.000"}, "A 0 is not a believable amount"),
        ({"b": "nan"}, "b is not a string of digits"),
        ({"b": "1e400", "a": "1e400"}, "b 1e400 is not believable"),
        ({"a": "1e9"}, "a 1e+09 is not a believable amount"),
        ({"u": None}, "u is not a whole number"),
        ({"u": True}, "u is not a whole number"),
    ],
)
def test_a_crossed_one_sided_or_absurd_quote_is_refused(changed: Raw, why: str) -> None:
    assert why in refusal(ticker(1, **changed))


@pytest.mark.parametrize("key", ["s", "a", "p", "q", "f", "l", "T", "m"])
def test_a_known_key_that_is_missing_is_refused_and_an_unknown_one_is_not(key: str) -> None:
    frame = aggregate(1, nq="2.0", st=1, novelty={})
    assert kinds(futures(frame)) == [TradePrint]
    del frame["data"][key]
    assert refusal(frame)


def test_a_leap_of_the_price_is_refused_until_a_second_has_passed() -> None:
    reader = BinanceReader()
    futures(ticker(1), reader=reader)
    with pytest.raises(MessageError, match="leaps"):
        list(reader.futures(T0 + 900, ticker(2, "109", "111")))
    with pytest.raises(MessageError, match="leaps"):
        list(reader.futures(T0 + 900, aggregate(1, p="110")))
    assert kinds(list(reader.futures(T0 + 1_001, ticker(3, "109", "111")))) == [VenueQuote]


def test_the_top_of_a_snapshot_is_a_quote_and_a_change_of_the_book_is_not() -> None:
    depth = {"e": "depthUpdate", "s": "BTCUSDT", "u": 5, "b": [["99", "1"]], "a": [["101", "1"]]}
    snapshot = {"stream": "btcusdt@depth5@100ms", "data": depth}
    assert futures(snapshot) == [VenueQuote(T0, FUTURES, "BTC", 99.0, 101.0)]
    assert futures({"stream": "btcusdt@depth@100ms", "data": depth}) == []
    assert futures(depth) == []
    assert futures(ticker(6), snapshot) == []


def test_the_mark_brings_index_and_funding_as_far_as_they_are_written() -> None:
    event = {"e": "markPriceUpdate", "s": "BTCUSDT", "p": "100", "i": "", "r": "-0.0001"}
    assert futures(event) == [Derivative(T0, FUTURES, "BTC", 100.0, None, -0.0001)]
    assert futures(event | {"i": "101", "r": ""}) == [
        Derivative(T0, FUTURES, "BTC", 100.0, 101.0, None)
    ]
    assert "r is not a rate" in refusal(event | {"r": "8"})


def test_a_minute_counts_when_it_is_closed() -> None:
    assert futures(kline(T0)) == [Bars(T0, FUTURES, "BTC", (Bar(T0, 100.0, 101.0),))]
    assert futures(kline(T0, x=False)) == []
    assert futures(kline(T0, i="5m")) == []
    assert "begin on a minute" in refusal(kline(T0 + 1))


@pytest.mark.parametrize(("side", "sign"), [("BUY", 1), ("SELL", -1)])
def test_a_liquidation_is_worth_its_average_fill_times_what_filled(side: str, sign: int) -> None:
    order = {"s": "BTCUSDT", "S": side, "p": "1", "ap": "100", "q": "9", "z": "3"}
    event = {"e": "forceOrder", "E": T0, "o": order}
    assert futures(event) == [Liquidation(T0, FUTURES, "BTC", sign, 300.0)]
    assert futures(event | {"o": order | {"st": 2}}) == []
    assert futures(event | {"st": 2}) == []


@pytest.mark.parametrize(
    "frame",
    [
        aggregate(1, symbol="BNBUSDT"),
        aggregate(1, symbol="BTCUSDC"),
        aggregate(1, st=2),
        ticker(1, s="ETHBTC"),
        single(1),
        {"result": None, "id": 1},
        {"code": 2, "msg": "Invalid request"},
        {"error": {"code": 2, "msg": "?"}, "id": 1},
        {"stream": "!serverShutdown", "data": {"e": "serverShutdown", "E": T0}},
        [{"e": "24hrTicker", "s": "BTCUSDT"}],
    ],
)
def test_what_is_not_for_us_is_ignored(frame: object) -> None:
    assert futures(frame) == []


@pytest.mark.parametrize("frame", ["", None, 7, {}, {"e": "news"}, {"e": []}, {"data": 1}, [1]])
def test_what_cannot_be_understood_is_refused(frame: object) -> None:
    assert refusal(frame)


# ---- order ---------------------------------------------------------------------------------------


def test_a_quote_that_is_not_newer_is_dropped() -> None:
    assert futures(ticker(5), ticker(5, "98.0")) == []
    assert futures(ticker(5), ticker(4, "98.0")) == []
    assert kinds(futures(ticker(5), ticker(6))) == [VenueQuote]


def test_a_venue_that_counts_anew_is_believed_after_a_while() -> None:
    reader = BinanceReader()
    futures(ticker(900), reader=reader)
    assert futures(ticker(1), reader=reader, t_ms=T0 + RESTART_MS) == []
    assert futures(ticker(1), reader=reader, t_ms=T0 + RESTART_MS + 1) != []


def test_the_numbers_of_both_venues_and_of_the_symbols_are_their_own() -> None:
    reader = BinanceReader()
    futures(aggregate(7), ticker(7), reader=reader)
    assert kinds(list(reader.spot(T0, aggregate(3)))) == [TradePrint]
    assert kinds(list(reader.spot(T0, ticker(3)))) == [VenueQuote]
    assert kinds(futures(aggregate(3, symbol="ETHUSDT"), reader=reader)) == [TradePrint]


def test_a_print_that_comes_twice_counts_once() -> None:
    assert futures(aggregate(1), aggregate(2), aggregate(2)) == []
    assert futures(aggregate(1), aggregate(2), aggregate(1)) == []


# ---- what is missing -----------------------------------------------------------------------------


def test_a_hole_is_told_before_the_print_after_it_and_is_to_be_fetched() -> None:
    reader = BinanceReader()
    said = futures(aggregate(1), aggregate(5), reader=reader)
    assert said[0] == MISSED
    assert kinds(said) == [TradesMissed, TradePrint]
    assert reader.gaps() == ((FUTURES, "BTCUSDT", 2, 4),)
    assert reader.gaps() == ()


def test_the_missing_prints_bear_their_own_time_and_then_all_is_mended() -> None:
    reader = BinanceReader()
    futures(aggregate(1), aggregate(4), reader=reader)
    said = list(reader.mended(T0, answer(1, 2, 3, 4, traded_ms=T0 - 2_000)))
    late = TradePrint(T0 - 2_000, FUTURES, "BTC", 100.0, 2.0, 1, 1)
    assert said == [late, late, MENDED]


def test_an_answer_that_holds_a_part_leaves_the_rest_to_be_fetched() -> None:
    reader = BinanceReader()
    futures(aggregate(1), aggregate(6), reader=reader)
    reader.gaps()
    assert kinds(list(reader.mended(T0, answer(2, 3)))) == [TradePrint, TradePrint]
    assert reader.gaps() == ((FUTURES, "BTCUSDT", 4, 5),)
    assert kinds(list(reader.mended(T0, answer(4, 5))))[-1] is TradesMended


def test_an_answer_that_brings_nothing_is_not_asked_for_again() -> None:
    reader = BinanceReader()
    futures(aggregate(1), aggregate(6), reader=reader)
    reader.gaps()
    assert list(reader.mended(T0, answer())) == []
    assert reader.gaps() == ()


def test_prints_that_come_out_of_order_mend_their_hole() -> None:
    said = futures(aggregate(1), aggregate(3), aggregate(2))
    assert said == [TradePrint(T0 - 150, FUTURES, "BTC", 100.0, 2.0, -1, 5), MENDED]


@pytest.mark.parametrize("jump", [MOST_MISSING + 1, 10**15])
def test_a_hole_too_large_is_told_and_not_asked_for(jump: int) -> None:
    reader = BinanceReader()
    assert kinds(futures(aggregate(1), aggregate(2 + jump), reader=reader))[0] is TradesMissed
    assert reader.gaps() == ()
    assert futures(aggregate(2), reader=reader) == []


def test_a_small_hole_that_is_mended_says_nothing_of_a_large_one() -> None:
    reader = BinanceReader()
    futures(aggregate(1), aggregate(9_000), aggregate(9_002), reader=reader)
    assert kinds(list(reader.mended(T0, answer(9_001)))) == [TradePrint]


def test_a_hole_is_given_up_when_it_no_longer_matters() -> None:
    reader = BinanceReader()
    futures(aggregate(1), aggregate(5), reader=reader)
    assert list(reader.mended(T0 + PATIENCE_MS + 1, answer(2, 3, 4))) == []


def test_a_bad_print_is_missing_and_not_heard() -> None:
    reader = BinanceReader()
    futures(aggregate(1), reader=reader)
    with pytest.raises(MessageError):
        futures(aggregate(2, q="0"), reader=reader)
    assert kinds(futures(aggregate(3), reader=reader)) == [TradesMissed, TradePrint]


def test_a_lost_stream_leaves_prints_missing_until_the_next_shows_how_many() -> None:
    reader = BinanceReader()
    futures(aggregate(1), reader=reader)
    assert list(reader.lost(T0, FUTURES)) == [MISSED]
    assert list(reader.lost(T0, SPOT)) == []
    assert kinds(futures(aggregate(2), reader=reader)) == [TradePrint, TradesMended]
    list(reader.lost(T0, FUTURES))
    assert kinds(futures(aggregate(4), reader=reader)) == [TradesMissed, TradePrint]
    assert reader.gaps() == ((FUTURES, "BTCUSDT", 3, 3),)


def test_single_fills_of_spot_are_preferred_to_aggregated_ones() -> None:
    reader = BinanceReader()
    spot = [list(reader.spot(T0, f)) for f in (aggregate(9), single(1), aggregate(10), single(2))]
    assert [len(said) for said in spot] == [1, 1, 0, 1]
    assert spot[1] == [TradePrint(T0, SPOT, "BTC", 100.0, 2.0, 1, 1)]


def test_single_fills_that_are_missing_are_told_and_cannot_be_fetched_by_number() -> None:
    reader = BinanceReader()
    said = [list(reader.spot(T0, single(number))) for number in (1, 4)]
    assert kinds(said[1]) == [TradesMissed, TradePrint]
    assert reader.gaps() == ()
    assert list(reader.mended(T0, answer(2, 3, venue=SPOT))) == []


@pytest.mark.parametrize(
    "changed", [{"venue": "okx-swap"}, {"symbol": "BNBUSDT"}, {"answer": {"code": -1121}}]
)
def test_an_answer_for_something_else_is_refused(changed: Raw) -> None:
    with pytest.raises(MessageError):
        BinanceReader().mended(T0, answer(1) | changed)


# ---- bars and interest ---------------------------------------------------------------------------


def row(open_ms: int) -> list[Any]:
    return [open_ms, "100", "102", "99", "101", "5", open_ms + 59_999, "500", 7, "2", "200", "0"]


def test_the_running_minute_of_an_answer_is_left_out() -> None:
    raw = {"venue": SPOT, "symbol": "ETHUSDT", "answer": [row(T0 - 60_000), row(T0)]}
    said = list(binance_rest.bars(T0 + 30_000, raw))
    assert said == [Bars(T0 + 30_000, SPOT, "ETH", (Bar(T0 - 60_000, 100.0, 101.0),))]
    assert list(binance_rest.bars(T0, raw | {"answer": [row(T0)]})) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"answer": {"code": -1121, "msg": "Invalid symbol."}},
        {"answer": [row(T0)[:4]]},
        {"answer": [[str(T0 + 1), *row(T0)[1:]]]},
        {"symbol": "DOGEUSDT"},
        {"venue": "okx-swap"},
    ],
)
def test_bad_bars_are_refused(changed: Raw) -> None:
    raw = {"venue": SPOT, "symbol": "BTCUSDT", "answer": [row(T0 - 60_000)]}
    with pytest.raises(MessageError):
        binance_rest.bars(T0, raw | changed)


def test_open_interest_is_in_base_units() -> None:
    raw = {"symbol": "SOLUSDT", "openInterest": "12.5", "time": T0}
    said = list(binance_rest.interest(T0, raw))
    assert said == [Derivative(T0, FUTURES, "SOL", open_interest=12.5)]
    with pytest.raises(MessageError):
        binance_rest.interest(T0, raw | {"openInterest": None})
