"""The shipped weights can be made again, byte for byte, and are as untrained as they say."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.architecture import ARCHITECTURES, PHASE5, Architecture
from models.checkpoint import read_checkpoint
from models.initial import SHIPPED, initial_tensors, shipped


def test_making_the_shipped_weights_again_gives_the_same_files(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "models.initial", str(tmp_path)],
        cwd=Path(__file__).resolve().parents[2],
        check=True,
    )
    names = sorted(f.relative_to(SHIPPED) for f in SHIPPED.rglob("*") if f.is_file())
    assert len(names) == 6
    assert names == sorted(f.relative_to(tmp_path) for f in tmp_path.rglob("*") if f.is_file())
    assert all((SHIPPED / n).read_bytes() == (tmp_path / n).read_bytes() for n in names)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_shipped_weights_are_whole_and_untrained(architecture: Architecture) -> None:
    found = read_checkpoint(shipped(architecture))
    assert found.architecture is architecture
    assert not found.trained
    assert found.stats is not None
    assert found.stats.reward_count == 0


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_matrices_are_orthogonal_with_their_gains(architecture: Architecture) -> None:
    gains: dict[str, float] = {"actor.fc3.weight": 0.01, "critic.fc3.weight": 1.0}
    for name, array in initial_tensors(architecture, 7).items():
        if array.ndim == 2:
            wide = array if array.shape[0] <= array.shape[1] else array.T
            gain = gains.get(name, math.sqrt(2))
            assert np.allclose(wide @ wide.T, gain**2 * np.eye(len(wide)), atol=1e-5), name


def test_another_seed_gives_other_weights() -> None:
    one, other = (initial_tensors(PHASE5, seed)["actor.fc1.weight"] for seed in (1, 2))
    assert not np.array_equal(one, other)
