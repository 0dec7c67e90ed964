"""The hyper-parameters of PPO, by profile.

Owns the two sets of numbers and how the user's settings change them. ``phase5`` is the
specification (DESIGN 3); ``long_horizon`` is what its measured defects ask for. Computes nothing
else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

from engine.settings import PPO

CREDIT_S: Final = 1800.0
"""Time constant of ``long_horizon``, seconds: after a whole window a reward keeps 0.61 of its
worth."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Every number of the learner."""

    name: str
    gamma: float
    """Discount per decision, in (0, 1]."""
    gae_lambda: float
    """Decay of the advantage's trace beside gamma, in [0, 1]."""
    clip: float
    """How far the probability ratio may count, each way; the value too where `clip_value`."""
    clip_value: bool
    """Whether a new value counts only within `clip` of the old one, as in the specification."""
    entropy: float
    """Weight of the entropy bonus."""
    value: float
    """Weight of the value loss."""
    max_grad_norm: float
    """Longest gradient of each network."""
    actor_lr: float
    critic_lr: float
    adam_epsilon: float
    bias_correction: bool
    """Adam's correction of its first steps. MLX's default is none, and the specification's numbers
    are made without."""
    rows: int
    """Fewest transitions of an update, all environments together. There are more of them where a
    reward or a verdict is waited for: up to some thousand in a quiet market, all chosen by one
    policy, and each epoch passes over all."""
    episodes: int
    """Windows that must have ended within them; 0: the rows alone decide."""
    rewarded: int
    """Fewest rows with a reward: without any, normalised advantages are the critic's noise. Rows
    are not given up for it, or what led to the reward would be missing beside it."""
    minibatch: int
    """Rows of one gradient step."""
    epochs: int
    """Passes over the rows."""
    target_kl: float
    """Nats; an update ends before the step at which its minibatch is 1.5 times as far."""
    kl: Literal["k1", "k3"]
    """Estimator: the mean log-ratio, signed (the specification's), or Schulman's third, which is
    never negative. The guards use k3 in either profile."""
    reward_scale: Literal["running", "stake"]
    """What a reward is divided by: the running deviation of the rewards, or the stake. Neither
    moves zero."""


PHASE5: Final = Profile(
    name="phase5",
    gamma=0.95,
    gae_lambda=0.95,
    clip=0.2,
    clip_value=True,
    entropy=0.03,
    value=0.5,
    max_grad_norm=0.5,
    actor_lr=1e-4,
    critic_lr=3e-4,
    adam_epsilon=1e-8,
    bias_correction=False,
    rows=256,
    episodes=0,
    rewarded=1,
    minibatch=64,
    epochs=10,
    target_kl=0.02,
    kl="k1",
    reward_scale="running",
)


def long_horizon(decision_ms: int) -> Profile:
    """Credit over a whole window, rollouts of whole windows, no value clip, corrected Adam."""
    return replace(
        PHASE5,
        name="long_horizon",
        gamma=math.exp(-decision_ms / 1000 / CREDIT_S),
        gae_lambda=0.97,
        clip_value=False,
        adam_epsilon=1e-5,
        bias_correction=True,
        rows=1_024,
        episodes=16,
        rewarded=8,
        epochs=4,
        target_kl=0.015,
        kl="k3",
        reward_scale="stake",
    )


def profile_of(ppo: PPO, decision_ms: int) -> Profile:
    """The profile that the settings name, with what they set apart from it."""
    base = PHASE5 if ppo.profile == "phase5" else long_horizon(decision_ms)
    chosen = ppo.model_dump(exclude={"profile"}, exclude_none=True)
    return replace(base, **chosen)
