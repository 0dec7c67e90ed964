from __future__ import annotations

import pytest

from engine.feeds.live.clock import STEADY_LOOKS, MarketClock

START_MS = 1_795_000_000_000


class SetClock:
    """Implements `engine.clock.Clock`; a test moves both hands."""

    def __init__(self) -> None:
        self.wall = START_MS
        self.seconds = 100.0

    def wall_ms(self) -> int:
        return self.wall

    def mono(self) -> float:
        return self.seconds

    def run(self, seconds: float) -> None:
        self.wall += int(seconds * 1000)
        self.seconds += seconds


@pytest.fixture
def hands() -> SetClock:
    return SetClock()


@pytest.fixture
def clock(hands: SetClock) -> MarketClock:
    return MarketClock(hands)


def test_market_time_begins_at_the_wall_clock_and_is_carried_by_the_monotonic_one(
    hands: SetClock, clock: MarketClock
) -> None:
    assert clock.now_ms() == START_MS
    hands.seconds += 1.5
    assert clock.now_ms() == START_MS + 1_500
    hands.wall -= 3_600_000
    assert clock.now_ms() == START_MS + 1_500


def test_a_scaled_clock_runs_so_many_times_faster(hands: SetClock) -> None:
    clock = MarketClock(hands, rate=20)
    hands.run(2)
    assert clock.mono() == 40
    assert clock.now_ms() == START_MS + 40_000
    assert clock.real_s(10) == 0.5
    assert clock.look() is None
    assert clock.note == ""


@pytest.mark.parametrize("step_ms", [-3_600_000, -6_000, 4_000, 700])
def test_a_step_of_the_wall_clock_is_noted_and_not_followed(
    hands: SetClock, clock: MarketClock, step_ms: int
) -> None:
    hands.run(1)
    hands.wall += step_ms
    assert clock.look() is None
    assert clock.now_ms() == START_MS + 1_000
    noted, clock.note = clock.note, ""
    assert "system clock was set" in noted
    hands.run(1)
    assert clock.look() is None
    assert clock.note == "", "one step is noted once"


def test_after_a_sleep_market_time_is_the_walls_again(hands: SetClock, clock: MarketClock) -> None:
    hands.run(1)
    hands.wall += 90_000
    told = clock.look()
    assert told == "the machine slept for 90 s"
    assert clock.note == told
    assert clock.now_ms() == START_MS + 91_000
    hands.run(1)
    assert clock.look() is None
    assert clock.now_ms() == START_MS + 92_000


def test_a_sleep_is_seen_behind_frames_that_were_received_before_it(
    hands: SetClock, clock: MarketClock
) -> None:
    hands.run(1)
    hands.wall += 90_000
    clock.heard("okx", clock.now_ms() - 50)
    assert clock.look() is None
    hands.run(1)
    clock.heard("okx", hands.wall - 50)
    assert clock.look() == "the machine slept for 90 s"


def test_the_wall_clock_set_forward_is_not_followed_while_venues_hold_with_the_carried_time(
    hands: SetClock, clock: MarketClock
) -> None:
    hands.run(1)
    hands.wall += 90_000
    for _ in range(STEADY_LOOKS + 5):
        clock.heard("okx", clock.now_ms() - 50)
        assert clock.look() is None
        hands.run(1)
    assert "set forward 90.0 s; not followed" in clock.note
    assert clock.now_ms() == START_MS + 1_000 + (STEADY_LOOKS + 5) * 1_000


def test_a_venue_an_hour_off_does_not_make_a_step_look_like_a_sleep(
    hands: SetClock, clock: MarketClock
) -> None:
    hands.run(1)
    hands.wall += 90_000
    for _ in range(STEADY_LOOKS):
        clock.heard("polymarket", clock.now_ms() - 50)
        clock.heard("okx", clock.now_ms() + 3_600_000)
        assert clock.look() is None
        hands.run(1)
    assert "not followed" in clock.note


def test_market_time_never_falls_whatever_the_wall_does(
    hands: SetClock, clock: MarketClock
) -> None:
    last = clock.now_ms()
    for step in (90_000, -500_000, 4_000, 700_000, -1, 0):
        hands.run(1)
        hands.wall += step
        clock.look()
        assert clock.now_ms() >= last
        last = clock.now_ms()


def test_skew_is_unknown_until_a_venue_was_heard(hands: SetClock, clock: MarketClock) -> None:
    first = clock.skew_ms
    clock.heard("okx", clock.now_ms() + 300)
    heard = clock.skew_ms
    hands.run(120)
    assert (first, heard, clock.skew_ms) == (None, 300, None)


def test_the_least_delayed_message_of_a_second_tells_the_skew(
    hands: SetClock, clock: MarketClock
) -> None:
    for _ in range(10):
        for delay in (900, 40, 400):
            clock.heard("okx", clock.now_ms() - delay)
        hands.run(1)
    assert clock.skew_ms == -40


def test_one_mad_stamp_does_not_move_the_skew(hands: SetClock, clock: MarketClock) -> None:
    for second in range(10):
        clock.heard("okx", clock.now_ms() - (40 if second else -86_400_000))
        hands.run(1)
    assert clock.skew_ms == -40


@pytest.mark.parametrize("stamp", [0, -1, 10**30, 1_795_000_000])
def test_what_cannot_be_a_time_is_no_stamp(clock: MarketClock, stamp: int) -> None:
    clock.heard("okx", stamp)
    assert clock.skew_ms is None


async def test_waits_are_in_clock_seconds(hands: SetClock) -> None:
    clock = MarketClock(hands, rate=1_000)
    await clock.sleep(1)
    with pytest.raises(TimeoutError):
        async with clock.timeout(1):
            await clock.sleep(3_600_000)
