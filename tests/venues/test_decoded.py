"""What the servers send means, to the program's own reader, what is true in the world."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from engine.feeds.rows import RowReader
from engine.market import Outcome
from engine.messages import (
    BadMessage,
    Bars,
    BookSnapshot,
    Derivative,
    MarketListed,
    Message,
    PriceToBeat,
    Resolution,
    TradePrint,
    TradesMissed,
    VenueQuote,
)
from engine.recording import Row
from tests.venues.outcome_book import TokenBook
from tests.venues.polymarket_papers import book, gamma_event
from tests.venues.raw_client import parsed, socket, told, until
from tests.venues.test_polymarket import subscription
from tests.venues.town import Town
from tests.venues.window import Window
from tests.venues.world import SOURCES, START_MS, Plan

VERSIONS = ("v1", "v2")

PRICES_GREETING = {
    "action": "subscribe",
    "subscriptions": [
        {"topic": "crypto_prices_twap_sixty", "type": "update", "filters": '{"symbol":"btc/usd"}'}
    ],
}


@pytest.fixture(params=VERSIONS)
async def town(request: pytest.FixtureRequest) -> AsyncIterator[Town]:
    plan = Plan(assets=("BTC",), window_seconds=300, versions=(request.param,))
    async with Town(plan=plan, rate=40.0) as town:
        yield town


def read(reader: RowReader, town: Town, src: str, frames: Iterable[Any]) -> list[Message]:
    """The messages of these frames, none of which is bad."""
    rows = (Row(town.clock.now_ms(), src, frame) for frame in frames)
    messages = [message for row in rows for message in reader.messages(row)]
    assert [m for m in messages if isinstance(m, BadMessage)] == []
    return messages


def listed(reader: RowReader, town: Town, window: Window) -> MarketListed:
    messages = read(reader, town, "gamma.event", [gamma_event(town.world, window)])
    return next(m for m in messages if isinstance(m, MarketListed))


async def everything(client: ClientConnection, town: Town, seconds: float) -> list[Any]:
    """Every frame of so many of the world's seconds, none left on the way."""
    end_ms = town.world.t_ms + int(seconds * 1000)
    await until(lambda: town.world.t_ms >= end_ms)
    town.paused = True
    await client.ping()
    await client.send("PING")
    frames: list[Any] = []
    while not frames or frames[-1] not in ("PONG", "pong"):
        frames.append(parsed(await client.recv()))
    return frames[:-1]


def true_sides(book: TokenBook) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]]:
    return tuple(sorted(book.bids.items(), reverse=True)), tuple(sorted(book.asks.items()))


async def test_a_window_is_listed_as_it_is(town: Town) -> None:
    window = town.world.current("BTC")
    market = listed(RowReader(), town, window).market
    assert (market.slug, market.up_token, market.down_token) == (
        window.slug,
        window.up,
        window.down,
    )
    assert market.condition_id == window.condition_id
    assert (market.window_start, market.window_seconds) == (window.start, 300)


async def test_the_books_that_are_decoded_are_the_true_ones(town: Town) -> None:
    reader, window = RowReader(), town.world.current("BTC")
    listed(reader, town, window)
    town.world.underlyings["BTC"].drift = 2e-5  # far enough for the tick to be refined
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        frames = await everything(client, town, 60)
    messages = read(reader, town, "polymarket.market", frames)
    books = {m.token_id: m for m in messages if isinstance(m, BookSnapshot)}
    for token, truth in window.books.items():
        assert (books[token].bids, books[token].asks) == true_sides(truth)
        assert books[token].tick_bp == window.tick
    assert len(frames) > 100


async def test_dropped_deltas_leave_a_book_that_the_reader_does_not_trust(town: Town) -> None:
    reader, window = RowReader(), town.world.current("BTC")
    listed(reader, town, window)
    town.world.underlyings["BTC"].drift = 2e-5  # far enough for the best prices to move
    town.market.faults.drop_next(12, "price_change/*")
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        frames = await everything(client, town, 6)
    rows = [Row(town.clock.now_ms(), "polymarket.market", frame) for frame in frames]
    messages = [message for row in rows for message in reader.messages(row)]
    assert town.market.faults.struck == [f"price_change/{window.slug}"] * 12
    assert any(isinstance(m, BadMessage) for m in messages)
    assert reader.lacking(window.books)


async def test_the_venues_answer_agrees_with_its_stream(town: Town) -> None:
    reader, window = RowReader(), town.world.current("BTC")
    listed(reader, town, window)
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        frames = await everything(client, town, 5)
    read(reader, town, "polymarket.market", frames)
    asked_ms = town.clock.now_ms()
    for token in window.books:
        answer = await told(f"{town.clob.http_url}/book", token_id=token)
        row = {"asked_ms": asked_ms, "token": token, "answer": answer}
        read(reader, town, "polymarket.book", [row])
    assert reader.lacking(window.books) == frozenset()
    assert answer == book(window, window.down, int(answer["timestamp"]))


@pytest.mark.parametrize("version", VERSIONS)
async def test_prices_to_beat_and_outcomes_are_the_true_ones(version: str) -> None:
    plan = Plan(assets=("BTC",), window_seconds=300, versions=(version,))
    plan.resolve_after_s = dict.fromkeys(SOURCES, 5.0)
    async with Town(plan=plan, rate=120.0, start_ms=START_MS + 100_000, step_ms=1000) as town:
        window = town.world.windows("BTC")[-2]
        readers = {src: RowReader() for src in ("polymarket.prices", *SOURCES)}
        for reader in readers.values():
            listed(reader, town, window)
        async with socket(town.prices.socket_url, PRICES_GREETING) as client:
            ticks = await everything(client, town, 90)
        rows = {"polymarket.prices": ticks}
        town.paused = False
        async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
            frames = await everything(client, town, window.end + 10 - town.world.second)
        rows["polymarket.market"] = frames
        rows["gamma.event"] = [await told(f"{town.gamma.http_url}/events/slug/{window.slug}")]
        answer = await told(f"{town.clob.http_url}/markets/{window.condition_id}")
        rows["clob.market"] = [{"slug": window.slug, "answer": answer}]
        asked = f"{town.data.http_url}/v2/resolutions"
        answer = await told(asked, condition=window.condition_id)
        rows["data.resolutions"] = [{"slug": window.slug, "answer": answer}]
        said = {
            src: read(reader, town, src, rows[src])
            for src, reader in zip(rows, readers.values(), strict=True)
        }
    beaten = [m for src in ("polymarket.prices", "gamma.event") for m in _prices(said[src])]
    assert [m.price for m in beaten if m.slug == window.slug] == [
        pytest.approx(window.price_to_beat)
    ] * 2
    for src in ("polymarket.market", "gamma.event", "clob.market", "data.resolutions"):
        verdicts = [m.outcome for m in said[src] if isinstance(m, Resolution)]
        assert verdicts == [Outcome(str(window.outcome))], src


def _prices(messages: list[Message]) -> list[PriceToBeat]:
    return [message for message in messages if isinstance(message, PriceToBeat)]


async def test_binance_futures_are_read_without_a_hole(town: Town) -> None:
    reader = RowReader()
    read(reader, town, "reference", [{"venue": "binance-futures", "reason": "first choice"}])
    kinds = ("aggTrade", "markPrice@1s", "kline_1m", "forceOrder", "bookTicker")
    streams = "/".join(f"btcusdt@{kind}" for kind in kinds)
    host = town.futures_stream
    messages: list[Message] = []
    for path in ("market", "public"):
        town.paused = False
        async with socket(f"{host.socket_url}/{path}/stream?streams={streams}") as client:
            await until(lambda: bool(host.present))
            host.force_order("BTC")
            frames = await _some(client, 60)
        messages += read(reader, town, "binance.futures", frames)
    kinds_read = {type(m) for m in messages}
    assert {TradePrint, VenueQuote, Derivative} <= kinds_read
    assert TradesMissed not in kinds_read
    assert reader.gaps() == ()


async def _some(client: ClientConnection, count: int) -> list[Any]:
    return [json.loads(await client.recv()) for _ in range(count)]


async def test_minutes_and_interest_are_read(town: Town) -> None:
    reader = RowReader()
    url = f"{town.futures.http_url}/fapi/v1/klines"
    rows = await told(url, symbol="BTCUSDT", interval="1m", limit=20)
    bars = {"venue": "binance-futures", "symbol": "BTCUSDT", "answer": rows}
    interest = await told(f"{town.futures.http_url}/fapi/v1/openInterest", symbol="BTCUSDT")
    messages = [
        *read(reader, town, "binance.bars", [bars]),
        *read(reader, town, "binance.interest", [interest]),
    ]
    assert [type(m) for m in messages] == [Bars, Derivative]


async def test_spot_is_read(town: Town) -> None:
    reader = RowReader()
    read(reader, town, "reference", [{"venue": "binance-spot", "reason": "futures blocked"}])
    streams = "/".join(f"btcusdt@{kind}" for kind in ("aggTrade", "bookTicker", "kline_1m"))
    async with socket(f"{town.spot_stream.socket_url}/stream?streams={streams}") as client:
        messages = read(reader, town, "binance.spot", await _some(client, 60))
    assert {TradePrint, VenueQuote} <= {type(m) for m in messages}


async def test_okx_is_read(town: Town) -> None:
    reader = RowReader()
    read(reader, town, "reference", [{"venue": "okx-swap", "reason": "no Binance"}])
    named = [{"channel": c, "instId": "BTC-USDT-SWAP"} for c in ("bbo-tbt", "trades", "mark-price")]
    named += [{"channel": "open-interest", "instId": "BTC-USDT-SWAP"}]
    named += [{"channel": "funding-rate", "instId": "BTC-USDT-SWAP"}]
    named += [{"channel": "index-tickers", "instId": "BTC-USDT"}]
    named += [{"channel": "liquidation-orders", "instType": "SWAP"}]
    greeting = {"op": "subscribe", "args": named}
    async with socket(f"{town.okx_stream.socket_url}/ws/v5/public", greeting) as client:
        first = await _some(client, 9)
        town.okx_stream.liquidate("BTC")
        frames = [*first, *await _some(client, 60)]
    messages = read(reader, town, "okx.public", [f for f in frames if "event" not in f])
    assert {TradePrint, VenueQuote, Derivative} <= {type(m) for m in messages}
    prints = [m for m in messages if isinstance(m, TradePrint)]
    true = {round(t.qty, 4) for t in town.world.underlyings["BTC"].trades}
    assert all(any(abs(p.qty - qty) < 1e-3 for qty in true) for p in prints)
    answer = await told(f"{town.okx.http_url}/api/v5/market/candles", instId="BTC-USDT-SWAP")
    row = {"instId": "BTC-USDT-SWAP", "answer": answer}
    (bars,) = read(reader, town, "okx.bars", [row])
    assert isinstance(bars, Bars)
    assert len(bars.bars) >= 80
