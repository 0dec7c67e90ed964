"""A rule in the place of a model.

Owns the fit: a rule answers where `engine.decider` expects probabilities, so masks, sizing, gate,
venue and exits are those of the models. A rule may read what the features are made of and which
window it is; it can touch nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.decision import Action, Floats
from engine.desk import Desk
from engine.features import MarketState
from engine.market import Market
from models.ladder import HOLD, Fall, Ladder, Rung


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule sees of one asset at one tick."""

    market: Market
    """The running window."""
    state: MarketState
    """The inputs of the 18 features, unscaled, and the UP mid they are taken at."""


Rule = Callable[[Seen], Action]


class RuleLadder(Ladder):
    """A ladder on which a rule decides; it cannot fall. One run at a time."""

    def __init__(self, rule: Rule) -> None:
        super().__init__((Rung(HOLD, None),))
        self._rule = rule
        self._desks: Mapping[str, Desk] = {}

    def watch(self, desks: Mapping[str, Desk]) -> None:
        """Read these desks from now on: those of the engine that this ladder is in."""
        self._desks = desks

    def forward(
        self,
        current: Floats,
        temporal: Floats,  # noqa: ARG002 - what every ladder is given
    ) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        """Certainty of what the rule wants for each row (N, 3), and values 0 (N,)."""
        wanted = [Action.HOLD] * len(current)
        for index, desk in enumerate(self._deciding()):
            if not np.array_equal(current[index], np.asarray(desk.features, np.float32)):
                raise AssertionError(f"row {index} is not that of {desk.asset}")
            wanted[index] = self._want(desk)
        probs = np.eye(len(Action), dtype=np.float32)[wanted]
        return probs, np.zeros(len(current), np.float32), ()

    def _deciding(self) -> list[Desk]:
        """Desks with a row at this tick, in the order of the engine's rows."""
        return [desk for desk in self._desks.values() if desk.features is not None]

    def _want(self, desk: Desk) -> Action:
        state = None if desk.reading is None else desk.reading.state
        if state is None or desk.market is None:
            return Action.HOLD
        return self._rule(Seen(desk.market, state))
