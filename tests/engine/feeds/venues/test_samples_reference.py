"""Every collected message of the underlying's venues is decoded, or ignored by name.

What each sample gives is listed: a decoder that stops understanding one shows here. Venues that are
not used are listed as such, so that a new file of samples cannot go unnoticed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from engine.feeds.venues import binance_rest
from engine.feeds.venues.binance import FUTURES, BinanceReader
from engine.feeds.venues.okx import OkxReader, check_contracts
from engine.feeds.venues.polymarket_levels import MessageError
from engine.messages import Message
from tests.shared import SHARED, needs_shared

FOLDER = SHARED / "samples" / "venues"
NOW = 1_800_000_000_000
"""Later than every sample."""

NOT_USED = {
    "bybit_ws.json",
    "coinbase_ws.json",
    "errors.json",
    "hyperliquid_ws.json",
    "kraken_ws.json",
    "recording_coinbase_2021.jsonl",
    "recording_kraken_futures_2021.jsonl",
    "SOURCES.md",
}
"""Files of venues that are not connected to, and bodies of refusals, which no decoder sees."""

USED = {
    "binance_um_ws.json",
    "binance_um_rest.json",
    "binance_spot_ws.json",
    "okx.json",
    "recording_binance_um_2021.jsonl",
    "recording_okx_2022.jsonl",
}

SAID_BY_FUTURES = {
    "aggTrade.sell.combined": "TradePrint",
    "aggTrade.sell.raw": "TradePrint",
    "aggTrade.sell.raw.pre-st": "TradePrint",
    "aggTrade.buy.combined": "TradePrint",
    "aggTrade.sell.eth.combined": "TradePrint",
    "bookTicker.combined": "VenueQuote",
    "markPrice@1s.combined": "Derivative",
    "markPrice.raw": "Derivative",
    "markPrice.combined.negative-funding": "Derivative",
    "official.mark_price_stream": "Derivative",
    "official.mark_price_stream_for_all_market": "Derivative",
    "kline_1m.closed": "Bars",
    "depth20@100ms.snapshot": "VenueQuote",
    "forceOrder.sell.long-liquidated": "Liquidation",
    "forceOrder.buy.short-liquidated": "Liquidation",
    "forceOrder.raw.pre-st": "Liquidation",
    "official.all_market_liquidation_order_streams": "Liquidation",
    "official.liquidation_order_streams": "Liquidation",
}
IGNORED_OF_FUTURES = {
    "kline_1m.open": "not closed",
    "official.kline_candlestick_streams": "not closed",
    "depth@100ms.diff": "a change of the book",
    "official.diff_book_depth_streams": "a change of the book",
    "official.rpi_diff_book_depth_streams": "a change of the book",
    "official.partial_book_depth_streams": "no stream's name: a change as far as it says",
    "forceOrder.allmarket.other-symbol": "another symbol",
    "official.aggregate_trade_streams": "another symbol",
    "official.all_book_tickers_stream": "another symbol",
    "official.individual_symbol_book_ticker_streams": "another symbol",
    "official.all_market_mini_tickers_stream": "not followed",
    "official.all_market_tickers_streams": "not followed",
    "official.asset_index": "not followed",
    "official.composite_index_symbol_information_streams": "not followed",
    "official.continuous_contract_kline_candlestick_streams": "not followed",
    "official.contract_info_stream": "not followed",
    "official.individual_symbol_mini_ticker_stream": "not followed",
    "official.individual_symbol_ticker_streams": "not followed",
    "official.trading_session_stream": "not followed",
    "trade.raw(undocumented stream)": "undocumented",
    "trade.X-MARKET": "undocumented",
    "trade.X-INSURANCE_FUND": "undocumented",
    "ctl.subscribe": "a request",
    "ctl.unsubscribe": "a request",
    "ctl.list": "a request",
    "ctl.ack": "an answer",
    "ctl.list.reply": "an answer",
    "ctl.error": "an answer",
}
SAID_BY_SPOT = {"aggTrade.raw": "TradePrint"}
IGNORED_OF_SPOT = {
    "aggTrade.doc": "another symbol",
    "trade.doc": "another symbol",
    "bookTicker.doc": "another symbol",
    "depth5.doc": "no symbol",
    "serverShutdown.raw": "for the socket's owner",
    "serverShutdown.combined": "for the socket's owner",
}
SAID_BY_OKX = {
    "trades.SWAP": "TradePrint",
    "bbo-tbt.SWAP": "VenueQuote",
    "funding-rate": "Derivative",
    "mark-price": "Derivative",
    "index-tickers": "Derivative",
    "open-interest": "Derivative",
}
IGNORED_OF_OKX = {
    "trades.SPOT(source=1)": "spot",
    "tickers.SPOT": "not followed",
    "books5.SWAP": "not followed",
    "books5.SPOT": "not followed",
    "candle1m.SWAP.open": "not closed",
    "liquidation-orders.SWAP": "the first message is history",
    "subscribe.ack": "an answer",
}

pytestmark = needs_shared

Decode = Callable[[int, Any], Iterable[Message]]


def samples(file: str) -> dict[str, Any]:
    rows = json.loads((FOLDER / file).read_text())
    return {row["name"]: row["raw"] for row in rows}


def frames(file: str) -> list[Any]:
    lines = (FOLDER / file).read_text().splitlines()
    return [json.loads(json.loads(line)["raw"]) for line in lines]


def kind(decode: Decode, raw: str) -> str:
    """Name of what a sample gives; empty where it is ignored."""
    return " ".join(type(message).__name__ for message in decode(NOW, json.loads(raw)))


def test_every_file_of_samples_is_read_or_listed_as_not_used() -> None:
    assert {path.name for path in FOLDER.iterdir()} == USED | NOT_USED


@pytest.mark.parametrize(
    ("file", "said", "ignored", "decode"),
    [
        (
            "binance_um_ws.json",
            SAID_BY_FUTURES,
            IGNORED_OF_FUTURES,
            lambda t, raw: BinanceReader().futures(t, raw),
        ),
        (
            "binance_spot_ws.json",
            SAID_BY_SPOT,
            IGNORED_OF_SPOT,
            lambda t, raw: BinanceReader().spot(t, raw),
        ),
    ],
    ids=["futures", "spot"],
)
def test_every_frame_of_binance_is_decoded_or_ignored_by_name(
    file: str, said: dict[str, str], ignored: dict[str, str], decode: Decode
) -> None:
    given = {name: kind(decode, raw) for name, raw in samples(file).items()}
    assert given == said | dict.fromkeys(ignored, "")


def test_every_message_of_okx_is_decoded_or_ignored_by_name() -> None:
    rows = samples("okx.json")
    instruments = {name: rows.pop(name) for name in list(rows) if name.startswith("REST")}
    given = {name: kind(OkxReader().messages, raw) for name, raw in rows.items()}
    assert given == SAID_BY_OKX | dict.fromkeys(IGNORED_OF_OKX, "")
    assert len(instruments) == 2


def test_the_four_contracts_are_worth_what_was_recorded() -> None:
    rows = samples("okx.json")
    check_contracts(json.loads(rows["REST instruments SWAP all four assets (2022 recording)"]))
    with pytest.raises(MessageError, match="SOL-USDT-SWAP is not listed"):
        check_contracts(json.loads(rows["REST instruments SWAP BTC/ETH"]))


def test_a_liquidation_of_okx_after_the_history_is_told() -> None:
    raw = json.loads(samples("okx.json")["liquidation-orders.SWAP"])
    reader = OkxReader()
    made_ms = int(raw["data"][0]["details"][0]["ts"])
    list(reader.messages(made_ms - 9, json.loads(json.dumps(raw).replace(str(made_ms), "1" * 13))))
    (forced,) = reader.messages(made_ms + 200, raw)
    assert forced.notional == pytest.approx(8.55 * 0.01 * 82_655.7)  # type: ignore[union-attr]  # a Liquidation


RESTS = {
    "GET /fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=3": 3,
    "GET /fapi/v1/continuousKlines?pair=BTCUSDT&contractType=PERPETUAL&interval=1m&limit=1": 1,
    "GET /fapi/v1/indexPriceKlines?pair=BTCUSDT&interval=1m&limit=1": 1,
}
"""Bars in each answer of that form."""

OTHER_RESTS = {
    "GET /fapi/v1/time": "the clock's, measured where it is asked",
    "GET /fapi/v1/premiumIndex?symbol=BTCUSDT": "the stream says the same",
    "GET /fapi/v1/fundingRate?symbol=BTCUSDT&limit=2": "not asked",
    "GET /fapi/v1/fundingInfo (3 of many)": "not asked",
    "GET /fapi/v1/ticker/24hr?symbol=BTCUSDT": "not asked",
    "GET /fapi/v2/ticker/price?symbol=BTCUSDT": "not asked",
    "GET /fapi/v1/ticker/bookTicker?symbol=BTCUSDT": "the stream says the same",
    "GET /fapi/v1/depth?symbol=BTCUSDT&limit=5": "not asked",
    "exchangeInfo.rateLimits": "not asked",
    "exchangeInfo.symbols[BTCUSDT]": "not asked",
    "official.open_interest_statistics": "not asked",
    "official.taker_buy_sell_volume": "not asked",
    "official.long_short_ratio": "not asked",
    "official.recent_trades_list": "not asked",
    "official.basis": "not asked",
}
INTEREST = "GET /fapi/v1/openInterest?symbol=BTCUSDT"
TRADES = "GET /fapi/v1/aggTrades?symbol=BTCUSDT&limit=2"


def test_every_answer_of_binance_is_used_or_listed_as_not_asked_for() -> None:
    rows = samples("binance_um_rest.json")
    assert set(rows) == set(RESTS) | set(OTHER_RESTS) | {INTEREST, TRADES}
    for name, count in RESTS.items():
        raw = {"venue": FUTURES, "symbol": "BTCUSDT", "answer": json.loads(rows[name])}
        (bars,) = binance_rest.bars(NOW, raw)
        assert len(bars.bars) == count  # type: ignore[union-attr]  # a Bars
    (interest,) = binance_rest.interest(NOW, json.loads(rows[INTEREST]))
    assert interest.open_interest == 106_312.376  # type: ignore[union-attr]  # a Derivative


def test_fetched_trades_of_binance_fill_a_hole() -> None:
    trades = json.loads(samples("binance_um_rest.json")[TRADES])
    reader, first = BinanceReader(), trades[0]["a"]
    around = [raw | {"e": "aggTrade", "s": "BTCUSDT"} for raw in (trades[0], trades[1])]
    list(reader.futures(NOW, around[0] | {"a": first - 1}))
    list(reader.futures(NOW, around[1] | {"a": first + 2}))
    assert reader.gaps() == ((FUTURES, "BTCUSDT", first, first + 1),)
    raw = {"venue": FUTURES, "symbol": "BTCUSDT", "answer": trades}
    said = Counter(type(message).__name__ for message in reader.mended(NOW, raw))
    assert said == {"TradePrint": 2, "TradesMended": 1}


@pytest.mark.parametrize(
    ("file", "decode"),
    [
        ("recording_binance_um_2021.jsonl", BinanceReader().futures),
        ("recording_okx_2022.jsonl", OkxReader().messages),
    ],
)
def test_every_recorded_frame_is_of_an_instrument_that_is_not_followed(
    file: str, decode: Decode
) -> None:
    assert [said for frame in frames(file) for said in decode(NOW, frame)] == []


def test_recorded_frames_are_understood_where_their_symbol_is_followed() -> None:
    """Old frames lack newer keys. Their symbols are renamed, one after the other, to a known one:
    ids and prices then begin anew with each, so every symbol has its own reader."""
    readers: dict[str, BinanceReader] = {}
    said: Counter[str] = Counter()
    for frame in frames("recording_binance_um_2021.jsonl"):
        symbol = frame["data"]["s"]
        renamed = json.loads(json.dumps(frame).replace(symbol, "XRPUSDT"))
        reader = readers.setdefault(symbol, BinanceReader())
        said.update(type(m).__name__ for m in reader.futures(frame["data"]["E"], renamed))
    assert said["TradePrint"] == 75
    assert said["VenueQuote"] == 467
    assert set(said) <= {"TradePrint", "VenueQuote", "Bars"}


def test_recorded_trades_of_okx_are_understood_where_their_instrument_is_followed() -> None:
    reader, said = OkxReader(), 0
    for frame in frames("recording_okx_2022.jsonl"):
        if frame.get("arg", {}).get("instId") == "BTC-USDT" and "data" in frame:
            frame["arg"]["instId"] = "BTC-USDT-SWAP"
            said += len(list(reader.messages(NOW, frame)))
    assert said > 50
