"""What the console may know of the learner and of its rivals: frozen, plain numbers and words.

A part of `engine.snapshot`, under the same rules: every float is finite or None, None is unknown,
and nothing here holds an MLX array.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VerdictView:
    """What may be said of a difference, slot by slot."""

    verdict: str = "not shown"
    """``better``, ``worse`` or ``not shown``."""
    slots: int = 0
    """Window slots compared."""
    differing: int = 0
    """Of these, those in which the two results differ: what the verdict rests on."""
    mean: float | None = None
    """Dollars per slot; None: nothing to compare."""
    low: float | None = None
    """Lower end of the 95 % interval, dollars per slot; None: too few slots to have one."""
    high: float | None = None
    why: str = "no window slot is complete"
    """One clause."""


@dataclass(frozen=True, slots=True)
class UpdateView:
    """One PPO update of the challenger, and what became of it. None: it did not get that far."""

    number: int
    """From 1, over the challenger's whole life."""
    t_ms: int
    """Market time at which it was judged."""
    verdict: str
    """``accepted``, ``rejected`` (weights as before it), ``dropped`` (the challenger starts anew
    from the champion) or ``quarantined`` (its rows were set aside unused)."""
    reason: str = ""
    """The failing guard with measured value and limit; empty if accepted."""
    rows: int = 0
    rewarded: int = 0
    """Rows with a reward other than 0."""
    steps: int = 0
    """Gradient steps taken."""
    policy_loss: float | None = None
    value_loss: float | None = None
    entropy: float | None = None
    """Nats, mean over the rows, under the mask."""
    kl: float | None = None
    """Of the whole update on its own rows, nats (k3)."""
    clip_fraction: float | None = None
    explained_variance: float | None = None
    actor_grad_norm: float | None = None
    """Before clipping, mean over the steps."""
    critic_grad_norm: float | None = None


@dataclass(frozen=True, slots=True)
class RivalView:
    """Champion or challenger in the comparison between them. Dollars."""

    policy_id: str = ""
    pnl: float = 0.0
    """Executable realised PnL over the slots compared."""
    trades: int = 0
    """Fills in the slots compared and in the running one."""


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One thing that a promotion takes."""

    name: str
    measured: str
    needed: str
    met: bool


@dataclass(frozen=True, slots=True)
class LearningView:
    """The challenger: what it learns from, how it fares, what it would take to promote it."""

    on: bool = False
    phase: str = "off"
    """``off``, ``collecting``, ``updating`` or ``paused``."""
    why: str = "learning is off"
    """Why it is off or paused, or what a full rollout still waits for; empty: it goes on."""
    profile: str = "phase5"
    gamma: float | None = None
    """Discount per decision."""
    rows: int = 0
    """Transitions collected for the next update."""
    rows_needed: int = 256
    rewarded: int = 0
    rewarded_needed: int = 0
    step: int = 0
    """Minibatches done of the running update."""
    steps: int = 0
    """At most so many minibatches; 0: none runs."""
    updates: tuple[UpdateView, ...] = ()
    """Newest last, at most 200."""
    accepted: int = 0
    """Updates accepted since the challenger started from the champion."""
    refused: int = 0
    """Updates rejected, dropped or quarantined since the program started."""
    champion: RivalView = RivalView()
    challenger: RivalView = RivalView()
    verdict: VerdictView = VerdictView()
    """Challenger less champion, dollars per slot."""
    criteria: tuple[CriterionView, ...] = ()
    """Of a promotion."""
    probation: str = ""
    """What is watched after a promotion, with measured value and limit; empty: nothing."""
    reward_scale: float | None = None
    """Dollars that count as a reward of 1."""
    checkpoint: str = ""
    """The newest checkpoint in words; empty: none yet."""
    slice_p99_ms: float | None = None
    """Longest hold of the loop by one slice of learning, 99th percentile, milliseconds."""
    behind_s: float = 0.0
    """Market seconds by which the challenger trails the champion."""
