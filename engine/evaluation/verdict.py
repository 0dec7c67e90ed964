"""Better, worse, or not shown.

Owns the only sentence that may be said of two arms, and what it takes. "Not shown" is no weaker
result than the others: it is the one to expect.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.evaluation.bootstrap import (
    MIN_COUNT,
    RESAMPLES,
    Interval,
    block_length,
    interval_of_mean,
)
from engine.evaluation.slots import Slot
from engine.units import dollars

Word = Literal["better", "worse", "not shown"]

MIN_SLOTS = 30
"""Slots in which two arms must differ before anything is said of the difference. A slot in which
both did the same is no evidence for either, however many there are."""


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


def difference(arm: Sequence[Slot], reference: Sequence[Slot], seed: int) -> Difference:
    """The verdict on `arm` against `reference`, both over the same slots, oldest first.

    Raises ValueError where they are not the same slots.
    """
    if [slot.start for slot in arm] != [slot.start for slot in reference]:
        raise ValueError("two arms are compared over the same slots only")
    pairs = zip(arm, reference, strict=True)
    return judge([a.pnl - r.pnl for a, r in pairs], seed)


def judge(differences: Sequence[int], seed: int) -> Difference:
    """The verdict on paired differences, micro-dollars, oldest slot first."""
    values = np.array([dollars(d) for d in differences])
    differing = int(np.count_nonzero(values))
    if not len(values):
        return Difference(0, 0, None, None, None, "not shown", "nothing could be executed")
    if len(values) < MIN_COUNT:
        why = f"{differing} of the {MIN_SLOTS} slots needed"
        return Difference(
            len(values), differing, float(values.mean()), None, None, "not shown", why
        )
    block = block_length(len(values))
    found = interval_of_mean(values, block, RESAMPLES, seed)
    word, why = _word(found, differing)
    return Difference(len(values), differing, found.mean, found.low, found.high, word, why)


def _word(found: Interval, differing: int) -> tuple[Word, str]:
    if differing < MIN_SLOTS:
        return "not shown", f"{differing} of the {MIN_SLOTS} slots needed"
    if found.low > 0:
        return "better", "the interval lies above 0"
    if found.high < 0:
        return "worse", "the interval lies below 0"
    return "not shown", "the interval holds 0"
