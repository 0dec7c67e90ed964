"""Better, worse, or not shown.

Owns the only sentence that may be said of two arms, and what it takes. "Not shown" is no weaker
result than the others: it is the one to expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from engine.evaluation.bootstrap import (
    CONFIDENCE,
    MIN_COUNT,
    RESAMPLES,
    Interval,
    Numbers,
    block_length,
    interval_of_mean,
)
from engine.evaluation.slots import Slot
from engine.units import dollars

Word = Literal["better", "worse", "not shown"]

MIN_SLOTS = 30
"""Slots in which two arms must differ before anything is said of the difference. A slot in which
both did the same is no evidence for either, however many there are."""


QUICK_RESAMPLES = 1_000
QUICK_COUNT = 128
"""Values of which a quick interval is made at most."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One arm less the reference, paired slot by slot, in dollars per slot."""

    slots: int
    """Compared: those in which anything could be executed."""
    differing: int
    """Of these, those in which the two results differ: what the verdict rests on."""
    mean: float | None
    """None: nothing to compare."""
    low: float | None
    """Lower end of the 95 % interval; None: too few slots to have one."""
    high: float | None
    verdict: Word
    why: str
    """One clause."""
    comparisons: int = 1
    """Verdicts that were sought at the same time, this one among them."""
    corrected: Word = "not shown"
    """The verdict by an interval so wide that, without any edge, all those comparisons together go
    wrong no more often than one alone (Bonferroni)."""


def difference(
    arm: Sequence[Slot], reference: Sequence[Slot], seed: int, comparisons: int = 1
) -> Difference:
    """The verdict on `arm` against `reference`, both over the same slots, oldest first.

    Raises ValueError where they are not the same slots.
    """
    if [slot.start for slot in arm] != [slot.start for slot in reference]:
        raise ValueError("two arms are compared over the same slots only")
    pairs = zip(arm, reference, strict=True)
    return judge([a.pnl - r.pnl for a, r in pairs], seed, comparisons)


def judge(differences: Sequence[int], seed: int, comparisons: int = 1) -> Difference:
    """The verdict on paired differences, micro-dollars, oldest slot first; one of so many."""
    values = np.array([dollars(d) for d in differences])
    differing = int(np.count_nonzero(values))
    few = _too_few(values, differing)
    if few is not None:
        return replace(few, comparisons=comparisons)
    block = block_length(len(values))
    found = interval_of_mean(values, block, RESAMPLES, seed)
    strict = 1 - (1 - CONFIDENCE) / comparisons
    wide = interval_of_mean(values, block, RESAMPLES, seed, strict) if comparisons > 1 else found
    word, why = _word(found, differing)
    corrected = _word(wide, differing)[0]
    return Difference(
        len(values), differing, found.mean, found.low, found.high, word, why, comparisons, corrected
    )


def judge_quickly(differences: Sequence[int], seed: int) -> Difference:
    """As `judge` alone, in some milliseconds however many slots there are.

    `QUICK_RESAMPLES` instead of `RESAMPLES`, and no more than `QUICK_COUNT` values: of a longer
    series neighbours are taken together, the oldest few that make no whole group left out of the
    interval.
    """
    values = np.array([dollars(d) for d in differences])
    differing = int(np.count_nonzero(values))
    few = _too_few(values, differing)
    if few is not None:
        return few
    group = -(-len(values) // QUICK_COUNT)
    grouped = values[len(values) % group :].reshape(-1, group).mean(axis=1)
    found = interval_of_mean(grouped, block_length(len(grouped)), QUICK_RESAMPLES, seed)
    word, why = _word(found, differing)
    mean = float(values.mean())
    return Difference(len(values), differing, mean, found.low, found.high, word, why)


def _too_few(values: Numbers, differing: int) -> Difference | None:
    """What may be said where there is no interval; None: there is one."""
    if len(values) >= MIN_COUNT:
        return None
    if not len(values):
        return Difference(0, 0, None, None, None, "not shown", "nothing could be executed")
    why = f"{differing} of the {MIN_SLOTS} slots needed"
    return Difference(len(values), differing, float(values.mean()), None, None, "not shown", why)


def _word(found: Interval, differing: int) -> tuple[Word, str]:
    if differing < MIN_SLOTS:
        return "not shown", f"{differing} of the {MIN_SLOTS} slots needed"
    if found.low > 0:
        return "better", "the interval lies above 0"
    if found.high < 0:
        return "worse", "the interval lies below 0"
    return "not shown", "the interval holds 0"
