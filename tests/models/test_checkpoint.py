"""Three files, one checkpoint: a reader gets the old one or the new one, or a sentence."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from models import disk
from models.architecture import ARCHITECTURES, PHASE5, PRE_PHASE5, Architecture
from models.checkpoint import Files, read_checkpoint, save_policy
from models.errors import WeightsError
from models.manifest import Origin
from models.stats import Stats
from tests.models.deaths import killed_after, torn_after
from tests.models.files import ORIGIN, bare, saved, seeded, stats_of
from tests.shared import SHARED, needs_shared


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here turns the power off, and hundreds of saves would each wait for the disk."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def refusal(path: str | Path) -> str:
    with pytest.raises(WeightsError) as caught:
        read_checkpoint(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_what_was_saved_is_read_again(tmp_path: Path, architecture: Architecture) -> None:
    found = read_checkpoint(saved(tmp_path, architecture, seed=2))
    assert found.architecture is architecture
    assert found.stats == stats_of(architecture)
    assert found.manifest is not None
    assert (found.manifest.sha256, found.manifest.origin) == (found.sha256, ORIGIN)
    tensors = seeded(architecture, 2)
    assert all(np.array_equal(found.tensors[name], tensors[name]) for name in tensors)


@needs_shared
@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_original_checkpoint_saved_again_has_the_same_bytes(
    tmp_path: Path, architecture: Architecture
) -> None:
    folder = SHARED / "weights" / architecture.name
    found = read_checkpoint(folder)
    save_policy(tmp_path / "rl_model.safetensors", found.tensors, found.stats, ORIGIN)
    for name in ("rl_model.safetensors", "rl_model_stats.npz"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_folder_means_the_weights_in_it(tmp_path: Path) -> None:
    path = saved(tmp_path)
    assert read_checkpoint(tmp_path).path == path
    assert read_checkpoint(str(tmp_path)).path == path


def test_the_files_beside_follow_the_name_of_the_weights(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "mine.safetensors")
    assert (files.stats.name, files.manifest.name) == ("mine_stats.npz", "mine.manifest.json")


def test_no_stats_file_is_noted_and_accepted(tmp_path: Path) -> None:
    found = read_checkpoint(bare(tmp_path, seeded(PHASE5, 1)))
    assert (found.stats, found.manifest, found.trained) == (None, None, True)


def test_a_removed_stats_file_is_noted_and_accepted(tmp_path: Path) -> None:
    files = Files.of(saved(tmp_path))
    files.stats.unlink()
    assert read_checkpoint(files.weights).stats is None


def test_initial_weights_are_untrained_by_their_manifest(tmp_path: Path) -> None:
    path = tmp_path / "rl_model.safetensors"
    save_policy(path, seeded(PHASE5, 1), None, Origin("tests", trained=False))
    assert read_checkpoint(path).trained is False


def test_files_can_be_read_by_their_owner_only(tmp_path: Path) -> None:
    saved(tmp_path / "new")
    assert [oct(f.stat().st_mode & 0o777) for f in (tmp_path / "new").iterdir()] == ["0o600"] * 3


def test_nothing_is_left_over_after_a_save(tmp_path: Path) -> None:
    files = Files.of(saved(tmp_path))
    assert set(tmp_path.iterdir()) == {files.weights, files.stats, files.manifest}


@pytest.mark.parametrize("path", ["missing.safetensors", "missing/x", "x" * 5000, "a\0b"])
def test_a_path_that_leads_nowhere_is_one_sentence(tmp_path: Path, path: str) -> None:
    assert refusal(tmp_path / path).startswith(str(tmp_path))


def test_an_empty_folder_is_told_by_the_name_that_is_missing(tmp_path: Path) -> None:
    assert "rl_model.safetensors: there is no such file" in refusal(tmp_path)


def test_a_named_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is not a regular file" in refusal(tmp_path / "pipe")


def test_a_file_too_large_for_a_model_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "big.safetensors"
    with path.open("wb") as file:
        file.truncate(10**12)
    assert "is larger than 1,048,576 bytes" in refusal(path)


def test_weights_exchanged_behind_the_manifest_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    bare(tmp_path, seeded(PHASE5, 9))
    assert "is not the file that its manifest describes" in refusal(path)


def test_a_single_flipped_bit_of_the_weights_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path)
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert "is not the file that its manifest describes" in refusal(path)


def test_stats_exchanged_behind_the_manifest_are_refused(tmp_path: Path) -> None:
    files = Files.of(saved(tmp_path))
    other = Files.of(tmp_path / "other" / "rl_model.safetensors")
    save_policy(other.weights, seeded(PHASE5, 1), Stats(0.0, 1.0, 0, 0.9, 8), ORIGIN)
    other.stats.replace(files.stats)
    assert "is not the file that rl_model.manifest.json describes" in refusal(files.weights)


def test_a_manifest_of_another_architecture_is_refused(tmp_path: Path) -> None:
    files = Files.of(saved(tmp_path))
    flat = json.loads(files.manifest.read_bytes())
    files.manifest.write_text(json.dumps({**flat, "architecture": "pre_phase5"}))
    assert "says pre_phase5, but the weights beside it are phase5" in refusal(files.weights)


def test_bad_weights_are_not_saved_over_good_ones(tmp_path: Path) -> None:
    path = saved(tmp_path)
    bad = {**seeded(PHASE5, 2), "critic.fc3.bias": np.array([np.nan], np.float32)}
    with pytest.raises(WeightsError, match=r"critic\.fc3\.bias holds 1 NaN"):
        save_policy(path, bad, None, ORIGIN)
    with pytest.raises(WeightsError, match="reward_std cannot be -1"):
        save_policy(path, seeded(PHASE5, 2), Stats(0.0, -1.0, 0, 0.9, 8), ORIGIN)
    assert read_checkpoint(path).stats == stats_of(PHASE5)


def test_a_full_disk_is_one_sentence_and_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path)

    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(disk, "stage", full)
    with pytest.raises(WeightsError, match=r"cannot be saved \(No space left on device\)"):
        saved(tmp_path, seed=2)
    assert np.array_equal(
        read_checkpoint(path).tensors["actor.fc1.weight"],
        seeded(PHASE5, 1)["actor.fc1.weight"],
    )


def seed_found(path: Path, seeds: range) -> int:
    """Which seed's checkpoint lies at `path`, whole: weights, stats and manifest agreeing."""
    found = read_checkpoint(path)
    assert found.manifest is not None
    assert found.manifest.sha256 == found.sha256
    (seed,) = [
        seed
        for seed in seeds
        if np.array_equal(
            found.tensors["actor.fc2.weight"], seeded(PHASE5, seed)["actor.fc2.weight"]
        )
    ]
    assert found.stats == numbered_stats(seed)
    return seed


def numbered_stats(seed: int) -> Stats | None:
    return None if seed == 3 else Stats(float(seed), 1.0, seed, 0.95, 256)


def numbered_save(path: Path, seed: int) -> None:
    save_policy(path, seeded(PHASE5, seed), numbered_stats(seed), ORIGIN)


@pytest.mark.parametrize("seed", [2, 3], ids=["with stats", "without stats"])
@pytest.mark.parametrize("kill", [killed_after, torn_after])
def test_a_save_killed_anywhere_leaves_the_old_or_the_new_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: Callable[..., bool], seed: int
) -> None:
    found = []
    steps = 0
    died = True
    while died:
        path = tmp_path / str(steps) / "rl_model.safetensors"
        numbered_save(path, 1)
        died = kill(steps, partial(numbered_save, path, seed), monkeypatch)
        found.append(seed_found(path, range(1, 4)))
        steps += 1
    assert found == sorted(found)
    assert found[-1] == seed


def test_a_save_killed_after_a_killed_save_leaves_a_whole_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for first in range(9):
        for second in range(9):
            path = tmp_path / f"{first}-{second}" / "rl_model.safetensors"
            numbered_save(path, 1)
            killed_after(first, partial(numbered_save, path, 2), monkeypatch)
            killed_after(second, partial(numbered_save, path, 4), monkeypatch)
            seed_found(path, range(1, 5))


def test_a_first_save_over_original_files_killed_anywhere_leaves_a_whole_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in range(12):
        path = bare(tmp_path / str(steps), seeded(PHASE5, 1))
        killed_after(steps, partial(numbered_save, path, 2), monkeypatch)
        found = read_checkpoint(path)
        assert (found.manifest is None) == (found.stats is None)


def test_an_import_over_another_architecture_killed_anywhere_leaves_one_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for steps in range(12):
        path = saved(tmp_path / str(steps), PRE_PHASE5)
        killed_after(steps, partial(numbered_save, path, 2), monkeypatch)
        found = read_checkpoint(path)
        assert found.stats == (
            numbered_stats(2) if found.architecture is PHASE5 else stats_of(PRE_PHASE5)
        )
