"""What the policy saw and chose, written once at the moment of choosing.

Owns the record and the choice under a mask. A record is immutable and complete: a learner is given
records and never recomputes them (engine reference B4, L1). Nothing here places an order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.market import Outcome

Floats = NDArray[np.float32]


class Action(IntEnum):
    """The policy's three outputs (DESIGN 3)."""

    HOLD = 0
    BUY = 1
    """Go UP: close a DOWN position, or open UP from flat."""
    SELL = 2
    """Go DOWN: close an UP position, or open DOWN from flat."""

    @property
    def outcome(self) -> Outcome | None:
        """The outcome this action goes towards."""
        return {Action.BUY: Outcome.UP, Action.SELL: Outcome.DOWN}.get(self)


Mask = tuple[bool, bool, bool]
"""Which of HOLD, BUY, SELL are legal. HOLD always is."""

HOLD_ONLY: Mask = (True, False, False)


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """One choice for one asset at one tick."""

    t_ms: int
    """Market time, unix milliseconds."""
    asset: str
    slug: str
    observation: Floats
    """(18,) float32, read-only."""
    history: tuple[tuple[float, ...], ...]
    """Up to five rows of 18, oldest first, `observation` last."""
    mask: Mask
    probs: tuple[float, float, float]
    """Softmax under the mask."""
    log_prob: float
    """Of the action, under the mask."""
    value: float
    """The critic's estimate."""
    action: int
    policy_id: str
    outcome: str = ""
    """What became of it: empty (HOLD), the order id, or the denial code."""

    @property
    def mask_bits(self) -> int:
        return sum(1 << i for i, legal in enumerate(self.mask) if legal)


def masked(probs: Floats, mask: Mask) -> tuple[float, float, float]:
    """`probs` (3,) renormalised over the legal actions.

    Equal to a softmax over logits of which the illegal are minus infinity. Where the legal ones
    have no mass at all, HOLD is certain.
    """
    kept = [float(p) if legal else 0.0 for p, legal in zip(probs, mask, strict=True)]
    total = sum(kept)
    if total <= 0.0:
        return (1.0, 0.0, 0.0)
    hold, buy, sell = (p / total for p in kept)
    return (hold, buy, sell)


def most_likely(probs: tuple[float, float, float]) -> Action:
    """The largest probability; ties go to the earlier action, so HOLD first."""
    return Action(max(range(3), key=lambda i: (probs[i], -i)))


def drawn(probs: tuple[float, float, float], uniform: float) -> Action:
    """The action whose interval of the cumulative distribution holds `uniform` in [0, 1)."""
    cumulative = 0.0
    for action in Action:
        cumulative += probs[action]
        if uniform < cumulative:
            return action
    return Action(max(i for i in range(3) if probs[i] > 0.0))
