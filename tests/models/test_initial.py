"""A training begins where PPO usually does, and from the same numbers each time."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.architecture import ARCHITECTURES, PHASE5, Architecture
from models.initial import initial_tensors


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_matrices_are_orthogonal_with_their_gains(architecture: Architecture) -> None:
    gains: dict[str, float] = {"actor.fc3.weight": 0.01, "critic.fc3.weight": 1.0}
    for name, array in initial_tensors(architecture, 7).items():
        if array.ndim == 2:
            wide = array if array.shape[0] <= array.shape[1] else array.T
            gain = gains.get(name, math.sqrt(2))
            assert np.allclose(wide @ wide.T, gain**2 * np.eye(len(wide)), atol=1e-5), name


def test_another_seed_gives_other_weights() -> None:
    one, other = (initial_tensors(PHASE5, seed)["actor.fc1.weight"] for seed in (1, 2))
    assert not np.array_equal(one, other)
