"""Small model files for the tests, made from seeds, so that no test needs the reference data."""

from __future__ import annotations

import json
import struct
from functools import cache
from pathlib import Path

import numpy as np

from models.architecture import PHASE5, Architecture
from models.checkpoint import FILE_NAME, save_policy
from models.initial import initial_tensors
from models.manifest import Origin
from models.stats import Stats
from models.tensor_file import Array, Tensors, tensor_bytes

ORIGIN = Origin("tests", trained=True, profile="phase5", feature_schema="schema")


def stats_of(architecture: Architecture) -> Stats:
    if architecture is PHASE5:
        return Stats(-0.5, 31.5, 24_325, gamma=0.95, buffer_size=256)
    return Stats(0.125, 22.5, 23_740)


@cache
def seeded(architecture: Architecture, seed: int) -> Tensors:
    """Initial weights; made once, because the factorisations take most of a test's time."""
    return initial_tensors(architecture, seed)


def saved(folder: Path, architecture: Architecture = PHASE5, seed: int = 1) -> Path:
    """A whole checkpoint in `folder`: weights, stats and manifest."""
    path = folder / FILE_NAME
    save_policy(path, seeded(architecture, seed), stats_of(architecture), ORIGIN)
    return path


def untrained(folder: Path, architecture: Architecture = PHASE5) -> Path:
    """Initial weights that say so."""
    path = folder / FILE_NAME
    save_policy(path, seeded(architecture, 1), None, Origin("tests", trained=False))
    return path


def bare(folder: Path, tensors: Tensors, architecture: Architecture = PHASE5) -> Path:
    """A weight file alone, as others write them; `tensors` may be wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE_NAME
    path.write_bytes(tensor_bytes(architecture, tensors))
    return path


def explosive(seed: int = 1) -> Tensors:
    """Phase 5 weights that answer zeros with numbers and ones with NaN."""
    tensors = seeded(PHASE5, seed)
    huge = np.full_like(tensors["actor.fc1.weight"], 3e38)
    huge[::2] *= -1
    return {**tensors, "actor.fc1.weight": huge}


def rows(count: int, seed: int = 0) -> tuple[Array, Array]:
    """Random current (N, 18) and temporal (N, 90) in [-1, 1]."""
    rng = np.random.default_rng(seed)
    current = rng.uniform(-1, 1, (count, 18)).astype(np.float32)
    return current, rng.uniform(-1, 1, (count, 90)).astype(np.float32)


def header_of(data: bytes) -> dict[str, object]:
    header: dict[str, object] = json.loads(data[8 : 8 + header_length(data)])
    return header


def header_length(data: bytes) -> int:
    (length,) = struct.unpack("<Q", data[:8])
    return int(length)


def with_header(data: bytes, header: dict[str, object]) -> bytes:
    """The same tensor data under another header."""
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + header_length(data) :]
