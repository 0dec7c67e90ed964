"""What a learner's weights answer: one compiled call whose weights are inputs.

An update then changes what it is given and compiles nothing anew, which a call with the weights
built in (`models.fused`) would have to. Owns that call; judges nothing beyond finiteness.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from engine.learning.forward import logits_and_values
from engine.learning.parameters import Weights
from models.architecture import ROW, TEMPORAL, Architecture
from models.errors import NonFiniteOutput

Floats = NDArray[np.float32]

_TRIAL_ROWS: Final = (1, 2, 3, 4)
"""Batch sizes tried at the start, so that none of them compiles while a decision waits."""


class Answers:
    """Rows to probabilities and values; to be made, used and dropped in one thread."""

    def __init__(self, architecture: Architecture) -> None:
        self._plain = _answering(architecture)
        self._call: Callable[..., tuple[mx.array, mx.array]] = mx.compile(self._plain)

    def warm(self, weights: Weights, probes: int) -> None:
        """Compile for decisions and for `probes` rows."""
        for count in (*_TRIAL_ROWS, probes):
            zeros = np.zeros((count, ROW), np.float32), np.zeros((count, TEMPORAL), np.float32)
            self._answer(weights, *zeros)

    def __call__(
        self, weights: Weights, current: Floats, temporal: Floats
    ) -> tuple[Floats, Floats]:
        """Probabilities (N, 3) and values (N,) of current (N, 18) and temporal (N, 90).

        Raises NonFiniteOutput where any of them is NaN or infinite.
        """
        probs, values = self._answer(weights, current, temporal)
        if not (np.isfinite(probs).all() and np.isfinite(values).all()):
            raise NonFiniteOutput("the learner's weights gave NaN or infinity")
        return probs, values

    def _answer(self, weights: Weights, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        arguments = (*weights.flats, mx.array(current), mx.array(temporal))
        try:
            found = self._call(*arguments)
            mx.eval(*found)
        # MLX raises RuntimeError for whatever its compiler or its cache folder lacks.
        except RuntimeError:
            if self._call is self._plain:
                raise
            self._call = self._plain
            return self._answer(weights, current, temporal)
        # Copies: a view would keep the MLX buffer alive in whatever thread holds the numbers.
        return np.array(found[0]), np.array(found[1])


def _answering(architecture: Architecture) -> Callable[..., tuple[mx.array, mx.array]]:
    forward = logits_and_values(architecture)

    def answer(
        actor: mx.array, critic: mx.array, current: mx.array, temporal: mx.array
    ) -> tuple[mx.array, mx.array]:
        logits, values = forward(actor, critic, current, temporal)
        return mx.softmax(logits, axis=-1), values

    return answer
