from __future__ import annotations

import gc
import math
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from engine.learning.adam import fresh
from engine.learning.parameters import flatten, tensors_of
from engine.learning.profile import PHASE5 as PROFILE
from engine.learning.step import Calls, calls, let_go
from models.architecture import ARCHITECTURES, PHASE5, Architecture
from tests.engine.learning import oracles
from tests.engine.learning.cases import batch_of, random_tensors, table_of
from tests.shared import SHARED, needs_shared

RNG = np.random.default_rng(8)
TENSORS = random_tensors(PHASE5)
BATCH = batch_of(TENSORS)
ADVANTAGES, RETURNS = RNG.normal(size=24), RNG.normal(size=24)
TABLE = table_of(BATCH, ADVANTAGES, RETURNS)


@needs_shared
def test_one_step_equals_the_golden_one() -> None:
    """Losses, entropy, divergence, clip fraction, gradient norms and every weight afterwards."""
    from models.checkpoint import read_checkpoint

    golden = np.load(SHARED / "golden" / "ppo_minibatch.npz")
    weights = flatten(PHASE5, read_checkpoint(SHARED / "weights" / "phase5").tensors)
    rows = batch_of(
        TENSORS, 64, observations=golden["current"], temporals=golden["temporal"],
        actions=golden["actions"], masks=np.ones((64, 3), np.bool_),
        log_probs=golden["old_log_probs"], values=golden["values"],
    )  # fmt: skip
    table = table_of(rows, golden["advantages_normalized"], golden["returns"])
    moved, moments, seen = calls(PHASE5).step(weights, fresh(weights), table, PROFILE)
    found = (
        seen.policy_loss, seen.entropy, seen.k1, seen.clip_fraction, seen.value_loss,
        seen.actor_grad_norm, seen.critic_grad_norm,
    )  # fmt: skip
    names = (
        "actor_loss", "entropy", "approx_kl", "clip_fraction", "critic_loss", "actor_grad_norm",
        "critic_grad_norm",
    )  # fmt: skip
    assert found == pytest.approx([float(golden[name]) for name in names], abs=1e-5)
    assert moments.step == 1
    for name, tensor in tensors_of(PHASE5, moved).items():
        assert tensor == pytest.approx(golden[f"after/{name}"], abs=1e-5), name


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_gradients_are_the_slopes_of_the_losses(architecture: Architecture) -> None:
    """The first moment after one step is a tenth of the gradient; no clipping at this length."""
    tensors = random_tensors(architecture, 4)
    batch = batch_of(tensors, 12)
    # Off the policy by a little: at a ratio of exactly 1 the surrogate has a corner nearby.
    before = batch.log_probs + RNG.normal(0, 0.02, 12).astype(np.float32)
    table = table_of(replace(batch, log_probs=before), ADVANTAGES[:12], RETURNS[:12])

    def losses(moved: oracles.Tensors) -> float:
        logits = oracles.network(moved, "actor", batch.observations, batch.temporals)
        values = oracles.network(moved, "critic", batch.observations, batch.temporals)[:, 0]
        log_probs = oracles.log_softmax(logits, batch.masks)
        policy = oracles.policy_loss(
            log_probs, batch.actions, before, ADVANTAGES[:12], PROFILE.clip, PROFILE.entropy
        )
        return policy + oracles.value_loss(values, batch.values, RETURNS[:12], 0.2, 0.5)

    weights = flatten(architecture, tensors)
    free = replace(PROFILE, max_grad_norm=1e6)
    _, moments, _ = calls(architecture).step(weights, fresh(weights), table, free)
    found = tensors_of(
        architecture, replace(weights, actor=moments.actor_m, critic=moments.critic_m)
    )
    for name, tensor in tensors.items():
        place = tuple(RNG.integers(0, size) for size in tensor.shape)
        expected = oracles.slope(losses, tensors, name, place)
        assert 10 * found[name][place] == pytest.approx(expected, abs=2e-4), name


def test_a_long_gradient_is_shortened_and_told_at_full_length() -> None:
    weights = flatten(PHASE5, TENSORS)
    short = replace(PROFILE, max_grad_norm=1e-3)
    _, free, seen = calls(PHASE5).step(
        weights, fresh(weights), TABLE, replace(PROFILE, max_grad_norm=1e6)
    )
    _, clipped, told = calls(PHASE5).step(weights, fresh(weights), TABLE, short)
    assert told.actor_grad_norm == seen.actor_grad_norm > 1e-3
    assert length(free.actor_m) == pytest.approx(0.1 * seen.actor_grad_norm, rel=1e-4)
    assert length(clipped.actor_m) == pytest.approx(1e-4, rel=1e-2)
    assert length(clipped.critic_m) == pytest.approx(1e-4, rel=1e-2)


def test_each_network_moves_at_its_own_rate() -> None:
    weights = flatten(PHASE5, TENSORS)
    still = replace(PROFILE, actor_lr=0.0)
    moved, _, _ = calls(PHASE5).step(weights, fresh(weights), TABLE, still)
    assert mx.array_equal(moved.actor, weights.actor)
    assert not mx.array_equal(moved.critic, weights.critic)


def test_a_step_changes_nothing_that_it_was_given() -> None:
    weights, table = flatten(PHASE5, TENSORS), TABLE.copy()
    moments = fresh(weights)
    calls(PHASE5).step(weights, moments, table, PROFILE)
    assert all((tensors_of(PHASE5, weights)[n] == t).all() for n, t in TENSORS.items())
    assert not mx.any(moments.actor_m).item()
    assert (table == TABLE).all()


def test_the_number_of_the_step_is_corrected_for_only_where_the_profile_says_so() -> None:
    weights = flatten(PHASE5, TENSORS)
    corrected = replace(PROFILE, bias_correction=True)
    late = replace(fresh(weights), step=500)
    for profile, same in ((PROFILE, True), (corrected, False)):
        first, _, _ = calls(PHASE5).step(weights, fresh(weights), TABLE, profile)
        later, _, _ = calls(PHASE5).step(weights, late, TABLE, profile)
        assert bool(mx.array_equal(first.actor, later.actor).item()) is same


def test_a_number_that_is_none_is_measured_and_does_not_raise() -> None:
    weights = flatten(PHASE5, {**TENSORS, "actor.fc3.bias": np.full(3, np.nan, np.float32)})
    _, _, seen = calls(PHASE5).step(weights, fresh(weights), TABLE, PROFILE)
    assert math.isnan(seen.trace)


def test_where_mlx_cannot_compile_the_step_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> object:
        def call(*_: object) -> object:
            raise RuntimeError("[compile] no compiler")

        return call

    weights = flatten(PHASE5, TENSORS)
    compiled, _, told = calls(PHASE5).step(weights, fresh(weights), TABLE, PROFILE)
    monkeypatch.setattr(mx, "compile", broken)
    eager, _, seen = Calls(PHASE5).step(weights, fresh(weights), TABLE, PROFILE)
    assert mx.allclose(eager.actor, compiled.actor, atol=1e-6)
    assert seen.value_loss == pytest.approx(told.value_loss, abs=1e-6)


def test_calls_are_kept_until_they_are_let_go() -> None:
    kept = calls(PHASE5)
    assert calls(PHASE5) is kept
    let_go()
    gc.collect()
    assert calls(PHASE5) is not kept


def test_a_reading_equals_the_oracle() -> None:
    readings = calls(PHASE5).read(flatten(PHASE5, TENSORS), TABLE)
    logits = oracles.network(TENSORS, "actor", BATCH.observations, BATCH.temporals)
    log_probs = oracles.log_softmax(logits, BATCH.masks)
    chosen = log_probs[np.arange(24), BATCH.actions]
    assert readings.log_probs == pytest.approx(chosen, abs=1e-5)
    assert readings.entropies == pytest.approx(oracles.entropy(log_probs), abs=1e-5)
    assert readings.activations.shape == (24, 64 + 32 + 64 + 64 + 64 + 32 + 96 + 96)


def length(vector: mx.array) -> float:
    return float(np.linalg.norm(np.array(vector)))
