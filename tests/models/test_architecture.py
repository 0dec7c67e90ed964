"""The table of tensors is the specified one, and says how a file differs from it."""

from __future__ import annotations

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture, detect
from models.networks import ActorCritic
from tests.models.files import header_of
from tests.shared import SHARED, needs_shared


def test_phase5_has_36_tensors_and_38756_parameters() -> None:
    assert (len(PHASE5.shapes), PHASE5.params) == (36, 38_756)


def test_pre_phase5_has_12_tensors() -> None:
    assert (len(PRE_PHASE5.shapes), PRE_PHASE5.params) == (12, 38_404)


@needs_shared
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_table_is_the_layout_of_the_original_file(architecture: Architecture) -> None:
    data = (SHARED / "weights" / architecture.name / "rl_model.safetensors").read_bytes()
    header = {n: e for n, e in header_of(data).items() if isinstance(e, dict)}
    by_place = sorted(header, key=lambda name: header[name]["data_offsets"])
    assert [(n, tuple(header[n]["shape"])) for n in by_place] == list(architecture.shapes.items())


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_networks_have_the_parameters_of_the_table(architecture: Architecture) -> None:
    parameters = ActorCritic(architecture).parameters()  # type: ignore[no-untyped-call]  # mlx 0.32 leaves it untyped
    flat: dict[str, mx.array] = {}
    tree_flatten(parameters, destination=flat)
    assert {name: array.shape for name, array in flat.items()} == architecture.shapes


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_exact_match_is_detected(architecture: Architecture) -> None:
    assert detect(architecture.shapes) == (architecture, "")


def test_the_difference_is_told_against_the_nearest_architecture() -> None:
    shapes = dict(PHASE5.shapes)
    del shapes["actor.ln1.bias"]
    shapes["actor.ln9.bias"] = (64,)
    shapes["critic.fc3.weight"] = (1, 64)
    nearest, difference = detect(shapes)
    assert nearest is PHASE5
    assert difference == (
        "lacks actor.ln1.bias; has the unknown actor.ln9.bias; "
        "critic.fc3.weight is 1x64 instead of 1x96"
    )


def test_a_long_difference_is_cut_short() -> None:
    _, difference = detect({})
    assert difference.endswith("and 9 more")
