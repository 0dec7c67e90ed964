"""One batched policy call for all assets, and the choice of an action from it.

Owns the passage from rows to `Decision` records. It knows neither orders nor limits; the mask says
what is legal. Falling to the next rung of the ladder on a non-finite output happens inside the same
call, so a tick is never lost to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.decision import Action, Decision, Floats, Mask, drawn, masked, most_likely
from models.ladder import Fall, Ladder

ROWS = 4
"""Rows of every call. A fixed shape is compiled once; unused rows are zero."""


@dataclass(frozen=True, slots=True)
class Row:
    """One asset's input at one tick."""

    asset: str
    slug: str
    observation: Floats
    """(18,) float32."""
    history: tuple[tuple[float, ...], ...]
    """Oldest first, `observation` last."""
    temporal: Floats
    """(90,) float32."""
    mask: Mask


class Decider:
    """Asks the ladder's current policy and takes an action by the rule."""

    def __init__(self, ladder: Ladder, rule: str, rng: np.random.Generator) -> None:
        """`rule` is ``greedy`` or ``sample``; `rng` is used by ``sample`` only."""
        self.ladder = ladder
        self.rule = rule
        self._rng = rng

    def decide(self, t_ms: int, rows: Sequence[Row]) -> tuple[list[Decision], tuple[Fall, ...]]:
        """A decision for each row, and the falls that happened on the way."""
        size = max(ROWS, len(rows))
        current = np.zeros((size, 18), np.float32)
        temporal = np.zeros((size, 90), np.float32)
        for i, row in enumerate(rows):
            current[i], temporal[i] = row.observation, row.temporal
        probs, values, falls = self.ladder.forward(current, temporal)
        made = [self._choose(t_ms, row, probs[i], float(values[i])) for i, row in enumerate(rows)]
        return made, falls

    def _choose(self, t_ms: int, row: Row, probs: Floats, value: float) -> Decision:
        legal = masked(probs, row.mask)
        action = self._action(probs, legal, row.mask)
        return Decision(
            t_ms=t_ms,
            asset=row.asset,
            slug=row.slug,
            observation=row.observation,
            history=row.history,
            mask=row.mask,
            probs=legal,
            log_prob=math.log(max(legal[action], 1e-45)),
            value=value,
            action=int(action),
            policy_id=self.ladder.policy.policy_id,
        )

    def _action(self, probs: Floats, legal: tuple[float, float, float], mask: Mask) -> Action:
        if self.rule == "sample":
            return drawn(legal, float(self._rng.random()))
        # Wanting UP while holding UP is a wish to keep it, not to do the next likeliest thing: the
        # unmasked favourite is taken, and where it is illegal nothing is done.
        hold, buy, sell = (float(p) for p in probs)
        wanted = most_likely((hold, buy, sell))
        return wanted if mask[wanted] else Action.HOLD
