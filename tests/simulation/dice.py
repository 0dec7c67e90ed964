"""One seed, and a generator for each purpose, so that one purpose cannot disturb another."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

Thing = TypeVar("Thing")


class Dice:
    """Chances of one purpose."""

    def __init__(self, seed: int, purpose: str) -> None:
        self._random = random.Random(f"{seed} {purpose}")

    def happens(self, chance: float) -> bool:
        return self._random.random() < chance

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def one_of(self, things: Sequence[Thing]) -> Thing:
        return self._random.choice(things)
