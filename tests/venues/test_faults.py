"""Each fault does to a client what its name says, and ends when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from tests.venues.binance import GEO_BLOCK
from tests.venues.raw_client import all_heard, get, heard, parsed, socket, told, until
from tests.venues.town import Town
from tests.venues.world import Plan

TRADES = "btcusdt@aggTrade"


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    async with Town(plan=Plan(assets=("BTC",)), rate=40.0) as town:
        yield town


@pytest.fixture
async def client(town: Town) -> AsyncIterator[ClientConnection]:
    """A socket that hears trades, whose numbers show what became of them."""
    url = f"{town.futures_stream.socket_url}/market/stream?streams={TRADES}"
    async with socket(url) as client:
        await all_heard(client, 1)
        yield client


def number(frame: Any) -> int:
    return int(frame["data"]["a"])


async def step_heard(client: ClientConnection, step: int) -> None:
    """Listen until a trade's number is this much more than the one before."""
    before = number((await all_heard(client, 1))[0])

    def after_step(frame: Any) -> bool:
        nonlocal before
        before, earlier = number(frame), before
        return before - earlier == step

    await heard(client, after_step)


async def silence(client: ClientConnection) -> None:
    """Read what is on its way, then hear nothing for a while."""
    for _ in range(1_000):
        try:
            await asyncio.wait_for(client.recv(), 0.15)
        except TimeoutError:
            return
    raise AssertionError("the client is still told something")


async def test_a_status_is_given_so_many_times_and_then_no_more(town: Town) -> None:
    town.clob.faults.http("/bo*", 429, headers={"Retry-After": "7"}, times=2)
    token = town.world.current("BTC").up
    answers = [await get(f"{town.clob.http_url}/book", token_id=token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert town.clob.paths() == ["/book"] * 3


async def test_a_status_leaves_other_paths_alone(town: Town) -> None:
    town.clob.faults.http("/book", 500)
    assert await told(f"{town.clob.http_url}/ok") == "OK"


async def test_a_place_that_is_blocked_gets_451_for_requests_and_sockets(town: Town) -> None:
    town.block_futures()
    answer = await get(f"{town.futures.http_url}/fapi/v1/ping")
    assert answer.status_code == 451
    assert answer.text == GEO_BLOCK
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{town.futures_stream.socket_url}/market/stream", proxy=None)
    assert refused.value.response.status_code == 451
    town.clear()
    assert await told(f"{town.futures.http_url}/fapi/v1/ping") == {}


async def test_refused_connections_leave_those_who_are_in(
    town: Town, client: ClientConnection
) -> None:
    host = town.futures_stream
    host.refuse_connections()
    await asyncio.sleep(0.02)
    with pytest.raises(ConnectionRefusedError):
        await connect(f"{host.socket_url}/market/stream", proxy=None)
    await all_heard(client, 2)
    host.accept_connections()
    await asyncio.sleep(0.02)
    async with socket(f"{host.socket_url}/market/stream?streams={TRADES}") as other:
        await all_heard(other, 1)


async def test_refused_requests_find_nobody(town: Town) -> None:
    town.gamma.refuse_connections()
    await asyncio.sleep(0.02)
    with pytest.raises(httpx.ConnectError):
        await get(f"{town.gamma.http_url}/events", slug="x")


async def test_a_silent_topic_is_silent_and_the_others_are_not(town: Town) -> None:
    kinds = f"{TRADES}/btcusdt@kline_1m"
    url = f"{town.futures_stream.socket_url}/market/stream?streams={kinds}"
    town.futures_stream.faults.silent("*@aggTrade")
    async with socket(url) as client:
        frames = await all_heard(client, 4)
        assert {frame["stream"] for frame in frames} == {"btcusdt@kline_1m"}
        town.futures_stream.faults.speak("*@aggTrade")
        await heard(client, lambda frame: frame["stream"] == TRADES)


async def test_a_frozen_socket_answers_pings_and_gives_no_data(
    town: Town, client: ClientConnection
) -> None:
    town.futures_stream.faults.freeze()
    await silence(client)
    await asyncio.wait_for(await client.ping(), 5)
    town.futures_stream.faults.thaw()
    await all_heard(client, 1)


async def test_a_hanging_socket_answers_no_ping_until_it_recovers(
    town: Town, client: ClientConnection
) -> None:
    town.futures_stream.hang()
    await silence(client)
    pong = await client.ping()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(pong), 0.15)
    town.futures_stream.recover()
    await asyncio.wait_for(pong, 5)
    await all_heard(client, 1)


async def test_a_frozen_market_channel_still_says_pong(town: Town) -> None:
    town.market.faults.freeze()
    async with socket(f"{town.market.socket_url}/ws/market", "PING") as client:
        assert await all_heard(client, 1) == ["PONG"]


async def test_a_dropped_frame_leaves_a_hole(town: Town, client: ClientConnection) -> None:
    town.futures_stream.faults.drop_next(2, TRADES)
    await step_heard(client, 3)
    assert town.futures_stream.faults.struck == [TRADES] * 2


async def test_a_duplicated_frame_comes_twice(town: Town, client: ClientConnection) -> None:
    town.futures_stream.faults.duplicate_next(1, TRADES)
    await step_heard(client, 0)


async def test_a_reordered_frame_comes_after_the_next(town: Town, client: ClientConnection) -> None:
    town.futures_stream.faults.reorder_next(TRADES)
    await step_heard(client, -1)


async def test_cut_json_does_not_parse(town: Town, client: ClientConnection) -> None:
    town.futures_stream.faults.cut_json_next(1, TRADES)
    frame = await heard(client, lambda frame: isinstance(frame, str))
    assert frame.startswith('{"stream"')


async def test_a_huge_frame_is_as_huge_as_asked(town: Town) -> None:
    town.futures_stream.faults.huge_next(200_000, 1, TRADES)
    url = f"{town.futures_stream.socket_url}/market/stream?streams={TRADES}"
    async with socket(url) as client:
        raw = await asyncio.wait_for(client.recv(), 5)
    assert len(raw) == 200_000
    assert parsed(raw)["stream"] == TRADES


@pytest.mark.parametrize("garbage", ["[1,2", b"\xff\x00", '{"data":7}', "null"])
async def test_garbage_comes_in_place_of_a_frame(
    town: Town, client: ClientConnection, garbage: str | bytes
) -> None:
    town.futures_stream.faults.garbage_next(garbage, 1, TRADES)
    async with asyncio.timeout(5):
        while await client.recv() != garbage:
            pass


async def test_an_altered_frame_has_the_wrong_types(town: Town, client: ClientConnection) -> None:
    def numbers(frame: str) -> str:
        return frame.replace('"p":"', '"p":["').replace('","q"', '"],"q"')

    town.futures_stream.faults.alter_next(numbers, 1, TRADES)
    await heard(client, lambda frame: isinstance(frame["data"]["p"], list))


async def test_a_disconnect_ends_every_socket(town: Town, client: ClientConnection) -> None:
    town.futures_stream.disconnect()
    with pytest.raises(ConnectionClosedError):
        await all_heard(client, 1_000)
    await until(lambda: town.futures_stream.present == [])
    assert town.futures_stream.guests[0].left_ms is not None


async def test_a_snapshot_can_break_off_in_its_middle(town: Town) -> None:
    town.market.disconnect_mid_frame("book/first")
    window = town.world.current("BTC")
    said = {"type": "market", "assets_ids": [window.up]}
    async with socket(f"{town.market.socket_url}/ws/market", said) as client:
        with pytest.raises(ConnectionClosedError):
            await all_heard(client, 1)


async def test_the_cut_of_24_hours_is_by_the_rules(town: Town, client: ClientConnection) -> None:
    town.futures_stream.close_sockets()
    with pytest.raises(ConnectionClosed) as closed:
        await all_heard(client, 1_000)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1001


async def test_late_frames_come_late_and_in_order(town: Town, client: ClientConnection) -> None:
    town.futures_stream.faults.delay_s = 0.1
    numbers = [number(frame) for frame in await all_heard(client, 10)]
    assert numbers == list(range(numbers[0], numbers[0] + 10))


async def test_a_venues_wrong_clock_shows_in_its_stamps(town: Town) -> None:
    town.futures.clock_offset_s = 3600.0
    told_ms = (await told(f"{town.futures.http_url}/fapi/v1/time"))["serverTime"]
    assert told_ms - town.clock.now_ms() > 3_000_000
