"""Seeded streams and the two filters that give random series a memory.

Owns how randomness is addressed: every stream has a name and an index and depends on nothing
else, so any window can be made without those before it. Knows nothing of markets.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.feeds.sim_params import STEP_MS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Stream(IntEnum):
    """What a random stream is used for. The numbers are part of the seed: never renumber."""

    DAY = 0
    PATH = 1
    TAPE = 2
    BOOK = 3
    RESOLUTION = 4


def stream(seed: int, use: Stream, *index: int) -> np.random.Generator:
    """The generator of one use and index, the same whenever it is asked for."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, use, *index])))


def memory_steps(seconds: float) -> int:
    """Grid steps after which an exponential memory of `seconds` is spent (under 1 % left)."""
    return int(np.ceil(5.0 * seconds * 1000 / STEP_MS))


def trailing(series: Floats, seconds: float) -> Floats:
    """Exponentially weighted mean over the past of each row.

    `series` is (rows, lead + n) with ``lead = memory_steps(seconds)``; returns (rows, n). The
    weights are cut after `lead` steps so that a value depends on a bounded past.
    """
    lead = memory_steps(seconds)
    weights = np.exp(-np.arange(lead + 1) * (STEP_MS / 1000 / seconds))
    weights /= weights.sum()
    return np.stack([np.convolve(row, weights, "valid") for row in series])


def wandering(rng: np.random.Generator, shape: tuple[int, int], seconds: float) -> Floats:
    """Stationary unit-variance noise of `shape` (rows, n) that forgets itself in `seconds`."""
    rows, n = shape
    lead = memory_steps(seconds)
    weights = np.exp(-np.arange(lead + 1) * (STEP_MS / 1000 / seconds))
    scale = weights.sum() / np.sqrt((weights**2).sum())
    noise: Floats = trailing(rng.standard_normal((rows, lead + n)), seconds) * scale
    return noise
