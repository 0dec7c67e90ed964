"""A world in which what pays is known, and pays late.

Four assets. At some ticks an asset shows a cue in its first feature, +1 or -1; BUY at +1 and SELL
at -1 are right, and `delay` ticks later that asset's window realises a gain for the right answer
and the same loss for the wrong one. Until then it shows no other cue. HOLD at a cue realises
nothing and counts as a miss. Whatever is done at other ticks is without effect, and all other
features are noise. With the longer delays the cue has left the five states of the history long
before it pays, so nothing but the advantages' trace can find the decision that earned it.

The learner's own parts see it as they see a market: decisions tick by tick, money by window.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from engine import events as ev
from engine.decision import Action, Decision, Floats, drawn, masked
from engine.history import History
from engine.learning.learner import Learner
from engine.learning.profile import PHASE5 as PROFILE
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.settings import Learning
from engine.trading_state import TradingState
from engine.units import MICRO
from models.architecture import PHASE5
from models.initial import initial_tensors

ASSETS: Final = ("BTC", "ETH", "SOL", "XRP")
CUE_RATE: Final = 0.3
"""Chance of a cue, per tick and asset that waits for no payment."""
NOISE: Final = 0.05
"""Bound of the other features, each way."""
GAIN: Final = 1.0
"""Dollars for the right answer; the wrong one loses as much."""
TICK_MS: Final = 500
LEGAL: Final = (True, True, True)
PAID: Final = ev.Noted("info", "an answer is paid for")

_RIGHT: Final = {1: Action.BUY, -1: Action.SELL}


class World:
    """Cues, answers and what they pay."""

    def __init__(self, delay: int, rng: np.random.Generator) -> None:
        """`delay` in ticks: an answer is paid for after the `delay`-th tick from its own."""
        self._delay = delay
        self._rng = rng
        self._due: deque[tuple[int, str, int]] = deque()
        self._waiting: set[str] = set()
        self.tick = 0
        self.cues: tuple[int, ...] = ()
        """Of this tick: +1, -1, or 0 for none, by asset."""

    def look(self) -> Floats:
        """The observations (4, 18) of a new tick."""
        self.tick += 1
        rows = self._rng.uniform(-NOISE, NOISE, (len(ASSETS), 18)).astype(np.float32)
        shown = self._rng.random(len(ASSETS)) < CUE_RATE
        shown &= [asset not in self._waiting for asset in ASSETS]
        signs = self._rng.choice([-1, 1], len(ASSETS))
        self.cues = tuple(int(cue) for cue in np.where(shown, signs, 0))
        rows[:, 0] = self.cues
        return rows

    def answer(self, actions: list[int]) -> list[bool]:
        """Take the actions; for each cue shown, whether it was answered rightly."""
        right: list[bool] = []
        for asset, cue, action in zip(ASSETS, self.cues, actions, strict=True):
            if cue == 0:
                continue
            right.append(action == _RIGHT[cue])
            if action != Action.HOLD:
                self._waiting.add(asset)
                gain = round(GAIN * MICRO) * (1 if right[-1] else -1)
                self._due.append((self.tick + self._delay, asset, gain))
        return right

    def paid(self) -> list[tuple[str, int]]:
        """Asset and micro-dollars of every answer that is paid for before the next tick."""
        found: list[tuple[str, int]] = []
        while self._due and self._due[0][0] <= self.tick:
            _, asset, gain = self._due.popleft()
            found.append((asset, gain))
            self._waiting.remove(asset)
        return found


Follow = Callable[[Callable[[Transition], None]], Trajectories]


class Pupil:
    """The learner in this world, from untrained weights."""

    def __init__(self, seed: int, follow: Follow = Trajectories) -> None:
        self.seed = seed
        tensors = initial_tensors(PHASE5, seed)
        self.learner = Learner(PHASE5, tensors, None, "untrained", PROFILE, Learning(), GAIN, seed)
        self.trajectories = follow(self.learner.take)
        self.learner.on_policy_changed = lambda: self.trajectories.cut("another policy")
        self._draws = np.random.default_rng(seed)
        self._histories = [History() for _ in ASSETS]

    def decide(self, tick: int, rows: Floats) -> list[Decision]:
        """A sampled decision for each asset."""
        for history, row in zip(self._histories, rows, strict=True):
            history.push(row)
        temporals = np.stack([history.temporal() for history in self._histories])
        probs, values = self.learner.forward(rows, temporals)
        told = values.tolist()
        return [self._chosen(tick, i, rows[i], probs[i], told[i]) for i in range(len(ASSETS))]

    def _chosen(self, tick: int, i: int, row: Floats, probs: Floats, value: float) -> Decision:
        legal = masked(probs, LEGAL)
        action = drawn(legal, float(self._draws.random()))
        return Decision(
            t_ms=tick * TICK_MS,
            asset=ASSETS[i],
            slug=ASSETS[i],
            observation=row,
            history=self._histories[i].rows(),
            mask=LEGAL,
            probs=legal,
            log_prob=math.log(legal[action]),
            value=value,
            action=int(action),
            policy_id=self.learner.policy_id,
        )

    def close(self) -> None:
        self.learner.close()

    def learn(self, t_ms: int) -> None:
        """As many updates as there are rows for, with no slice of them waiting for a tick."""
        self.learner.slice(t_ms)
        while self.learner.updating:
            self.learner.slice(t_ms)


def scores(pupil: Pupil, delay: int, ticks: int) -> list[float]:
    """Share of cues answered rightly in each fifth of a run of so many ticks."""
    world = World(delay, np.random.default_rng([pupil.seed, delay]))
    right: list[list[bool]] = [[] for _ in range(5)]
    for tick in range(ticks):
        decisions = pupil.decide(tick, world.look())
        pupil.trajectories.ticked(tick * TICK_MS, decisions, TradingState.ACTIVE)
        right[5 * tick // ticks] += world.answer([d.action for d in decisions])
        for asset, gain in world.paid():
            pupil.trajectories.happened(asset, PAID, gain)
        pupil.learn(tick * TICK_MS)
    return [sum(fifth) / len(fifth) for fifth in right]
