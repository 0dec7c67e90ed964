from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from engine.learning.forward import logits_and_values
from engine.learning.parameters import flatten
from models.architecture import ARCHITECTURES, PHASE5, ROW, TEMPORAL, Architecture
from models.networks import actor_critic
from tests.engine.learning import oracles
from tests.engine.learning.cases import Tensors, random_tensors
from tests.shared import SHARED, needs_shared

both = pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
RNG = np.random.default_rng(3)
CURRENT = RNG.uniform(-1, 1, (7, ROW)).astype(np.float32)
TEMPORAL_ROWS = RNG.uniform(-1, 1, (7, TEMPORAL)).astype(np.float32)


def computed(architecture: Architecture, tensors: Tensors) -> tuple[mx.array, mx.array]:
    weights = flatten(architecture, tensors)
    forward = logits_and_values(architecture)
    return forward(*weights.flats, mx.array(CURRENT), mx.array(TEMPORAL_ROWS))


@both
def test_the_forward_pass_equals_the_oracle(architecture: Architecture) -> None:
    tensors = random_tensors(architecture)
    logits, values = computed(architecture, tensors)
    actor = oracles.network(tensors, "actor", CURRENT, TEMPORAL_ROWS)
    critic = oracles.network(tensors, "critic", CURRENT, TEMPORAL_ROWS)
    assert np.array(logits) == pytest.approx(actor, abs=1e-5)
    assert np.array(values) == pytest.approx(critic[:, 0], abs=1e-5)


@both
def test_the_learner_computes_what_the_policy_serves(architecture: Architecture) -> None:
    tensors = random_tensors(architecture, 1)
    logits, values = computed(architecture, tensors)
    served = actor_critic(architecture, tensors)
    inputs = (mx.array(CURRENT), mx.array(TEMPORAL_ROWS))
    assert mx.allclose(mx.softmax(logits, axis=-1), served.probs(*inputs), atol=1e-5)
    assert mx.allclose(values, served.state_values(*inputs), atol=1e-5)


@needs_shared
def test_the_forward_pass_equals_the_golden_one() -> None:
    from models.checkpoint import read_checkpoint

    golden = np.load(SHARED / "golden" / "phase5_forward.npz")
    weights = flatten(PHASE5, read_checkpoint(SHARED / "weights" / "phase5").tensors)
    logits, values = logits_and_values(PHASE5)(
        *weights.flats, mx.array(golden["current"]), mx.array(golden["temporal"])
    )
    assert np.array(mx.softmax(logits, axis=-1)) == pytest.approx(golden["probs"], abs=1e-5)
    assert np.array(values) == pytest.approx(golden["values"], abs=1e-5)
