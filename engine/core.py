"""The engine: one market clock, one loop, everything in time order.

Owns the order in which things happen: messages, arrivals at the venue, and a decision tick every
half second of market time. It is synchronous and has no clock of its own: whoever drives it says up
to which instant of market time it may go, which makes paper, replay and simulated days one code.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from engine import events as ev
from engine.decider import Decider
from engine.decision import Decision
from engine.desk import Desk
from engine.feeds.feed import Feed
from engine.gate import Gate
from engine.intake import Intake
from engine.journal import Journal
from engine.ledger import Holding
from engine.messages import SessionEnded
from engine.meters import Meters
from engine.paper import PaperVenue
from engine.rows import row_of
from engine.safety.account import Account, Agreement, Comparison
from engine.safety.breakers import Breaker
from engine.safety.checks import Checks
from engine.safety.duties import Duties, Duty
from engine.safety.silence import Silence
from engine.safety.stop import Stop
from engine.scorecard import Scorecard
from engine.settings import Settings
from engine.snapshot import CurvePoint
from engine.standing import Standing
from engine.trader import Trader
from engine.trading_state import Latch, TradingState
from engine.units import dollars, shares_float
from engine.venue import Venue
from engine.windows import Windows
from models.ladder import Fall, Ladder

NOT_RUNNING = "it ended while the program was not running"
CURVE_STEP_MS = 60_000
CURVE_POINTS = 720


@dataclass(frozen=True, slots=True)
class Randomness:
    """Seeded generators, one per purpose so that one cannot disturb another."""

    venue: np.random.Generator
    policy: np.random.Generator

    @classmethod
    def of(cls, seed: int) -> Randomness:
        venue, policy = np.random.SeedSequence(seed).spawn(2)
        return cls(np.random.default_rng(venue), np.random.default_rng(policy))


class Observer(Protocol):
    """Whoever follows the decisions of an engine tick by tick, and changes nothing."""

    def ticked(self, t_ms: int, decisions: Sequence[Decision], state: TradingState) -> None:
        """A tick is over. Assets without a decision had no window, or an invalid row."""


class Engine(Standing):
    """All state of one run, and what it may do with it."""

    def __init__(
        self,
        feed: Feed,
        journal: Journal,
        ladder: Ladder,
        settings: Settings,
        latch: Latch,
        seed: int,
        duties: Duties | None = None,
        venue: Venue | None = None,
    ) -> None:
        """`duties`: tasks that must prove that they run, in market seconds; None: the engine's own,
        as a run needs that no thread hosts. `venue`: None is the paper venue."""
        super().__init__(journal, latch, duties or Duties(own_duties(settings)), lambda: self.t_ms)
        rngs = Randomness.of(seed)
        self.feed, self.settings, self.ladder = feed, settings, ladder
        self.t_ms = feed.info.start_ms
        """Market time that has been reached."""
        self.left = False
        """The recorded run was left at this instant of market time: nothing follows."""
        self._next_tick_ms = _on_grid(self.t_ms, settings.decision_ms)
        self.desks = {asset: Desk(asset, feed.info, settings) for asset in feed.info.assets}
        self.intake = Intake(self.desks, journal)
        self.decider = Decider(ladder, settings.decision_rule, rngs.policy)
        oldest_book_ms = round(settings.source_age_s * 1000)
        self.venue: Venue = venue or PaperVenue(settings.paper, oldest_book_ms, rngs.venue)
        self.scorecard = Scorecard.of_log(journal.log)
        journal.listeners.append(self.scorecard.happened)
        self.meters = Meters(windows=journal.ledger.counts["MarketSeen"])
        self.curve: deque[CurvePoint] = deque(maxlen=CURVE_POINTS)
        self.observer: Observer | None = None
        self.stop: Stop | None = None
        """The newest stop of this run; None: none was asked for."""
        self.trader = Trader(
            settings=settings,
            journal=journal,
            gate=Gate(settings.limits),
            venue=self.venue,
            desks=self.desks,
            has_books="book" in feed.info.has,
            state=self.state,
        )
        journal.listeners.append(self.trader.happened)
        self.windows = Windows(self.desks, journal, self.trader, self.venue, self.meters)
        silence = Silence(feed.info.has, settings.safety.data_gap_s, self.t_ms)
        self.checks = Checks(journal, self.intake, self.breakers, settings.safety, silence)
        comparison = Comparison(journal, self.venue, settings.paper.last_ms)
        self.account = Account(comparison, settings.safety.reconcile_s)

    # ---- life ------------------------------------------------------------------------------

    def selling_off(self) -> bool:
        """Whether all that is held must go: a person asked, or the settings ask it of a halt."""
        return self.flattening or (self.latch.shut and self.settings.when_halted == "flatten")

    def start(self, session: ev.SessionOpened, falls: tuple[Fall, ...]) -> None:
        """Open the session: settle what an earlier process left, then admit orders.

        `falls` are the rungs of the model ladder that could not be loaded.
        """
        self.journal.record(self.t_ms, session)
        for fall in falls:
            self.fell(fall)
        self.started = True
        self.tell_state("started")
        self._take_over()
        self._look_after_exits(self.t_ms)
        self._compare(self.t_ms)
        self.tell_state(self._begins())
        self.journal.log.commit()

    def finish(self, how: str) -> None:
        """Close the session in order; what is still held is written down with its reason."""
        ledger = self.journal.ledger
        for slug in ledger.open_slugs():
            if slug not in ledger.awaiting and how == "complete":
                reason = "the data ended before the window was resolved"
                self.journal.record(self.t_ms, ev.WindowAwaiting(slug, reason))
        if how == "left" and (held := [*map(_in_words, ledger.holdings.values())]):
            self.note("warn", f"left with {', '.join(held)} held")
        self.journal.record(self.t_ms, ev.SessionClosed(how))
        self.journal.log.commit()

    def fell(self, fall: Fall) -> None:
        """Write down that another rung decides."""
        self.meters.last_fall = fall.reason
        policy_id = self.ladder.policy.policy_id
        self.journal.record(
            self.t_ms, ev.ModelChanged(fall.from_name, fall.to_name, policy_id, fall.reason)
        )

    def _take_over(self) -> None:
        """Have the venue and the intake know what an earlier process left."""
        ledger = self.journal.ledger
        unsettled = (booked.fill for booked in ledger.pending.values())
        self.venue.adopt(unsettled, {t: held.shares for t, held in ledger.holdings.items()})
        for slug in {*ledger.open_slugs(), *ledger.mid.open}:
            self.intake.remember(ledger.markets[slug])
        for slug in ledger.open_slugs():
            self.windows.note_awaiting(self.t_ms, ledger.markets[slug], NOT_RUNNING)

    # ---- time ------------------------------------------------------------------------------

    def advance(self, until_ms: int) -> None:
        """Everything up to and including `until_ms` of market time, in order."""
        for message in self.feed.poll(until_ms):
            self._run_before(message.t_ms)
            if isinstance(message, SessionEnded):
                self._leave_at(message.t_ms)
                return
            self.intake.take(message, self.t_ms)
        self._run_before(until_ms + 1)
        self.t_ms = max(self.t_ms, until_ms)
        self.journal.log.commit()

    def _leave_at(self, t_ms: int) -> None:
        self.left = True
        self.t_ms = max(self.t_ms, t_ms)
        self.journal.log.commit()

    def _run_before(self, t_ms: int) -> None:
        """Arrivals at the venue and decision ticks earlier than `t_ms`."""
        while True:
            arrival = self.venue.next_ms()
            if arrival is not None and arrival < min(t_ms, self._next_tick_ms):
                self._venue_turn(arrival)
            elif self._next_tick_ms < t_ms:
                self._tick(self._next_tick_ms)
                self._next_tick_ms += self.settings.decision_ms
            else:
                return

    def _venue_turn(self, t_ms: int) -> None:
        for at, event in self.venue.due(t_ms, self.intake.book):
            self._believe(max(at, self.t_ms), event)
        self.t_ms = max(self.t_ms, t_ms)
        self.checks.orders(self.trip)

    def _believe(self, t_ms: int, event: ev.Event) -> None:
        """Book what the venue says; what cannot follow from our books changes nothing in them."""
        try:
            self.journal.record(t_ms, event)
        except ValueError as error:
            self.trip(Breaker.MISMATCH, str(error))

    # ---- one tick --------------------------------------------------------------------------

    def _tick(self, t_ms: int) -> None:
        self._venue_turn(t_ms)
        self.t_ms = t_ms
        self.windows.open_day(t_ms)
        self.windows.roll(t_ms)
        self.checks.sources(t_ms, self.windows.running, self.trip)
        self._compare(t_ms)
        self.tell_state(self.why())
        decisions = self._decide(t_ms)
        self._look_after_exits(t_ms)
        self._sample_curve(t_ms)
        if self.observer is not None:
            self.observer.ticked(t_ms, decisions, self.state())
        self.journal.log.commit()

    def _decide(self, t_ms: int) -> list[Decision]:
        made = (row_of(desk, self.trader, t_ms) for desk in self.desks.values())
        rows = [row for row in made if row is not None]
        if not rows:
            return []
        begun = time.perf_counter_ns()
        decisions, falls = self.decider.decide(t_ms, rows)
        self.meters.decision_us.append((time.perf_counter_ns() - begun) / 1000)
        for fall in falls:
            self.fell(fall)
            self.trip(Breaker.MODEL, f"{fall.from_name}: {fall.reason}")
        if not falls:
            self.over(Breaker.MODEL)
        return [self._act(decision) for decision in decisions]

    def _act(self, decision: Decision) -> Decision:
        desk = self.desks[decision.asset]
        acted = replace(decision, outcome=self.trader.act(decision, desk))
        desk.decision = acted
        self.journal.decide(acted)
        return acted

    # ---- what proves itself ----------------------------------------------------------------

    def _look_after_exits(self, t_ms: int) -> None:
        self.trader.sell_what_must_go(t_ms, self.selling_off())
        looked_at = len(self.journal.ledger.open_slugs())
        self.duties.stamp(Duty.EXITS, t_ms / 1000, f"{looked_at} open windows looked at")

    def _compare(self, t_ms: int) -> None:
        """Compare our books with the venue's account where it is time to."""
        if not self.account.due(t_ms, known=self.reconciled):
            return
        found = self.account.compare(t_ms)
        self.unreconciled = self.account.note
        if found is Agreement.UNKNOWN:
            return  # no proof: the stamp grows old
        self.duties.stamp(Duty.RECONCILE, t_ms / 1000, self.account.note)
        if found is Agreement.DIFFERENT:
            self.trip(Breaker.MISMATCH, self.account.note)
            self.reconciled = True
        elif found is Agreement.EQUAL:
            self.over(Breaker.MISMATCH)
            self.agreed()

    def _sample_curve(self, t_ms: int) -> None:
        if self.curve and t_ms - self.curve[-1].t_ms < CURVE_STEP_MS:
            return
        ledger = self.journal.ledger
        self.curve.append(CurvePoint(t_ms, dollars(ledger.realised), dollars(ledger.mid.total())))


def _in_words(holding: Holding) -> str:
    return f"{holding.asset} {holding.outcome} {shares_float(holding.shares):.2f}"


def own_duties(settings: Settings) -> dict[Duty, float]:
    """What every engine proves of itself, with the oldest proof that counts, market seconds. It
    does so at its decision ticks, however far apart these are."""
    oldest_s = settings.decision_ms / 1000 + settings.safety.duty_s
    return {Duty.EXITS: oldest_s, Duty.RECONCILE: settings.safety.reconcile_s + oldest_s}


def _on_grid(t_ms: int, step_ms: int) -> int:
    """The first multiple of `step_ms` at or after `t_ms`."""
    return -(-t_ms // step_ms) * step_ms
