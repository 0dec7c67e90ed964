"""The embedded market as a feed: order, repeatability, restart, warm-up, end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.feeds.feed import Feed
from engine.feeds.sim import WARM_UP_MS, SimFeed
from engine.feeds.sim_params import DEFAULT_START_MS, EPOCH_MS, WINDOW_MS, SimParams
from engine.market import ASSETS
from engine.messages import (
    BookSnapshot,
    MarketListed,
    Message,
    PriceToBeat,
    Resolution,
    TradePrint,
    VenueQuote,
)

START = DEFAULT_START_MS
BOUNDARY = START + WINDOW_MS
"""End of the first window and start of the second."""


def told(feed: Feed, until_ms: int) -> list[Message]:
    return list(feed.poll(until_ms))


def from_start(messages: list[Message], start_ms: int) -> list[Message]:
    return [m for m in messages if m.t_ms >= start_ms]


@pytest.fixture(scope="module")
def two_windows() -> list[Message]:
    """All that a feed of two windows says, in small polls."""
    feed = SimFeed(5, windows=2)
    end = feed.info.end_ms
    assert end is not None
    return [m for until in range(START, end + 7_000, 7_000) for m in feed.poll(until)]


def test_messages_come_in_time_order(two_windows: list[Message]) -> None:
    assert all(a.t_ms <= b.t_ms for a, b in pairwise(two_windows))


def test_a_poll_gives_nothing_later_than_asked_and_nothing_twice() -> None:
    feed = SimFeed(5)
    first, again = told(feed, START + 3_000), told(feed, START + 3_000)
    assert max(m.t_ms for m in first) <= START + 3_000
    assert again == []
    assert told(feed, START) == []
    assert all(m.t_ms > START + 3_000 for m in feed.poll(START + 4_000))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(-30_000, 12_000), max_size=6))
def test_how_often_one_polls_does_not_change_the_stream(cuts: list[int]) -> None:
    start, end = BOUNDARY - 8_000, BOUNDARY + 12_000
    whole, cut = SimFeed(9, start_ms=start), SimFeed(9, start_ms=start)
    pieces = [m for until in [*cuts, end] for m in cut.poll(min(BOUNDARY + until, end))]
    assert pieces == told(whole, end)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2 * WINDOW_MS), st.integers(0, 50))
def test_a_feed_started_late_says_what_one_started_earlier_says(late: int, seed: int) -> None:
    start = START + late
    early = SimFeed(seed, start_ms=START + (late // WINDOW_MS) * WINDOW_MS)
    resumed = SimFeed(seed, start_ms=start)
    until = start + 5_000
    assert from_start(told(resumed, until), start) == from_start(told(early, until), start)


def test_a_window_does_not_depend_on_those_before_it(two_windows: list[Message]) -> None:
    second = SimFeed(5, windows=1, start_ms=BOUNDARY)
    end = second.info.end_ms
    assert end is not None
    assert from_start(told(second, end), BOUNDARY) == from_start(two_windows, BOUNDARY)


def test_the_next_message_is_where_next_ms_says() -> None:
    feed = SimFeed(5, start_ms=BOUNDARY - 2_000)
    told(feed, BOUNDARY - 2_000)
    for _ in range(200):
        at = feed.next_ms()
        assert at is not None
        assert told(feed, at - 1) == []
        assert next(m.t_ms for m in feed.poll(at)) == at


def test_next_ms_starts_with_the_warm_up() -> None:
    feed = SimFeed(5)
    at = feed.next_ms()
    assert at is not None
    assert at < START
    assert told(feed, START)[0].t_ms == at


def test_asking_next_ms_does_not_change_the_stream() -> None:
    asked, plain = SimFeed(3), SimFeed(3)
    asked.next_ms()
    assert told(asked, START + 2_000) == told(plain, START + 2_000)


def test_nothing_comes_after_the_end() -> None:
    feed = SimFeed(5, windows=1)
    end = feed.info.end_ms
    assert end is not None
    assert max(m.t_ms for m in feed.poll(end + WINDOW_MS)) <= end
    assert feed.next_ms() is None
    assert told(feed, end + 2 * WINDOW_MS) == []


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    until = START + 3_000
    assert told(SimFeed(1), until) == told(SimFeed(1), until)
    assert told(SimFeed(1), until) != told(SimFeed(2), until)
    assert told(SimFeed(1), until) != told(SimFeed(1, params=SimParams(vol_sd=0.2)), until)


def test_each_window_is_listed_ahead_once_and_the_last_lists_no_other(
    two_windows: list[Message],
) -> None:
    listed = [m for m in two_windows if isinstance(m, MarketListed)]
    assert [m.market.asset for m in listed] == [*ASSETS, *ASSETS]
    assert {m.market.start_ms - m.t_ms for m in listed} == {60_000}
    assert {m.market.start_ms for m in listed} == {START, BOUNDARY}


def test_no_book_comes_before_its_market_is_listed_or_outside_its_window(
    two_windows: list[Message],
) -> None:
    markets = {}
    for message in two_windows:
        if isinstance(message, MarketListed):
            for token in (message.market.up_token, message.market.down_token):
                markets[token] = message.market
        if isinstance(message, BookSnapshot):
            market = markets[message.token_id]
            assert market.start_ms <= message.t_ms < market.end_ms


def test_every_window_has_its_price_to_beat_at_its_start(two_windows: list[Message]) -> None:
    markets = {m.market.slug: m.market for m in two_windows if isinstance(m, MarketListed)}
    prices = [m for m in two_windows if isinstance(m, PriceToBeat)]
    assert {m.slug for m in prices} == set(markets)
    assert all(m.t_ms == markets[m.slug].start_ms for m in prices)


def test_every_window_resolves_once_by_the_official_prices(two_windows: list[Message]) -> None:
    beat = {m.slug: m.price for m in two_windows if isinstance(m, PriceToBeat)}
    verdicts = {m.slug: m for m in two_windows if isinstance(m, Resolution)}
    for slug, price in beat.items():
        verdict = verdicts[slug]
        following = beat.get(slug.replace(str(START // 1000), str(BOUNDARY // 1000)))
        assert 51_000 <= (verdict.t_ms - START) % WINDOW_MS <= 59_000
        assert str(price) in verdict.evidence
        if following is not None and following != price:
            assert verdict.outcome == ("UP" if following > price else "DOWN")


def test_quotes_go_on_until_the_last_resolution(two_windows: list[Message]) -> None:
    last = max(m.t_ms for m in two_windows if isinstance(m, Resolution))
    assert max(m.t_ms for m in two_windows if isinstance(m, VenueQuote)) > last
    assert max(m.t_ms for m in two_windows if isinstance(m, BookSnapshot)) < BOUNDARY + WINDOW_MS


@pytest.mark.parametrize("offset_ms", [0, 400_123])
def test_the_warm_up_gives_fifteen_minutes_of_quotes(offset_ms: int) -> None:
    start = START + offset_ms
    past = [m for m in SimFeed(5, start_ms=start).poll(start) if m.t_ms < start]
    for asset in ASSETS:
        quotes = [m.t_ms for m in past if isinstance(m, VenueQuote) and m.asset == asset]
        assert min(quotes) < start - WARM_UP_MS + 5_000
        assert max(b - a for a, b in pairwise(quotes)) < 8_000
        assert len(quotes) > WARM_UP_MS / 1000 * 0.85
    assert not [m for m in past if isinstance(m, BookSnapshot | TradePrint | Resolution)]


def test_a_feed_started_inside_a_window_still_lists_it_and_its_price_to_beat() -> None:
    start = START + 400_123
    past = [m for m in SimFeed(5, start_ms=start).poll(start) if m.t_ms < start]
    assert [m.market.start_ms for m in past if isinstance(m, MarketListed)] == [START] * 4
    assert len([m for m in past if isinstance(m, PriceToBeat)]) == 4


def test_a_market_at_the_epoch_starts_without_a_past() -> None:
    messages = told(SimFeed(5, start_ms=EPOCH_MS), EPOCH_MS + 2_000)
    assert not [m for m in messages if m.t_ms < EPOCH_MS and isinstance(m, VenueQuote)]
    assert [m for m in messages if isinstance(m, BookSnapshot)]


def test_a_verdict_is_not_known_before_it_is_out() -> None:
    feed = SimFeed(5, start_ms=BOUNDARY)
    slug = f"btc-updown-15m-{START // 1000}"
    verdicts = [m for m in feed.poll(BOUNDARY + 40_000) if isinstance(m, Resolution)]
    assert verdicts == []
    assert feed.resolution_of(slug) is None
    verdicts = [m for m in feed.poll(BOUNDARY + 60_000) if isinstance(m, Resolution)]
    assert feed.resolution_of(slug) == next(m for m in verdicts if m.slug == slug)


def test_a_killed_program_learns_how_an_old_window_ended(two_windows: list[Message]) -> None:
    later = SimFeed(5, start_ms=START + 40 * WINDOW_MS)
    for verdict in (m for m in two_windows if isinstance(m, Resolution)):
        assert later.resolution_of(verdict.slug) == verdict


@pytest.mark.parametrize(
    "slug",
    [
        "",
        "doge-updown-15m-1767571200",
        "btc-updown-15m-1767571201",
        "btc-updown-5m-1767571200",
        "btc-updown-15m-0",
    ],
)
def test_a_name_of_no_window_has_no_verdict(slug: str) -> None:
    assert SimFeed(5, start_ms=START + 40 * WINDOW_MS).resolution_of(slug) is None


def test_what_cannot_be_meant_gets_one_sentence() -> None:
    with pytest.raises(UsageError, match="seed is -1; give a whole number of 0 or more"):
        SimFeed(-1)
    with pytest.raises(UsageError, match="0 windows asked for; give 1 or more"):
        SimFeed(1, windows=0)
    with pytest.raises(UsageError, match="outside the embedded market; give unix milliseconds"):
        SimFeed(1, start_ms=EPOCH_MS // 1000)


def test_the_feed_promises_books_and_quotes_of_all_assets() -> None:
    info = SimFeed(5, windows=3).info
    assert info.assets == ASSETS
    assert info.has == frozenset({"book", "binance"})
    assert not info.lacks
    assert info.start_ms == START
    assert info.end_ms is not None
    assert START + 3 * WINDOW_MS + 60_000 < info.end_ms < START + 3 * WINDOW_MS + 90_000
    assert SimFeed(5).info.end_ms is None
