"""Seeded, untrained weights for both architectures, as shipped in ``models/weights/``.

``python -m models.initial [FOLDER]`` writes them. Orthogonal matrices as is usual for PPO: gain
sqrt(2) inside, 1 before the value, 0.01 before the probabilities, so that an untrained policy
prefers none of its outputs. Biases are zero and LayerNorm is the identity.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.architecture import ARCHITECTURES, Architecture, Shape
from models.checkpoint import FILE_NAME, save_policy
from models.manifest import Origin
from models.stats import Stats
from models.tensor_file import Tensors

SHIPPED: Final = Path(__file__).parent / "weights"
"""The folder with one folder for each architecture, inside the installed package."""

SEED: Final = 5
"""Of the shipped weights."""

_HEAD_GAIN = {"actor.fc3": 0.01, "critic.fc3": 1.0}


def shipped(architecture: Architecture) -> Path:
    """The weight file that comes with the program."""
    return SHIPPED / architecture.name / FILE_NAME


def initial_tensors(architecture: Architecture, seed: int) -> Tensors:
    """Untrained weights; the same seed gives the same numbers."""
    rng = np.random.default_rng(seed)
    return {name: _initial(name, shape, rng) for name, shape in architecture.shapes.items()}


def write_shipped(folder: Path) -> None:
    """Write the shipped weights of every architecture below `folder`."""
    for architecture in ARCHITECTURES:
        learner = {"gamma": 0.95, "buffer_size": 256} if architecture.dimensions else {}
        stats = Stats(reward_mean=0.0, reward_std=1.0, reward_count=0, **learner)  # type: ignore[arg-type]  # the dict's two values have the two fields' types
        origin = Origin(created_by=f"models.initial, seed {SEED}", trained=False)
        tensors = initial_tensors(architecture, SEED)
        save_policy(folder / architecture.name / FILE_NAME, tensors, stats, origin)


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


if __name__ == "__main__":
    write_shipped(Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED)
