"""A live market is driven by its clock: late where it must be, never early, never leaving out."""

from __future__ import annotations

import math

import pytest

from engine.core import Engine
from engine.decision import Action
from engine.feeds.live.clock import MarketClock
from engine.pace import NAP_S, LivePace, Pace
from tests.engine.build import START_MS
from tests.engine.fakes import always, engine_on, window


class HandClock:
    """Real time that a test moves."""

    def __init__(self) -> None:
        self.s = 0.0

    def wall_ms(self) -> int:
        return START_MS + round(self.s * 1000)

    def mono(self) -> float:
        return self.s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def engine() -> Engine:
    return engine_on(window(), always(Action.HOLD))


def test_a_live_market_is_never_decided_on_too_early(clock: HandClock, engine: Engine) -> None:
    pace = LivePace(MarketClock(clock))
    clock.s = 0.499
    pace.turn(engine)
    assert engine.t_ms == START_MS + 499
    assert not pace.due(engine)
    clock.s = 0.5
    assert pace.due(engine)
    pace.turn(engine)
    assert engine.t_ms == START_MS + 500


def test_ticks_that_were_missed_are_made_late_each_at_its_own_instant(
    clock: HandClock, engine: Engine
) -> None:
    pace = LivePace(MarketClock(clock))
    clock.s = 3.2
    pace.turn(engine)
    assert engine.t_ms == START_MS + 3_200
    assert engine.meters.late.longest_ms == pytest.approx(2_700)
    assert engine.meters.late.quantile_ms(1 / 6) == pytest.approx(200)


def test_a_live_market_waits_for_no_challenger_and_one_at_a_speed_does(
    clock: HandClock, engine: Engine
) -> None:
    live, paced = LivePace(MarketClock(clock)), Pace(clock, START_MS, 1.0)
    clock.s = 0.6
    assert live.champion_first(engine, math.inf)
    assert paced.champion_first(engine, 0.0)
    assert not paced.champion_first(engine, 60.0)


def test_it_naps_until_the_next_decision_and_no_longer(clock: HandClock, engine: Engine) -> None:
    pace = LivePace(MarketClock(clock))
    assert pace.nap_s(engine) == NAP_S
    clock.s = 0.49
    pace.turn(engine)
    assert pace.nap_s(engine) == pytest.approx(0.01)
    clock.s = 0.5
    assert pace.nap_s(engine) == 0.0
