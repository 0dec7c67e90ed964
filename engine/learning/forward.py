"""What the networks compute from flat vectors: the same as `models.networks`, ready for gradients.

Owns the expressions, layer by layer, and the activations that the dormant-unit measure looks at.
Knows no loss and no optimiser, and keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mlx.core as mx

from engine.learning.parameters import ACTOR, CRITIC, split
from models.architecture import PHASE5, Architecture

Parts = Mapping[str, mx.array]
"""Tensors of one network by name, matrices as (inputs, outputs)."""

Hidden = list[mx.array]
"""Activations (N, width) of each hidden layer, after its tanh."""

Network = Callable[[Parts, mx.array, mx.array], tuple[mx.array, Hidden]]
"""Tensors, current (N, 18), temporal (N, 90) -> outputs (N, M), activations."""

Forward = Callable[[mx.array, mx.array, mx.array, mx.array], tuple[mx.array, mx.array]]
"""Actor (P,), critic (Q,), current (N, 18), temporal (N, 90) -> logits (N, 3), values (N,)."""

EPSILON = 1e-5
"""Of LayerNorm, as in the networks."""


def logits_and_values(architecture: Architecture) -> Forward:
    """The forward pass of both networks; no softmax, no mask."""
    network = network_of(architecture)

    def forward(
        actor: mx.array, critic: mx.array, current: mx.array, temporal: mx.array
    ) -> tuple[mx.array, mx.array]:
        logits, _ = network(split(architecture, ACTOR, actor), current, temporal)
        values, _ = network(split(architecture, CRITIC, critic), current, temporal)
        return logits, values[:, 0]

    return forward


def network_of(architecture: Architecture) -> Network:
    """One network of this architecture; the actor's and the critic's differ in width alone."""
    return _temporal_network if architecture is PHASE5 else _plain_network


def _temporal_network(
    parts: Parts, current: mx.array, temporal: mx.array
) -> tuple[mx.array, Hidden]:
    enter = _normed(parts, "temporal_encoder.", 1, temporal)
    encoded = _normed(parts, "temporal_encoder.", 2, enter)
    first = _normed(parts, "", 1, mx.concatenate([current, encoded], axis=-1))
    second = _normed(parts, "", 2, first)
    return _linear(parts, "fc3", second), [enter, encoded, first, second]


def _plain_network(parts: Parts, current: mx.array, _temporal: mx.array) -> tuple[mx.array, Hidden]:
    first = mx.tanh(_linear(parts, "fc1", current))
    second = mx.tanh(_linear(parts, "fc2", first))
    return _linear(parts, "fc3", second), [first, second]


def _normed(parts: Parts, where: str, layer: int, rows: mx.array) -> mx.array:
    """Linear, LayerNorm, tanh."""
    hidden = _linear(parts, f"{where}fc{layer}", rows)
    norm = f"{where}ln{layer}"
    centred = hidden - mx.mean(hidden, axis=-1, keepdims=True)
    variance = mx.mean(centred * centred, axis=-1, keepdims=True)
    scaled = centred * mx.rsqrt(variance + EPSILON)
    return mx.tanh(scaled * parts[f"{norm}.weight"] + parts[f"{norm}.bias"])


def _linear(parts: Parts, layer: str, rows: mx.array) -> mx.array:
    return rows @ parts[f"{layer}.weight"] + parts[f"{layer}.bias"]
