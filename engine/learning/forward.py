"""What the networks compute from flat vectors: the same as `models.networks`, ready for gradients.

Owns the expressions, layer by layer, and the activations that the dormant-unit measure looks at.
Knows no loss and no optimiser, and keeps no state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

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
    linear, norm = f"{where}fc{layer}", f"{where}ln{layer}"
    names = (f"{linear}.weight", f"{linear}.bias", f"{norm}.weight", f"{norm}.bias")
    found = cast(tuple[mx.array, ...], _layer(rows, *(parts[name] for name in names)))
    return found[0]


@mx.custom_function
def _layer(
    rows: mx.array, weight: mx.array, bias: mx.array, gain: mx.array, shift: mx.array
) -> tuple[mx.array, mx.array, mx.array]:
    """Linear, LayerNorm, tanh; and the normalised rows and their scale, for the gradient."""
    linear = rows @ weight + bias
    centred = linear - _row_mean(linear)
    scale = mx.rsqrt(_row_mean(centred * centred) + EPSILON)
    normal = centred * scale
    return mx.tanh(normal * gain + shift), normal, scale


# Written out because what MLX derives takes a quarter longer: it multiplies by a transposed view,
# and computes anew what the layer already has.
@_layer.vjp
def _layer_gradient(
    given: tuple[mx.array, ...], above: tuple[mx.array, ...], came: tuple[mx.array, ...]
) -> tuple[mx.array, ...]:
    rows, weight, _, gain, _ = given
    activation, normal, scale = came
    before_tanh = above[0] * (1.0 - activation * activation)
    pull = before_tanh * gain
    linear = scale * (pull - _row_mean(pull) - normal * _row_mean(pull * normal))
    return (
        linear @ mx.contiguous(weight.T),
        rows.T @ linear,
        mx.sum(linear, axis=0),
        mx.sum(before_tanh * normal, axis=0),
        mx.sum(before_tanh, axis=0),
    )


def _row_mean(rows: mx.array) -> mx.array:
    return mx.mean(rows, axis=-1, keepdims=True)


def _linear(parts: Parts, layer: str, rows: mx.array) -> mx.array:
    return rows @ parts[f"{layer}.weight"] + parts[f"{layer}.bias"]
