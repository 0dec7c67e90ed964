"""The networks of each architecture, written plainly: one module for each, one layer a line.

They define what a model computes. The learner trains them, the benchmark times them, and the
tests hold `models.fused` to them. Parameter names are those of the weight files.
"""

from __future__ import annotations

from collections.abc import Mapping

import mlx.core as mx
import numpy as np

# From where they are defined: `mlx.nn` re-exports them in a way that strict typing does not see.
from mlx.nn.layers.base import Module
from mlx.nn.layers.linear import Linear
from mlx.nn.layers.normalization import LayerNorm
from mlx.utils import tree_unflatten
from numpy.typing import NDArray

from models.architecture import OUTPUTS, PHASE5, ROW, TEMPORAL, Architecture


class TemporalEncoder(Module):
    """The last five states, shape (N, 90), to 32 numbers."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mlx 0.32 types no __init__
        self.fc1 = Linear(TEMPORAL, 64)
        self.ln1 = LayerNorm(64)
        self.fc2 = Linear(64, 32)
        self.ln2 = LayerNorm(32)

    def __call__(self, temporal: mx.array) -> mx.array:
        hidden = mx.tanh(self.ln1(self.fc1(temporal)))
        return mx.tanh(self.ln2(self.fc2(hidden)))


class TemporalNetwork(Module):
    """Phase 5: current (N, 18) and temporal (N, 90) to `outputs` numbers, N rows."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mlx 0.32 types no __init__
        self.temporal_encoder = TemporalEncoder()
        self.fc1 = Linear(ROW + 32, width)
        self.ln1 = LayerNorm(width)
        self.fc2 = Linear(width, width)
        self.ln2 = LayerNorm(width)
        self.fc3 = Linear(width, outputs)

    def __call__(self, current: mx.array, temporal: mx.array) -> mx.array:
        joined = mx.concatenate([current, self.temporal_encoder(temporal)], axis=-1)
        hidden = mx.tanh(self.ln1(self.fc1(joined)))
        hidden = mx.tanh(self.ln2(self.fc2(hidden)))
        return self.fc3(hidden)


class PlainNetwork(Module):
    """Pre-Phase 5: current (N, 18) to `outputs` numbers; the temporal input is ignored."""

    def __init__(self, outputs: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mlx 0.32 types no __init__
        self.fc1 = Linear(ROW, 128)
        self.fc2 = Linear(128, 128)
        self.fc3 = Linear(128, outputs)

    def __call__(self, current: mx.array, _temporal: mx.array) -> mx.array:
        return self.fc3(mx.tanh(self.fc2(mx.tanh(self.fc1(current)))))


class ActorCritic(Module):
    """Both networks of a model under the names that the weight files use."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # mlx 0.32 types no __init__
        if architecture is PHASE5:
            self.actor: Module = TemporalNetwork(64, OUTPUTS)
            self.critic: Module = TemporalNetwork(96, 1)
        else:
            self.actor = PlainNetwork(OUTPUTS)
            self.critic = PlainNetwork(1)

    def probs(self, current: mx.array, temporal: mx.array) -> mx.array:
        """Softmax of the actor, shape (N, 3)."""
        return mx.softmax(self.actor(current, temporal), axis=-1)

    def state_values(self, current: mx.array, temporal: mx.array) -> mx.array:
        """The critic, shape (N,)."""
        return mx.squeeze(self.critic(current, temporal), axis=-1)


def actor_critic(
    architecture: Architecture, tensors: Mapping[str, NDArray[np.float32]]
) -> ActorCritic:
    """The networks with these weights; made of values, so any thread may use them."""
    model = ActorCritic(architecture)
    model.update(tree_unflatten([(name, mx.array(array)) for name, array in tensors.items()]))
    return model
