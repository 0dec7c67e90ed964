"""How long one decision takes: fused for all rows, against one network and one row at a time.

Owns the two measured loops. Both start from numpy rows and end in numpy numbers, on the same
four rows and weights, so that their ratio is a fair one.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import mlx.core as mx
import numpy as np

from models.architecture import PHASE5, ROW, TEMPORAL
from models.initial import shipped
from models.networks import actor_critic
from models.policy import Floats, Policy, load_policy

ROWS = 4
"""Rows of one decision."""


def decision_us(rounds: int = 500, policy: Policy | None = None) -> float:
    """Median microseconds of one `Policy.forward` of four rows (the shipped weights if None)."""
    policy = policy if policy is not None else load_policy(shipped(PHASE5))
    current, temporal = _rows()
    return _median_us(lambda: policy.forward(current, temporal), rounds)


def decision_eager_us(rounds: int = 100, policy: Policy | None = None) -> float:
    """Median microseconds of the plain way: for each of four rows, the actor, then the critic."""
    policy = policy if policy is not None else load_policy(shipped(PHASE5))
    model = actor_critic(PHASE5, policy.tensors)
    current, temporal = _rows()

    def one(row: int) -> tuple[Floats, float]:
        state = mx.array(current[row : row + 1])
        history = mx.array(temporal[row : row + 1])
        probs = np.array(model.probs(state, history))[0]
        return probs, float(model.state_values(state, history).item())

    return _median_us(lambda: [one(row) for row in range(ROWS)], rounds)


def _rows() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    current = rng.uniform(-1, 1, (ROWS, ROW)).astype(np.float32)
    return current, rng.uniform(-1, 1, (ROWS, TEMPORAL)).astype(np.float32)


def _median_us(call: Callable[[], object], rounds: int) -> float:
    for _ in range(rounds // 10 + 1):
        call()
    return statistics.median(_timed_us(call) for _ in range(rounds))


def _timed_us(call: Callable[[], object]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1000
