"""Defects of an earlier learner, each small enough to be put back, one at a time.

Each changes what passes from the trajectories to the rollout, or the rollout, or the history, in
the way that the earlier program did. The numbers are those of the study that found them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from engine.decision import Action
from engine.features import Row
from engine.history import History
from engine.learning.rollout import Batch, Rollout
from engine.learning.transition import Transition

Take = Callable[[Transition], None]
Defect = Callable[[Take], Take]


def none(take: Take) -> Take:
    return take


def r01_shifted_rows(take: Take) -> Take:
    """The state before beside the action now, and the reward from before that action."""
    before: dict[str, Transition] = {}

    def tampered(now: Transition) -> None:
        earlier = before.get(now.episode)
        before[now.episode] = now
        if earlier is not None:
            take(replace(now, observation=earlier.observation, reward=earlier.reward))

    return tampered


def r02_shared_registers(take: Take) -> Take:
    """What was last computed for any asset stands in for what an ending row was decided on."""
    registers: list[Transition] = []

    def tampered(now: Transition) -> None:
        last = registers.pop() if registers else now
        registers.append(now)
        ends = now.done or now.truncated
        source = last if ends else now
        take(replace(now, temporal=source.temporal, log_prob=source.log_prob, value=source.value))

    return tampered


def r03_history_stored_twice(take: Take) -> Take:
    """Deciding and storing both push, so training sees each state twice."""

    def tampered(now: Transition) -> None:
        frames = now.temporal.reshape(5, 18)
        take(replace(now, temporal=frames[[2, 2, 3, 3, 4]].ravel()))

    return tampered


def r06_mean_subtracted(take: Take) -> Take:
    """Rewards less their running mean: nothing earned is no longer nothing."""
    seen: list[float] = []

    def tampered(now: Transition) -> None:
        seen.append(now.reward)
        take(replace(now, reward=now.reward - sum(seen) / len(seen)))

    return tampered


def r07_relabelled(take: Take) -> Take:
    """Whatever was chosen, an episode ends with HOLD."""

    def tampered(now: Transition) -> None:
        take(replace(now, action=int(Action.HOLD)) if now.done else now)

    return tampered


def r07_lost_at_the_end(take: Take) -> Take:
    """What a window earns after its last tick is booked where nobody reads it."""

    def tampered(now: Transition) -> None:
        take(replace(now, reward=0.0) if now.done else now)

    return tampered


class OneSeries(Rollout):
    """R04: all assets in the order of arrival, as if they were one trajectory."""

    def add(self, transition: Transition) -> None:
        super().add(replace(transition, environment="all", episode="all"))

    def batch(self) -> Batch:
        batch = super().batch()
        ends = batch.dones.copy()
        ends[-1:] = True
        ahead = np.append(batch.values[1:], batch.next_values[-1:])
        return replace(batch, cuts=ends, next_values=ahead)


class PushedTwice(History):
    """R03, in the engine: every state is pushed twice, and the policy sees that."""

    def push(self, row: Row) -> None:
        super().push(row)
        super().push(row)


class NeverCleared(History):
    """R08: a window begins with the states of the one before."""

    def clear(self) -> None:
        pass
