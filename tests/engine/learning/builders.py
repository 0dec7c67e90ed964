"""Small learners, and a market of dice for them to learn from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from engine.decision import drawn
from engine.learning.learner import Learner
from engine.learning.profile import PHASE5, Profile
from engine.learning.transition import Transition
from engine.learning_view import UpdateView
from engine.settings import Learning
from models.architecture import PHASE5 as NETWORK
from models.architecture import ROW, TEMPORAL, Architecture
from tests.engine.build import START_MS
from tests.models.files import seeded, stats_of

SMALL: Profile = replace(PHASE5, rows=64, minibatch=32, epochs=2, target_kl=1.0)
"""Four minibatches an update, never ended early."""

FREE = Learning(update_kl=10.0, champion_kl=10.0, explained_variance=-100.0, weight_growth=100.0)
"""Guards that a healthy learner of dice never meets."""

STAKE = 100.0
TICK_MS = 500
EPISODE = 16
"""Rows of a window."""


@contextmanager
def learning(
    architecture: Architecture = NETWORK,
    profile: Profile = SMALL,
    limits: Learning = FREE,
    seed: int = 3,
    weights: int = 1,
) -> Iterator[Learner]:
    """A learner from the seeded weights number `weights`, let go of at the end."""
    learner = Learner(
        architecture=architecture,
        tensors=seeded(architecture, weights),
        stats=stats_of(architecture),
        champion_id="champion",
        profile=profile,
        learning=limits,
        stake_dollars=STAKE,
        seed=seed,
    )
    try:
        yield learner
    finally:
        learner.close()


class Dice:
    """A market whose every row is drawn from a seed and its own number.

    It may therefore be gone on with at any row, as a restarted program would.
    """

    def __init__(self, seed: int = 7, at: int = 0) -> None:
        self._seed = seed
        self.at = at
        """Number of the next row."""

    @classmethod
    def after(cls, learner: Learner) -> Dice:
        """Where the market was when the learner's last update was judged."""
        last = learner.updates[-1].t_ms if learner.updates else START_MS
        return cls(at=(last - START_MS) // TICK_MS)

    @property
    def t_ms(self) -> int:
        return START_MS + self.at * TICK_MS

    def row(self, learner: Learner) -> Transition:
        """What came of the learner's answer to the next state."""
        rng = np.random.default_rng([self._seed, self.at])
        observation = rng.uniform(-1, 1, ROW).astype(np.float32)
        temporal = rng.uniform(-1, 1, TEMPORAL).astype(np.float32)
        probs, values = learner.forward(observation[None], temporal[None])
        hold, buy, sell = (float(p) for p in probs[0])
        action = drawn((hold, buy, sell), rng.random())
        done = self.at % EPISODE == EPISODE - 1
        reward = float(rng.normal(0, 20)) if done or action == 1 else 0.0
        self.at += 1
        return Transition(
            environment="BTC",
            episode=f"w{(self.at - 1) // EPISODE}",
            observation=observation,
            temporal=temporal,
            mask=(True, True, True),
            action=int(action),
            log_prob=float(np.log(probs[0][action])),
            value=float(values[0]),
            policy_id=learner.policy_id,
            reward=reward,
            done=done,
            truncated=False,
            next_value=0.0,
        )

    def tick(self, learner: Learner) -> UpdateView | None:
        """One row and one slice."""
        learner.take(self.row(learner))
        return learner.slice(self.t_ms)

    def begin_update(self, learner: Learner) -> None:
        """Tick until an update is under way."""
        while not learner.updating:
            self.tick(learner)

    def learn(self, learner: Learner, updates: int = 1) -> list[UpdateView]:
        """Tick until so many updates were judged."""
        found: list[UpdateView] = []
        while len(found) < updates:
            judged = self.tick(learner)
            found += [judged] if judged else []
        return found
