"""Everything that a learner is, as one record, and that record in a checkpoint.

Owns what a checkpoint holds and when one may be gone on from: only by a learner of the same
architecture, features, numbers and champion.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from engine.errors import LearnerStateError
from engine.features import SCHEMA_HASH
from engine.learning.adam import Moments
from engine.learning.guards import Streaks
from engine.learning.parameters import ACTOR, CRITIC, Weights, slots
from engine.learning.profile import Profile
from engine.learning.state_file import seal, unseal
from engine.learning_view import UpdateView
from models.architecture import Architecture
from models.errors import WeightsError
from models.stats import Stats, refuse_nonsense

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Identity:
    """What must agree for one learner to go on from another's checkpoint."""

    architecture: str
    champion: str
    """sha256 of the weight file of the champion's tensors, 64 hex digits."""
    profile: Profile
    features: str = SCHEMA_HASH
    """Hash of the inputs."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known in words and single numbers."""

    identity: Identity
    policy_id: str
    """Of the weights beside this."""
    parent: str
    """Policy id of the weights from which the last accepted update started; "": there was none."""
    number: int
    """Updates judged over the challenger's whole life."""
    accepted: int
    """Updates accepted since it started from the champion."""
    streaks: Streaks
    adam_step: int
    stats: Stats
    """Of all rewards learnt from, dollars."""
    budget: tuple[int, ...]
    """Market times, ms, of the updates that count against the hour's."""
    generator: dict[str, Any]
    """State of numpy's generator."""
    updates: tuple[UpdateView, ...]
    """Guard report of the last updates, newest last."""


@dataclass(frozen=True, slots=True, eq=False)
class LearnerState:
    """A learner between two slices."""

    facts: Facts
    weights: Mapping[str, Floats]
    """Six flat vectors, named in `VECTORS`."""
    rollout: Mapping[str, NDArray[Any]]
    probes: Mapping[str, NDArray[Any]]

    def networks(self) -> tuple[Weights, Moments]:
        """The weights and what Adam remembers of them, as arrays of the calling thread."""
        of = {name: mx.array(array) for name, array in self.weights.items()}
        moments = Moments(
            of["actor_m"], of["actor_v"], of["critic_m"], of["critic_v"], self.facts.adam_step
        )
        return Weights(of["actor"], of["critic"]), moments

    def to_bytes(self) -> bytes:
        """The checkpoint; the same state gives the same bytes."""
        groups = {"weights": self.weights, "rollout": self.rollout, "probes": self.probes}
        arrays = {
            f"{group}/{name}": array
            for group, members in groups.items()
            for name, array in members.items()
        }
        return seal(dataclasses.asdict(self.facts), arrays)


VECTORS: Final = {
    "actor": ACTOR, "actor_m": ACTOR, "actor_v": ACTOR,
    "critic": CRITIC, "critic_m": CRITIC, "critic_v": CRITIC,
}  # fmt: skip
"""Each vector and whose length it has: the weights, and Adam's two moments of each network."""


def vectors_of(weights: Weights, moments: Moments) -> dict[str, Floats]:
    """Copies of the six vectors."""
    kept = dict(zip(("actor", "critic"), weights.flats, strict=True))
    kept |= {name: getattr(moments, name) for name in VECTORS if name not in kept}
    return {name: np.array(array) for name, array in kept.items()}


_READER: Final = TypeAdapter(Facts)


def read(data: bytes, architecture: Architecture, wanted: Identity) -> LearnerState:
    """The state in `data`. Raises LearnerStateError, one clause, unless it is `wanted`'s."""
    text, arrays = unseal(data)
    _refuse_stranger(text, wanted)
    facts = _facts(text)
    groups: dict[str, dict[str, NDArray[Any]]] = {"weights": {}, "rollout": {}, "probes": {}}
    for full, array in arrays.items():
        group, _, name = full.partition("/")
        groups.setdefault(group, {})[name] = array
    _refuse_misshapen(groups["weights"], architecture)
    return LearnerState(facts, **groups)


def _refuse_stranger(text: bytes, wanted: Identity) -> None:
    """Before anything else is read: what is inside another's checkpoint may differ in form."""
    try:
        found = json.loads(text)["identity"]
        theirs = {**found, **found.pop("profile")}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise LearnerStateError("does not say whose it is") from None
    mine = dataclasses.asdict(wanted)
    mine |= mine.pop("profile")
    for name, value in mine.items():
        if theirs.get(name) != value:
            raise LearnerStateError(_difference(name, theirs.get(name), value))


def _difference(name: str, theirs: object, mine: object) -> str:
    if name == "architecture":
        return f"is of a {theirs} model, and this one is {mine}"
    if name == "champion":
        return f"started from the champion {str(theirs)[:12]}, and {str(mine)[:12]} is champion now"
    if name == "features":
        return "was learnt on other features than these"
    return f"was learnt with {name} {theirs}, and the settings now say {mine}"


def _facts(text: bytes) -> Facts:
    try:
        facts = _READER.validate_json(text, strict=True)
        refuse_nonsense(facts.stats, "its statistics")
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "text"
        raise LearnerStateError(f"has a malformed {where} ({first['msg']})") from None
    except WeightsError:
        raise LearnerStateError("has reward statistics that make no sense") from None
    runs = (facts.streaks.entropy, facts.streaks.value)
    if min(facts.number, facts.accepted, facts.adam_step, *runs) < 0:
        raise LearnerStateError("counts below zero")
    return facts


def _refuse_misshapen(weights: Mapping[str, NDArray[Any]], architecture: Architecture) -> None:
    for name, network in VECTORS.items():
        length = slots(architecture, network)[-1].end
        array = weights.get(name)
        if array is None or array.shape != (length,) or array.dtype != np.float32:
            raise LearnerStateError(f"does not hold {length} float32 numbers of {name}")
        if not np.isfinite(array).all():
            raise LearnerStateError(f"holds NaN or infinity in {name}")
        if name.endswith("_v") and (array < 0).any():
            raise LearnerStateError(f"holds negative squares in {name}")
