"""Polymarket's servers say what the real ones said, in the same shapes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.shared import needs_shared
from tests.venues import samples
from tests.venues.polymarket_papers import price_text, size_text
from tests.venues.raw_client import all_heard, get, heard, socket, told, until
from tests.venues.town import Town
from tests.venues.window import Window
from tests.venues.world import START_MS, Plan

RATE = 40.0

NEAR_THE_END_MS = START_MS + 100_000
"""Twenty seconds before windows of five minutes end."""


@pytest.fixture
async def town() -> AsyncIterator[Town]:
    plan = Plan(assets=("BTC",), window_seconds=300)
    async with Town(plan=plan, rate=RATE, start_ms=NEAR_THE_END_MS) as town:
        yield town


@pytest.fixture
async def town_v2() -> AsyncIterator[Town]:
    plan = Plan(assets=("BTC",), window_seconds=300, versions=("v2",))
    async with Town(plan=plan, rate=RATE) as town:
        yield town


def running(town: Town) -> Window:
    return town.world.current("BTC")


def subscription(window: Window) -> dict[str, object]:
    tokens = [window.up, window.down]
    return {"type": "market", "assets_ids": tokens, "custom_feature_enabled": True}


def kind(name: str) -> Callable[[Any], bool]:
    return lambda frame: isinstance(frame, dict) and frame.get("event_type") == name


@pytest.mark.parametrize(
    ("price", "text"),
    [(100, "0.01"), (1000, "0.1"), (5010, "0.501"), (10, "0.001"), (9990, "0.999")],
)
def test_prices_have_no_zeros_behind(price: int, text: str) -> None:
    assert price_text(price) == text


def test_sizes_and_ticks_are_written_as_the_venue_writes_them() -> None:
    assert size_text(1_123_000_000) == "1123"
    assert size_text(26_140_000) == "26.14"
    assert size_text(0) == "0"
    assert price_text(100) == "0.01"
    assert price_text(10) == "0.001"


@needs_shared
async def test_an_event_of_discovery_has_the_shape_of_a_real_one(town: Town) -> None:
    event = await told(f"{town.gamma.http_url}/events/slug/{running(town).slug}")
    real = samples.polymarket("gamma_events_keyset_series10192")["events"][0]
    del event["openInterest"], event["markets"][0]["positionIds"]
    del event["markets"][0]["$schema"]  # comes with the market alone
    event.pop("eventMetadata", None)
    assert samples.differing(real, event) == []


@needs_shared
async def test_a_market_of_discovery_has_the_shape_of_a_real_one(town: Town) -> None:
    market = await told(f"{town.gamma.http_url}/markets/slug/{running(town).slug}")
    del market["positionIds"]  # on a third of real markets of this version, not on the sample
    real = samples.polymarket("gamma_market_btc-updown-15m-1791241200")
    assert samples.differing(real, market) == []
    assert json.loads(market["outcomes"]) == ["Up", "Down"]


async def test_a_window_of_the_second_version_has_its_ids_elsewhere(town_v2: Town) -> None:
    window = running(town_v2)
    market = await told(f"{town_v2.gamma.http_url}/markets/slug/{window.slug}")
    assert market["version"] == "v2"
    assert market["clobTokenIds"] is None
    assert market["positionIds"] == [window.up, window.down]
    assert len(market["conditionId"]) == 64
    assert market["conditionId"] + "00" == window.condition_id


async def test_what_is_not_listed_is_not_found(town: Town) -> None:
    gamma = town.gamma.http_url
    assert (await get(f"{gamma}/events/slug/btc-updown-5m-1")).status_code == 404
    assert await told(f"{gamma}/events", slug="btc-updown-5m-1") == []
    assert (await get(f"{town.clob.http_url}/book", token_id=str(1))).status_code == 404


@needs_shared
@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_the_order_book_answers_in_the_shapes_of_real_ones(version: str) -> None:
    plan = Plan(assets=("BTC",), versions=(version,))
    async with Town(plan=plan, rate=RATE) as town:
        window, clob = running(town), town.clob.http_url
        book = await told(f"{clob}/book", token_id=window.up)
        terms = await told(f"{clob}/clob-markets/{window.condition_id}")
    real = {"v1": "clob_book_btc15m_up", "v2": "clob_book_v2_canary_empty"}[version]
    assert set(book) == set(samples.polymarket(real))
    real = {"v1": "clob_markets_v1_btc15m", "v2": "clob_markets_v2_canary"}[version]
    assert set(terms) == set(samples.polymarket(real))
    assert [float(level["price"]) for level in book["bids"]] == sorted(
        float(level["price"]) for level in book["bids"]
    )
    assert float(book["bids"][-1]["price"]) < float(book["asks"][-1]["price"])


@needs_shared
async def test_each_source_tells_the_outcome_when_it_is_let(town: Town) -> None:
    window, told_after = running(town), town.world.plan.resolve_after_s
    told_after.update(stream=None, gamma=0.0, clob=None, data=None)
    market = f"{town.clob.http_url}/markets/{window.condition_id}"
    data = f"{town.data.http_url}/v2/resolutions"
    await until(lambda: window.outcome is not None)
    gamma = await told(f"{town.gamma.http_url}/events/slug/{window.slug}")
    early, pending = await told(market), await told(data, condition=window.condition_id)
    told_after.update(clob=0.0, data=0.0)
    late, resolved = await told(market), await told(data, condition=window.condition_id)

    assert json.loads(gamma["markets"][0]["outcomePrices"]) in (["1", "0"], ["0", "1"])
    assert gamma["eventMetadata"]["finalPrice"] == window.final_price
    assert not any(token["winner"] for token in early["tokens"])
    winner = next(token for token in late["tokens"] if token["winner"])
    assert winner["token_id"] == window.winner
    assert pending == {"data": []}
    real = samples.polymarket("data_v2_resolutions_v1_resolved")
    assert samples.differing(real, resolved) == []
    assert resolved["data"][0]["payouts"] == (
        [1_000_000, 0] if window.outcome == "UP" else [0, 1_000_000]
    )


async def test_geoblock_says_whether_this_place_may_trade(town: Town) -> None:
    url = f"{town.site.http_url}/api/geoblock"
    assert (await told(url))["blocked"] is False
    town.site.blocked = True
    answer = await told(url)
    assert answer["blocked"] is True
    assert set(answer) == {"blocked", "ip", "country", "region"}


async def test_the_market_channel_begins_with_an_array_of_books(town: Town) -> None:
    window = running(town)
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        (first,) = await all_heard(client, 1)
    assert [book["asset_id"] for book in first] == [window.up, window.down]
    assert {book["event_type"] for book in first} == {"book"}


@needs_shared
async def test_the_market_channels_events_have_the_keys_of_real_ones(town: Town) -> None:
    window = running(town)
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        (first,) = await all_heard(client, 1)
        change = await heard(client, kind("price_change"))
        best = await heard(client, kind("best_bid_ask"))
        trade = await heard(client, kind("last_trade_price"))
    assert samples.missing(samples.polymarket("nautilus_ws_market_book_msg"), first[0]) <= {"hash"}
    real = samples.polymarket("ws_capture_price_change_v2")
    assert set(change) == set(real)
    assert set(change["price_changes"][0]) == set(real["price_changes"][0])
    assert set(best) == set(samples.polymarket("nautilus_ws_market_best_bid_ask_msg"))
    assert samples.missing(samples.polymarket("ws_capture_last_trade_price"), trade) == set()


async def test_ping_is_answered_in_text(town: Town) -> None:
    async with socket(f"{town.market.socket_url}/ws/market", "PING") as client:
        assert await all_heard(client, 1) == ["PONG"]
    async with socket(town.prices.socket_url, "PING") as client:
        assert await all_heard(client, 1) == ["PONG"]


async def test_what_is_unsubscribed_is_heard_no_more(town: Town) -> None:
    window = running(town)
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        await heard(client, kind("price_change"))
        off = {"operation": "unsubscribe", "assets_ids": [window.up, window.down]}
        await client.send(json.dumps(off))
        await client.send("PING")
        await heard(client, lambda frame: frame == "PONG")
        await town.clock.sleep(5)
        await client.send("PING")
        late = await heard(client, lambda frame: frame == "PONG" or "price_changes" in frame)
    assert late == "PONG"
    assert town.market.guests[0].heard.count("PING") == 2


async def test_a_client_of_one_token_hears_of_one(town: Town) -> None:
    window = running(town)
    said = {"type": "market", "assets_ids": [window.down]}
    async with socket(f"{town.market.socket_url}/ws/market", said) as client:
        frames = await all_heard(client, 6)
    assert [book["asset_id"] for book in frames[0]] == [window.down]
    named = {c["asset_id"] for f in frames[1:] for c in f.get("price_changes", [f])}
    assert named == {window.down}


async def test_an_outcome_is_told_on_the_market_channel(town: Town) -> None:
    window = running(town)
    async with socket(f"{town.market.socket_url}/ws/market", subscription(window)) as client:
        verdict = await heard(client, kind("market_resolved"))
    assert verdict["winning_asset_id"] == window.winner
    assert verdict["market"] == window.condition_id


@needs_shared
async def test_the_settlement_price_comes_each_second_after_a_backfill(town: Town) -> None:
    topic = "crypto_prices_twap_sixty"
    filters = '{"symbol":"btc/usd"}'
    said = {"topic": topic, "type": "update", "filters": filters}
    greeting = {"action": "subscribe", "subscriptions": [said]}
    async with socket(town.prices.socket_url, greeting) as client:
        backfill, first, second = await all_heard(client, 3)
    real = samples.polymarket("rtds_frames")["twap60_update"]
    assert backfill["type"] == "subscribe"
    assert len(backfill["payload"]["data"]) == 59
    assert samples.differing(real, first) == []
    assert second["payload"]["timestamp"] - first["payload"]["timestamp"] == 1000
    full = int(first["payload"]["full_accuracy_value"]) / 10**18
    assert full == pytest.approx(first["payload"]["value"], abs=1e-7)


async def test_the_price_to_beat_is_the_average_stamped_with_the_windows_start(town: Town) -> None:
    window = running(town)
    twap = town.world.underlyings["BTC"].twap(window.start)
    while not town.world.tells_price(window):
        await town.clock.sleep(1)
    event = await told(f"{town.gamma.http_url}/events/slug/{window.slug}")
    assert event["eventMetadata"]["priceToBeat"] == twap == window.price_to_beat
