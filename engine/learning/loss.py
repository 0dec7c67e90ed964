"""The two losses of PPO on one minibatch, and what is measured beside them.

Owns the arithmetic of the surrogate, the entropy bonus, the value loss and the estimators of the
change of the policy. Works on MLX expressions and decides nothing: whether a change is too large
is the update's to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import mlx.core as mx

from models.architecture import OUTPUTS, ROW, TEMPORAL

NEVER: Final = -1e9
"""Logit of an illegal action. Not infinite: its probability is 0 all the same, and 0 x infinity in
the entropy's gradient would be NaN."""

WIDTHS: Final = (ROW, TEMPORAL, OUTPUTS, OUTPUTS, 1, 1, 1, 1, 1)
"""Columns of each field of `Rows`, side by side in one table."""

COLUMNS: Final = sum(WIDTHS)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A minibatch."""

    current: mx.array
    """(N, 18)."""
    temporal: mx.array
    """(N, 90)."""
    legal: mx.array
    """(N, 3), 1 or 0."""
    chosen: mx.array
    """(N, 3), 1 at the action taken."""
    log_prob: mx.array
    """(N,) of that action when it was taken."""
    value: mx.array
    """(N,) estimate at that time."""
    advantage: mx.array
    """(N,) normalised."""
    target: mx.array
    """(N,) return, scaled rewards."""
    weight: mx.array
    """(N,) 1, or 0 for a row that only fills the minibatch up."""

    def mean(self, numbers: mx.array) -> mx.array:
        """Mean over the rows that count."""
        return mx.sum(numbers * self.weight) / mx.sum(self.weight)


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """The profile's numbers as scalars of an expression: another profile needs no other code."""

    clip: mx.array
    value_clip: mx.array
    """Infinite where the value is not clipped."""
    entropy: mx.array
    value: mx.array


def rows_of(table: mx.array) -> Rows:
    """The fields of a table (N, COLUMNS)."""
    ends = [sum(WIDTHS[: i + 1]) for i in range(len(WIDTHS) - 1)]
    wide, narrow = mx.split(table, ends, axis=-1)[:4], mx.split(table, ends, axis=-1)[4:]
    return Rows(*wide, *(column[:, 0] for column in narrow))


def log_softmax(logits: mx.array, legal: mx.array) -> mx.array:
    """(N, 3) log-probabilities over the legal actions."""
    possible = mx.where(legal > 0, logits, NEVER)
    return possible - mx.logsumexp(possible, axis=-1, keepdims=True)


def entropies(log_probs: mx.array) -> mx.array:
    """(N,) nats."""
    return -mx.sum(mx.exp(log_probs) * log_probs, axis=-1)


def actor_loss(
    logits: mx.array, rows: Rows, numbers: Coefficients
) -> tuple[mx.array, list[mx.array]]:
    """Clipped surrogate less the entropy bonus; and entropy, k1, k3 and clip fraction."""
    log_probs = log_softmax(logits, rows.legal)
    change = mx.sum(log_probs * rows.chosen, axis=-1) - rows.log_prob
    ratio = mx.exp(change)
    clipped = mx.clip(ratio, 1.0 - numbers.clip, 1.0 + numbers.clip)
    gain = mx.minimum(ratio * rows.advantage, clipped * rows.advantage)
    entropy = rows.mean(entropies(log_probs))
    beyond = (mx.abs(ratio - 1.0) > numbers.clip).astype(mx.float32)
    measures = [entropy, *changes(change, rows), rows.mean(beyond)]
    return -rows.mean(gain) - numbers.entropy * entropy, measures


def changes(change: mx.array, rows: Rows) -> tuple[mx.array, mx.array]:
    """Estimators k1 and k3 of the divergence, nats, from the log-ratios (N,)."""
    return rows.mean(-change), rows.mean(mx.exp(change) - 1.0 - change)


def critic_loss(values: mx.array, rows: Rows, numbers: Coefficients) -> mx.array:
    """Squared error, the worse of plain and clipped, times its coefficient."""
    moved = mx.clip(values - rows.value, -numbers.value_clip, numbers.value_clip)
    plain = mx.square(values - rows.target)
    clipped = mx.square(rows.value + moved - rows.target)
    return numbers.value * rows.mean(mx.maximum(plain, clipped))
