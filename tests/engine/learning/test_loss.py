from __future__ import annotations

import math

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.decision import Mask, masked
from engine.learning.loss import (
    Coefficients,
    actor_loss,
    changes,
    critic_loss,
    entropies,
    log_softmax,
    rows_of,
)
from models.architecture import PHASE5
from tests.engine.learning import oracles
from tests.engine.learning.cases import batch_of, random_tensors, table_of

MASKS = [(True, True, True), (True, True, False), (True, False, True), (True, False, False)]
BATCH = batch_of(random_tensors(PHASE5))
RNG = np.random.default_rng(5)
ADVANTAGES, RETURNS = RNG.normal(size=24), RNG.normal(size=24)
TABLE = table_of(BATCH, ADVANTAGES, RETURNS)
LOGITS = RNG.normal(0, 1, (24, 3))
VALUES = BATCH.values + RNG.normal(0, 0.4, 24).astype(np.float32)


def number(scalar: mx.array) -> float:
    return float(np.array(scalar))


def coefficients(value_clip: float = 0.2) -> Coefficients:
    return Coefficients(*map(mx.array, (0.2, value_clip, 0.03, 0.5)))


@settings(deadline=None)  # the first call waits for MLX to start
@given(st.lists(st.floats(-20, 20, width=32), min_size=3, max_size=3), st.sampled_from(MASKS))
def test_a_log_prob_under_the_mask_is_the_one_that_the_engine_drew_from(
    logits: list[float], mask: Mask
) -> None:
    given_logits = mx.array([logits])
    found = np.array(log_softmax(given_logits, mx.array([mask]).astype(mx.float32)))[0]
    probs = masked(np.array(mx.softmax(given_logits, axis=-1))[0], mask)
    for log_prob, prob, legal in zip(found, probs, mask, strict=True):
        assert math.exp(log_prob) == pytest.approx(prob, abs=1e-5)
        assert legal or log_prob < -1e8


def test_log_softmax_and_entropy_equal_the_oracle_under_every_mask() -> None:
    for mask in MASKS:
        legal = np.tile(mask, (24, 1))
        found = log_softmax(mx.array(LOGITS), mx.array(legal.astype(np.float32)))
        expected = oracles.log_softmax(LOGITS, legal)
        assert np.array(found)[legal] == pytest.approx(expected[legal], abs=1e-5)
        assert np.array(entropies(found)) == pytest.approx(oracles.entropy(expected), abs=1e-5)


def test_entropy_counts_the_legal_actions_alone() -> None:
    even = log_softmax(mx.zeros((2, 3)), mx.array([[1.0, 1.0, 0.0], [1.0, 0.0, 0.0]]))
    assert np.array(entropies(even)) == pytest.approx([math.log(2), 0.0], abs=1e-6)


def test_both_losses_equal_the_oracles() -> None:
    rows = rows_of(mx.array(TABLE))
    loss, _ = actor_loss(mx.array(LOGITS.astype(np.float32)), rows, coefficients())
    log_probs = oracles.log_softmax(LOGITS, BATCH.masks)
    expected = oracles.policy_loss(log_probs, BATCH.actions, BATCH.log_probs, ADVANTAGES, 0.2, 0.03)
    assert number(loss) == pytest.approx(expected, abs=1e-5)
    for clip in (0.2, math.inf):
        found = critic_loss(mx.array(VALUES), rows, coefficients(clip))
        wanted = oracles.value_loss(VALUES, BATCH.values, RETURNS, clip, 0.5)
        assert number(found) == pytest.approx(wanted, abs=1e-5)


def test_an_illegal_logit_moves_nothing() -> None:
    rows = rows_of(mx.array(TABLE))
    pull = mx.grad(lambda logits: actor_loss(logits, rows, coefficients())[0])
    found = np.array(pull(mx.array(LOGITS.astype(np.float32))))
    assert np.isfinite(found).all()
    assert (found[~BATCH.masks] == 0).all()
    assert (found[BATCH.masks.sum(axis=1) > 1] != 0).any()


def test_k3_is_never_negative_and_k1_may_be() -> None:
    rows = rows_of(mx.array(TABLE))
    farther = mx.full((24,), 0.3)
    k1, k3 = changes(farther, rows)
    assert number(k1) == pytest.approx(-0.3, abs=1e-6)
    assert number(k3) == pytest.approx(math.exp(0.3) - 1.3, abs=1e-6)


def test_a_row_of_no_weight_counts_for_nothing() -> None:
    filled = np.concatenate([TABLE, TABLE[:8] * 3])
    filled[24:, -1] = 0.0
    logits = np.concatenate([LOGITS, LOGITS[:8]]).astype(np.float32)
    values = np.concatenate([VALUES, VALUES[:8]])
    rows, more = rows_of(mx.array(TABLE)), rows_of(mx.array(filled))
    alone, measures = actor_loss(mx.array(logits[:24]), rows, coefficients())
    beside, others = actor_loss(mx.array(logits), more, coefficients())
    for one, other in zip([alone, *measures], [beside, *others], strict=True):
        assert number(other) == pytest.approx(number(one), abs=1e-6)
    assert number(critic_loss(mx.array(values), more, coefficients())) == pytest.approx(
        number(critic_loss(mx.array(VALUES), rows, coefficients())), abs=1e-6
    )
