"""What each venue's sockets are asked, and what their frames deliver, at the first glance."""

from __future__ import annotations

import json
import math

import pytest

from engine.feeds.live import binance_streams, okx_streams, polymarket_streams
from engine.feeds.live.spec import Heard
from engine.settings import Feeds, Settings

SETTINGS = Settings(feeds=Feeds(assets=("BTC", "XRP")))
NONE = frozenset[str]()


# ---- Polymarket ----------------------------------------------------------------------------


def test_a_greeting_of_the_market_channel_names_every_token() -> None:
    text = polymarket_streams.market_greeting({"2", "1"})
    assert json.loads(text) == {
        "type": "market",
        "assets_ids": ["1", "2"],
        "custom_feature_enabled": True,
    }


def test_a_change_of_windows_sends_what_is_new_and_what_is_over() -> None:
    texts = polymarket_streams.market_changes(frozenset({"1", "2"}), frozenset({"2", "3"}))
    first, second = (json.loads(text) for text in texts)
    assert (first["operation"], first["assets_ids"]) == ("subscribe", ["3"])
    assert (second["operation"], second["assets_ids"]) == ("unsubscribe", ["1"])


def test_no_change_sends_nothing() -> None:
    assert polymarket_streams.market_changes(frozenset({"1"}), frozenset({"1"})) == ()


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        (
            [{"event_type": "book", "asset_id": "1", "timestamp": "1782753357257"}],
            Heard(frozenset({"1"})),
        ),
        (
            {"event_type": "price_change", "timestamp": "1782753357257", "price_changes": []},
            Heard(stamp_ms=1782753357257),
        ),
        ({"event_type": "price_change", "timestamp": "soon"}, Heard()),
        ({"event_type": "book", "asset_id": 7}, Heard()),
        ("nonsense", Heard()),
        ([None, 3, [1]], Heard()),
    ],
)
def test_a_book_delivers_its_token_and_its_stamp_is_not_fresh(frame: object, heard: Heard) -> None:
    assert polymarket_streams.market_heard(frame) == heard


def test_the_prices_filter_is_a_string_without_spaces() -> None:
    (subscription,) = json.loads(polymarket_streams.prices_greeting("btc/usd"))["subscriptions"]
    assert subscription["filters"] == '{"symbol":"btc/usd"}'


def test_each_symbol_of_the_prices_is_subscribed_by_itself() -> None:
    spec = polymarket_streams.prices_spec(SETTINGS, polymarket_streams.prices_heard)
    assert len(spec.greetings()) == 2
    assert spec.wanted() == {"btc/usd", "xrp/usd"}


def test_a_symbol_in_capitals_delivers_the_topic_that_is_waited_for() -> None:
    frame = {"topic": polymarket_streams.PRICES_TOPIC, "payload": {"symbol": "BTC/USD"}}
    assert polymarket_streams.prices_heard(frame).topics == {"btc/usd"}


# ---- Binance -------------------------------------------------------------------------------


def test_futures_quotes_and_trades_have_a_socket_each() -> None:
    trades, quotes = binance_streams.futures_specs(SETTINGS)
    assert trades.url().startswith("wss://fstream.binance.com/market/stream?streams=")
    assert quotes.url().startswith("wss://fstream.binance.com/public/stream?streams=")
    assert "bookTicker" not in trades.url()
    assert quotes.wanted() == {"btcusdt@bookTicker", "xrpusdt@bookTicker"}


def test_liquidations_are_subscribed_and_never_waited_for() -> None:
    trades, _ = binance_streams.futures_specs(SETTINGS)
    assert "btcusdt@forceOrder" in trades.url()
    assert not [stream for stream in trades.wanted() if "forceOrder" in stream]
    assert trades.age_s("btcusdt@forceOrder") == math.inf


def test_trades_of_a_quiet_pair_may_rest_longer() -> None:
    assert binance_streams.age_s("btcusdt@aggTrade") < binance_streams.age_s("xrpusdt@aggTrade")


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        (
            {"stream": "btcusdt@aggTrade", "data": {"e": "aggTrade", "E": 1791391082024}},
            Heard(frozenset({"btcusdt@aggTrade"}), 1791391082024),
        ),
        (
            {"stream": "btcusdt@bookTicker", "data": {"u": 1, "s": "BTCUSDT"}},
            Heard(frozenset({"btcusdt@bookTicker"})),
        ),
        ({"result": None, "id": 2}, Heard(control=True)),
        ({"code": 2, "msg": "Invalid request"}, Heard(control=True, error="2: Invalid request")),
        (
            {"error": {"code": 2, "msg": "bad"}, "id": 1},
            Heard(control=True, error="2: bad"),
        ),
        ({"e": "serverShutdown", "E": 1770123456789}, Heard(control=True, ending=True)),
        (
            {"stream": "!serverShutdown", "data": {"e": "serverShutdown"}},
            Heard(control=True, ending=True),
        ),
        ([], Heard()),
        ({"stream": 7, "data": 8}, Heard()),
    ],
)
def test_a_frame_of_binance_delivers_the_stream_that_it_names(frame: object, heard: Heard) -> None:
    assert binance_streams.heard(frame) == heard


# ---- OKX -----------------------------------------------------------------------------------


def test_candles_are_asked_for_on_the_business_socket_only() -> None:
    public, business = okx_streams.okx_specs(SETTINGS)
    assert public.url().endswith("/ws/v5/public")
    assert business.url().endswith("/ws/v5/business")
    assert "candle1m" not in public.greetings()[0]
    assert business.wanted() == {"candle1m:BTC-USDT-SWAP", "candle1m:XRP-USDT-SWAP"}


def test_quiet_contracts_trades_and_liquidations_are_not_waited_for() -> None:
    public, _ = okx_streams.okx_specs(SETTINGS)
    assert "trades:BTC-USDT-SWAP" in public.wanted()
    assert "trades:XRP-USDT-SWAP" not in public.wanted()
    assert not [topic for topic in public.wanted() if topic.startswith("liquidation")]


@pytest.mark.parametrize(
    ("frame", "heard"),
    [
        (
            {
                "arg": {"channel": "trades", "instId": "BTC-USDT-SWAP"},
                "data": [{"ts": "1781416584831"}],
            },
            Heard(frozenset({"trades:BTC-USDT-SWAP"}), 1781416584831),
        ),
        (
            {"arg": {"channel": "funding-rate", "instId": "X"}, "data": [{"ts": "1781416584831"}]},
            Heard(frozenset({"funding-rate:X"})),
        ),
        ({"event": "subscribe", "arg": {}}, Heard(control=True)),
        (
            {"event": "error", "code": "60018", "msg": "wrong URL"},
            Heard(control=True, error="60018: wrong URL"),
        ),
        ({"event": "notice", "code": "64008"}, Heard(control=True, ending=True)),
        ({"arg": 3, "data": []}, Heard()),
        (None, Heard()),
    ],
)
def test_a_frame_of_okx_delivers_its_channel_and_instrument(frame: object, heard: Heard) -> None:
    assert okx_streams.heard(frame) == heard
