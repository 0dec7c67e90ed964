"""One step of experience, complete: what was seen and done, what came of it, where it led.

Owns the record that passes from the trajectories to the learner. Everything in it was written at
the moment of the decision or is a consequence of it; nothing is ever recomputed or relabelled.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.decision import Floats, Mask


@dataclass(frozen=True, slots=True, eq=False)
class Transition:
    """From one decision of an environment to its next."""

    environment: str
    """The asset."""
    episode: str
    """The window. Rows of one episode that follow each other in the rollout follow each other in
    time, unless the earlier one is done or truncated."""
    observation: Floats
    """(18,) float32."""
    temporal: Floats
    """(90,) float32: the five states that the policy saw, oldest first."""
    mask: Mask
    """What was legal."""
    action: int
    """What the policy chose, whatever the gate or a rule made of it."""
    log_prob: float
    """Of the action, under the mask, by the policy named below."""
    value: float
    """The critic's estimate at the decision, in scaled rewards."""
    policy_id: str
    reward: float
    """Dollars realised between this decision and the next, after fees; unscaled."""
    done: bool
    """The window's official resolution ended the episode: nothing comes after."""
    truncated: bool
    """A gap, a halt, a restart or another policy cut the episode here: what comes after is
    estimated by `next_value`."""
    next_value: float
    """The critic's estimate where this led, in scaled rewards; without effect if `done`."""
