"""A model's tensors as two flat vectors, one for each network, and back.

Owns the order of the numbers in those vectors. Flat because gradients, clipping and Adam then are
one operation each instead of one for every tensor. Matrices lie as (inputs, outputs), the way
their products want them; weight files have them the other way round.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from models.architecture import Architecture, Shape

Tensors = Mapping[str, NDArray[np.float32]]
"""Tensor name to array, as in `models.architecture`."""

ACTOR: Final = "actor"
CRITIC: Final = "critic"


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Both networks; bound to the thread that made it."""

    actor: mx.array
    """(P,) float32."""
    critic: mx.array
    """(Q,) float32."""

    @property
    def flats(self) -> tuple[mx.array, mx.array]:
        return self.actor, self.critic


@dataclass(frozen=True, slots=True)
class Slot:
    """Where one tensor lies in its network's vector."""

    name: str
    """Without the network: ``fc1.weight``."""
    shape: Shape
    """In the vector: a matrix is (inputs, outputs)."""
    start: int
    """Place of its first number."""
    end: int
    """Place after its last."""


def slots(architecture: Architecture, network: str) -> tuple[Slot, ...]:
    """The layout of ``actor`` or ``critic``, in the order of the architecture's table."""
    found: list[Slot] = []
    start = 0
    for full, shape in architecture.shapes.items():
        owner, _, name = full.partition(".")
        if owner == network:
            end = start + math.prod(shape)
            found.append(Slot(name, shape[::-1], start, end))
            start = end
    return tuple(found)


def flatten(architecture: Architecture, tensors: Tensors) -> Weights:
    """The vectors of these tensors. KeyError or ValueError where they are of another model."""
    return Weights(*(_flat(architecture, network, tensors) for network in (ACTOR, CRITIC)))


def tensors_of(architecture: Architecture, weights: Weights) -> dict[str, NDArray[np.float32]]:
    """Read-only copies under the names and in the order of the table, equal to the last bit."""
    found: dict[str, NDArray[np.float32]] = {}
    for network, flat in ((ACTOR, weights.actor), (CRITIC, weights.critic)):
        numbers = np.array(flat)
        for slot in slots(architecture, network):
            found[f"{network}.{slot.name}"] = _tensor(numbers, slot)
    return {name: found[name] for name in architecture.shapes}


def split(architecture: Architecture, network: str, flat: mx.array) -> dict[str, mx.array]:
    """The tensors inside `flat` (P,), as views for an expression."""
    layout = slots(architecture, network)
    parts = mx.split(flat, [slot.start for slot in layout[1:]])
    return {slot.name: mx.reshape(p, slot.shape) for slot, p in zip(layout, parts, strict=True)}


def joined(parts: Mapping[str, mx.array]) -> mx.array:
    """What `split` took apart, in the same order."""
    return mx.concatenate([mx.reshape(part, (-1,)) for part in parts.values()])


def _flat(architecture: Architecture, network: str, tensors: Tensors) -> mx.array:
    layout = slots(architecture, network)
    flat = np.empty(layout[-1].end, np.float32)
    for slot in layout:
        tensor = np.asarray(tensors[f"{network}.{slot.name}"], np.float32)
        flat[slot.start : slot.end] = tensor.T.reshape(slot.shape).ravel()
    return mx.array(flat)


def _tensor(numbers: NDArray[np.float32], slot: Slot) -> NDArray[np.float32]:
    tensor = numbers[slot.start : slot.end].reshape(slot.shape).T.copy()
    tensor.setflags(write=False)
    return tensor
