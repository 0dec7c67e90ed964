"""An update under way, and all that is needed to undo it.

Owns the passage from collected rows to an update: the scale of their rewards, and what the
generator of random numbers was before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from engine.learning.adam import Moments
from engine.learning.advantages import RewardScale
from engine.learning.parameters import Weights
from engine.learning.profile import Profile
from engine.learning.rollout import Batch
from engine.learning.update import Update
from models.architecture import Architecture
from models.stats import Stats

_OVER: Final = object()


class Running:
    """One update between two slices."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        moments: Moments,
        batch: Batch,
        stats: Stats,
        stake_dollars: float,
        profile: Profile,
        rng: np.random.Generator,
    ) -> None:
        """`stats` are of the rewards before `batch`; `rng` is drawn from as the slices go on."""
        self.batch = batch
        self.generator: dict[str, Any] = dict(rng.bit_generator.state)
        """State of `rng` before the update."""
        scale = RewardScale(stats)
        scale.seen(batch.rewards)
        self.stats = scale.stats(profile)
        """With this batch counted in."""
        dollars = scale.dollars(profile, stake_dollars)
        self.update = Update(architecture, weights, moments, batch, dollars, profile, rng)
        self._slices: Iterator[None] = self.update.slices()

    def over(self) -> bool:
        """Do one slice. Whether it was the last."""
        return next(self._slices, _OVER) is _OVER
