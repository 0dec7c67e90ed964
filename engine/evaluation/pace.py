"""How often an arm opens and leaves positions, so that chance can be given the same pace.

Owns the counting of decisions. Ticks at which the gate would refuse are no opportunities: an
arm that wanted something there is neither slower nor faster for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.decision import Action, Decision
from engine.denial import Code
from engine.features import FEATURE_NAMES

_TIME_REMAINING = FEATURE_NAMES.index("time_remaining")


@dataclass(frozen=True, slots=True)
class Rates:
    """Probabilities per decision tick."""

    opening: float
    """Of opening a position while flat, where one may be opened."""
    leaving: float
    """Of selling it while it may be sold."""


@dataclass(slots=True)
class Pace:
    """Counts of one arm."""

    entry_cutoff: float
    """Last part of a window in which nothing may be opened, in [0, 1]."""
    flat: int = 0
    """Ticks at which a position could be opened."""
    opened: int = 0
    held: int = 0
    """Ticks at which a position could be sold."""
    left: int = 0

    def add(self, decision: Decision) -> None:
        """Count one decision that was carried out or refused."""
        legal = sum(decision.mask)
        acted = decision.action != Action.HOLD
        if _refused(decision.outcome):
            return
        if legal == len(Action):
            if decision.observation[_TIME_REMAINING] > self.entry_cutoff:
                self.flat += 1
                self.opened += acted
        elif legal == len(Action) - 1:
            self.held += 1
            self.left += acted

    def rates(self) -> Rates:
        """What was counted, as probabilities; 0 where there was never an opportunity."""
        return Rates(self.opened / max(1, self.flat), self.left / max(1, self.held))


def pooled(paces: list[Pace]) -> Rates:
    """The rates over several tapes together."""
    flat, opened = sum(p.flat for p in paces), sum(p.opened for p in paces)
    held, left = sum(p.held for p in paces), sum(p.left for p in paces)
    return Rates(opened / max(1, flat), left / max(1, held))


def _refused(outcome: str) -> bool:
    """Whether the gate refused; without books it always does, and the mid account trades."""
    return outcome in Code.__members__ and outcome != Code.NO_BOOK
