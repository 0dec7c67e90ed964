"""Market time against real time: how far the engine should be by now.

Owns pacing, and nothing of what happens at an instant. The embedded market and recordings run at a
speed of their own (`Pace`); a live market goes by its clock and waits for nobody (`LivePace`).
"""

from __future__ import annotations

import math
from typing import Protocol

from engine.clock import Clock
from engine.core import Engine
from engine.end import ended
from engine.feeds.live.clock import MarketClock

TURN_S = 0.02
"""Real time after which a turn gives way to requests, seconds."""
NAP_S = 0.05
"""Longest real time between turns while no decision is due, seconds."""
TRAIL_S = 5.0
"""Real seconds that the challenger may trail the champion before the market waits for it."""
MOST_TRAIL_S = 120.0
"""Market seconds that it may trail at any speed: all that it has not read yet is kept for it."""
BEHIND_S = 2.0
"""Real seconds the market may fall behind its speed before the pace is started anew."""


class Pacing(Protocol):
    """Drives one engine through market time."""

    def due(self, engine: Engine) -> bool:
        """Whether the engine has a decision to make by now."""

    def champion_first(self, engine: Engine, behind_s: float) -> bool:
        """Whether the engine's turn comes before more work of a challenger that trails by so
        much market time."""

    def nap_s(self, engine: Engine) -> float:
        """Real seconds until the next decision is due, at most `NAP_S`; 0 where it is."""

    def turn(self, engine: Engine) -> None:
        """Advance tick by tick towards now, for at most `TURN_S`."""


def trail_s(speed: float) -> float:
    """Market seconds that the challenger may trail at `speed` before the market waits for it."""
    return min(TRAIL_S * speed, MOST_TRAIL_S)


def to_the_tick(engine: Engine) -> None:
    """Have a run whose data are over end at the same instant at every speed: with a whole tick.

    Where the end was known beforehand that instant is the end itself.
    """
    if engine.t_ms != engine.feed.info.end_ms and engine.t_ms % engine.settings.decision_ms:
        engine.advance(_next_tick_ms(engine))


def _next_tick_ms(engine: Engine) -> int:
    """The first decision tick after what has been reached."""
    step = engine.settings.decision_ms
    return (engine.t_ms // step + 1) * step


class Pace:
    """Market time at a speed."""

    def __init__(self, clock: Clock, start_ms: int, speed: float) -> None:
        """`speed` is market seconds a real second; inf is as fast as the machine can."""
        self._clock = clock
        self._speed = speed
        self._anchor = (clock.mono(), start_ms)

    def target_ms(self) -> float:
        """Market time that should have been reached by now, in whole milliseconds, or inf."""
        if math.isinf(self._speed):
            return math.inf
        real, market = self._anchor
        return market + math.floor((self._clock.mono() - real) * 1000 * self._speed)

    def due(self, engine: Engine) -> bool:
        """Whether the engine has a decision to make by now."""
        return not ended(engine) and _next_tick_ms(engine) <= self.target_ms()

    def champion_first(self, engine: Engine, behind_s: float) -> bool:
        """At a speed the market waits for a challenger that trails too far; at ``max`` for any."""
        if math.isinf(self._speed):
            return False
        return self.due(engine) and behind_s < trail_s(self._speed)

    def nap_s(self, engine: Engine) -> float:
        """Real seconds until the next decision is due, at most `NAP_S`; 0 where it is."""
        if ended(engine) or self.due(engine):
            return 0.0
        return min(NAP_S, (_next_tick_ms(engine) - self.target_ms()) / 1000 / self._speed)

    def turn(self, engine: Engine) -> None:
        """Advance tick by tick towards the target, for at most `TURN_S`."""
        begun, target = self._clock.mono(), self.target_ms()
        while engine.t_ms < target and not ended(engine):
            end = engine.feed.info.end_ms
            step = min(target, _next_tick_ms(engine))
            if end is not None and engine.t_ms < end:  # beyond it the venue may still owe an answer
                step = min(step, end)
            engine.advance(int(step))
            if self._clock.mono() - begun > TURN_S:
                break
        self._keep_up(engine)

    def _keep_up(self, engine: Engine) -> None:
        """A machine too slow for the speed runs at its own, without a growing debt."""
        target = self.target_ms()
        if not math.isinf(target) and target - engine.t_ms > BEHIND_S * 1000 * self._speed:
            self._anchor = (self._clock.mono(), engine.t_ms)


class LivePace:
    """Market time as it is. A tick that could not be made in time is made late, never left out."""

    def __init__(self, clock: MarketClock) -> None:
        self._clock = clock

    def due(self, engine: Engine) -> bool:
        return not ended(engine) and _next_tick_ms(engine) <= self._clock.now_ms()

    def champion_first(self, engine: Engine, behind_s: float) -> bool:  # noqa: ARG002 it waits for none
        return self.due(engine)

    def nap_s(self, engine: Engine) -> float:
        if ended(engine) or self.due(engine):
            return 0.0
        left_s = (_next_tick_ms(engine) - self._clock.now_ms()) / 1000
        return min(NAP_S, self._clock.real_s(max(0.0, left_s)))

    def turn(self, engine: Engine) -> None:
        begun, target = self._clock.mono(), self._clock.now_ms()
        while engine.t_ms < target and not ended(engine):
            tick = _next_tick_ms(engine)
            if tick > target:
                engine.advance(target)
                return
            self._tick(engine, tick)
            if self._clock.real_s(self._clock.mono() - begun) > TURN_S:
                return

    def _tick(self, engine: Engine, tick_ms: int) -> None:
        """Advance to a decision tick, and note how late it began."""
        late = self._clock.real_s(self._clock.now_ms() - tick_ms)
        engine.meters.late.add(self._clock.mono(), late)
        engine.advance(tick_ms)
