"""What an engine may do now, and why: its trading state, computed from what holds.

Owns the latch, the breakers, the safety tasks' stamps and what a person asked for, and the words
for them in the log. It measures nothing and sends nothing; the engine is one of these that trades.
"""

from __future__ import annotations

from collections.abc import Callable

from engine import events as ev
from engine.journal import Journal
from engine.safety.breakers import Breaker, Breakers
from engine.safety.duties import Duties
from engine.trading_state import Latch, TradingState

RECONCILED = "reconciled with the paper venue"


class Standing:
    """The trading state of one engine. Use from its thread only, but for reading the state."""

    def __init__(
        self, journal: Journal, latch: Latch, duties: Duties, now_ms: Callable[[], int]
    ) -> None:
        """`duties`: tasks that must prove that they run, in market seconds; `now_ms`: the market
        time that has been reached."""
        self.journal, self.latch, self.duties = journal, latch, duties
        self.breakers = Breakers()
        self.reduce_only = False
        """A person asked for no more positions."""
        self.flattening = False
        """A person asked to sell what is held."""
        self.started = False
        self.reconciled = False
        """The venue's account is known and was compared with ours."""
        self.unproven = ""
        """Tasks around this engine that have not shown yet that they run; "": none is missing."""
        self.unreconciled = "the venue's account is not compared yet"
        """Why `reconciled` does not hold, while it does not."""
        self._now_ms = now_ms
        self._told: tuple[TradingState, tuple[str, ...]] = (TradingState.STARTING, ())
        self._admitted_by = ""

    # ---- what holds ------------------------------------------------------------------------

    def state(self) -> TradingState:
        """What the gate does, computed from what holds now, never from a toggle."""
        if self.latch.shut:
            return TradingState.HALTED
        if not self.started:
            return TradingState.STARTING
        if not self.reconciled or self.unproven:
            return TradingState.RECONCILING
        return TradingState.REDUCING if self._causes() else TradingState.ACTIVE

    def reducing_because(self) -> str:
        """Why nothing may be opened though nothing is halted; "" where it may."""
        return "; ".join(self._causes().values())

    def why(self) -> str:
        """The reason of the state that holds now, for the log and the screen."""
        if self.latch.reason is not None:
            return self.latch.reason
        if self.started and not self.reconciled:
            return self.unreconciled
        return self.unproven or self.reducing_because() or self._admitted_by or "operator"

    def _causes(self) -> dict[str, str]:
        """What takes the engine to REDUCING -> the clause that says so."""
        causes = {t.breaker.value: f"{t.breaker}: {t.reason}" for t in self.breakers.tripped}
        for stale in self.duties.stale(self._now_ms() / 1000):
            causes[stale.duty.value] = str(stale)
        if self.reduce_only:
            causes["operator"] = "operator"
        return causes

    # ---- what changes it -------------------------------------------------------------------

    def trip(self, breaker: Breaker, reason: str) -> None:
        """Stop opening; written down once."""
        if self.breakers.trip(breaker, reason, self._now_ms()):
            self.journal.record(self._now_ms(), ev.BreakerTripped(breaker.value, reason))
            self.tell_state(self.why())

    def over(self, breaker: Breaker) -> None:
        """The cause of a breaker is gone; a reconciliation or a person clears it."""
        self.breakers.over(breaker)

    def reset(self) -> None:
        """A person asks to clear what is tripped. Breakers whose cause lasts remain so, and
        `reducing_because` tells them."""
        self._cleared(self.breakers.reset(), "operator")

    def agreed(self) -> None:
        """The venue's account equals ours: the evidence that one kind of breaker waits for."""
        self.reconciled = True
        self._cleared(self.breakers.reconciled(), "reconciled")

    def doubt(self, reason: str) -> None:
        """What is known of the venue may be old: compare again before anything is opened."""
        self.reconciled, self.unreconciled = False, reason
        self.tell_state(self.why())

    def proven(self) -> None:
        """Every task around this engine has shown that it runs, or was waited for in vain."""
        self.unproven = ""
        self.tell_state(self._begins())

    def _begins(self) -> str:
        """Why the state is what it is when the session begins to trade."""
        return self.latch.reason or self.reducing_because() or RECONCILED

    def _cleared(self, breakers: tuple[Breaker, ...], how: str) -> None:
        for breaker in breakers:
            self.journal.record(self._now_ms(), ev.BreakerCleared(breaker.value, how))
        if breakers:
            self._admitted_by = f"{', '.join(breakers)} cleared: {how}"

    # ---- what is told of it ----------------------------------------------------------------

    def tell_state(self, reason: str) -> None:
        """Write a change of trading state, once; and in REDUCING also another cause of it."""
        state = self.state()
        told = (state, tuple(self._causes()) if state is TradingState.REDUCING else ())
        if told == self._told:
            return
        before, self._told = self._told[0], told
        self.journal.record(self._now_ms(), ev.StateChanged(before.value, state.value, reason))
        if state is TradingState.ACTIVE:
            self._admitted_by = ""

    def note(self, level: str, text: str) -> None:
        """Write a line for a person; `level` is ``info``, ``warn`` or ``alarm``."""
        self.journal.record(self._now_ms(), ev.GuardNoted(level, text))
