from __future__ import annotations

import mlx.core as mx
import numpy as np
import pytest

from engine.learning.parameters import ACTOR, CRITIC, flatten, joined, slots, split, tensors_of
from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture
from models.checkpoint import read_checkpoint
from models.shipped import shipped
from models.tensor_file import tensor_bytes
from tests.engine.learning.cases import random_tensors


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_tensors_come_back_to_the_last_bit(architecture: Architecture) -> None:
    tensors = read_checkpoint(shipped(architecture)).tensors
    back = tensors_of(architecture, flatten(architecture, tensors))
    assert list(back) == list(architecture.shapes)
    assert tensor_bytes(architecture, back) == tensor_bytes(architecture, tensors)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_vectors_hold_every_number_once(architecture: Architecture) -> None:
    weights = flatten(architecture, random_tensors(architecture))
    assert weights.actor.size + weights.critic.size == architecture.params


def test_nobody_can_write_to_what_a_policy_id_names() -> None:
    back = tensors_of(PHASE5, flatten(PHASE5, random_tensors(PHASE5)))
    with pytest.raises(ValueError, match="read-only"):
        back["actor.fc3.bias"][0] = 1.0


def test_a_matrix_lies_the_way_its_product_wants_it() -> None:
    tensors = random_tensors(PHASE5)
    parts = split(PHASE5, ACTOR, flatten(PHASE5, tensors).actor)
    assert (np.array(parts["fc1.weight"]) == tensors["actor.fc1.weight"].T).all()


def test_split_and_joined_undo_each_other() -> None:
    flat = mx.arange(slots(PHASE5, CRITIC)[-1].end).astype(mx.float32)
    assert mx.array_equal(joined(split(PHASE5, CRITIC, flat)), flat)


def test_tensors_of_another_model_are_refused() -> None:
    with pytest.raises(KeyError):
        flatten(PHASE5, random_tensors(PRE_PHASE5))
    with pytest.raises(ValueError, match="reshape"):
        flatten(PHASE5, {**random_tensors(PHASE5), "actor.fc3.bias": np.zeros(4, np.float32)})
