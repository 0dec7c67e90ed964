"""Adam on flat vectors, with the correction of its first steps as an explicit switch.

Owns the moments and the one formula. The learning rates come from the profile; nothing here knows
what the numbers are the gradients of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import mlx.core as mx

from engine.learning.parameters import Weights

BETA_1: Final = 0.9
"""Memory of the mean gradient."""
BETA_2: Final = 0.999
"""Memory of the mean squared gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What Adam remembers of both networks; bound to the thread that made it."""

    actor_m: mx.array
    """(P,) running mean of the gradient."""
    actor_v: mx.array
    """(P,) running mean of its square."""
    critic_m: mx.array
    """(Q,)."""
    critic_v: mx.array
    """(Q,)."""
    step: int
    """Steps taken so far."""


def fresh(weights: Weights) -> Moments:
    """Moments of an optimiser that has seen nothing."""
    actor, critic = (mx.zeros(flat.shape) for flat in weights.flats)
    return Moments(actor, actor, critic, critic, 0)


def corrections(step: int) -> tuple[float, float]:
    """What the moments of the `step`-th step (from 1) are multiplied by to be unbiased."""
    return 1.0 / (1.0 - BETA_1**step), 1.0 / (1.0 - BETA_2**step)


def adam(
    flat: mx.array,
    gradient: mx.array,
    m: mx.array,
    v: mx.array,
    rate: mx.array,
    epsilon: mx.array,
    of_mean: mx.array,
    of_square: mx.array,
) -> tuple[mx.array, mx.array, mx.array]:
    """One step: the moved vector and its moments.

    `of_mean` and `of_square` are the two `corrections`, or 1 for an optimiser without them.
    """
    m = BETA_1 * m + (1.0 - BETA_1) * gradient
    v = BETA_2 * v + (1.0 - BETA_2) * mx.square(gradient)
    moved = flat - rate * (m * of_mean) / (mx.sqrt(v * of_square) + epsilon)
    return moved, m, v
