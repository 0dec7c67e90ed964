"""The fused expression computes what the plain networks define, for any weights."""

from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.architecture import ARCHITECTURES, Architecture
from models.fused import fuse
from models.networks import actor_critic
from models.tensor_file import Tensors
from tests.models.files import rows


def random_tensors(architecture: Architecture, seed: int, scale: float) -> Tensors:
    rng = np.random.default_rng(seed)
    return {
        name: (scale * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in architecture.shapes.items()
    }


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
@given(seed=st.integers(0, 2**32), scale=st.sampled_from([0.01, 0.1, 0.5]), count=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_fused_and_plain_networks_agree(
    architecture: Architecture, seed: int, scale: float, count: int
) -> None:
    tensors = random_tensors(architecture, seed, scale)
    current, temporal = (mx.array(array) for array in rows(count, seed))
    probs, values = fuse(architecture, tensors)(current, temporal)
    plain = actor_critic(architecture, tensors)
    assert np.allclose(probs, plain.probs(current, temporal), atol=1e-5)
    assert np.allclose(values, plain.state_values(current, temporal), rtol=1e-5, atol=2e-5)
