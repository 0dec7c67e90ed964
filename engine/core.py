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
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from engine import events as ev
from engine.decider import Decider, Row
from engine.decision import Decision
from engine.desk import Desk
from engine.features import InvalidRow, to_features
from engine.feeds.feed import Feed
from engine.gate import Gate
from engine.intake import Intake
from engine.journal import Journal
from engine.market import Market, Outcome
from engine.messages import SessionEnded
from engine.meters import Meters
from engine.paper import PaperVenue
from engine.position_input import position_input
from engine.safety.breakers import Breaker, Breakers
from engine.safety.duties import Duties, Duty
from engine.scorecard import Scorecard
from engine.settings import Settings
from engine.signals import neutral_count
from engine.snapshot import CurvePoint
from engine.trader import Trader
from engine.trading_state import Latch, TradingState
from engine.units import dollars
from models.ladder import Fall, Ladder

UNMANAGED = "no rule tried to sell it before the window ended"
RETURNED = "its sale failed to settle after the window had ended"
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


class Engine:
    """All state of one run."""

    def __init__(
        self,
        feed: Feed,
        journal: Journal,
        ladder: Ladder,
        settings: Settings,
        latch: Latch,
        seed: int,
        duties: Duties | None = None,
    ) -> None:
        """`duties`: tasks that must prove that they run, in market seconds; None: the engine's own,
        as a run needs that no thread hosts."""
        rngs = Randomness.of(seed)
        self.feed, self.journal, self.settings, self.latch = feed, journal, settings, latch
        self.ladder = ladder
        self.desks = {asset: Desk(asset, feed.info, settings) for asset in feed.info.assets}
        self.intake = Intake(self.desks, journal)
        self.decider = Decider(ladder, settings.decision_rule, rngs.policy)
        self.venue = PaperVenue(settings.paper, round(settings.source_age_s * 1000), rngs.venue)
        self.scorecard = Scorecard.of_log(journal.log)
        journal.listeners.append(self.scorecard.happened)
        self.meters = Meters(windows=journal.ledger.counts["MarketSeen"])
        self.curve: deque[CurvePoint] = deque(maxlen=CURVE_POINTS)
        self.observer: Observer | None = None
        self.breakers = Breakers()
        self.duties = duties or Duties(own_duties(settings))
        self.reduce_only = False
        self.flattening = False
        self.left = False
        """The recorded run was left at this instant of market time: nothing follows."""
        self.started = False
        self.reconciled = False
        self._told_state = TradingState.STARTING
        self.t_ms = feed.info.start_ms
        """Market time that has been reached."""
        self._next_tick_ms = _on_grid(self.t_ms, settings.decision_ms)
        self.trader = Trader(
            settings=settings,
            journal=journal,
            gate=Gate(settings.limits),
            venue=self.venue,
            desks=self.desks,
            has_books="book" in feed.info.has,
            state=self.state,
        )

    # ---- life ------------------------------------------------------------------------------

    def state(self) -> TradingState:
        """What the gate does, computed from what holds now, never from a toggle."""
        if self.latch.shut:
            return TradingState.HALTED
        if not self.started:
            return TradingState.STARTING
        if not self.reconciled:
            return TradingState.RECONCILING
        return TradingState.REDUCING if self.reducing_because() else TradingState.ACTIVE

    def reducing_because(self) -> str:
        """Why nothing may be opened though nothing is halted; "" where it may."""
        if self.breakers.tripped:
            return "; ".join(f"{trip.breaker}: {trip.reason}" for trip in self.breakers.tripped)
        stale = self.duties.stale(self.t_ms / 1000)
        if stale:
            return "; ".join(map(str, stale))
        return "operator" if self.reduce_only else ""

    def why(self) -> str:
        """The reason of the state that holds now, for the log and the screen."""
        return self.latch.reason or self.reducing_because() or "operator"

    def trip(self, breaker: Breaker, reason: str) -> None:
        """Stop opening; written down once."""
        if self.breakers.trip(breaker, reason, self.t_ms):
            self.journal.record(self.t_ms, ev.BreakerTripped(breaker.value, reason))
            self.tell_state(self.why())

    def over(self, breaker: Breaker) -> None:
        """The cause of a breaker is gone; a reconciliation or a person clears it."""
        self.breakers.over(breaker)

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
        self._reconcile()
        self.reconciled = True
        for duty in (Duty.EXITS, Duty.RECONCILE):
            self.duties.stamp(duty, self.t_ms / 1000, "at the start")
        self.tell_state(self.latch.reason or "reconciled with the paper venue")
        self.journal.log.commit()

    def finish(self, how: str) -> None:
        """Close the session in order; what is still held is written down with its reason."""
        ledger = self.journal.ledger
        for slug in ledger.open_slugs():
            if slug not in ledger.awaiting and how == "complete":
                reason = "the data ended before the window was resolved"
                self.journal.record(self.t_ms, ev.WindowAwaiting(slug, reason))
        self.journal.record(self.t_ms, ev.SessionClosed(how))
        self.journal.log.commit()

    def fell(self, fall: Fall) -> None:
        """Write down that another rung decides."""
        self.meters.last_fall = fall.reason
        policy_id = self.ladder.policy.policy_id
        self.journal.record(
            self.t_ms, ev.ModelChanged(fall.from_name, fall.to_name, policy_id, fall.reason)
        )

    def tell_state(self, reason: str) -> None:
        """Write a change of trading state, once."""
        state = self.state()
        if state is not self._told_state:
            self.journal.record(
                self.t_ms, ev.StateChanged(self._told_state.value, state.value, reason)
            )
            self._told_state = state

    def _reconcile_when_due(self, t_ms: int) -> None:
        last = self.duties.last(Duty.RECONCILE)
        if last is None or t_ms / 1000 - last.at >= self.settings.safety.reconcile_s:
            self.duties.stamp(Duty.RECONCILE, t_ms / 1000)
            for breaker in self.breakers.reconciled():
                self.journal.record(t_ms, ev.BreakerCleared(breaker.value, "reconciled"))

    def _reconcile(self) -> None:
        """Orders in flight when a process died never reached the paper venue's book."""
        ledger = self.journal.ledger
        for order_id in list(ledger.working):
            self.journal.record(self.t_ms, ev.OrderDone(order_id, "lost at restart"))
        self.venue.adopt(booked.fill for booked in ledger.pending.values())
        for slug in {*ledger.open_slugs(), *ledger.mid.open}:
            self.intake.remember(ledger.markets[slug])
        for slug in ledger.open_slugs():
            self._note_awaiting(ledger.markets[slug], "it ended while the program was not running")

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
            self.journal.record(max(at, self.t_ms), event)
        self.t_ms = max(self.t_ms, t_ms)

    # ---- one tick --------------------------------------------------------------------------

    def _tick(self, t_ms: int) -> None:
        self._venue_turn(t_ms)
        self.t_ms = t_ms
        self._open_day(t_ms)
        self._roll_windows(t_ms)
        self.tell_state(self.why())
        rows = [row for desk in self.desks.values() if (row := self._row(desk, t_ms)) is not None]
        decisions = self._decide(t_ms, rows) if rows else []
        self.trader.sell_what_must_go(t_ms, self.selling_off())
        self.duties.stamp(Duty.EXITS, t_ms / 1000)
        self._reconcile_when_due(t_ms)
        self._sample_curve(t_ms)
        if self.observer is not None:
            self.observer.ticked(t_ms, decisions, self.state())
        self.journal.log.commit()

    def _row(self, desk: Desk, t_ms: int) -> Row | None:
        """This tick's input of one asset; None where there is no window or a row is invalid."""
        desk.features = None
        if desk.market is None:
            return None
        desk.reading = desk.signals.reading(
            t_ms,
            desk.market,
            desk.book(Outcome.UP),
            desk.mid_quote(),
            position_input(self.trader, desk),
        )
        desk.neutral = max(desk.neutral, neutral_count(desk.reading.status))
        desk.row_invalid = desk.reading.invalid
        if desk.reading.state is None:
            return None
        try:
            observation = to_features(desk.reading.state)
        except InvalidRow as error:
            desk.row_invalid = str(error)
            return None
        return self._pushed(desk, desk.market, observation)

    def _pushed(self, desk: Desk, market: Market, observation: np.ndarray) -> Row:
        desk.features = tuple(map(float, observation))
        desk.history.push(observation)
        return Row(
            desk.asset,
            market.slug,
            observation,
            desk.history.rows(),
            desk.history.temporal(),
            self.trader.mask(desk),
        )

    def _decide(self, t_ms: int, rows: list[Row]) -> list[Decision]:
        begun = time.perf_counter_ns()
        decisions, falls = self.decider.decide(t_ms, rows)
        self.meters.decision_us.append((time.perf_counter_ns() - begun) / 1000)
        for fall in falls:
            self.fell(fall)
        return [self._act(decision) for decision in decisions]

    def _act(self, decision: Decision) -> Decision:
        desk = self.desks[decision.asset]
        acted = replace(decision, outcome=self.trader.act(decision, desk))
        desk.decision = acted
        self.journal.decide(acted)
        return acted

    # ---- windows and days ------------------------------------------------------------------

    def _roll_windows(self, t_ms: int) -> None:
        for desk in self.desks.values():
            ended = desk.end_window(t_ms)
            if ended is not None:
                self._window_ended(ended)
            begun = desk.market if desk.begin_window(t_ms) else None
            if begun is not None and begun.slug not in self.journal.ledger.markets:
                self.meters.windows += 1
                self.journal.record(t_ms, ev.MarketSeen.of(begun))
        for slug in self.journal.ledger.open_slugs():
            self._note_awaiting(self.journal.ledger.markets[slug], RETURNED)

    def _window_ended(self, market: Market) -> None:
        for token in (market.up_token, market.down_token):
            self.venue.forget(token)
        reason = self.trader.forget(market) or UNMANAGED
        if any(True for _ in self.journal.ledger.held(market.slug)):
            self.meters.unmanaged += reason == UNMANAGED
            self._note_awaiting(market, reason)

    def _note_awaiting(self, market: Market, reason: str) -> None:
        ledger = self.journal.ledger
        if self.t_ms >= market.end_ms and market.slug not in ledger.awaiting:
            self.journal.record(self.t_ms, ev.WindowAwaiting(market.slug, reason))

    def _open_day(self, t_ms: int) -> None:
        day = datetime.fromtimestamp(t_ms / 1000, UTC).date().isoformat()
        ledger = self.journal.ledger
        if ledger.day is None or ledger.day.day < day:
            self.journal.record(t_ms, ev.DayOpened(day, ledger.equity_at_cost))

    def _sample_curve(self, t_ms: int) -> None:
        if self.curve and t_ms - self.curve[-1].t_ms < CURVE_STEP_MS:
            return
        ledger = self.journal.ledger
        self.curve.append(CurvePoint(t_ms, dollars(ledger.realised), dollars(ledger.mid.total())))


def own_duties(settings: Settings) -> dict[Duty, float]:
    """What every engine proves of itself, with the oldest proof that counts, market seconds."""
    safety = settings.safety
    return {Duty.EXITS: safety.duty_s, Duty.RECONCILE: safety.reconcile_s + safety.duty_s}


def _on_grid(t_ms: int, step_ms: int) -> int:
    """The first multiple of `step_ms` at or after `t_ms`."""
    return -(-t_ms // step_ms) * step_ms
