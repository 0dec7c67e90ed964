"""The rows of a batch side by side, as the steps take them, and whether they may be learnt from.

Owns the passage from a batch to one table (N, COLUMNS) whose columns are those of
`engine.learning.loss.Rows`, a piece at a time, and the faults for which rows are refused before
anything is computed from them.
"""

from __future__ import annotations

import numpy as np

from engine.learning.advantages import Reals
from engine.learning.loss import COLUMNS, WIDTHS
from engine.learning.rollout import Batch
from engine.learning.step import Floats
from models.architecture import OUTPUTS, ROW, TEMPORAL

ENDS = tuple(sum(WIDTHS[: i + 1]) for i in range(len(WIDTHS)))
"""The column after each field."""

_CURRENT, _TEMPORAL, _LEGAL, _CHOSEN, _LOG_PROB, _VALUE, _ADVANTAGE, _TARGET, _WEIGHT = (
    slice(end - width, end) for end, width in zip(ENDS, WIDTHS, strict=True)
)


def strange(batch: Batch) -> str:
    """Why these rows are not one policy's for this network, or ""."""
    count = len(batch)
    if not count:
        return "the batch is empty"
    widths = (batch.observations.shape, batch.temporals.shape, batch.masks.shape)
    if widths != ((count, ROW), (count, TEMPORAL), (count, OUTPUTS)):
        return f"observations, histories and masks are {widths}, not those of this network"
    if len(batch.policy_ids) != 1:
        return f"its rows were chosen by {len(batch.policy_ids)} policies"
    return ""


def empty(rows: int) -> Floats:
    """A table to be filled."""
    return np.empty((rows, COLUMNS), np.float32)


def fill(table: Floats, batch: Batch, piece: slice) -> str:
    """Lay out a piece, all but what `judge` does. Returns why nothing can be learnt from it."""
    numbers = (
        batch.observations, batch.temporals, batch.log_probs, batch.values, batch.rewards,
        batch.next_values,
    )  # fmt: skip
    if not all(np.isfinite(array[piece]).all() for array in numbers):
        return "a number in it is not finite"
    masks, actions = batch.masks[piece], batch.actions[piece]
    chosen = np.arange(OUTPUTS) == actions[:, None]
    if not (masks & chosen).any(axis=1).all():
        return "an action in it was not legal"
    part = table[piece]
    part[:, _CURRENT], part[:, _TEMPORAL] = batch.observations[piece], batch.temporals[piece]
    part[:, _LEGAL], part[:, _CHOSEN] = masks, chosen
    part[:, _LOG_PROB] = batch.log_probs[piece, None]
    part[:, _VALUE] = batch.values[piece, None]
    part[:, _WEIGHT] = 1.0
    return ""


def judge(table: Floats, advantages: Floats, returns: Reals) -> None:
    """What came of each row: advantages (N,) normalised, returns (N,) in scaled rewards."""
    table[:, _ADVANTAGE], table[:, _TARGET] = advantages[:, None], returns[:, None]


def filled(rows: Floats, size: int) -> Floats:
    """`rows` and then copies of the first that weigh nothing."""
    if len(rows) == size:
        return rows
    more = np.repeat(rows[:1], size, axis=0)
    more[:, _WEIGHT] = 0.0
    more[: len(rows)] = rows
    return more
