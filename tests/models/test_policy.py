"""A policy answers with the right numbers, from any thread, or says why not."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

import models
from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture
from models.errors import NonFiniteOutput, WeightsError
from models.initial import initial_tensors
from models.networks import actor_critic
from models.policy import Policy, load_policy
from models.shipped import shipped
from tests.models.files import bare, explosive, rows, saved, untrained
from tests.shared import SHARED, needs_shared

GOLDEN = [("phase5", "phase5_forward.npz"), ("pre_phase5", "legacy_forward.npz")]


def in_thread(work: Callable[[], object]) -> object:
    """What `work` gave in a fresh thread; its exception is raised here."""
    result: list[object] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return result[0]


@needs_shared
@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 17, 64])
@pytest.mark.parametrize(("name", "golden"), GOLDEN)
def test_the_original_weights_give_the_golden_outputs(name: str, golden: str, count: int) -> None:
    policy = models.load_policy(SHARED / "weights" / name)
    with np.load(SHARED / "golden" / golden) as want:
        current = want["current"][:count]
        temporal = want["temporal"][:count] if "temporal" in want else np.ones((count, 90), "f4")
        probs, values = policy.forward(current, temporal)
        assert np.abs(probs - want["probs"][:count]).max() < 1e-5
        assert np.abs(values - want["values"][:count]).max() < 1e-5
    assert (probs.shape, values.shape) == ((count, 3), (count,))
    assert {probs.dtype, values.dtype} == {np.dtype(np.float32)}


@needs_shared
@pytest.mark.parametrize(("name", "golden"), GOLDEN)
def test_the_original_weights_say_what_they_are(name: str, golden: str) -> None:
    policy = load_policy(SHARED / "weights" / name / "rl_model.safetensors")
    assert policy.architecture == name
    assert policy.trained
    assert policy.manifest is None
    assert policy.stats is not None
    assert policy.stats.reward_count > 0
    assert policy.policy_id == policy.sha256[:12]


def test_pre_phase5_ignores_the_temporal_input() -> None:
    policy = load_policy(shipped(PRE_PHASE5))
    current, temporal = rows(4)
    assert np.array_equal(
        policy.forward(current, temporal)[0], policy.forward(current, -temporal)[0]
    )


def test_rows_do_not_depend_on_their_neighbours() -> None:
    policy = load_policy(shipped(PHASE5))
    current, temporal = rows(4)
    together, _ = policy.forward(current, temporal)
    alone = [policy.forward(current[i : i + 1], temporal[i : i + 1])[0][0] for i in range(4)]
    assert np.allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_untrained_policy_prefers_nothing(tmp_path: Path, architecture: Architecture) -> None:
    policy = load_policy(untrained(tmp_path, architecture))
    probs, _ = policy.forward(*rows(64))
    assert not policy.trained
    assert np.abs(probs - 1 / 3).max() < 0.02


@pytest.mark.parametrize(
    ("current", "temporal"),
    [((0, 18), (0, 90)), ((18,), (90,)), ((2, 18), (1, 90)), ((2, 17), (2, 90)), ((), ())],
)
def test_a_wrong_shape_is_one_sentence(current: tuple[int, ...], temporal: tuple[int, ...]) -> None:
    policy = load_policy(shipped(PHASE5))
    with pytest.raises(ValueError, match=r"not \(N, 18\) and \(N, 90\) with N >= 1$"):
        policy.forward(np.zeros(current, np.float32), np.zeros(temporal, np.float32))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_inputs_that_are_no_numbers_are_the_callers_fault(bad: float) -> None:
    current, temporal = rows(2)
    temporal[1, 7] = bad
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        load_policy(shipped(PHASE5)).forward(current, temporal)


def test_an_output_that_is_no_number_is_not_given_out(tmp_path: Path) -> None:
    policy = load_policy(bare(tmp_path, explosive()))
    with pytest.raises(NonFiniteOutput, match=policy.policy_id):
        policy.forward(np.ones((1, 18), np.float32), np.ones((1, 90), np.float32))


def test_weights_too_large_to_compute_with_are_refused_at_load(tmp_path: Path) -> None:
    tensors = initial_tensors(PHASE5, 1)
    tensors["actor.fc2.weight"] = np.where(np.eye(64) > 0, 3.4e38, -3.4e38).astype(np.float32)
    with pytest.raises(WeightsError, match="so large that zeros give no number"):
        load_policy(bare(tmp_path, tensors))


def test_a_policy_loaded_in_one_thread_answers_in_others() -> None:
    policy = in_thread(lambda: load_policy(shipped(PHASE5)))
    assert isinstance(policy, Policy)
    here = policy.forward(*rows(5))
    there = in_thread(lambda: policy.forward(*rows(5)))
    assert isinstance(there, tuple)
    assert np.array_equal(here[0], there[0])
    assert np.array_equal(here[1], there[1])


def test_plain_networks_made_in_one_thread_answer_in_others() -> None:
    model = in_thread(lambda: actor_critic(PHASE5, initial_tensors(PHASE5, 1)))
    current, temporal = (mx.array(array) for array in rows(2))
    assert np.isfinite(np.array(model.probs(current, temporal))).all()  # type: ignore[attr-defined]  # in_thread knows only object


def test_outputs_are_plain_arrays_of_their_own() -> None:
    probs, values = load_policy(shipped(PHASE5)).forward(*rows(4))
    assert probs.base is None
    assert values.base is None
    assert probs.flags.writeable


def test_calls_do_not_pile_up_memory() -> None:
    policy = load_policy(shipped(PHASE5))
    policy.forward(*rows(4))
    gc.collect()
    before = mx.get_active_memory()
    for _ in range(200):
        policy.forward(*rows(4))
    gc.collect()
    assert mx.get_active_memory() <= before


def test_the_weights_cannot_be_changed_under_their_policy_id() -> None:
    policy = load_policy(shipped(PHASE5))
    with pytest.raises(ValueError, match="read-only"):
        policy.tensors["actor.fc1.bias"][0] = 1


def test_a_policy_saved_again_keeps_its_id(tmp_path: Path) -> None:
    policy = load_policy(saved(tmp_path / "first"))
    assert policy.manifest is not None
    again = tmp_path / "second" / "rl_model.safetensors"
    models.save_policy(again, policy.tensors, policy.stats, policy.manifest.origin)
    assert load_policy(again).policy_id == policy.policy_id


REPORT = """
import sys
from models.architecture import PHASE5
from models.shipped import shipped
from models.policy import load_policy
import numpy as np
policy = load_policy(shipped(PHASE5))
probs, _ = policy.forward(np.zeros((4, 18), "f4"), np.zeros((4, 90), "f4"))
assert np.isfinite(probs).all()
sys.stdout.write(policy.evaluator)
"""


def evaluator_where(**environment: str) -> str:
    """What `Policy.evaluator` says in a fresh process with these variables, which is silent."""
    done = subprocess.run(
        [sys.executable, "-c", REPORT],
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


cpu_only = pytest.mark.skipif(
    mx.default_device() != mx.Device(mx.cpu, 0), reason="only MLX on the CPU needs a C++ compiler"
)


@cpu_only
def test_without_a_compiler_it_runs_eager_and_says_so(tmp_path: Path) -> None:
    assert evaluator_where(PATH=str(tmp_path)) == "eager: no g++ on PATH"


@cpu_only
def test_with_a_broken_compiler_it_runs_eager_and_says_so(tmp_path: Path) -> None:
    compiler = tmp_path / "g++"
    compiler.write_text('#!/bin/sh\n[ "$1" = --version ] || { echo broken; exit 1; }\n')
    compiler.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    said = evaluator_where(PATH=path, TMPDIR=str(tmp_path))
    assert said.startswith("eager: ")
    assert "ompile" in said


@cpu_only
def test_without_a_place_for_compiled_code_it_runs_eager_and_says_so(tmp_path: Path) -> None:
    said = evaluator_where(TMPDIR=str(tmp_path / "missing"))
    assert said.startswith("eager: ")
    assert len(said) > len("eager: ")


def test_compilation_switched_off_by_the_environment_is_said() -> None:
    assert evaluator_where(MLX_DISABLE_COMPILE="1") == "eager: MLX_DISABLE_COMPILE is set"
