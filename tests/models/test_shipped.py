"""What comes with the program is trained, says from what, and never saw a recording."""

from __future__ import annotations

import hashlib

import pytest

from engine.features import SCHEMA_HASH
from models.architecture import ARCHITECTURES, Architecture
from models.checkpoint import read_checkpoint
from models.initial import initial_tensors
from models.shipped import SHIPPED, shipped
from models.tensor_file import tensor_bytes

SEED = 7
"""Of the training that the README names."""


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_shipped_weights_are_whole_and_trained_from_the_named_seed(
    architecture: Architecture,
) -> None:
    found = read_checkpoint(shipped(architecture))
    assert found.architecture is architecture
    assert found.manifest is not None
    origin = found.manifest.origin
    start = tensor_bytes(architecture, initial_tensors(architecture, SEED))
    assert origin.parent == hashlib.sha256(start).hexdigest()
    assert (origin.trained, origin.profile) == (True, "long_horizon")
    assert origin.feature_schema == SCHEMA_HASH
    assert found.stats is not None
    assert found.stats.reward_count > 1_000_000


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_every_recording_may_be_scored_with_shipped_weights(architecture: Architecture) -> None:
    found = read_checkpoint(shipped(architecture))
    assert found.manifest is not None
    origin = found.manifest.origin
    assert origin.learned_until is None
    assert all(source.startswith("embedded market") for source in origin.learned_from)
    assert origin.learned_from


def test_nothing_else_is_shipped() -> None:
    assert len([file for file in SHIPPED.rglob("*") if file.is_file()]) == 6
