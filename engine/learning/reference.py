"""The champion as its challenger knows it: where it started, and how far it has come since.

Owns a copy of the champion's weights, which nothing changes, what they answer on the probe states,
and how an update is judged against them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from typing import Any

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from engine.learning import guards
from engine.learning.answers import Answers, Floats
from engine.learning.guards import Champion, Evidence, Streaks, Verdict
from engine.learning.parameters import Tensors, Weights, flatten
from engine.learning.probes import Probes, divergence, entropy_share
from engine.learning.update import Measures
from engine.settings import Learning
from models.architecture import Architecture
from models.errors import NonFiniteOutput
from models.tensor_file import tensor_bytes


class Reference:
    """One champion; to be used in the thread of its `answers`."""

    def __init__(
        self,
        architecture: Architecture,
        tensors: Tensors,
        policy_id: str,
        answers: Answers,
        limits: Learning,
        seed: int,
    ) -> None:
        """`seed` makes the probe states until enough of the market was seen."""
        self.policy_id = policy_id
        self.streaks = Streaks()
        """Of the challenger, since it started from here."""
        self.probes = Probes(seed)
        self._architecture, self._answers = architecture, answers
        self._limits, self._seed = limits, seed
        self._tensors = {name: np.array(tensors[name]) for name in architecture.shapes}
        self._probs: Floats | None = None

    @property
    def sha256(self) -> str:
        """Of the weight file that its tensors would be."""
        return hashlib.sha256(tensor_bytes(self._architecture, self._tensors)).hexdigest()

    def weights(self) -> Weights:
        """To start from."""
        return flatten(self._architecture, self._tensors)

    def saw(self, observation: Floats, temporal: Floats) -> None:
        """A state of the market, (18,) and (90,), that may become a probe."""
        if self.probes.saw(observation, temporal):
            self._probs = None

    def probe(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take the probe states of a checkpoint. Raises ValueError, and changes nothing, for what
        is none."""
        probes = Probes(self._seed)
        probes.restore(arrays)
        self.probes, self._probs = probes, None

    def judge(self, weights: Weights, measures: Measures) -> Verdict:
        """What becomes of an update to these weights."""
        champion = self._champion()
        streaks = guards.counted(self.streaks, measures, champion, self._limits)
        evidence = Evidence(measures, champion, self._kl(weights), streaks)
        verdict = guards.judge(evidence, self._limits)
        if verdict.kind == guards.ACCEPTED:
            self.streaks = streaks
        return verdict

    def _champion(self) -> Champion:
        weights = self.weights()
        share = entropy_share(self._answered())
        return Champion(_length(weights.actor), _length(weights.critic), share)

    def _kl(self, weights: Weights) -> float:
        """Nats from these weights to the champion, mean over the probe states.

        Infinite where they give NaN or infinity there.
        """
        try:
            probs, _ = self._answers(weights, self.probes.current, self.probes.temporal)
        except NonFiniteOutput:
            return float("inf")
        return divergence(probs, self._answered())

    def _answered(self) -> Floats:
        if self._probs is None:
            probes = self.probes
            self._probs, _ = self._answers(self.weights(), probes.current, probes.temporal)
        return self._probs


def _length(flat: mx.array) -> float:
    # Not numpy's norm: its product wakes BLAS's threads, for which a busy machine waits 80 ms.
    return math.sqrt(float(np.sum(np.square(np.array(flat), dtype=np.float64))))
