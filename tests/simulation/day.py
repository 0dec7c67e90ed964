"""One simulated day: a market, a venue, a person and an engine that dies now and then.

Owns the order of a day's steps, the restarts and the trace. The clock is the market's; nothing here
waits. Each has a midnight (UTC) in its middle, so that a day's limit begins anew in it.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.feeds.sim_params import EPOCH_MS, WINDOW_MS
from engine.journal import Journal
from engine.operator import follow, obey
from engine.order import Intent
from engine.paper import PaperVenue
from engine.reconcile import differences
from engine.settings import Settings
from engine.trading_state import Latch, TradingState
from engine.venue import Statement
from tests.simulation.auditor import Auditor, must
from tests.simulation.dice import Dice
from tests.simulation.market import BadConnection, Faults
from tests.simulation.person import Person
from tests.simulation.policy import MoodyLadder
from tests.simulation.scale import DAY, Scale, dealt
from tests.simulation.venue import BadVenue, Killed

QUIETS_MS = 120_000
"""After the last window everything that was late has come."""
HASTE = 0.004
"""Chance of a halt from another thread each time that the engine's one writes events."""
TRACE = 40
"""Last events that a failing day shows."""


@dataclass(slots=True)
class SimClock:
    """Real time that is the market's (`engine.clock.Clock`)."""

    now_ms: int

    def wall_ms(self) -> int:
        return self.now_ms

    def mono(self) -> float:
        return self.now_ms / 1000


class MortalLog(EventLog):
    """An event log whose process can die: what was not committed is gone then."""

    venue: BadVenue | None = None
    meanwhile: Callable[[], None] | None = None
    """What other threads do while it writes."""

    def commit(self) -> None:
        written = self.waiting
        super().commit()
        if written and self.meanwhile is not None:
            self.meanwhile()

    def append(self, t_ms: int, wall_ms: int, event: ev.Event) -> int:
        if self.venue is not None:
            self.venue.die_here()
        return super().append(t_ms, wall_ms, event)

    def die(self) -> None:
        self.meanwhile = None
        self._events, self._decisions = [], []
        self.close()


@dataclass(slots=True)
class Day:
    """A day of one seed, with its home in `folder`."""

    seed: int
    folder: Path
    scale: Scale = DAY
    counts: Counter[str] = field(default_factory=Counter)
    trace: deque[str] = field(default_factory=lambda: deque(maxlen=TRACE))
    digests: list[str] = field(default_factory=list)
    """Of each process's events and decisions."""
    settings: Settings = field(init=False)
    clock: SimClock = field(init=False)
    feed: BadConnection = field(init=False)
    venue: BadVenue = field(init=False)
    log: MortalLog = field(init=False)
    engine: Engine = field(init=False)
    auditor: Auditor = field(init=False)
    haste: Dice = field(init=False)
    halted_at_once: bool = False
    """A halt waits to be obeyed; the gate is shut already."""
    end_ms: int = field(init=False)

    def __post_init__(self) -> None:
        windows = self.scale.windows
        start_ms = _before_midnight(windows)
        dice = self._dice("settings")
        self.settings = dealt(dice, self.scale.decision_ms)
        self.clock = SimClock(start_ms)
        source = SimFeed(self.seed, windows, start_ms, self.scale.market)
        self.end_ms = start_ms + windows * WINDOW_MS
        self.feed = BadConnection(source, self._dice("market"), Faults.of(dice), start_ms)
        self.venue = self._bad_venue(dice)
        self.haste = self._dice("haste")
        self._open(set())

    def run(self) -> None:
        """The whole day. Raises `Broken` for an invariant that does not hold."""
        person, fate = Person(self._dice("person")), self._dice("fate")
        for t_ms in range(self.clock.now_ms, self.end_ms, self.scale.step_ms):
            if t_ms < self.clock.now_ms:
                continue  # nothing ran then
            self._step(t_ms, person, fate)
        self._be_quiet()

    def _step(self, t_ms: int, person: Person, fate: Dice) -> None:
        if fate.happens(self.scale.deaths):
            self.venue.kill_in = fate.between(0, 30)
        try:
            self.advance(t_ms)
            trading = self.engine.state() is TradingState.ACTIVE
            waiting = bool(self.engine.journal.ledger.working)
            for request in person.keys(trading=trading, waiting=waiting):
                self.ask(request)
            if fate.happens(self.scale.deaths):
                self.counts["quits"] += 1
                self._quit(fate)
        except Killed:
            self.counts["kills"] += 1
            self._die(fate)

    # ---- what happens ----------------------------------------------------------------------

    def advance(self, t_ms: int) -> None:
        self.clock.now_ms = max(self.clock.now_ms, t_ms)
        self.log.meanwhile = self._halt_at_once
        self.engine.advance(t_ms)
        self.log.meanwhile = None
        if self.halted_at_once:
            self.halted_at_once = False
            obey(self.engine, rq.Halt("key"))
        follow(self.engine)
        self.auditor.look()

    def _halt_at_once(self) -> None:
        """A key pressed while the engine's thread writes: another thread shuts the gate, and the
        request is obeyed when the turn is over."""
        if self.haste.happens(HASTE):
            self.trace.append(f"{self.engine.t_ms} halted while it writes")
            self.counts["halts while it writes"] += 1
            self.engine.latch.shut_now("key")
            self.halted_at_once = True

    def ask(self, request: rq.Request) -> None:
        """As `engine.thread.EngineThread.ask`: a stop shuts the gate before anything else."""
        self.trace.append(f"{self.engine.t_ms} asked {request}")
        self.counts[type(request).__name__] += 1
        if isinstance(request, rq.Halt | rq.Flatten):
            self.engine.latch.shut_now(request.why)
        obey(self.engine, request)
        self.auditor.look()

    def _quit(self, fate: Dice) -> None:
        self.trace.append(f"{self.engine.t_ms} quits")
        self.engine.finish("left")
        self.auditor.close()
        halted = self.engine.latch.shut
        self.digests.append(self.log.digest())
        self.log.close()
        self._again(fate)
        must(self.engine.latch.shut or not halted, "a halt did not survive the restart")

    def _die(self, fate: Dice) -> None:
        self.trace.append(f"{self.engine.t_ms} is killed")
        self.venue.kill_in, self.halted_at_once = -1, False
        halted = self.engine.latch.kept is True
        self.digests.append(self.log.digest())
        self.log.die()
        self._again(fate)
        must(self.engine.latch.shut or not halted, "a halt did not survive the kill")

    def _again(self, fate: Dice) -> None:
        down_ms = fate.one_of((0, 1_000, 30_000, 400_000))
        now_ms = min(max(self.engine.t_ms, self.clock.now_ms) + down_ms, self.end_ms - 1)
        now_ms = max(now_ms, self.engine.t_ms + 1)
        self.clock.now_ms = now_ms
        self.feed.connect_again(now_ms)
        self._open(self.auditor.sent)

    def _be_quiet(self) -> None:
        """Nothing is pressed and nobody dies any more: all that is owed is told."""
        self.venue.kill_in, self.venue.unknown, self.venue.late = -1, 0.0, 0.0
        until_ms = self.end_ms + WINDOW_MS + QUIETS_MS
        for t_ms in range(self.end_ms, until_ms, 4 * self.scale.step_ms):
            self.advance(t_ms)
        ledger = self.engine.journal.ledger
        must(not ledger.working, f"orders without an end: {sorted(ledger.working)}")
        must(not ledger.pending, f"matches without an end: {sorted(ledger.pending)}")
        statement = self.venue.inner.statement(self.engine.t_ms)
        found = differences(ledger, statement) if isinstance(statement, Statement) else ("?",)
        must(not found, f"the venue's account differs: {'; '.join(found)}")
        self.engine.finish("complete")
        self.auditor.close()
        self.digests.append(self.log.digest())
        self.counts += ledger.counts
        self.log.close()

    # ---- parts -----------------------------------------------------------------------------

    def _open(self, sent: set[str]) -> None:
        self.log = MortalLog(self.folder / "ledger.sqlite", "OFF")
        journal = Journal(self.log, self.clock.wall_ms)
        latch = Latch(self.folder / "HALT", self.clock)
        latch.expect(self.log.halted_ms())
        ladder = MoodyLadder(self._dice(f"policy {len(self.digests)}"))
        self.engine = Engine(
            self.feed,
            journal,
            ladder,  # type: ignore[arg-type]  # has what the engine uses of a ladder
            self.settings,
            latch,
            self.seed,
            venue=self.venue,
        )
        self.auditor = Auditor(self.engine, sent)
        self.auditor.follow()
        journal.listeners.append(self._note)
        self.engine.start(ev.SessionOpened("paper", "bad sim", self.seed, "moody", "0", "0"), ())
        self.log.venue = self.venue
        self.auditor.look()

    def _note(self, _slug: str, event: ev.Event, _realised: int) -> None:
        self.trace.append(f"{self.engine.t_ms} {event}")

    def _bad_venue(self, dice: Dice) -> BadVenue:
        rates = self.settings.paper
        age_ms = round(self.settings.source_age_s * 1000)
        return BadVenue(
            inner=PaperVenue(rates, age_ms, np.random.default_rng(self.seed)),
            dice=self._dice("venue"),
            watch=self._watch,
            late=dice.one_of((0.0, 0.05, 0.3)),
            twice=dice.one_of((0.0, 0.05)),
            unknown=dice.one_of((0.0, 0.01, 0.1)),
            settle_ms=rates.settle_ms,
        )

    def _watch(self, order_id: str, intent: Intent) -> None:
        self.auditor.saw(order_id, intent)

    def _dice(self, purpose: str) -> Dice:
        return Dice(self.seed, purpose)


def _before_midnight(windows: int) -> int:
    day_ms = 86_400_000
    return EPOCH_MS + 2 * day_ms - windows // 2 * WINDOW_MS
