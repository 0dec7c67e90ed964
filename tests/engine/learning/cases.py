"""Weights and batches made up for tests, from explicit seeds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.learning.loss import COLUMNS
from engine.learning.rollout import Batch
from models.architecture import OUTPUTS, ROW, TEMPORAL, Architecture
from tests.engine.learning import oracles

Tensors = dict[str, NDArray[np.float32]]


def random_tensors(architecture: Architecture, seed: int = 0) -> Tensors:
    """Weights of no particular kind; gains of LayerNorm around one."""
    rng = np.random.default_rng(seed)
    found: Tensors = {}
    for name, shape in architecture.shapes.items():
        spread = 1 / np.sqrt(shape[-1]) if len(shape) > 1 else 0.1
        centre = 1.0 if ".ln" in name and name.endswith("weight") else 0.0
        found[name] = rng.normal(centre, spread, shape).astype(np.float32)
    return found


def batch_of(tensors: Tensors, rows: int = 24, seed: int = 0, **fields: Any) -> Batch:
    """Two windows that this policy might have lived through, under changing masks."""
    rng = np.random.default_rng(seed)
    current = rng.uniform(-1, 1, (rows, ROW)).astype(np.float32)
    temporal = rng.uniform(-1, 1, (rows, TEMPORAL)).astype(np.float32)
    masks = rng.random((rows, OUTPUTS)) < 0.6
    masks[:, 0] = True
    log_probs = oracles.log_softmax(oracles.network(tensors, "actor", current, temporal), masks)
    actions = np.array([rng.choice(OUTPUTS, p=np.exp(row)) for row in log_probs], np.int32)
    values = oracles.network(tensors, "critic", current, temporal)[:, 0].astype(np.float32)
    ends = np.zeros(rows, np.bool_)
    ends[[rows // 2, rows - 1]] = True
    batch = Batch(
        observations=current,
        temporals=temporal,
        masks=masks,
        actions=actions,
        log_probs=log_probs[np.arange(rows), actions].astype(np.float32),
        values=values,
        rewards=np.where(rng.random(rows) < 0.3, rng.normal(0, 50, rows), 0.0),
        dones=ends,
        cuts=ends,
        next_values=np.append(values[1:], values[:1]),
        policy_ids=("one",),
    )
    return replace(batch, **fields)


def table_of(batch: Batch, advantages: NDArray[Any], returns: NDArray[Any]) -> NDArray[np.float32]:
    """The rows as one step takes them."""
    table = np.zeros((len(batch.actions), COLUMNS), np.float32)
    table[:, :18], table[:, 18:108] = batch.observations, batch.temporals
    table[:, 108:111] = batch.masks
    table[np.arange(len(table)), 111 + batch.actions] = 1.0
    ends = (batch.log_probs, batch.values, advantages, returns, np.ones(len(table)))
    table[:, 114:] = np.stack(ends, axis=1)
    return table
