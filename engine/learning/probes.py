"""Fixed states on which a challenger is compared with its champion.

Owns which states those are, and the two numbers that come of the comparison. They stay the same
from one update to the next, so that a drift of many small steps shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.architecture import OUTPUTS, ROW, TEMPORAL

Floats = NDArray[np.float32]

COUNT: Final = 256
"""States in the set."""

STRIDE: Final = 61
"""Every so many-th state seen is kept: the first 256 in a row would be half a minute of one window.
A prime, so that it is not always the same asset's."""


class Probes:
    """Seeded noise until enough of the market was seen, states of the market from then on."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng([seed, COUNT])
        self.current = rng.uniform(-1, 1, (COUNT, ROW)).astype(np.float32)
        """(256, 18)."""
        self.temporal = rng.uniform(-1, 1, (COUNT, TEMPORAL)).astype(np.float32)
        """(256, 90)."""
        self.seen = 0
        """States since the champion started."""
        self._market = np.zeros((COUNT, ROW + TEMPORAL), np.float32)

    @property
    def kept(self) -> int:
        """States of the market kept so far."""
        return min(COUNT, -(-self.seen // STRIDE))

    def saw(self, observation: Floats, temporal: Floats) -> bool:
        """A state (18,) with its history (90,). Whether the set is another from now on."""
        place = self.kept
        self.seen += 1
        if self.kept == place:
            return False
        self._market[place, :ROW], self._market[place, ROW:] = observation, temporal
        if self.kept < COUNT:
            return False
        self._take_market()
        return True

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything but the seed, for a checkpoint."""
        return {"market": self._market[: self.kept].copy(), "seen": np.array(self.seen, np.int64)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become what `arrays` was made of. Raises ValueError, one clause, for anything else."""
        market, seen = arrays.get("market"), arrays.get("seen")
        if seen is None or seen.shape != () or seen.dtype != np.int64 or seen < 0:
            raise ValueError("does not say how many states were seen")
        self.seen = int(seen)
        if market is None or market.shape != (self.kept, ROW + TEMPORAL):
            raise ValueError(f"does not hold its {self.kept} probe states")
        if market.dtype != np.float32 or not np.isfinite(market).all():
            raise ValueError("has probe states that are no numbers")
        self._market[: self.kept] = market
        if self.kept == COUNT:
            self._take_market()

    def _take_market(self) -> None:
        self.current, self.temporal = self._market[:, :ROW].copy(), self._market[:, ROW:].copy()


def divergence(probs: Floats, reference: Floats) -> float:
    """KL(probs || reference), nats, mean over the rows (N, 3). Infinite where it has no limit."""
    p, q = probs.astype(np.float64), reference.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0.0, p * (np.log(p) - np.log(q)), 0.0)
    return float(terms.sum(axis=1).mean())


def entropy_share(probs: Floats) -> float:
    """Of the largest entropy that three actions can have, mean over the rows (N, 3)."""
    p = probs.astype(np.float64)
    nats = -np.sum(p * np.log(np.maximum(p, np.finfo(np.float64).tiny)), axis=1)
    return float(nats.mean() / np.log(OUTPUTS))
