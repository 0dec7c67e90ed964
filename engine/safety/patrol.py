"""The machine looked at from the engine's thread, turn by turn, in real time.

Owns what no market data show: stops that a file or a signal asks for, the latch file against
memory, room on the disk, a loop that stood still, a wall clock that jumped, and whether every task
around the engine stamps its progress. It trips breakers and asks for halts; it opens nothing. At
infinite speed, where a run must not depend on the machine, it only hears stops and keeps the latch.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from engine.clock import Clock
from engine.home import Home
from engine.requests import Halt, Stopping
from engine.safety.breakers import Breaker
from engine.safety.duties import Duties, Duty, Stale
from engine.safety.latch_watch import APPEARED, LatchWatch
from engine.settings import Safety
from engine.standing import Standing
from engine.trading_state import Latch

LATCH_S = 1.0
"""Real time between two looks at the latch file, seconds."""
DISK_S = 5.0
"""Real time between two looks at the disk, seconds."""
ROOM = 1.2
"""Free space, in parts of the floor, from which a full disk is over."""
MB = 1_000_000
UNWRITABLE = "an event log that takes nothing more"
"""Who asks for a halt where even the reserve of the disk is used up."""


@dataclass(frozen=True, slots=True)
class Stops:
    """How a patrol hears of stops and passes them on."""

    asked: Callable[[], Stopping | None]
    """A stop that a file or a signal asks for and that was not passed on yet; None: none."""
    ask: Callable[[Stopping], None]
    """`engine.requests.EnginePort.ask`."""


class Patrol:
    """Looks around once a turn of the loop. Use from the engine's thread only."""

    def __init__(
        self,
        engine: Standing,
        latch: Latch,
        home: Home,
        clock: Clock,
        settings: Safety,
        speed: float,
        stops: Stops,
        others: Collection[Duty] = (),
        free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        """Until every required task has stamped, the engine stays RECONCILING.

        `speed` is market seconds a real second; at inf nothing of the machine acts. `others`:
        required tasks besides its own, which stamp `duties` themselves, with monotonic seconds.
        """
        self._engine, self._latch, self._clock, self._stops = engine, latch, clock, stops
        self._settings = settings
        self._ledger = home.ledger
        self._free_bytes = free_bytes
        self._latch_watch = LatchWatch(latch, home.halt_latch)
        self._paced = math.isfinite(speed)
        self.duties = Duties(_limits(settings, others, paced=self._paced))
        """Real (monotonic) seconds."""
        self.turns = 0
        """How often it has looked all around: what the watchdog takes for the engine's life."""
        self._begun: float | None = None
        self._turned: float | None = None
        self._ahead_s: float | None = None
        """The wall clock less the monotonic one at the last turn, seconds."""
        engine.unproven = self._missing()

    @property
    def ready(self) -> bool:
        """Every required task has stamped once."""
        return not self._missing()

    @property
    def may_begin(self) -> bool:
        """Whether market time may move: every task has stamped, or was waited for in vain."""
        return not self._engine.unproven

    def turn(self) -> None:
        """Look around. Call it in every turn, before market time moves."""
        now = self._clock.mono()
        if self._begun is None:
            self._begun = now
        self._hear(now)
        if self._due(Duty.LATCH, now, LATCH_S):
            self._watch_latch(now)
        self._watch_log(now)
        if self._paced:
            if self._due(Duty.DISK, now, DISK_S):
                self._watch_disk(now)
            self._watch_loop(now)
            self._watch_clock(now)
        self._muster(now, now - self._begun)
        self.turns += 1

    # ---- stops and the latch ---------------------------------------------------------------

    def _hear(self, now: float) -> None:
        asked = self._stops.asked()
        if asked is not None:
            self._stops.ask(asked)
        self.duties.stamp(Duty.STOP_FILE, now, "looked")

    def _watch_latch(self, now: float) -> None:
        if self._latch_watch.appeared():
            self._stops.ask(Halt(APPEARED, now))
        trouble = self._latch_watch.trouble()
        if trouble:
            self._engine.note("alarm", trouble)
        self.duties.stamp(Duty.LATCH, now, "shut" if self._latch.shut else "open")

    # ---- the machine -----------------------------------------------------------------------

    def _watch_log(self, now: float) -> None:
        """A log on its last room stops opening at once, at any pace; one without any stops all:
        no order may leave that nobody could remember."""
        log = self._engine.journal.log
        if log.trouble is not None:
            log.commit()
        if log.trouble is None:
            if not self._paced:
                self._engine.over(Breaker.DISK)
            return
        self._engine.trip(Breaker.DISK, log.trouble)
        log.commit()
        if log.waiting and not self._latch.shut:
            self._stops.ask(Halt(UNWRITABLE, now))

    def _watch_disk(self, now: float) -> None:
        """No stamp where nobody knows how much room there is: unknown is not enough."""
        try:
            free = self._free_bytes(self._ledger) / MB
        except OSError:
            return
        floor = self._settings.disk_floor_mb
        self.duties.stamp(Duty.DISK, now, f"{free:.0f} MB free")
        if free < floor:
            self._engine.trip(Breaker.DISK, f"{free:.0f} MB free, floor {floor} MB")
        elif free >= floor * ROOM and self._engine.journal.log.trouble is None:
            self._engine.over(Breaker.DISK)

    def _watch_loop(self, now: float) -> None:
        """How long nothing was answered since the last turn."""
        gap, limit = (
            now - (now if self._turned is None else self._turned),
            self._settings.loop_gap_s,
        )
        self._turned = now
        if gap > limit:
            reason = f"the engine answered nothing for {gap:.1f} s, limit {limit:g} s"
            self._engine.trip(Breaker.LOOP_GAP, reason)
        else:
            self._engine.over(Breaker.LOOP_GAP)

    def _watch_clock(self, now: float) -> None:
        """A machine that slept, or whose time was set: what we know of the venue may be old."""
        ahead_s, before = self._clock.wall_ms() / 1000 - now, self._ahead_s
        self._ahead_s = ahead_s
        jump, limit = 0.0 if before is None else ahead_s - before, self._settings.clock_jump_s
        if abs(jump) <= limit:
            self._engine.over(Breaker.CLOCK_JUMP)
            return
        reason = f"the wall clock jumped by {jump:+.1f} s, limit {limit:g} s"
        self._engine.doubt(reason)
        self._engine.trip(Breaker.CLOCK_JUMP, reason)

    # ---- the tasks -------------------------------------------------------------------------

    def _muster(self, now: float, waited_s: float) -> None:
        """Trip for tasks that cannot prove that they run; until all have, or were waited for too
        long, the engine stays RECONCILING."""
        missing = self._missing()
        if missing and waited_s <= self._settings.duty_s:
            self._engine.unproven = missing
            return
        stale = self._stale(now)
        if stale:
            self._engine.trip(Breaker.DUTY, "; ".join(map(str, stale)))
        else:
            self._engine.over(Breaker.DUTY)
        if self._engine.unproven:
            self._engine.proven()

    def _stale(self, now: float) -> tuple[Stale, ...]:
        """At infinite speed the machine's pace must not act: only a task that never ran counts."""
        stale = self.duties.stale(now)
        return stale if self._paced else tuple(s for s in stale if s.age_s is None)

    def _missing(self) -> str:
        """Required tasks that never ran, in words; "": none."""
        missing = [duty for duty in self.duties.limits_s if self.duties.last(duty) is None]
        return f"waiting for the first sign of: {', '.join(missing)}" if missing else ""

    def _due(self, duty: Duty, now: float, period_s: float) -> bool:
        last = self.duties.last(duty)
        return last is None or now - last.at >= period_s


def _limits(settings: Safety, others: Collection[Duty], *, paced: bool) -> dict[Duty, float]:
    """Required tasks -> oldest stamp that counts as fresh, real seconds."""
    limits = {Duty.STOP_FILE: settings.duty_s, Duty.LATCH: LATCH_S + settings.duty_s}
    if paced:
        limits[Duty.DISK] = DISK_S + settings.duty_s
    return limits | dict.fromkeys(others, settings.duty_s)
