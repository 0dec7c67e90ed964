"""From rewards in dollars to advantages and returns in scaled rewards.

Owns generalised advantage estimation and the scale of the rewards. Neither moves zero: a reward of
nothing stays nothing, or an agent that does nothing would be paid for it.
"""

from __future__ import annotations

import math
from collections.abc import Generator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.learning.pieces import finished, pieces
from engine.learning.profile import Profile
from models.stats import Stats

Reals = NDArray[np.float64]

LARGEST: Final = 10.0
"""Scaled rewards are clipped to this, each way."""

LEAST_SHARE: Final = 0.01
"""Of the stake: the running deviation of nearly equal rewards counts as no less."""


def gae(
    rewards: NDArray[np.floating],
    values: NDArray[np.floating],
    next_values: NDArray[np.floating],
    dones: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    gamma: float,
    gae_lambda: float,
) -> tuple[Reals, Reals]:
    """Advantages and returns (N,) of scaled `rewards`, rows of an episode in time order.

    A row's own estimate looks one row ahead with `next_values`, which counts for nothing where
    `dones`; the trace of later rows ends where `cuts`. Every done row must be cut as well.
    """
    made = gae_in_pieces(rewards, values, next_values, dones, cuts, gamma, gae_lambda)
    return finished(made)


def gae_in_pieces(
    rewards: NDArray[np.floating],
    values: NDArray[np.floating],
    next_values: NDArray[np.floating],
    dones: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    gamma: float,
    gae_lambda: float,
) -> Generator[None, None, tuple[Reals, Reals]]:
    """The same as `gae`, to the last bit, from the last piece to the first."""
    estimates = np.asarray(values, np.float64)
    ahead = np.where(dones, 0.0, np.asarray(next_values, np.float64))
    advantages = np.asarray(rewards, np.float64) + gamma * ahead - estimates
    decays = np.where(cuts | dones, 0.0, gamma * gae_lambda)
    trace = 0.0
    for piece in reversed(list(pieces(len(advantages)))):
        traced = _traced(advantages[piece].tolist(), decays[piece].tolist(), trace)
        advantages[piece], trace = traced, traced[0]
        yield
    return advantages, advantages + estimates


def _traced(deltas: list[float], decays: list[float], trace: float) -> list[float]:
    """Each delta plus the decayed sum of those behind it, the last of which is `trace`.

    Lists: numpy's scalars are slower.
    """
    backwards: list[float] = []
    for delta, decay in zip(reversed(deltas), reversed(decays), strict=True):
        trace = delta + decay * trace
        backwards.append(trace)
    return backwards[::-1]


def normalised(advantages: NDArray[np.floating]) -> NDArray[np.float32]:
    """Mean 0 and (population) standard deviation 1 over all rows."""
    exact = np.asarray(advantages, np.float64)
    scaled: NDArray[np.float32] = ((exact - exact.mean()) / (exact.std() + 1e-8)).astype(np.float32)
    return scaled


class RewardScale:
    """Running mean and deviation of every reward seen, dollars; Welford's recurrence, by parts."""

    __slots__ = ("_count", "_mean", "_squares")

    def __init__(self, stats: Stats | None = None) -> None:
        """Go on where `stats` left off; None: nothing was seen."""
        self._count = 0 if stats is None else stats.reward_count
        self._mean = 0.0 if stats is None else stats.reward_mean
        self._squares = 0.0 if stats is None else stats.reward_std**2 * stats.reward_count

    def seen(self, rewards: NDArray[np.floating]) -> None:
        """Count these dollars in. ValueError for NaN or infinity, and nothing is counted."""
        exact = np.asarray(rewards, np.float64)
        if not np.isfinite(exact).all():
            raise ValueError("a reward is not finite; leave its row out")
        if exact.size:
            count = self._count + exact.size
            apart = float(exact.mean()) - self._mean
            spread = float(np.square(exact - exact.mean()).sum())
            self._squares += spread + apart**2 * self._count * exact.size / count
            self._mean += apart * exact.size / count
            self._count = count

    def dollars(self, profile: Profile, stake: float) -> float:
        """Dollars that count as a reward of 1; above 0.

        `stake` is the base stake in dollars, which the ``stake`` scale is and the ``running`` one
        leans on until rewards differ: with none seen it is the stake too.
        """
        if profile.reward_scale == "stake" or self._count == 0:
            return stake
        return max(self.deviation, LEAST_SHARE * stake)

    @property
    def deviation(self) -> float:
        """Population standard deviation of the rewards seen, dollars; 0 before the first."""
        return math.sqrt(max(self._squares, 0.0) / self._count) if self._count else 0.0

    def stats(self, profile: Profile) -> Stats:
        """In the form of the file beside the weights."""
        return Stats(self._mean, self.deviation, self._count, profile.gamma, profile.rows)
