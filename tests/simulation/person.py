"""A person at the keys, at random, who mostly wants the program to trade again."""

from __future__ import annotations

from engine import requests as rq
from tests.simulation.dice import Dice

PRESSES = 0.02
"""Chance of a key in each step."""
MENDS = (0.06, 0.01)
"""Chance in each step of a key that lets the engine open again, while it may not: by persons."""

REGRETS = 0.1
"""Chance in each step of a stop while an order is under way."""


class Person:
    """One person for the whole day."""

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._mends = dice.one_of(MENDS)

    def keys(self, *, trading: bool, waiting: bool) -> list[rq.Request]:
        """What is pressed in this step; `trading`: the engine may open positions; `waiting`: an
        order is under way."""
        pressed: list[rq.Request] = []
        if waiting and self._dice.happens(REGRETS):
            pressed.append(self._dice.one_of(STOPS))
        if not trading and self._dice.happens(self._mends):
            pressed += [rq.Resume("RESUME"), rq.AdmitOpens()]
        if self._dice.happens(PRESSES):
            pressed.append(self._dice.one_of(ANYTHING))
        return pressed


STOPS: tuple[rq.Request, ...] = (rq.Halt("key"), rq.Flatten("key"))
ANYTHING: tuple[rq.Request, ...] = (
    rq.Halt("key"),
    rq.Halt("key"),
    rq.Flatten("key"),
    rq.Resume("RESUME"),
    rq.Resume("please"),
    rq.ReduceOnly(),
    rq.AdmitOpens(),
    rq.CloseOut("quit"),
    rq.PickModel(2),
    rq.PickModel(99),
    rq.FallBack(),
    rq.SetLearning(on=True),
    rq.RollBack(),
)
