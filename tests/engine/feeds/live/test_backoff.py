from __future__ import annotations

import random

from engine.feeds.live.backoff import LEAST_S, MOST_CONNECTIONS, SPAN_S, Backoff, ConnectRate
from engine.feeds.live.clock import MarketClock
from engine.settings import Feeds
from tests.engine.feeds.live.test_clock import SetClock

FEEDS = Feeds(backoff_s=0.25, longest_backoff_s=30.0, healthy_s=60.0)


class Always(random.Random):
    """Draws the same number always."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


class JumpingClock(MarketClock):
    """Its sleeps are over at once, and the time has passed."""

    def __init__(self, hands: SetClock) -> None:
        super().__init__(hands)
        self._hands = hands

    async def sleep(self, seconds: float) -> None:
        self._hands.run(seconds)


def test_the_bound_doubles_up_to_the_longest_wait() -> None:
    backoff = Backoff(FEEDS, Always(1.0))
    waits = [backoff.next_s() for _ in range(9)]
    assert waits == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_no_wait_is_so_short_that_it_is_a_busy_loop() -> None:
    backoff = Backoff(FEEDS, Always(0.0))
    assert [backoff.next_s() for _ in range(3)] == [LEAST_S] * 3


def test_waits_are_spread_over_the_whole_bound() -> None:
    backoff = Backoff(FEEDS, random.Random(5))
    for _ in range(10):
        backoff.next_s()
    waits = [backoff.next_s() for _ in range(300)]
    assert min(waits) < 3
    assert max(waits) > 27


def test_a_wait_after_a_month_of_faults_is_still_the_longest() -> None:
    backoff = Backoff(FEEDS, Always(1.0))
    waits = [backoff.next_s() for _ in range(100_000)]
    assert waits[-1] == 30


def test_only_a_healthy_time_forgives() -> None:
    backoff = Backoff(FEEDS, Always(1.0))
    for _ in range(5):
        backoff.next_s()
    backoff.healthy_for(59)
    assert backoff.next_s() == 8
    backoff.healthy_for(60)
    assert backoff.next_s() == 0.25


async def test_connections_take_turns_a_second_apart() -> None:
    clock = JumpingClock(SetClock())
    rate = ConnectRate(clock)
    turns = []
    for _ in range(4):
        await rate.turn()
        turns.append(clock.mono())
    assert turns == [0, 1, 2, 3]


async def test_there_are_at_most_a_hundred_connections_in_five_minutes() -> None:
    clock = JumpingClock(SetClock())
    rate = ConnectRate(clock)
    turns = []
    for _ in range(MOST_CONNECTIONS * 2 + 5):
        await rate.turn()
        turns.append(clock.mono())
    for early, late in zip(turns, turns[MOST_CONNECTIONS:], strict=False):
        assert late - early >= SPAN_S


async def test_a_connection_long_after_the_last_need_not_wait() -> None:
    hands = SetClock()
    clock = JumpingClock(hands)
    rate = ConnectRate(clock)
    await rate.turn()
    hands.run(50)
    await rate.turn()
    assert clock.mono() == 50
