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
from models.networks import actor_critic
from models.policy import Floats, Policy, load_policy
from models.shipped import shipped

ROWS = 4
"""Rows of one decision."""

_TURNS = 20
"""How often the two loops of `decision_pair_us` take turns."""

Call = Callable[[], object]


def decision_us(rounds: int = 500, policy: Policy | None = None) -> float:
    """Median microseconds of one `Policy.forward` of four rows (the shipped weights if None)."""
    return statistics.median(_times_us(_fused(policy or _shipped()), rounds))


def decision_eager_us(rounds: int = 100, policy: Policy | None = None) -> float:
    """Median microseconds of the plain way: for each of four rows the actor, then the critic.

    `policy` must be of Phase 5; the shipped weights if None.
    """
    return statistics.median(_times_us(_plain(policy or _shipped()), rounds))


def decision_pair_us(rounds: int = 25, policy: Policy | None = None) -> tuple[float, float]:
    """Both medians, measured in 20 turns of `rounds` each.

    A machine that slows down for a second slows both, so their ratio is steadier than that of
    two calls.
    """
    policy = policy or _shipped()
    fused, plain = _fused(policy), _plain(policy)
    fused_us: list[float] = []
    plain_us: list[float] = []
    for _ in range(_TURNS):
        fused_us += _times_us(fused, rounds)
        plain_us += _times_us(plain, rounds)
    return statistics.median(fused_us), statistics.median(plain_us)


def _shipped() -> Policy:
    return load_policy(shipped(PHASE5))


def _fused(policy: Policy) -> Call:
    current, temporal = _rows()
    return lambda: policy.forward(current, temporal)


def _plain(policy: Policy) -> Call:
    model = actor_critic(PHASE5, policy.tensors)
    current, temporal = _rows()

    def one(row: int) -> tuple[Floats, Floats]:
        state = mx.array(current[row : row + 1])
        history = mx.array(temporal[row : row + 1])
        probs = np.array(model.probs(state, history))
        return probs, np.array(model.state_values(state, history))

    return lambda: [one(row) for row in range(ROWS)]


def _rows() -> tuple[Floats, Floats]:
    rng = np.random.default_rng(0)
    current = rng.uniform(-1, 1, (ROWS, ROW)).astype(np.float32)
    return current, rng.uniform(-1, 1, (ROWS, TEMPORAL)).astype(np.float32)


def _times_us(call: Call, rounds: int) -> list[float]:
    """Microseconds of each of `rounds` calls, after a tenth as many that are not counted."""
    for _ in range(rounds // 10 + 1):
        call()
    return [_time_us(call) for _ in range(rounds)]


def _time_us(call: Call) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1000
