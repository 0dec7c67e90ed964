"""The interval of a mean of slots that may depend on each other.

The stationary bootstrap (Politis and Romano, JASA 1994): resamples are made of blocks of
consecutive slots, the sample being a circle, whose lengths are geometric with a given mean. Owns
the resampling and its correction for small samples. Pure numpy, seeded.

Measured on differences without any edge (30 to 100 slots, Student's t with 3 degrees of freedom,
autocorrelation 0 to 0.5) the bare percentile interval lay wholly above 0 in up to 11 % of runs;
with the longer blocks and the correction below it does in 1 to 4 %. No resampling can see a large
loss that is rare and has not happened on the tape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
RESAMPLES = 4_000
MIN_COUNT = 8
"""Slots below which there is no interval: it would say more of the method than of them."""

CHUNK = 1 << 20
"""Slots drawn at once, so that long tapes need no more memory than short ones."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """Where the mean lies with a given confidence, in the unit of the values."""

    mean: float
    low: float
    high: float


def block_length(count: int) -> int:
    """Expected slots in a block for `count` slots: ``2 count^(1/3)``, the rate that is best for a
    variance, long enough that an autocorrelation of 0.5 does not escape it at 30 slots."""
    return max(1, min(round(2.0 * math.cbrt(count)), count // 4))


def interval_of_mean(
    values: Numbers, block: int, resamples: int, seed: int, confidence: float = CONFIDENCE
) -> Interval:
    """The interval of the mean of `values` (N,), oldest first, from `resamples` resamples with
    blocks of `block` slots on average, that holds the mean with probability `confidence`.

    The percentiles are widened about the mean: by Student's t with one degree of freedom less
    than there are blocks, and for the part of the variance that blocks cut off. Raises
    ValueError for fewer than `MIN_COUNT` values or a block longer than a quarter of them.
    """
    count = len(values)
    if count < MIN_COUNT or not 1 <= block <= count // 4:
        raise ValueError(f"no interval from {count} slots in blocks of {block}")
    means = resampled_means(values, block, resamples, np.random.default_rng(seed))
    mean, tail = float(values.mean()), (1 - confidence) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    wider = widening(count, block, confidence)
    return Interval(mean, mean + (float(low) - mean) * wider, mean + (float(high) - mean) * wider)


def resampled_means(
    values: Numbers, block: int, resamples: int, rng: np.random.Generator
) -> Numbers:
    """Means (resamples,) of stationary resamples of `values` (N,)."""
    count = len(values)
    rows = max(1, CHUNK // count)
    parts = [
        values[indices(count, block, min(rows, resamples - done), rng)].mean(axis=1)
        for done in range(0, resamples, rows)
    ]
    return np.concatenate(parts)


def indices(count: int, block: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Which slots the resamples take: (resamples, count), each in [0, count).

    A position begins a block with probability 1 / `block`, anywhere in the sample, or else takes
    the slot after the one before it; the last is followed by the first.
    """
    begins = rng.random((resamples, count)) < 1 / block
    where = np.arange(count)
    begun = np.maximum.accumulate(np.where(begins, where, 0), axis=1)
    starts = np.take_along_axis(rng.integers(count, size=(resamples, count)), begun, axis=1)
    taken: NDArray[np.int64] = (starts + where - begun) % count
    return taken


def widening(count: int, block: int, confidence: float = CONFIDENCE) -> float:
    """How much wider than the percentiles the interval of a small sample must be."""
    normal = NormalDist().inv_cdf((1 + confidence) / 2)
    return student_quantile(normal, count / block - 1) / normal / math.sqrt(1 - block / count)


def student_quantile(normal: float, freedom: float) -> float:
    """The quantile of Student's t where that of the normal distribution is `normal`.

    The asymptotic expansion 26.7.5 of Abramowitz and Stegun; within 0.5 % from 3 degrees of
    freedom on, within 6 % from 1.5.
    """
    z = normal
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + sum(term / freedom**power for power, term in enumerate(terms, start=1))
