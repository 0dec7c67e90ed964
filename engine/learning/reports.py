"""What is kept of an update after its verdict: a line for the screen, and rows for study."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from engine.learning.guards import Verdict
from engine.learning.rollout import Batch
from engine.learning.state_file import seal
from engine.learning.update import Measures
from engine.learning_view import UpdateView

MOST_ROWS: Final = 4_096
"""Rows written for study, two million bytes; all 30,000 of a big rollout would hold the loop."""


@dataclass(frozen=True, slots=True, eq=False)
class Quarantine:
    """Rows that nothing was learnt from."""

    batch: Batch
    reason: str
    t_ms: int
    """Market time of the verdict."""

    def to_bytes(self) -> bytes:
        """The first of them, and how many there were, in the envelope of a checkpoint
        (`engine.learning.state_file`)."""
        names = [field.name for field in fields(self.batch) if field.name != "policy_ids"]
        facts = {
            "reason": self.reason,
            "t_ms": self.t_ms,
            "policies": self.batch.policy_ids,
            "rows": len(self.batch),
        }
        return seal(facts, {name: getattr(self.batch, name)[:MOST_ROWS] for name in names})


def viewed(
    number: int, t_ms: int, verdict: Verdict, batch: Batch, measures: Measures | None
) -> UpdateView:
    """The update as the console may know it. `measures` None: it did not get that far."""
    rewarded = int(np.count_nonzero(batch.rewards))
    view = UpdateView(number, t_ms, verdict.kind, verdict.reason, len(batch), rewarded)
    if measures is None:
        return view
    return UpdateView(
        number=number,
        t_ms=t_ms,
        verdict=verdict.kind,
        reason=verdict.reason,
        rows=len(batch),
        rewarded=rewarded,
        steps=measures.steps,
        policy_loss=_known(measures.policy_loss),
        value_loss=_known(measures.value_loss),
        entropy=_known(measures.entropy),
        kl=_known(measures.kl),
        clip_fraction=_known(measures.clip_fraction),
        explained_variance=_known(measures.explained_variance),
        actor_grad_norm=_known(measures.actor_grad_norm),
        critic_grad_norm=_known(measures.critic_grad_norm),
    )


def _known(number: float | None) -> float | None:
    """On the screen a number that is none is unknown."""
    return number if number is not None and math.isfinite(number) else None
