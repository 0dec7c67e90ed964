"""The one table of tensor names and shapes, from which everything else about a model derives.

Detection, strict validation, initialisation and the layout of a saved file all read
`ARCHITECTURES`. Holds no numbers of any model and touches no file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

Shape = tuple[int, ...]

ROW: Final = 18
"""Numbers in one state."""
HISTORY: Final = 5
"""States in the temporal input, oldest first."""
TEMPORAL: Final = ROW * HISTORY
"""Numbers in the temporal input."""
OUTPUTS: Final = 3
"""Probabilities that a policy gives."""


@dataclass(frozen=True, slots=True, eq=False)
class Architecture:
    """A kind of model: its tensors and what its stats file must say of them.

    There is one object of each kind, so they are told apart by identity.
    """

    name: str
    """``phase5`` or ``pre_phase5``."""
    shapes: Mapping[str, Shape]
    """Tensor name to shape; the order is the order of the data in a file."""
    dimensions: Mapping[str, int]
    """Entries of the stats file that repeat the shapes; empty where the file has none."""

    @property
    def params(self) -> int:
        """Number of trained numbers."""
        return sum(math.prod(shape) for shape in self.shapes.values())


# The order of each table is the order of the data in the files that the first implementation
# wrote (the iteration order of its hash map). Sorting it would change the bytes of saved files.
_PHASE5_SHAPES: Final[dict[str, Shape]] = {
    "critic.fc2.weight": (96, 96),
    "critic.fc1.bias": (96,),
    "critic.ln1.bias": (96,),
    "critic.temporal_encoder.ln2.bias": (32,),
    "critic.fc3.bias": (1,),
    "critic.ln1.weight": (96,),
    "critic.temporal_encoder.fc2.bias": (32,),
    "critic.fc1.weight": (96, 50),
    "critic.temporal_encoder.fc2.weight": (32, 64),
    "critic.temporal_encoder.fc1.bias": (64,),
    "actor.fc3.bias": (3,),
    "critic.fc3.weight": (1, 96),
    "actor.ln2.bias": (64,),
    "critic.fc2.bias": (96,),
    "actor.temporal_encoder.fc1.bias": (64,),
    "actor.fc2.bias": (64,),
    "actor.fc2.weight": (64, 64),
    "actor.temporal_encoder.ln2.weight": (32,),
    "actor.fc1.weight": (64, 50),
    "actor.ln1.weight": (64,),
    "actor.temporal_encoder.ln2.bias": (32,),
    "actor.ln2.weight": (64,),
    "actor.temporal_encoder.fc2.bias": (32,),
    "critic.temporal_encoder.ln2.weight": (32,),
    "actor.ln1.bias": (64,),
    "actor.temporal_encoder.ln1.bias": (64,),
    "actor.temporal_encoder.ln1.weight": (64,),
    "actor.fc1.bias": (64,),
    "critic.temporal_encoder.ln1.weight": (64,),
    "critic.ln2.weight": (96,),
    "actor.temporal_encoder.fc2.weight": (32, 64),
    "critic.ln2.bias": (96,),
    "critic.temporal_encoder.ln1.bias": (64,),
    "critic.temporal_encoder.fc1.weight": (64, 90),
    "actor.fc3.weight": (3, 64),
    "actor.temporal_encoder.fc1.weight": (64, 90),
}

_PRE_PHASE5_SHAPES: Final[dict[str, Shape]] = {
    "critic.fc3.bias": (1,),
    "critic.fc3.weight": (1, 128),
    "critic.fc2.bias": (128,),
    "critic.fc1.weight": (128, 18),
    "actor.fc1.bias": (128,),
    "actor.fc3.weight": (3, 128),
    "critic.fc2.weight": (128, 128),
    "actor.fc3.bias": (3,),
    "actor.fc2.bias": (128,),
    "actor.fc2.weight": (128, 128),
    "critic.fc1.bias": (128,),
    "actor.fc1.weight": (128, 18),
}

PHASE5: Final = Architecture(
    "phase5",
    MappingProxyType(_PHASE5_SHAPES),
    MappingProxyType(
        {
            "input_dim": ROW,
            "hidden_size": 64,
            "critic_hidden_size": 96,
            "history_len": HISTORY,
            "temporal_dim": 32,
        }
    ),
)

PRE_PHASE5: Final = Architecture(
    "pre_phase5", MappingProxyType(_PRE_PHASE5_SHAPES), MappingProxyType({})
)

ARCHITECTURES: Final = (PHASE5, PRE_PHASE5)


def detect(shapes: Mapping[str, Shape]) -> tuple[Architecture, str]:
    """The architecture nearest to `shapes`, and in words how they differ from it (or "").

    Nearest is the one with the fewest tensor names missing or extra, then misshapen.
    """
    nearest = min(ARCHITECTURES, key=lambda known: _distance(known.shapes, shapes))
    return nearest, _difference(nearest.shapes, shapes)


def _distance(want: Mapping[str, Shape], have: Mapping[str, Shape]) -> tuple[int, int]:
    misshapen = sum(have[name] != want[name] for name in want.keys() & have.keys())
    return len(want.keys() ^ have.keys()), misshapen


def _difference(want: Mapping[str, Shape], have: Mapping[str, Shape]) -> str:
    missing = sorted(want.keys() - have.keys())
    extra = sorted(have.keys() - want.keys())
    misshapen = [
        f"{name} is {_times(have[name])} instead of {_times(want[name])}"
        for name in sorted(want.keys() & have.keys())
        if have[name] != want[name]
    ]
    parts = [_few("lacks", missing), _few("has the unknown", extra), _few("", misshapen)]
    return "; ".join(part for part in parts if part)


def _few(verb: str, items: list[str], most: int = 3) -> str:
    """The first of `items` in words, and how many more there are; "" for none."""
    if not items:
        return ""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{verb} {', '.join(items[:most])}{more}".strip()


def _times(shape: Shape) -> str:
    return "x".join(str(size) for size in shape) or "a single number"
