"""Seeded, untrained weights for both architectures: where a training begins.

Orthogonal matrices as is usual for PPO: gain sqrt(2) inside, 1 before the value, 0.01 before the
probabilities, so that an untrained policy prefers none of its outputs. Biases are zero and
LayerNorm is the identity.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from models.architecture import Architecture, Shape
from models.tensor_file import Tensors

_HEAD_GAIN = {"actor.fc3": 0.01, "critic.fc3": 1.0}


def initial_tensors(architecture: Architecture, seed: int) -> Tensors:
    """Untrained weights; the same seed gives the same numbers."""
    rng = np.random.default_rng(seed)
    return {name: _initial(name, shape, rng) for name, shape in architecture.shapes.items()}


def _initial(name: str, shape: Shape, rng: np.random.Generator) -> NDArray[np.float32]:
    layer, _, kind = name.rpartition(".")
    if kind == "bias":
        return np.zeros(shape, np.float32)
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    return _orthogonal(shape, _HEAD_GAIN.get(layer, math.sqrt(2)), rng)


def _orthogonal(shape: Shape, gain: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Rows (or columns, whichever are fewer) orthogonal, each of length `gain`."""
    tall = (max(shape), min(shape))
    q, r = np.linalg.qr(rng.standard_normal(tall))
    # The signs of r make the factorisation unique, so that every LAPACK gives the same matrix.
    q *= np.sign(np.diag(r))
    return (gain * (q if shape == tall else q.T)).astype(np.float32)
