"""Our books compared with the venue's account of us, again and again.

Owns when to compare and what a comparison comes to. What counts as a difference is
`engine.reconcile`; what follows from one is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from engine import reconcile
from engine.journal import Journal
from engine.venue import Unknown, Venue

AGAIN_MS = 1_000
"""Market time between two comparisons while the account is not known."""

Compare = Callable[[int], tuple[str, ...] | Unknown]
"""Market time -> what differs, each in a clause; or that the venue did not answer."""


class Agreement(Enum):
    """What a comparison came to."""

    EQUAL = "equal"
    UNDER_WAY = "different once"
    """It may be an event that one side has not heard of yet."""
    DIFFERENT = "different twice in a row"
    UNKNOWN = "not answered"


class Comparison:
    """One question to the venue: books what its answer proves, and says what still differs."""

    def __init__(self, journal: Journal, venue: Venue, last_ms: int) -> None:
        """`last_ms`: time after its sending at which an order that the venue does not know cannot
        fill."""
        self._journal, self._venue, self._last_ms = journal, venue, last_ms
        self._settle = reconcile.settle_at_start
        """Orders of an earlier process are judged once, by the first answer."""

    def __call__(self, t_ms: int) -> tuple[str, ...] | Unknown:
        statement = self._venue.statement(t_ms)
        if isinstance(statement, Unknown):
            return statement
        ledger = self._journal.ledger
        proven, self._settle = (
            self._settle(ledger, statement, t_ms, self._last_ms),
            reconcile.settle,
        )
        try:
            for event in proven:
                self._journal.record(t_ms, event)
        except ValueError as error:  # it cannot follow from our books, which have not changed
            return (str(error),)
        return reconcile.differences(ledger, statement)


class Account:
    """The comparisons of one engine."""

    def __init__(self, compare: Compare, period_s: float) -> None:
        """`period_s`: market seconds between two comparisons while the account is known."""
        self._compare = compare
        self._period_ms = round(period_s * 1000)
        self._last_ms: int | None = None
        self._answered = False
        self._differed = False
        self.note = "not compared yet"
        """What the last comparison found, in words."""

    def due(self, t_ms: int, *, known: bool) -> bool:
        """Whether it is time to compare; sooner while the account is not known, and after a
        question that was not answered."""
        settled = known and self._answered
        period_ms = self._period_ms if settled else min(AGAIN_MS, self._period_ms)
        return self._last_ms is None or t_ms - self._last_ms >= period_ms

    def compare(self, t_ms: int) -> Agreement:
        """Ask the venue and compare, at market time `t_ms`."""
        self._last_ms = t_ms
        found = self._compare(t_ms)
        self._answered = not isinstance(found, Unknown)
        if isinstance(found, Unknown):
            self.note = f"the venue's account is not known: {found.reason}"
            return Agreement.UNKNOWN
        differed, self._differed = self._differed, bool(found)
        if not found:
            self.note = "our books equal the venue's account"
            return Agreement.EQUAL
        self.note = "; ".join(found)
        return Agreement.DIFFERENT if differed else Agreement.UNDER_WAY
