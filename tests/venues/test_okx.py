"""OKX's servers say what the real ones said."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.shared import needs_shared
from tests.venues import samples
from tests.venues.raw_client import all_heard, heard, socket, told
from tests.venues.town import Town
from tests.venues.world import Plan

SWAP = "BTC-USDT-SWAP"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town(plan=Plan(assets=("BTC",)), rate=40.0) as town:
        yield town


def subscribe(channel: str, **named: str) -> dict[str, object]:
    return {"op": "subscribe", "args": [{"channel": channel, **(named or {"instId": SWAP})}]}


@needs_shared
@pytest.mark.parametrize(
    ("channel", "sample"),
    [
        ("trades", "trades.SWAP"),
        ("mark-price", "mark-price"),
        ("funding-rate", "funding-rate"),
        ("open-interest", "open-interest"),
    ],
)
async def test_frames_have_the_shapes_of_real_ones(town: Town, channel: str, sample: str) -> None:
    url = f"{town.okx_stream.socket_url}/ws/v5/public"
    async with socket(url, subscribe(channel)) as client:
        ack, frame = await all_heard(client, 2)
    assert ack["event"] == "subscribe"
    assert set(ack) == {"event", "arg", "connId"}
    assert samples.differing(samples.venue("okx", sample), frame) == []


@needs_shared
async def test_quotes_and_candles_have_the_shapes_of_real_ones(town: Town) -> None:
    url = town.okx_stream.socket_url
    async with socket(f"{url}/ws/v5/public", subscribe("bbo-tbt")) as client:
        quote = (await all_heard(client, 2))[1]
    async with socket(f"{url}/ws/v5/business", subscribe("candle1m")) as client:
        candle = (await all_heard(client, 2))[1]
    del quote["data"][0]["seqId"]
    assert samples.differing(samples.venue("okx", "bbo-tbt.SWAP"), quote) == []
    sample = samples.venue("okx", "candle1m.SWAP.open")
    assert len(candle["data"][0]) == len(sample["data"][0]) == 9
    assert samples.differing(sample, candle) == []


@pytest.mark.parametrize(("path", "channel"), [("public", "candle1m"), ("business", "trades")])
async def test_a_channel_on_the_wrong_socket_is_refused(
    town: Town, path: str, channel: str
) -> None:
    url = f"{town.okx_stream.socket_url}/ws/v5/{path}"
    async with socket(url, subscribe(channel)) as client:
        (error,) = await all_heard(client, 1)
    assert error["event"] == "error"
    assert error["code"] == "60018"


async def test_ping_is_answered_in_text(town: Town) -> None:
    async with socket(f"{town.okx_stream.socket_url}/ws/v5/public", "ping") as client:
        assert await all_heard(client, 1) == ["pong"]


async def test_a_liquidation_is_told_by_kind_of_instrument(town: Town) -> None:
    url = f"{town.okx_stream.socket_url}/ws/v5/public"
    async with socket(url, subscribe("liquidation-orders", instType="SWAP")) as client:
        await all_heard(client, 1)
        town.okx_stream.liquidate("BTC")
        frame = await heard(client, lambda f: "data" in f)
    assert frame["data"][0]["details"][0]["posSide"] == "long"


async def test_contract_sizes_are_told_and_can_be_wrong(town: Town) -> None:
    url = f"{town.okx.http_url}/api/v5/public/instruments"
    rows = (await told(url, instType="SWAP"))["data"]
    assert {row["instId"].split("-")[0]: row["ctVal"] for row in rows} == {
        "BTC": "0.01",
        "ETH": "0.1",
        "SOL": "1",
        "XRP": "100",
    }
    town.okx.contracts["BTC"] = 0.1
    rows = (await told(url, instType="SWAP"))["data"]
    assert next(row for row in rows if row["instId"] == SWAP)["ctVal"] == "0.1"


async def test_candles_come_newest_first_and_only_the_first_is_open(town: Town) -> None:
    url = f"{town.okx.http_url}/api/v5/market/candles"
    rows = (await told(url, instId=SWAP, bar="1m", limit=30))["data"]
    assert len(rows) == 30
    opens = [int(row[0]) for row in rows]
    assert opens == sorted(opens, reverse=True)
    assert [row[8] for row in rows] == ["0", *["1"] * 29]


async def test_trades_are_counted_in_contracts(town: Town) -> None:
    async with socket(f"{town.okx_stream.socket_url}/ws/v5/public", subscribe("trades")) as client:
        row = (await heard(client, lambda f: "data" in f))["data"][0]
    done = next(t for t in town.world.underlyings["BTC"].trades if str(t.number) == row["tradeId"])
    assert float(row["sz"]) * 0.01 == pytest.approx(done.qty, abs=1e-4)
