"""What must hold at every moment of every day, whatever goes wrong.

Owns the invariants and looks at the engine from outside: at its journal, at the orders that reach
the venue, and after each step at everything. A broken one raises `Broken` with a sentence.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import events as ev
from engine.core import Engine
from engine.ledger import Ledger
from engine.market import Market
from engine.order import Intent, Purpose, Side
from engine.trading_state import TradingState
from engine.units import micro
from tests.simulation.account import Account


class Broken(AssertionError):  # noqa: N818 - it says what is, as the engine's own do
    """An invariant does not hold."""


def must(holds: object, sentence: str) -> None:
    if not holds:
        raise Broken(sentence)


@dataclass(slots=True)
class Auditor:
    """Follows one engine; a restarted one gets an auditor of its own, and the same `sent`."""

    engine: Engine
    sent: set[str]
    """Every order that ever reached the venue."""
    account: Account = field(default_factory=Account)
    tripped: set[str] = field(default_factory=set)
    told: str = TradingState.STARTING.value
    """The last state that the log told."""
    last_ms: int = 0
    unexplained_ms: dict[str, int] = field(default_factory=dict)
    """Window that is over -> since when it was seen to be held without a reason."""
    late_ms: dict[str, int] = field(default_factory=dict)
    """Window in its last part -> since when something of it was seen to be held."""

    def follow(self) -> None:
        """Take up what the log holds, then listen. Before the engine's start."""
        for recorded in self.engine.journal.log.replay():
            self._fold(recorded.event)
            self.last_ms = recorded.t_ms
        self.told = TradingState.STARTING.value
        self.engine.journal.listeners.append(self._happened)

    def _happened(self, _slug: str, event: ev.Event, _realised: int) -> None:
        at = self.engine.journal.ledger.last_ms or 0
        must(at >= self.last_ms, f"time in the log runs back from {self.last_ms} to {at}")
        self.last_ms = at
        self._fold(event)

    def _fold(self, event: ev.Event) -> None:
        self.account.happened(event)
        match event:
            case ev.BreakerTripped():
                self.tripped.add(event.breaker)
            case ev.BreakerCleared():
                self.tripped.discard(event.breaker)
            case ev.StateChanged():
                self.told = event.after

    # ---- orders ----------------------------------------------------------------------------

    def saw(self, order_id: str, intent: Intent) -> None:
        """An order reaches the venue."""
        engine = self.engine
        must(order_id not in self.sent, f"{order_id} was sent twice")
        self.sent.add(order_id)
        must(order_id in engine.journal.ledger.working, f"{order_id} was sent before it was booked")
        must(engine.journal.log.waiting == 0, f"{order_id} was sent before its intent was durable")
        must(intent.limit_bp % intent.market.tick_bp == 0, f"{order_id} is off the tick")
        self._of_a_state(order_id, intent)
        self._on_a_book(order_id, intent)
        if intent.side is Side.SELL:
            holding = engine.journal.ledger.holdings.get(intent.token_id)
            most = 0 if holding is None else holding.sellable
            must(intent.amount <= most, f"{order_id} sells {intent.amount}, {most} can be sold")

    def _of_a_state(self, order_id: str, intent: Intent) -> None:
        state, purpose = self.engine.state(), intent.purpose
        if self.engine.latch.shut:
            must(purpose is Purpose.FLATTEN, f"{order_id} to {purpose} left after the halt")
        if purpose is Purpose.OPEN:
            must(state is TradingState.ACTIVE, f"{order_id} was opened in {state}")
            must(not self.tripped, f"{order_id} was opened with {self.tripped} tripped")

    def _on_a_book(self, order_id: str, intent: Intent) -> None:
        book = self.engine.intake.book(intent.token_id)
        must(book is not None, f"{order_id} left without a book")
        assert book is not None
        must(book.invalid is None, f"{order_id} to {intent.purpose} left on: {book.invalid}")

    # ---- after each step -------------------------------------------------------------------

    def look(self) -> None:
        self._money()
        self._worst_case()
        self._state()
        for slug in self.engine.journal.ledger.open_slugs():
            self._explained(self.engine.journal.ledger.markets[slug])
        self._exits_offered()

    def _money(self) -> None:
        ledger = self.engine.journal.ledger
        cash = self.account.cash()
        must(ledger.cash == cash, f"cash {ledger.cash}, by another account {cash}")
        held = {token: h.shares for token, h in ledger.holdings.items()}
        theirs = self.account.shares()
        must(held == theirs, f"shares {held}, by another account {theirs}")
        cost = sum(h.cost for h in ledger.holdings.values())
        must(ledger.cash + cost == ledger.realised, "cash and cost do not add up to the result")
        must(self.engine.meters.unmanaged == 0, "a window ended and no rule tried to sell")

    def _worst_case(self) -> None:
        ledger, limit = self.engine.journal.ledger, micro(self.engine.settings.limits.daily_loss)
        if ledger.day is not None:
            loss = ledger.day.equity - self.account.floor()
            must(loss <= limit, f"the day can end at -{loss} micro-dollars, limit {limit}")

    def _state(self) -> None:
        engine, state = self.engine, self.engine.state()
        must(engine.latch.shut == (state is TradingState.HALTED), f"{state}, latch differs")
        must(self.told == state.value, f"the log says {self.told}, the state is {state}")
        tripped = {trip.breaker.value for trip in engine.breakers.tripped}
        must(tripped == self.tripped, f"tripped {tripped}, by the log {self.tripped}")
        if state is TradingState.ACTIVE:
            must(engine.reconciled and not self.tripped, "ACTIVE without its conditions")
            must(not engine.reduce_only, "ACTIVE though a person asked for reduce-only")

    def _explained(self, market: Market) -> None:
        """A sale that fails to settle may bring back a position of a window that is over: the next
        tick explains it, as does the first one after a restart."""
        engine = self.engine
        if engine.t_ms < market.end_ms or market.slug in engine.journal.ledger.awaiting:
            self.unexplained_ms.pop(market.slug, None)
            return
        since = self.unexplained_ms.setdefault(market.slug, engine.t_ms)
        in_time = engine.t_ms < since + engine.settings.decision_ms
        must(in_time, f"{market.slug} is over and held without a reason")

    def _exits_offered(self) -> None:
        """The window-end rule looks at every position, in every state; the policy may always
        leave one, but in a halt."""
        engine = self.engine
        for desk in engine.desks.values():
            market = desk.market
            if market is None or not any(True for _ in engine.journal.ledger.held(market.slug)):
                self.late_ms.pop("" if market is None else market.slug, None)
                continue
            if engine.state() is not TradingState.HALTED and engine.trader.position(desk):
                offered = any(engine.trader.mask(desk)[1:])
                must(offered or engine.trader.in_flight(market.slug), f"{market.slug}: no exit")
            self._left_in_time(market)

    def _left_in_time(self, market: Market) -> None:
        """A sale that fails to settle may bring a position back, so it counts from then."""
        engine = self.engine
        left = market.fraction_left(engine.t_ms)
        if left > engine.settings.limits.exit_cutoff:
            return
        since = self.late_ms.setdefault(market.slug, engine.t_ms)
        if engine.t_ms - since > 2 * engine.settings.decision_ms:
            looked = {*engine.trader.tried_ms, *engine.trader.held_because}
            must(market.slug in looked, f"{market.slug}: no rule tried to sell it")

    # ---- at the end ------------------------------------------------------------------------

    def close(self) -> None:
        """The log, folded again, is the ledger."""
        again = Ledger()
        for recorded in self.engine.journal.log.replay():
            again.apply(recorded.t_ms, recorded.event)
        must(again == self.engine.journal.ledger, "the log does not fold to the same ledger")
