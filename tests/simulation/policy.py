"""What wants: wishes of a seed, changed now and then, on a ladder that falls sometimes."""

from __future__ import annotations

from engine.decision import Action, Floats
from models.ladder import Fall
from tests.engine.fakes import FakeLadder
from tests.simulation.dice import Dice

WISHES = 400
FALLS = 0.000_5
"""Chance of each decision that the deciding model falls."""


class MoodyLadder(FakeLadder):
    """Wants one thing for a while, then another."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        pace = dice.one_of((2, 10, 60))
        wishes = [dice.one_of(list(Action)) for _ in range(WISHES)]
        super().__init__(lambda call: wishes[call // pace % WISHES])

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        probs, values, _ = super().forward(current, temporal)
        if not self._dice.happens(FALLS):
            return probs, values, ()
        return probs, values, (Fall("champion", "spare", "a number was not finite"),)
