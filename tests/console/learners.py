"""The learner in each of its phases, as the engine would describe it to the console."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from engine.learning_view import (
    CriterionView,
    LearningView,
    RivalView,
    UpdateView,
    VerdictView,
)

START_MS = 1_767_225_600_000
"""2026-01-01 00:00:00 UTC, the market time at which the sample's session began."""


def verdict(word: str = "not shown", slots: int = 40) -> VerdictView:
    """A verdict on `slots`, all but two of which differ."""
    ends = {"better": (24.86, 11.47, 37.04), "worse": (-24.86, -37.04, -11.47)}
    mean, low, high = ends.get(word, (1.2, -8.05, 10.41))
    why = "the interval holds 0" if slots >= 32 else f"{max(0, slots - 2)} of the 30 slots needed"
    return VerdictView(
        verdict=word, slots=slots, differing=max(0, slots - 2), mean=mean, low=low, high=high,
        why="" if word in ends else why,
    )  # fmt: skip


def update(number: int, word: str = "accepted", reason: str = "", **rest: Any) -> UpdateView:
    """Update `number` with measures that drift and wobble."""
    wobble = math.sin(number)
    measured: dict[str, Any] = {
        "rows": 256 + number % 7,
        "rewarded": 3 + number % 4,
        "steps": 40,
        "policy_loss": -0.0123 + 0.004 * wobble,
        "value_loss": 0.52 / (1 + number / 20) + 0.02 * wobble,
        "entropy": 1.05 - 0.004 * number,
        "kl": 0.0112 + 0.003 * wobble,
        "clip_fraction": 0.08 + 0.03 * wobble,
        "explained_variance": 0.31 - 0.2 * wobble,
        "actor_grad_norm": 0.48 + 0.1 * wobble,
        "critic_grad_norm": 1.9 - 0.3 * wobble,
    }
    return UpdateView(number, START_MS + number * 41_000, word, reason, **{**measured, **rest})


def quarantined(number: int) -> UpdateView:
    """An update that was refused before anything of it was computed."""
    return UpdateView(
        number, START_MS + number * 41_000, "quarantined",
        "log-probs of the rows are off by 0.012, at most 0.0001", rows=256, rewarded=2,
    )  # fmt: skip


def history(count: int = 12) -> tuple[UpdateView, ...]:
    """`count` updates, oldest first; the one before the last was rejected."""
    rejected = update(count - 1, "rejected", "KL of the update 0.083, at most 0.06")
    return (*(update(n) for n in range(1, count - 1)), rejected, update(count))


CRITERIA = (
    CriterionView("promotion allowed", "at $318.36 at risk it may not", "yes", met=False),
    CriterionView("accepted updates", "11", "4", met=True),
    CriterionView("last update", "accepted", "accepted", met=True),
    CriterionView("slots compared", "12", "30", met=False),
    CriterionView("against champion", "not shown", "better", met=False),
)


def collecting(**changes: Any) -> LearningView:
    """Twelve updates in, and half way to the next."""
    view = LearningView(
        on=True,
        phase="collecting",
        why="",
        gamma=0.95,
        rows=142,
        rewarded=3,
        rewarded_needed=1,
        updates=history(),
        accepted=11,
        refused=1,
        champion=RivalView("3f9a1c0b7de2", 12.4, 18),
        challenger=RivalView("91ab04c2ee17", -3.05, 22),
        verdict=verdict(slots=12),
        criteria=CRITERIA,
        reward_scale=12.4,
        checkpoint="update 12",
        slice_p99_ms=6.1,
        behind_s=0.5,
    )
    return replace(view, **changes)


def updating(**changes: Any) -> LearningView:
    """A dozen minibatches into the thirteenth update."""
    return collecting(**{"phase": "updating", "why": "", "rows": 256, "step": 12, "steps": 40,
                         **changes})  # fmt: skip


def paused(**changes: Any) -> LearningView:
    """Held by the budget of updates."""
    return collecting(phase="paused", why="120 updates in the last hour, at most 120", **changes)


def off(**changes: Any) -> LearningView:
    """Switched off by the operator."""
    return collecting(
        on=False, phase="off", why="switched off; the challenger stays as is", **changes
    )


def promotable(**changes: Any) -> LearningView:
    """Everything that a promotion takes is met."""
    criteria = tuple(replace(criterion, met=True) for criterion in CRITERIA)
    return collecting(**{"criteria": criteria, "verdict": verdict("better"), **changes})


def on_probation(**changes: Any) -> LearningView:
    """Promoted a while ago, and watched."""
    watched = "lost $31.20 of $150, slot 14 of 96"
    return collecting(**{"probation": watched, **changes})
