"""OKX's frames: contracts become units, and history is no news."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.feeds.venues.okx import CONTRACTS, OLD_MS, VENUE, OkxReader, check_contracts
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import RESTART_MS
from engine.messages import (
    Bar,
    Bars,
    Derivative,
    Liquidation,
    Message,
    TradePrint,
    TradesMissed,
    VenueQuote,
)
from tests.engine.feeds.venues.frames import T0, Raw, okx, okx_best, okx_forced, okx_trade


def said(*frames: object, t_ms: int = T0) -> list[Message]:
    """What the last of the frames says, after the others."""
    reader, last = OkxReader(), []
    for frame in frames:
        last = list(reader.messages(t_ms, frame))
    return last


@pytest.mark.parametrize(
    ("swap", "qty"),
    [
        ("BTC-USDT-SWAP", 0.03),
        ("ETH-USDT-SWAP", 0.3),
        ("SOL-USDT-SWAP", 3.0),
        ("XRP-USDT-SWAP", 300.0),
    ],
)
def test_a_trade_in_contracts_is_told_in_units(swap: str, qty: float) -> None:
    frame = okx_trade(1)
    frame["arg"]["instId"] = swap
    (trade,) = said(frame)
    assert isinstance(trade, TradePrint)
    assert trade.qty == pytest.approx(qty)
    assert replace(trade, qty=qty) == TradePrint(T0, VENUE, swap[:3], 100.0, qty, -1, 4)


def test_a_trade_that_comes_twice_counts_once() -> None:
    assert said(okx_trade(5), okx_trade(5)) == []
    assert said(okx_trade(5), okx_trade(6, side="buy")) != []


def test_a_number_or_time_far_ahead_does_not_silence_what_follows() -> None:
    reader = OkxReader()
    ahead = (okx_trade(1 << 60), okx_best(made_ms=4_000_000_000_000))
    for frame in ahead:
        assert list(reader.messages(T0, frame)) != []
    for frame in (okx_trade(2), okx_best()):
        assert list(reader.messages(T0 + RESTART_MS, frame)) == []
        assert list(reader.messages(T0 + RESTART_MS + 1, frame)) != []


def test_a_trade_without_a_count_is_one_fill() -> None:
    frame = okx_trade(1)
    del frame["data"][0]["count"]
    (trade,) = said(frame)
    assert isinstance(trade, TradePrint)
    assert trade.fills == 1


def test_a_quote_is_the_best_of_both_sides() -> None:
    assert said(okx_best()) == [VenueQuote(T0, VENUE, "BTC", 99.0, 101.0)]
    assert said(okx_best(made_ms=T0), okx_best(made_ms=T0 - 1)) == []


@pytest.mark.parametrize(
    "frame",
    [
        okx_best(bid="102"),
        okx_best(bid="0"),
        okx_best(size="0"),
        okx_best(size=""),
        okx("bbo-tbt", {"bids": [], "asks": [["101", "1"]], "ts": str(T0)}),
        okx_trade(1, side="long"),
        okx_trade(1, px=""),
        okx_trade(1, sz="-1"),
        okx_trade(1, count="0"),
        okx("mark-price", {"markPx": ""}),
        okx("candle1m", ["1"]),
        okx("unheard-of", {}),
        okx("trades", "text"),
        {"arg": {"channel": "trades", "instId": "BTC-USDT-SWAP"}},
        "pong",
    ],
)
def test_what_is_bad_is_refused(frame: object) -> None:
    with pytest.raises(MessageError):
        said(frame)


@pytest.mark.parametrize(
    "frame",
    [
        {"event": "subscribe", "arg": {"channel": "trades"}},
        {"event": "error", "code": "60018", "msg": "wrong URL"},
        okx("trades", {}, name="BTC-USDT"),
        okx("tickers", {}),
        okx_forced(T0, swap="DOGE-USDT-SWAP"),
    ],
)
def test_what_is_not_for_us_is_ignored(frame: object) -> None:
    assert said(okx_forced(T0 - 1), frame) == []


def test_funding_is_told_for_eight_hours() -> None:
    hour = 3_600_000
    item = {"fundingRate": "0.0001", "fundingTime": str(T0), "nextFundingRate": ""}
    for hours, expected in ((8, 0.0001), (4, 0.0002), (1, 0.0008)):
        (told,) = said(okx("funding-rate", item | {"nextFundingTime": str(T0 + hours * hour)}))
        assert isinstance(told, Derivative)
        assert told.funding == pytest.approx(expected)
        assert told.mark is None


def test_an_empty_funding_rate_is_absent_and_not_nothing() -> None:
    assert said(okx("funding-rate", {"fundingRate": ""})) == []


def test_index_mark_and_interest_belong_to_the_swap() -> None:
    index = okx("index-tickers", {"idxPx": "100"}, name="BTC-USDT")
    assert said(index) == [Derivative(T0, VENUE, "BTC", index=100.0)]
    assert said(okx("mark-price", {"markPx": "100"})) == [Derivative(T0, VENUE, "BTC", mark=100.0)]
    interest = okx("open-interest", {"oi": "500", "oiCcy": "5"})
    assert said(interest) == [Derivative(T0, VENUE, "BTC", open_interest=5.0)]


def test_the_first_liquidations_of_a_connection_are_history() -> None:
    assert said(okx_forced(T0)) == []
    assert said(okx_forced(T0 - 10), okx_forced(T0)) == [Liquidation(T0, VENUE, "BTC", -1, 50.0)]
    assert said(okx_forced(T0), okx_forced(T0)) == []
    assert said(okx_forced(T0 - OLD_MS - 9), okx_forced(T0 - OLD_MS)) == []


def test_after_a_loss_trades_are_missing_and_liquidations_begin_with_history() -> None:
    reader = OkxReader()
    for frame in (okx_trade(1), okx_forced(T0 - 20), okx_forced(T0 - 10)):
        list(reader.messages(T0, frame))
    assert list(reader.lost(T0)) == [TradesMissed(T0, VENUE, "BTC")]
    assert list(reader.messages(T0, okx_forced(T0))) == []


def candle(open_ms: int, confirm: str = "1") -> list[str]:
    return [str(open_ms), "100", "102", "99", "101", "5", "0.05", "500", confirm]


def test_minutes_come_oldest_first_and_without_the_running_one() -> None:
    rows = [candle(T0, "0"), candle(T0 - 60_000), candle(T0 - 120_000)]
    expected = [
        Bars(T0, VENUE, "BTC", (Bar(T0 - 120_000, 100.0, 101.0), Bar(T0 - 60_000, 100.0, 101.0)))
    ]
    raw = {"instId": "BTC-USDT-SWAP", "answer": {"code": "0", "data": rows}}
    assert list(OkxReader().bars(T0, raw)) == expected
    assert said(okx("candle1m", *rows)) == expected
    assert said(okx("candle1m", rows[0])) == []


def test_an_answer_that_refuses_bars_is_refused() -> None:
    raw = {"instId": "BTC-USDT-SWAP", "answer": {"code": "51001", "data": []}}
    with pytest.raises(MessageError, match="refused"):
        OkxReader().bars(T0, raw)


def instruments(**changed: str) -> Raw:
    rows = [
        {"instId": swap, "ctVal": changed.get(swap[:3], f"{worth:g}"), "ctMult": "1"}
        for swap, worth in CONTRACTS.items()
    ]
    return {"code": "0", "data": [{"instId": "DOGE-USDT-SWAP"}, *rows]}


def test_contracts_are_worth_what_the_venue_says_or_the_venue_is_refused() -> None:
    check_contracts(instruments())
    with pytest.raises(MessageError, match=r"SOL-USDT-SWAP is 10 per contract, not 1"):
        check_contracts(instruments(SOL="10"))
    short = instruments()
    del short["data"][-1]
    with pytest.raises(MessageError, match="XRP-USDT-SWAP is not listed"):
        check_contracts(short)
