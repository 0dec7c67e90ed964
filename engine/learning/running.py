"""An update under way, and all that is needed to undo it.

Owns the passage from collected rows to an update: how they are gathered, whether they can be
believed, the scale of their rewards, and what the generator of random numbers was before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from engine.learning import guards
from engine.learning.adam import Moments
from engine.learning.advantages import RewardScale
from engine.learning.parameters import Weights
from engine.learning.profile import Profile
from engine.learning.rollout import Batch, Rollout
from engine.learning.update import Update
from models.architecture import Architecture
from models.stats import Stats

Dealt = Callable[[Batch], Batch]
"""What is made of the rows before they are learnt from."""

_OVER: Final = object()


class Running:
    """One update between two slices."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        moments: Moments,
        rollout: Rollout,
        dealt: Dealt,
        spoiled: str,
        stats: Stats,
        stake_dollars: float,
        profile: Profile,
        rng: np.random.Generator,
    ) -> None:
        """`rollout` takes no row until this is over. `spoiled` is why nothing may be learnt from
        it, or "". `stats` are of the rewards before it; `rng` is drawn from as the slices go on.
        """
        self.quarantine = spoiled
        """Why the rows were not learnt from; "": they were, or may yet be."""
        self.generator: dict[str, Any] = dict(rng.bit_generator.state)
        """State of `rng` before the update."""
        self.stats = stats
        """Of the rewards learnt from: with these counted in as soon as they are believed."""
        self.update: Update | None = None
        """None until the rows are gathered, and where they are not believed."""
        self._batch: Batch | None = None
        self._start = (architecture, weights, moments)
        self._rollout, self._dealt, self._stake = rollout, dealt, stake_dollars
        self._profile, self._rng = profile, rng
        self._slices: Iterator[None] = self._all()

    @property
    def batch(self) -> Batch:
        """The rows, once they are gathered."""
        assert self._batch is not None  # noqa: S101 - whoever asks has seen it over
        return self._batch

    @property
    def done_steps(self) -> int:
        """Minibatches tried."""
        return 0 if self.update is None else self.update.done_steps

    @property
    def most_steps(self) -> int:
        """Most minibatches that there may be."""
        return self._profile.epochs * max(1, len(self._rollout) // self._profile.minibatch)

    def over(self) -> bool:
        """Do one slice. Whether it was the last."""
        return next(self._slices, _OVER) is _OVER

    def _all(self) -> Iterator[None]:
        gathered = yield from self._rollout.gather()
        self._batch = batch = self._dealt(gathered)
        self.quarantine = self.quarantine or guards.unbelievable(batch.rewards, self._stake)
        if self.quarantine:
            return
        scale = RewardScale(self.stats)
        scale.seen(batch.rewards)
        self.stats = scale.stats(self._profile)
        dollars = scale.dollars(self._profile, self._stake)
        self.update = Update(*self._start, batch, dollars, self._profile, self._rng)
        yield
        yield from self.update.slices()
        self.quarantine = self.update.quarantine
