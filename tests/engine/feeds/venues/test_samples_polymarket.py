"""Every sample of Polymarket's messages is read, or passed over knowingly: the tables say which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_gamma import listed, price_to_beat, verdict
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.polymarket_prices import StartPrices
from engine.feeds.venues.polymarket_verdicts import data_verdict
from engine.market import Outcome
from engine.messages import BadMessage, BookSnapshot, Message, Resolution
from engine.recording import Row
from tests.engine import recordings as rec
from tests.shared import SHARED, needs_shared

NOW_MS = 1_800_000_000_000
"""After every sample, unix milliseconds: they are of many days."""

FOLDER = SHARED / "samples" / "polymarket"

CHANNEL = {
    "nautilus_ws_market_book_msg.json": 1,
    "nautilus_ws_market_price_change_msg.json": 1,
    "nautilus_ws_market_last_trade_msg.json": 0,
    "nautilus_ws_market_new_market_msg.json": 0,
    "nautilus_ws_market_resolved_msg.json": 1,
    "nautilus_ws_market_tick_size_msg.json": 0,
    "nautilus_ws_market_best_bid_ask_msg.json": 0,
    "ws_capture_book.json": 1,
    "ws_capture_tick_size_change.json": 0,
    "ws_capture_last_trade_price.json": 0,
    "ws_capture_price_change_v2.json": 1,
    "ws_market_examples_docs.json": 3,
}
"""Messages of the market channel, and how many of the engine's each gives."""

ELSEWHERE = {
    "clob_book_btc15m_up.json": "the answer that a book is compared with",
    "clob_book_v2_canary_empty.json": "the answer that a book is compared with",
    "ws_market_v2_session_trimmed.jsonl": "a whole session of the market channel",
    "gamma_market_btc-updown-15m-1791241200.json": "a listing",
    "gamma_market_btc-updown-5m-1787414400_reduced.json": "a listing",
    "gamma_events_keyset_series10192.json": "listings, by the page",
    "gamma_market_v2_docs_example.json": "a listing of another kind of market",
    "gamma_event_resolved_metadata_shape.json": "a price to beat and an outcome",
    "data_v2_resolutions_v1_resolved.json": "an outcome",
    "data_v2_resolutions_v2_resolved.json": "an outcome",
    "rtds_frames.json": "prices",
    "nautilus_rtds_crypto_prices_subscribe.json": "prices",
    "nautilus_rtds_crypto_prices_update.json": "prices",
}
"""Read by tests of their own below."""

ANOTHERS = {
    "clob_markets_v1_btc15m.json": "compact market view: the doctor compares fees with it",
    "clob_markets_v2_canary.json": "compact market view: the doctor compares fees with it",
    "geoblock_examples.json": "the doctor's question",
    "polybolt_frames_docs.json": "prices that need an account",
    "heartbeat_examples.json": "live orders only",
    "chain_order_filled_taker_fees.json": "fills on the chain: live orders only",
    "order_responses_docs.json": "live orders only",
    "order_restricted_modes.json": "live orders only",
    "rest_trades_statuses.json": "live orders only",
    "sdk_0.14.0_post_order_fak_buy.json": "live orders only",
    "nautilus_data_api_positions_response.json": "an account's positions",
    "SOURCES.md": "where the samples come from",
}
"""Passed over knowingly."""

PRIVATE = (
    "ws_user_",
    "nautilus_ws_user_",
    "nautilus_http_",
    "ws_capture_order_",
    "ws_capture_user_",
)
"""Names of an account's own messages begin so: the user channel, orders, balances."""

pytestmark = needs_shared


def sample(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def read(*tokens: str, messages: list[Any]) -> list[Message]:
    """What a reader says that knows `tokens`, listed in pairs, and holds a book of each."""
    reader = RowReader()
    for i, token in enumerate(tokens):
        ids = {"slug": f"s{i}", "up_token": token, "down_token": f"{i}:down"}
        market = {**rec.market(window_start=NOW_MS // 1000)["data"], **ids}
        list(reader.messages(Row(NOW_MS, "market", market)))
    return [m for raw in messages for m in reader.messages(Row(NOW_MS, "polymarket.market", raw))]


def tokens_of(event: dict[str, Any]) -> Iterator[str]:
    parts = [event, *event.get("price_changes", ())]
    yield from (part["asset_id"] for part in parts if "asset_id" in part)
    yield from (event[key] for key in ("winning_asset_id",) if key in event)


def before(event: dict[str, Any]) -> list[dict[str, Any]]:
    """A snapshot over which the sample's deltas come out at the best prices that it states."""
    if event.get("event_type") != "price_change":
        return []
    last = event["price_changes"][-1]
    bids, asks = [(last["best_bid"], "1")], [(last["best_ask"], "1")]
    token = last["asset_id"]
    return [{**rec.book(NOW_MS, bids, asks, token=token)["data"], "timestamp": event["timestamp"]}]


def test_the_tables_name_every_sample() -> None:
    names = {path.name for path in FOLDER.iterdir()}
    told = set(CHANNEL) | set(ELSEWHERE) | set(ANOTHERS)
    assert names - told == {name for name in names if name.startswith(PRIVATE)}
    assert told <= names


@pytest.mark.parametrize("name", CHANNEL)
def test_each_message_of_the_channel_is_read(name: str) -> None:
    data = sample(name)
    events = data if isinstance(data, list) else [data]
    tokens = dict.fromkeys(token for event in events for token in tokens_of(event))
    prior = [earlier for event in events for earlier in before(event)]
    told = read(*tokens, messages=[*prior, data])[len(prior) :]
    if name == "ws_capture_price_change_v2.json":  # states an ask at which it bids itself
        told = [m for m in told if not isinstance(m, BadMessage)]
    assert not [m for m in told if isinstance(m, BadMessage)]
    assert len(told) == CHANNEL[name]
    assert all(isinstance(message, BookSnapshot | Resolution) for message in told)


def test_a_session_of_the_second_version_is_read() -> None:
    lines = (FOLDER / "ws_market_v2_session_trimmed.jsonl").read_text("utf-8").splitlines()
    frames = [line["data"] for line in map(json.loads, lines) if line["dir"] == "recv"]
    events = [json.loads(frame) for frame in frames if frame != "PONG"]
    (book,) = read(events[0][0]["asset_id"], messages=events)
    assert isinstance(book, BookSnapshot)
    assert (book.bids, book.asks, book.tick_bp, book.fault) == ((), (), 100, None)


@pytest.mark.parametrize("name", ["clob_book_btc15m_up.json", "clob_book_v2_canary_empty.json"])
def test_the_answers_to_requests_confirm_the_books_that_they_are(name: str) -> None:
    answer = sample(name)
    t_ms, token = int(answer["timestamp"]), answer["asset_id"]
    reader = RowReader()
    market = rec.market(window_start=t_ms // 1000, up_token=token)["data"]
    event = {**answer, "event_type": "book"}
    asked = {"asked_ms": t_ms, "token": token, "answer": answer}
    rows = (("market", market), ("polymarket.market", event), ("polymarket.book", asked))
    told = [m for src, data in rows for m in reader.messages(Row(t_ms + 1, src, data))]
    assert [type(m) for m in told[1:]] == [BookSnapshot, BookSnapshot]
    assert told[1] == told[2]


@pytest.mark.parametrize(
    ("name", "asset", "seconds"),
    [
        ("gamma_market_btc-updown-15m-1791241200.json", "BTC", 900),
        ("gamma_market_btc-updown-5m-1787414400_reduced.json", "BTC", 300),
    ],
)
def test_listings_are_read(name: str, asset: str, seconds: int) -> None:
    raw = sample(name)
    market = listed({"slug": raw["slug"], "markets": [raw]})
    assert (market.asset, market.window_seconds) == (asset, seconds)
    assert [market.up_token, market.down_token] == json.loads(raw["clobTokenIds"])
    assert raw["slug"].endswith(str(market.window_start))


def test_listings_by_the_page_are_read() -> None:
    for event in sample("gamma_events_keyset_series10192.json")["events"]:
        assert listed(event).slug == event["slug"]
        assert verdict(event) is None


def test_a_market_of_another_kind_is_refused() -> None:
    market = sample("gamma_market_v2_docs_example.json")
    with pytest.raises(MessageError):
        listed({"slug": "btc-updown-15m-1791241200", "markets": [market]})


def test_a_resolved_event_has_its_price_and_its_outcome() -> None:
    event = sample("gamma_event_resolved_metadata_shape.json")
    assert (price_to_beat(event), verdict(event)) == (62926.7, Outcome.UP)


@pytest.mark.parametrize(("version", "outcome"), [("v1", Outcome.DOWN), ("v2", Outcome.UP)])
def test_resolutions_are_read(version: str, outcome: Outcome) -> None:
    assert data_verdict(sample(f"data_v2_resolutions_{version}_resolved.json")) is outcome


def test_prices_are_read_or_of_another_kind() -> None:
    frames = sample("rtds_frames.json")
    start = 1_786_179_600_000
    tick = frames["twap60_update"]
    payload = {**tick["payload"], "timestamp": start}
    now = {**tick, "payload": payload}
    assert StartPrices().take(now, start + 2_000) == [("BTC", start, 64_997.81)]
    others = [frames["chainlink_update_live"]]
    others += [
        sample(f"nautilus_rtds_crypto_prices_{kind}.json") for kind in ("subscribe", "update")
    ]
    assert [
        StartPrices().take(frame, frame["payload"].get("timestamp", start) + 2_000)
        for frame in (tick, *others)
    ] == [[], [], [], []]
