"""All networks of a model as one expression over all rows.

Computes what `models.networks` defines in a third of the operations: actor and critic go
side by side along a leading axis of two (the narrower one padded with zeros), weights lie the
way the product wants them, and the mean that LayerNorm subtracts is taken off the weights once.
Constants are made from numpy, in float64, and not by MLX expressions: an MLX expression is
evaluated on first use and belongs to the thread that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from models.architecture import PHASE5, Architecture

Forward = Callable[[mx.array, mx.array], tuple[mx.array, mx.array]]
"""current (N, 18), temporal (N, 90) -> probabilities (N, 3), values (N,)."""

Tensors = Mapping[str, NDArray[np.float32]]
Floats = NDArray[np.float64]

EPSILON = 1e-5
"""Of LayerNorm, as in the networks."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A linear layer of the actor and of the critic; shapes (2, inputs, outputs), (2, 1, outputs).

    Unused outputs of the narrower network are zeros, and stay zeros through `Norm`.
    """

    weight: mx.array
    bias: mx.array


@dataclass(frozen=True, slots=True)
class Norm:
    """LayerNorm of both, for inputs whose mean is already zero."""

    weight: mx.array
    """(2, 1, width)."""
    bias: mx.array
    """(2, 1, width)."""
    share: mx.array
    """(2, 1, 1): one over the number of outputs in use."""

    def tanh(self, centred: mx.array) -> mx.array:
        variance = mx.sum(centred * centred, axis=-1, keepdims=True) * self.share
        return mx.tanh(centred * mx.rsqrt(variance + EPSILON) * self.weight + self.bias)


def fuse(architecture: Architecture, tensors: Tensors) -> Forward:
    """The expression for these weights."""
    # Weights near the largest float32 overflow when centred; the trial call then tells.
    with np.errstate(over="ignore", invalid="ignore"):
        return _phase5(tensors) if architecture is PHASE5 else _pre_phase5(tensors)


def _phase5(tensors: Tensors) -> Forward:
    enter, enter_norm = _normed(tensors, "temporal_encoder.fc1")
    encode, encode_norm = _normed(tensors, "temporal_encoder.fc2")
    join, join_norm = _normed(tensors, "fc1")
    trunk, trunk_norm = _normed(tensors, "fc2")
    head = _pair(tensors, "fc3")

    def forward(current: mx.array, temporal: mx.array) -> tuple[mx.array, mx.array]:
        hidden = enter_norm.tanh(temporal @ enter.weight + enter.bias)
        encoded = encode_norm.tanh(hidden @ encode.weight + encode.bias)
        both = mx.broadcast_to(current, (2, *current.shape))
        joined = mx.concatenate([both, encoded], axis=-1)
        hidden = join_norm.tanh(joined @ join.weight + join.bias)
        hidden = trunk_norm.tanh(hidden @ trunk.weight + trunk.bias)
        return _outputs(hidden @ head.weight + head.bias)

    return forward


def _pre_phase5(tensors: Tensors) -> Forward:
    enter, trunk, head = (_pair(tensors, name) for name in ("fc1", "fc2", "fc3"))

    def forward(current: mx.array, _temporal: mx.array) -> tuple[mx.array, mx.array]:
        hidden = mx.tanh(current @ enter.weight + enter.bias)
        hidden = mx.tanh(hidden @ trunk.weight + trunk.bias)
        return _outputs(hidden @ head.weight + head.bias)

    return forward


def _outputs(heads: mx.array) -> tuple[mx.array, mx.array]:
    """Probabilities and values from (2, N, 3); the critic uses the first of its three."""
    return mx.softmax(heads[0], axis=-1), heads[1, :, 0]


def _pair(tensors: Tensors, layer: str) -> Pair:
    weights, biases = _read(tensors, layer)
    return _padded_pair(weights, biases)


def _normed(tensors: Tensors, layer: str) -> tuple[Pair, Norm]:
    weights, biases = _read(tensors, layer)
    norm_weights, norm_biases = _read(tensors, layer.replace("fc", "ln"))
    pair = _padded_pair(
        [weight - weight.mean(axis=0) for weight in weights],
        [bias - bias.mean() for bias in biases],
    )
    norm = Norm(
        _constant(_padded(norm_weights)),
        _constant(_padded(norm_biases)),
        _constant(np.array([[[1 / len(bias)]] for bias in biases])),
    )
    return pair, norm


def _read(tensors: Tensors, layer: str) -> tuple[list[Floats], list[Floats]]:
    """Weights and biases of a layer, the actor's then the critic's."""
    both = [f"{network}.{layer}" for network in ("actor", "critic")]
    weights = [tensors[f"{name}.weight"].astype(np.float64) for name in both]
    return weights, [tensors[f"{name}.bias"].astype(np.float64) for name in both]


def _padded_pair(weights: list[Floats], biases: list[Floats]) -> Pair:
    """Stacked (inputs, outputs), zeros where one network is narrower."""
    inputs, outputs = (max(weight.shape[axis] for weight in weights) for axis in (1, 0))
    stacked = np.zeros((2, inputs, outputs))
    for place, weight in zip(stacked, weights, strict=True):
        place[: weight.shape[1], : weight.shape[0]] = weight.T
    return Pair(_constant(stacked), _constant(_padded(biases)))


def _padded(vectors: list[Floats]) -> Floats:
    stacked = np.zeros((2, 1, max(len(vector) for vector in vectors)))
    for place, vector in zip(stacked, vectors, strict=True):
        place[0, : len(vector)] = vector
    return stacked


def _constant(array: Floats) -> mx.array:
    return mx.array(array.astype(np.float32))
