"""Binance's servers say what the real ones said, and keep silent where the real ones do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.shared import needs_shared
from tests.venues import samples
from tests.venues.raw_client import all_heard, get, heard, socket, told
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

MARKET = ("aggTrade", "markPrice@1s", "kline_1m", "forceOrder")


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    end_of_minute_ms = START_MS + 50_000
    async with Town(plan=Plan(assets=("BTC",)), rate=40.0, start_ms=end_of_minute_ms) as town:
        yield town


def streams(*kinds: str) -> str:
    return "/".join(f"btcusdt@{kind}" for kind in kinds)


def of(kind: str) -> Callable[[Any], bool]:
    return lambda frame: isinstance(frame, dict) and frame.get("stream", "").endswith(f"@{kind}")


@needs_shared
async def test_futures_frames_have_the_shapes_of_real_ones(town: Town) -> None:
    url = f"{town.futures_stream.socket_url}/market/stream?streams={streams(*MARKET)}"
    real = {
        "aggTrade": "aggTrade.sell.combined",
        "markPrice@1s": "markPrice@1s.combined",
        "kline_1m": "kline_1m.open",
    }
    async with socket(url) as client:
        for kind, name in real.items():
            frame = await heard(client, of(kind))
            sample = samples.venue("binance_um_ws", name)
            assert samples.differing(sample, frame) == []
            assert set(sample["data"]) == set(frame["data"])
        town.futures_stream.force_order("BTC")
        forced = await heard(client, of("forceOrder"))
    assert forced["data"]["o"]["S"] == "SELL"


@needs_shared
async def test_futures_quotes_have_the_shape_of_real_ones(town: Town) -> None:
    url = f"{town.futures_stream.socket_url}/public/stream?streams={streams('bookTicker')}"
    async with socket(url) as client:
        one, other = await all_heard(client, 2)
    sample = samples.venue("binance_um_ws", "bookTicker.combined")
    assert set(one["data"]) == set(sample["data"])
    assert samples.differing(sample, one) == []
    assert one["data"]["u"] < other["data"]["u"]
    assert float(one["data"]["b"]) < float(one["data"]["a"])


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/market/stream", "bookTicker"), ("/public/stream", "aggTrade"), ("/stream", "aggTrade")],
)
async def test_a_stream_on_the_wrong_path_is_accepted_and_silent(
    town: Town, path: str, kind: str
) -> None:
    greeting = {"method": "SUBSCRIBE", "params": [f"btcusdt@{kind}"], "id": 1}
    async with socket(f"{town.futures_stream.socket_url}{path}", greeting) as client:
        assert await all_heard(client, 1) == [{"result": None, "id": 1}]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.15):
                await client.recv()


async def test_trades_are_numbered_without_a_hole(town: Town) -> None:
    url = f"{town.futures_stream.socket_url}/market/stream?streams={streams('aggTrade')}"
    async with socket(url) as client:
        frames = await all_heard(client, 20)
    numbers = [frame["data"]["a"] for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 20))
    rows = await told(
        f"{town.futures.http_url}/fapi/v1/aggTrades", symbol="BTCUSDT", fromId=numbers[3], limit=4
    )
    assert [row["a"] for row in rows] == numbers[3:7]
    assert [row["p"] for row in rows] == [frame["data"]["p"] for frame in frames[3:7]]


@needs_shared
@pytest.mark.parametrize(
    ("name", "path", "params"),
    [
        ("GET /fapi/v1/time", "/time", {}),
        (
            "GET /fapi/v1/klines?symbol=BTCUSDT&interval=1m&limit=3",
            "/klines",
            {"symbol": "BTCUSDT", "interval": "1m", "limit": 3},
        ),
        (
            "GET /fapi/v1/premiumIndex?symbol=BTCUSDT",
            "/premiumIndex",
            {"symbol": "BTCUSDT"},
        ),
    ],
)
async def test_futures_answers_have_the_shapes_of_real_ones(
    town: Town, name: str, path: str, params: dict[str, Any]
) -> None:
    answer = await told(f"{town.futures.http_url}/fapi/v1{path}", **params)
    sample = samples.venue("binance_um_rest", name)
    assert samples.differing(sample, answer) == []
    assert len(answer) == len(sample)


async def test_open_interest_is_told_by_request(town: Town) -> None:
    url = f"{town.futures.http_url}/fapi/v1/openInterest"
    assert set(await told(url, symbol="BTCUSDT")) == {"symbol", "openInterest", "time"}


async def test_minutes_follow_each_other(town: Town) -> None:
    for url in (f"{town.futures.http_url}/fapi/v1", f"{town.spot.http_url}/api/v3"):
        rows = await told(f"{url}/klines", symbol="BTCUSDT", interval="1m", limit=60)
        opens = [row[0] for row in rows]
        assert opens == list(range(opens[0], opens[0] + 60 * 60_000, 60_000))


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"symbol": "NOUSDT", "interval": "1m"}, -1121),
        ({"symbol": "BTCUSDT", "interval": "1s"}, -1120),
        ({"symbol": "BTCUSDT", "interval": "1m", "limit": 2000}, -1130),
    ],
)
async def test_a_bad_request_is_refused_with_the_venues_code(
    town: Town, params: dict[str, Any], code: int
) -> None:
    answer = await get(f"{town.futures.http_url}/fapi/v1/klines", **params)
    assert answer.status_code == 400
    assert answer.json()["code"] == code


async def test_the_spot_host_has_no_futures(town: Town) -> None:
    assert (await get(f"{town.spot.http_url}/fapi/v1/ping")).status_code == 404


@needs_shared
async def test_spot_frames_have_the_shapes_of_real_ones(town: Town) -> None:
    url = f"{town.spot_stream.socket_url}/stream?streams={streams('aggTrade', 'bookTicker')}"
    async with socket(url) as client:
        trade = await heard(client, of("aggTrade"))
        quote = await heard(client, of("bookTicker"))
    sample = samples.venue("binance_spot_ws", "aggTrade.raw")
    assert set(trade["data"]) == set(sample)
    assert samples.differing(sample, trade["data"]) == []
    assert set(quote["data"]) == {"u", "s", "b", "B", "a", "A"}


async def test_the_end_of_a_connection_is_announced(town: Town) -> None:
    url = f"{town.spot_stream.socket_url}/stream?streams={streams('aggTrade')}"
    async with socket(url) as client:
        town.spot_stream.shutdown_soon()
        frame = await heard(client, lambda f: f.get("stream") == "!serverShutdown")
    assert frame["data"]["e"] == "serverShutdown"


async def test_a_minute_is_told_closed_once(town: Town) -> None:
    url = f"{town.futures_stream.socket_url}/market/stream?streams={streams('kline_1m')}"
    async with socket(url) as client:
        bar = (await heard(client, lambda f: f["data"]["k"]["x"]))["data"]["k"]
        following = (await heard(client, of("kline_1m")))["data"]["k"]
    assert following["t"] == bar["t"] + 60_000
    assert not following["x"]
