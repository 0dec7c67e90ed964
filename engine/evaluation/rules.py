"""The fixed rules that a model must be compared with.

Owns their numbers, set beforehand and fitted to nothing. All of them read the UP mid, because every
tape has one; BUY goes towards UP and SELL towards DOWN, and closes the other side first (DESIGN 3).
Where the engine must sell (the end of a window) it sells what a rule holds as it does a model's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.decision import Action
from engine.evaluation.pace import Rates
from engine.evaluation.seat import Rule, Seen

MOMENTUM = 0.03
"""Dollars that the UP mid must have moved within the 15 s of its history to be followed."""

STRETCHED = 0.15
"""Distance of the UP mid from one half, dollars, from which a return is bet on."""

RETURNED = 0.05
"""Distance from one half, dollars, within which that bet is closed."""

SPIKE = 0.04
"""Dollars that the UP mid must have jumped within `SPIKE_TICKS` to be faded."""

SPIKE_TICKS = 4
"""Ticks (2 s) that a jump may take."""

CALM = 0.01
"""Dollars of movement within 15 s under which a faded jump is over and the position left."""

FAVOURITE = 0.60
"""UP mid, or one less it, from which an outcome counts as the favourite."""

_OPPOSITE = {"UP": Action.SELL, "DOWN": Action.BUY}


def always_hold(_seen: Seen) -> Action:
    """Nothing, ever: what any edge must beat."""
    return Action.HOLD


def momentum(seen: Seen) -> Action:
    """Go with a move of the last 15 s; reverse with the next one the other way."""
    moved = _moved(seen, 0)
    if abs(moved) < MOMENTUM:
        return Action.HOLD
    return _towards(moved)


def mean_revert(seen: Seen) -> Action:
    """Bet that a stretched price comes back to one half; leave when it has."""
    away = seen.state.prob - 0.5
    if seen.state.position_side is not None and abs(away) <= RETURNED:
        return _leave(seen)
    return _towards(-away) if abs(away) >= STRETCHED else Action.HOLD


def fade_spike(seen: Seen) -> Action:
    """Go against a jump of 2 s; leave when 15 s have been calm."""
    jumped = _moved(seen, -SPIKE_TICKS - 1)
    if abs(jumped) >= SPIKE:
        return _towards(-jumped)
    calm = abs(_moved(seen, 0)) <= CALM
    return _leave(seen) if calm and seen.state.position_side is not None else Action.HOLD


def favourite(seen: Seen) -> Action:
    """Buy the favourite once there is one, and keep it until the engine must sell."""
    if seen.state.position_side is not None:
        return Action.HOLD
    away = seen.state.prob - 0.5
    return _towards(away) if abs(away) >= FAVOURITE - 0.5 else Action.HOLD


@dataclass(slots=True)
class RandomTrader:
    """Opens and leaves at given rates, either side alike; a `Rule`."""

    rates: Rates
    rng: np.random.Generator

    def __call__(self, seen: Seen) -> Action:
        when, side = self.rng.random(2)
        if seen.state.position_side is not None:
            return _leave(seen) if when < self.rates.leaving else Action.HOLD
        if when >= self.rates.opening:
            return Action.HOLD
        return Action.BUY if side < 0.5 else Action.SELL


def _moved(seen: Seen, since: int) -> float:
    """Change of the UP mid from history entry `since` to now; 0 while there is none so old."""
    history = seen.state.prob_history
    if len(history) < max(2, -since):
        return 0.0
    return history[-1] - history[since]


def _towards(direction: float) -> Action:
    return Action.BUY if direction > 0 else Action.SELL


def _leave(seen: Seen) -> Action:
    return _OPPOSITE[seen.state.position_side or ""]


FIXED: dict[str, Rule] = {
    "always-hold": always_hold,
    "momentum": momentum,
    "mean-revert": mean_revert,
    "fade-spike": fade_spike,
    "favourite": favourite,
}
"""Rules that need nothing to be measured first, by the name of their arm."""
