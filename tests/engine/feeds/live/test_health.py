from __future__ import annotations

import pytest

from engine.feeds.live.clock import MarketClock
from engine.feeds.live.health import Health
from engine.feeds_view import LIVE_STATES
from tests.engine.feeds.live.test_clock import START_MS, SetClock


@pytest.fixture
def hands() -> SetClock:
    return SetClock()


@pytest.fixture
def health(hands: SetClock) -> Health:
    return Health("polymarket books", "stream", MarketClock(hands))


def test_what_was_never_heard_is_unknown_and_not_nought(health: Health) -> None:
    view = health.view()
    assert (view.name, view.kind, view.state) == ("polymarket books", "stream", "off")
    assert view.age_s is None
    assert view.latency_ms is None
    assert view.last_error == ""


def test_every_state_that_it_takes_is_one_that_the_screen_knows(health: Health) -> None:
    states = []
    for change in (
        health.connecting,
        lambda: health.waiting("w"),
        health.live,
        lambda: health.stale("s"),
        lambda: health.retrying("r", 3),
        lambda: health.blocked("b", 900),
        lambda: health.off("o"),
    ):
        change()
        states.append(health.view().state)
    assert set(states) == set(LIVE_STATES)


def test_the_age_is_of_the_last_data(hands: SetClock, health: Health) -> None:
    health.data(None)
    hands.run(3)
    assert health.view().age_s == 3
    assert health.last_data == 0.0


def test_the_rate_is_of_the_last_ten_whole_seconds(hands: SetClock, health: Health) -> None:
    for _ in range(30):
        for _ in range(5):
            health.data(None)
        hands.run(1)
    assert health.view().rate == 5
    hands.run(5)
    assert health.view().rate == 2.5
    hands.run(60)
    assert health.view().rate == 0
    assert health.view().messages == 150


def test_the_latency_is_the_median_of_receipt_less_stamp(health: Health) -> None:
    for delay in (50, 60, 5_000):
        health.data(START_MS - delay)
    assert health.view().latency_ms == 60


@pytest.mark.parametrize("stamp", [0, -5, 10**40])
def test_a_stamp_that_is_no_time_counts_for_no_latency(health: Health, stamp: int) -> None:
    health.data(stamp)
    assert health.view().latency_ms is None
    assert health.view().messages == 1


def test_a_wait_says_when_it_ends(hands: SetClock, health: Health) -> None:
    health.blocked("refused with 451", 900)
    hands.run(300)
    assert health.view().why == "refused with 451; again in 600 s"
    health.live()
    assert health.view().why == ""


def test_a_state_begins_once(hands: SetClock, health: Health) -> None:
    health.retrying("a", 1)
    hands.run(5)
    health.retrying("b", 1)
    assert health.since == 0
    health.connecting()
    assert health.since == 5


def test_a_refusal_stands_until_it_is_live_again(health: Health) -> None:
    health.refused = 451
    health.connecting()
    assert health.refused == 451
    health.live()
    assert health.refused is None


def test_a_venues_words_cannot_paint_the_terminal(health: Health) -> None:
    health.trouble("closed \x1b[31m by\nthe venue " + "x" * 10_000)
    error = health.view().last_error
    assert "\x1b" not in error
    assert "\n" not in error
    assert len(error) <= 300


def test_drops_are_counted_and_told(health: Health) -> None:
    health.drop("not JSON")
    health.drop("too long")
    health.reconnected()
    view = health.view()
    assert (view.dropped, view.last_error, view.reconnects) == (2, "too long", 1)
    assert view.messages == 0
