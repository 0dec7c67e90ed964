"""How long learning takes: an epoch against the plain way, and the slices of whole updates.

Owns the measured loops and the plain way itself: the networks as modules, one network after the
other, one tensor after the other. Both ways start from the same rows in numpy, take the same steps
and read the same measures, and they take turns, so that a slow second slows both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from mlx.nn.layers.base import Module
from mlx.nn.utils import value_and_grad
from mlx.optimizers import Adam, clip_grad_norm
from mlx.utils import tree_flatten

from engine.learning.adam import Moments, fresh
from engine.learning.loss import COLUMNS, Coefficients, Rows, actor_loss, critic_loss, rows_of
from engine.learning.parameters import Weights, flatten, tensors_of
from engine.learning.profile import PHASE5 as PROFILE
from engine.learning.rollout import Batch
from engine.learning.step import Floats, calls, warm
from engine.learning.update import Update
from models.architecture import OUTPUTS, PHASE5, ROW, TEMPORAL
from models.checkpoint import read_checkpoint
from models.networks import actor_critic
from models.policy import load_policy
from models.shipped import shipped

ROWS = 256
"""Of the measured epoch, as the budget has it."""

STAKE = 100.0
"""Dollars that count as a reward of 1."""


@dataclass(frozen=True, slots=True)
class Slices:
    """How long the engine's loop is held by a slice of learning, milliseconds."""

    p99_ms: float
    max_ms: float


def epoch_pair_ms(turns: int = 20) -> tuple[float, float]:
    """Median milliseconds of one epoch on 256 rows: compiled on flat vectors, and the plain way."""
    warm(PHASE5, PROFILE.minibatch)
    table = sample_table(ROWS)
    quick, plain = Quick(table), Plain(table)
    plain.epoch()
    both = [(_time_ms(quick.epoch), _time_ms(plain.epoch)) for _ in range(turns)]
    return statistics.median(q for q, _ in both), statistics.median(p for _, p in both)


def slice_times(updates: int = 8) -> Slices:
    """Of so many whole updates on 256 rows."""
    warm(PHASE5, PROFILE.minibatch)
    found = [t for number in range(updates) for t in update_times_ms(number)]
    return Slices(float(np.percentile(found, 99)), max(found))


def update_times_ms(number: int) -> list[float]:
    """Milliseconds of each slice of one update."""
    weights = starting_weights()
    update = Update(
        PHASE5, weights, fresh(weights), sample_batch(ROWS, number), STAKE, PROFILE, _rng(number)
    )
    slices = update.slices()
    found: list[float] = []
    ended = False
    while not ended:
        start = time.perf_counter_ns()
        ended = next(slices, slices) is slices
        found.append((time.perf_counter_ns() - start) / 1e6)
    return found


def sample_batch(rows: int, seed: int = 0) -> Batch:
    """Made-up experience of the shipped weights: everything legal, one row in ten rewarded."""
    rng = _rng(seed)
    current = rng.uniform(-1, 1, (rows, ROW)).astype(np.float32)
    temporal = rng.uniform(-1, 1, (rows, TEMPORAL)).astype(np.float32)
    probs, values = load_policy(shipped(PHASE5)).forward(current, temporal)
    actions = (probs.cumsum(axis=1)[:, :2] < rng.random((rows, 1))).sum(axis=1).astype(np.int32)
    ends = np.zeros(rows, np.bool_)
    ends[-1] = True
    return Batch(
        observations=current,
        temporals=temporal,
        masks=np.ones((rows, OUTPUTS), np.bool_),
        actions=actions,
        log_probs=np.log(probs[np.arange(rows), actions]),
        values=values,
        rewards=np.where(rng.random(rows) < 0.1, rng.normal(0, STAKE, rows), 0.0),
        dones=ends,
        cuts=ends,
        next_values=np.append(values[1:], values[:1]),
        policy_ids=("sample",),
    )


def sample_table(rows: int) -> Floats:
    """The same as the steps see it (rows, COLUMNS), with made-up advantages and returns."""
    batch, rng = sample_batch(rows), _rng(1)
    chosen = np.eye(OUTPUTS)[batch.actions]
    ends = (batch.log_probs, batch.values, rng.normal(0, 1, rows), rng.normal(0, 1, rows))
    columns = [column[:, None] for column in (*ends, np.ones(rows))]
    wide = (batch.observations, batch.temporals, batch.masks, chosen)
    table = np.hstack([*wide, *columns]).astype(np.float32)
    assert table.shape == (rows, COLUMNS)  # noqa: S101 - the layout is another module's
    return table


class Quick:
    """The learner's own steps."""

    def __init__(self, table: Floats) -> None:
        self._table, self._calls = table, calls(PHASE5)
        weights = starting_weights()
        self._state: tuple[Weights, Moments] = (weights, fresh(weights))

    def epoch(self) -> None:
        for rows in _minibatches(self._table):
            weights, moments, _ = self._calls.step(*self._state, rows, PROFILE)
            self._state = weights, moments

    def tensors(self) -> dict[str, Floats]:
        return tensors_of(PHASE5, self._state[0])


class Plain:
    """The same steps as MLX's modules and optimisers take them, nothing compiled."""

    def __init__(self, table: Floats) -> None:
        self._table = table
        self._model = actor_critic(PHASE5, read_checkpoint(shipped(PHASE5)).tensors)
        clip, entropy, value = map(mx.array, (PROFILE.clip, PROFILE.entropy, PROFILE.value))
        numbers = Coefficients(clip, clip, entropy, value)

        def of_actor(network: Module, rows: Rows) -> tuple[mx.array, list[mx.array]]:
            return actor_loss(network(rows.current, rows.temporal), rows, numbers)

        def of_critic(network: Module, rows: Rows) -> tuple[mx.array, list[mx.array]]:
            return critic_loss(network(rows.current, rows.temporal)[:, 0], rows, numbers), []

        actor, critic = self._model.actor, self._model.critic
        self._learners = (
            (actor, value_and_grad(actor, of_actor), Adam(PROFILE.actor_lr)),
            (critic, value_and_grad(critic, of_critic), Adam(PROFILE.critic_lr)),
        )

    def epoch(self) -> None:
        for minibatch in _minibatches(self._table):
            rows = rows_of(mx.array(minibatch))
            for network, gradients, optimiser in self._learners:
                (loss, measures), found = gradients(network, rows)
                clipped, norm = clip_grad_norm(found, PROFILE.max_grad_norm)  # type: ignore[no-untyped-call]  # mlx 0.32 has no types here
                optimiser.update(network, clipped)
                mx.eval(network.parameters(), optimiser.state)  # type: ignore[no-untyped-call]  # nor here
                _ = [measure.item() for measure in (loss, norm, *measures)]

    def tensors(self) -> dict[str, Floats]:
        parameters = tree_flatten(self._model.parameters())  # type: ignore[no-untyped-call]  # nor here
        return {name: np.array(array) for name, array in dict(parameters).items()}


def _minibatches(table: Floats) -> list[Floats]:
    size = PROFILE.minibatch
    order = _rng(2).permutation(len(table))
    return [table[order[start : start + size]] for start in range(0, len(table), size)]


def starting_weights() -> Weights:
    """Those shipped."""
    return flatten(PHASE5, read_checkpoint(shipped(PHASE5)).tensors)


def _rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def _time_ms(call: Callable[[], None]) -> float:
    start = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - start) / 1e6
