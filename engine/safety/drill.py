"""The stop tried at every start, on a venue of its own.

Owns a market that does not exist and one order on it. It uses the same gate, latch, paper venue,
ledger and stop as the run does, but none of the run's: it touches no file, log or account, and its
result depends on nothing but the code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.book import Book
from engine.clock import Clock
from engine.denial import Code, Denial
from engine.errors import ConsoleError
from engine.exposure import Prospect, order_sent
from engine.gate import Gate, Situation
from engine.intents import opening
from engine.ledger import Ledger
from engine.market import Market, Outcome
from engine.order import Intent
from engine.paper import PaperVenue
from engine.requests import Halt
from engine.safety.stop import Stop
from engine.safety_view import DrillView, StopView
from engine.settings import Limits
from engine.settings import PaperVenue as Rates
from engine.trading_state import Latch, TradingState
from engine.units import MICRO

SURE = Rates(
    reject_rate=0, delay_rate=0, settle_failure_rate=0, latency_sigma=0, lost_answer_rate=0
)
MARKET = Market("drill", "BTC", "drill", 0, 900, "drill-up", "drill-down")
T_MS = 60_000
"""Market time of the drill: a minute into its window, unix milliseconds."""
LATEST_MS = T_MS + 60_000
"""Market time by which the cancel must have ended the order."""
BOOK = Book(MARKET.up_token, T_MS, ((4_900, 1_000 * MICRO),), ((5_000, 1_000 * MICRO),))
STAKE = 10 * MICRO


class DrillError(ConsoleError):
    """Something of the stop did not do what it must."""


def drill(clock: Clock, gate: Gate | None = None) -> DrillView:
    """Try the stop: an order under way, the latch, a refused order, a confirmed cancel.

    `gate`: another than the product's own, for tests of the drill itself. Never raises. What it
    took is in `latched_ms` alone: the sentence goes into the log, which must be the same on every
    machine.
    """
    ground = Ground(Latch(None, clock), gate or Gate(Limits()))
    try:
        latched_ms, stop = _tried(ground, clock)
    except Exception as error:  # noqa: BLE001 - whatever a broken part raises, the drill has failed
        return DrillView(passed=False, sentence=str(error) or type(error).__name__)
    said = f"the gate refused an order; {_cancels(stop)}"
    return DrillView(passed=True, latched_ms=latched_ms, sentence=said)


@dataclass(slots=True)
class Ground:
    """Everything that the drill plays with."""

    latch: Latch
    gate: Gate
    ledger: Ledger = field(default_factory=Ledger)
    venue: PaperVenue = field(
        default_factory=lambda: PaperVenue(SURE, 600_000, np.random.default_rng(0))
    )

    def submit(self, order_id: str, intent: Intent) -> Denial | None:
        """As the trader does: the gate, the ledger, the venue."""
        denial = self.gate.check(intent, self._situation(intent))
        if denial is None:
            self.ledger.apply(intent.t_ms, order_sent(order_id, intent))
            self.venue.send(order_id, intent)
        return denial

    def _situation(self, intent: Intent) -> Situation:
        """Nothing in it speaks against an order but the latch: a refusal proves that one."""
        return Situation(
            state=TradingState.HALTED if self.latch.shut else TradingState.ACTIVE,
            book=BOOK,
            prospect=Prospect(self.ledger, intent),
            held=0,
            sellable=0,
            in_flight=False,
        )


def _tried(ground: Ground, clock: Clock) -> tuple[float, StopView]:
    intent = opening(MARKET, Outcome.UP, BOOK, STAKE, 1, T_MS)
    before = ground.submit("drill-1", intent)
    _expect(before is None, f"the open gate refused an order ({before})")

    asked = clock.mono()
    ground.latch.shut_now("drill")
    latched_ms = (clock.mono() - asked) * 1000
    stop = Stop(Halt("drill"), ground.ledger, T_MS, latched_ms, sells=False)

    after = ground.submit("drill-2", intent)
    _expect(after is not None, "the gate let an order pass after the latch was shut")
    halted = after is not None and after.code is Code.HALTED
    _expect(halted, f"the gate refused for another reason ({after})")

    ground.venue.cancel_all(T_MS)
    for at, event in ground.venue.due(LATEST_MS, lambda _: BOOK):
        ground.ledger.apply(at, event)
        stop.happened(MARKET.slug, event, 0)
    seen = stop.view(LATEST_MS)
    ended = seen.done and not seen.filled and not seen.held
    _expect(ended, f"the order did not end by its cancel; {_cancels(seen)}")
    return latched_ms, seen


def _cancels(stop: StopView) -> str:
    return f"cancels {stop.confirmed}/{stop.orders} confirmed, {stop.filled} filled"


def _expect(held: bool, otherwise: str) -> None:  # noqa: FBT001 - what is asserted
    if not held:
        raise DrillError(otherwise)
