"""Everything that guards a run from around its engine, made and joined up in one place.

Owns the choice of guards for a kind of run, and the words of all of them for the screen. What each
does is its own: `engine.safety`, `engine.control`, `engine.alerts`. A replay has none that act on
files or processes, since it protects nothing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from engine import operator
from engine.alerts.alert import Kind
from engine.alerts.tail import Alerts, Send
from engine.clock import Clock
from engine.control.server import ControlServer
from engine.core import Engine
from engine.feeds.live.feed import LiveFeed
from engine.home import Home
from engine.requests import EnginePort
from engine.safety.breakers import Breaker, clears
from engine.safety.drill import drill
from engine.safety.duties import Duties, Duty
from engine.safety.patrol import Patrol, Stops
from engine.safety.stop_file import StopFile
from engine.safety.watchdog import Watchdog
from engine.safety_view import BreakerView, DrillView, DutyView, SafetyView
from engine.settings import Safety

BACKGROUND_S = 1.0
"""Real time that connections may take to close when the program ends, seconds."""


@dataclass(frozen=True, slots=True)
class Posts:
    """Where a run is guarded from."""

    settings: Safety = field(default_factory=Safety)
    speed: float = math.inf
    """Market seconds a real second."""
    home: Home | None = None
    """Whose latch, disk and stop file are watched; None: a replay, which protects nothing."""
    stop_file: StopFile | None = None
    control: Path | None = None
    """Of the control socket; None: this run has none."""
    send: Send | None = None
    """Passes alerts on to another place; None: they stay here."""
    sends: Callable[[], str] = lambda: "off"
    """How that fares, in one clause."""


class Guards:
    """The guards of one engine. Use from its thread, but for `alert` and `turns`."""

    def __init__(
        self, engine: Engine, posts: Posts, clock: Clock, port: EnginePort, live: LiveFeed | None
    ) -> None:
        self._engine, self._posts, self._clock, self._live = engine, posts, clock, live
        self.alerts = Alerts(clock, lambda: engine.t_ms, posts.send)
        engine.journal.listeners.append(self.alerts.happened)
        self._control = ControlServer(posts.control, port, clock, self._reached)
        self._patrol = None if posts.home is None else self._patrolling(posts.home, port)
        self._tasks: asyncio.Task[None] | None = None
        self._drilled = DrillView()

    def _patrolling(self, home: Home, port: EnginePort) -> Patrol:
        stop_file = self._posts.stop_file or StopFile(None, self._clock.mono)
        others = [Duty.WATCHDOG]
        others += [Duty.CONTROL] if self._posts.control is not None else []
        others += [Duty.FEEDS] if self._live is not None else []
        return Patrol(
            self._engine,
            self._engine.latch,
            home,
            self._clock,
            self._posts.settings,
            self._posts.speed,
            Stops(asked=stop_file.take, ask=port.ask),
            others,
        )

    @property
    def may_begin(self) -> bool:
        """Whether market time may move."""
        return self._patrol is None or self._patrol.may_begin

    @property
    def turns(self) -> int:
        """How often the patrol has looked all around. From any thread."""
        return 0 if self._patrol is None else self._patrol.turns

    def drill(self) -> None:
        """Try the stop, where there is something to protect. If it fails nothing may be opened."""
        if self._patrol is None:
            return
        self._drilled = drill(self._clock)
        level, word = ("info", "passed") if self._drilled.passed else ("alarm", "FAILED")
        self._engine.note(level, f"stop drill {word}: {self._drilled.sentence}")
        if not self._drilled.passed:
            self._engine.trip(Breaker.DRILL, self._drilled.sentence)

    @asynccontextmanager
    async def standing(self) -> AsyncIterator[None]:
        """Have the tasks around the engine run meanwhile: its socket, and a live feed's."""
        async with self._control:
            if self._live is not None:
                self._tasks = asyncio.create_task(self._live.run(), name="live feed")
            try:
                yield
            finally:
                if self._tasks is not None:
                    self._tasks.cancel()
                    await asyncio.wait([self._tasks], timeout=BACKGROUND_S)

    def turn(self, seen: Duties) -> None:
        """Look around, in every turn of the loop. `seen` has the watchdog's stamp."""
        operator.follow(self._engine)
        if self._patrol is None:
            return
        if self._tasks is not None and not self._tasks.done():
            self._patrol.duties.stamp(Duty.FEEDS, self._clock.mono(), "its tasks run")
        stamp = seen.last(Duty.WATCHDOG)
        if stamp is not None:
            self._patrol.duties.stamp(Duty.WATCHDOG, stamp.at, stamp.note)
        self._patrol.turn()

    def alert(self, text: str) -> None:
        """The watchdog has something to say. From any thread; never waits."""
        self.alerts.raise_(Kind.STUCK, text)

    def note(self, level: str, text: str) -> None:
        """Write down what was said."""
        self._engine.note(level, text)

    def view(self, watchdog: Watchdog | None) -> SafetyView:
        """All of it for the screen."""
        engine = self._engine
        return SafetyView(
            duties=tuple(self._duties()),
            breakers=tuple(
                BreakerView(t.breaker.value, t.reason, t.since_ms, t.lasts, clears(t))
                for t in engine.breakers.tripped
            ),
            stop=None if engine.stop is None else engine.stop.view(engine.t_ms),
            drill=self._drilled,
            alerts=self.alerts.tail,
            webhook=self._posts.sends(),
            on_hangup=self._posts.settings.on_hangup,
            control=self._control.status,
            stuck_s=None if watchdog is None else watchdog.stuck_s,
            unmet=tuple(operator.unmet(engine)) if engine.latch.shut else (),
        )

    def _duties(self) -> list[DutyView]:
        clocks = [(self._engine.duties, self._engine.t_ms / 1000)]
        if self._patrol is not None:
            clocks.append((self._patrol.duties, self._clock.mono()))
        return [view for duties, now in clocks for view in _views(duties, now)]

    def _reached(self, note: str) -> None:
        if self._patrol is not None:
            self._patrol.duties.stamp(Duty.CONTROL, self._clock.mono(), note)


def _views(duties: Duties, now: float) -> list[DutyView]:
    """Every required task of one clock, `now` in its seconds."""
    stale = {found.duty for found in duties.stale(now)}
    views = []
    for duty, limit_s in duties.limits_s.items():
        stamp = duties.last(duty)
        age_s = None if stamp is None else max(0.0, now - stamp.at)
        note = "" if stamp is None else stamp.note
        views.append(DutyView(duty.value, age_s, limit_s, duty not in stale, note))
    return views
