from __future__ import annotations

from collections.abc import Callable

import mlx.core as mx
import numpy as np
import pytest

from engine.learning.adam import adam, corrections, fresh
from engine.learning.parameters import Weights
from tests.engine.learning import oracles

RATE, EPSILON = 1e-2, 1e-5
RNG = np.random.default_rng(2)
GRADIENTS = RNG.normal(size=(6, 5))
START = RNG.normal(size=5)

Numbers = Callable[[int], tuple[float, float]]


def walked(numbers: Numbers) -> np.ndarray:
    """Where six steps lead."""
    flat, m, v = mx.array(START.astype(np.float32)), mx.zeros(5), mx.zeros(5)
    for step, gradient in enumerate(GRADIENTS, start=1):
        scalars = map(mx.array, (RATE, EPSILON, *numbers(step)))
        flat, m, v = adam(flat, mx.array(gradient.astype(np.float32)), m, v, *scalars)
    return np.array(flat)


def test_adam_without_correction_equals_the_oracle() -> None:
    oracle, flat = oracles.Adam(5, RATE, EPSILON), START
    for gradient in GRADIENTS:
        flat = oracle.moved(flat, gradient)
    assert walked(lambda _: (1.0, 1.0)) == pytest.approx(flat, abs=1e-5)


def test_corrected_adam_equals_the_oracle() -> None:
    oracle, flat = oracles.Adam(5, RATE, EPSILON), START
    for gradient in GRADIENTS:
        flat = oracle.corrected(flat, gradient)
    assert walked(corrections) == pytest.approx(flat, abs=1e-5)


def test_the_correction_makes_the_first_step_as_long_as_the_rate() -> None:
    first = [mx.array([0.0]), mx.array([3.0]), mx.zeros(1), mx.zeros(1)]
    moved, _, _ = adam(*first, *map(mx.array, (RATE, 1e-8, *corrections(1))))
    assert float(np.array(moved)[0]) == pytest.approx(-RATE, rel=1e-4)


def test_an_optimiser_that_has_seen_nothing_remembers_nothing() -> None:
    moments = fresh(Weights(mx.ones(4), mx.ones(6)))
    assert moments.step == 0
    arrays = (moments.actor_m, moments.actor_v, moments.critic_m, moments.critic_v)
    assert [array.size for array in arrays] == [4, 4, 6, 6]
    assert all(not mx.any(array).item() for array in arrays)
