"""One PPO update over one rollout, a slice at a time.

Owns the epochs, the early stop and the measures. It judges only whether the rows may be learnt
from at all; whether what came out may be kept is `engine.learning.guards`' to say. The weights and
moments that it was given are never changed.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Final

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from engine.learning.adam import Moments
from engine.learning.advantages import LARGEST, Reals, gae_in_pieces, normalised
from engine.learning.parameters import Weights
from engine.learning.pieces import pieces
from engine.learning.profile import Profile
from engine.learning.rollout import Batch
from engine.learning.step import FORWARD_ROWS, Calls, Floats, StepMeasures, calls
from engine.learning.table import empty, fill, filled, judge, strange
from models.architecture import Architecture

RATIO_ERROR: Final = 1e-4
"""Farthest that a log-probability computed anew may lie from the stored one, nats."""

STOP_AT: Final = 1.5
"""Multiples of the target divergence at which an update ends."""

DORMANT: Final = 1e-3
"""Standard deviation of an activation below which its unit does nothing."""


@dataclass(frozen=True, slots=True)
class Measures:
    """What an update did. Where `finite` is False the numbers may be NaN."""

    policy_loss: float | None
    """Clipped surrogate less the entropy bonus, mean over the steps; None: no step was taken."""
    value_loss: float | None
    """With its coefficient, mean over the steps; None: no step was taken."""
    entropy: float
    """Nats, mean over the rows under their masks, after the update."""
    entropy_share: float | None
    """Of the most that each mask allows, mean over the rows with a choice; None: no row has one."""
    kl: float
    """Of the whole update on its own rows, nats (k3)."""
    clip_fraction: float | None
    """Rows beyond the clip range, mean over the steps; None: no step was taken."""
    explained_variance: float | None
    """Of the returns by the values at collection; None: the returns do not vary."""
    actor_grad_norm: float | None
    """Before clipping, mean over the steps; None: no step was taken."""
    critic_grad_norm: float | None
    steps: int
    """Gradient steps taken and kept."""
    stopped: str
    """Why the epochs ended early; empty if they did not."""
    dormant: float
    """Share of the hidden units of both networks that never change over the rows."""
    dormant_before: float
    """The same before the update, on the same rows."""
    actor_norm: float
    """Length of the weight vector afterwards."""
    critic_norm: float
    finite: bool
    """Losses, gradients, weights and moments of every step, and all of the above."""
    ratio_error: float
    """Largest difference of log-probabilities, computed anew and stored, before any gradient."""


class Update:
    """PPO's epochs on one batch."""

    def __init__(
        self,
        architecture: Architecture,
        weights: Weights,
        moments: Moments,
        batch: Batch,
        scale_dollars: float,
        profile: Profile,
        rng: np.random.Generator,
    ) -> None:
        """`scale_dollars` is what counts as a reward of 1; above 0.

        `rng` orders the rows of each epoch. To be made and run in one thread.
        """
        self.weights, self.moments = weights, moments
        self.quarantine = ""
        """Why the rows were not learnt from; empty if they were."""
        self.measures: Measures | None = None
        """None until the last slice, and where the batch is quarantined."""
        self.done_steps = 0
        """Minibatches tried."""
        self.most_steps = profile.epochs * max(1, len(batch.actions) // profile.minibatch)
        self._calls: Calls = calls(architecture)
        self._batch, self._scale = batch, scale_dollars
        self._profile, self._rng = profile, rng
        self._seen: list[StepMeasures] = []
        self._stopped = ""
        self._finite = True

    def slices(self) -> Iterator[None]:
        """Each `next` does at most one minibatch, or what costs no more."""
        self.quarantine = strange(self._batch)
        if not self.quarantine:
            self.quarantine = yield from self._lay_out()
        if not self.quarantine:
            self.quarantine = yield from self._compare()
        if self.quarantine:
            return
        yield from self._epochs()
        yield from self._measure()

    def _lay_out(self) -> Generator[None, None, str]:
        """Make the table that the steps take their rows from. Returns what is wrong, or ""."""
        batch, profile = self._batch, self._profile
        self._table = empty(len(batch))
        for piece in pieces(len(batch)):
            fault = fill(self._table, batch, piece)
            if fault:
                return fault
            yield
        rewards = np.clip(batch.rewards / self._scale, -LARGEST, LARGEST)
        advantages, self._returns = yield from gae_in_pieces(
            rewards, batch.values, batch.next_values, batch.dones, batch.cuts, profile.gamma,
            profile.gae_lambda,
        )  # fmt: skip
        judge(self._table, normalised(advantages), self._returns)
        return ""

    def _compare(self) -> Generator[None, None, str]:
        """The policy that is about to change must be the one that chose these actions.

        Returns how it is not, or "".
        """
        log_probs: list[Floats] = []
        spread = _Spread()
        for chunk, count in self._chunks():
            found = self._calls.read(self.weights, chunk)
            log_probs.append(found.log_probs[:count])
            spread.add(found.activations[:count])
            yield
        self._dormant_before = spread.dormant()
        self._ratio_error = _farthest(np.concatenate(log_probs), self._batch.log_probs)
        if self._ratio_error <= RATIO_ERROR:
            return ""
        return (
            f"the log-probabilities differ by {self._ratio_error:.2g} from those stored,"
            f" more than {RATIO_ERROR:g}"
        )

    def _epochs(self) -> Iterator[None]:
        for _ in range(self._profile.epochs):
            for rows in self._minibatches():
                self._step(rows)
                yield
                if self._stopped:
                    return

    def _minibatches(self) -> Iterator[Floats]:
        """One epoch: every row at most once, in full minibatches, so that their shape is fixed.

        The rows left over have their turn in another epoch's order. A batch smaller than a
        minibatch is one, filled up with rows that do not count.
        """
        size, table = self._profile.minibatch, self._table
        order = self._rng.permutation(len(table))
        if len(table) < size:
            yield filled(table[order], size)
            return
        for start in range(0, len(table) - size + 1, size):
            yield table[order[start : start + size]]

    def _step(self, rows: Floats) -> None:
        profile = self._profile
        weights, moments, seen = self._calls.step(self.weights, self.moments, rows, profile)
        self.done_steps += 1
        divergence = seen.k1 if profile.kl == "k1" else seen.k3
        if not _is_finite(seen):
            self._finite = False
            self._stopped = f"step {self.done_steps} gave NaN or infinity"
        elif divergence > STOP_AT * profile.target_kl:
            self._stopped = (
                f"{profile.kl} {divergence:.3g} over {STOP_AT} x {profile.target_kl:g}"
                f" at step {self.done_steps}"
            )
        else:
            self.weights, self.moments = weights, moments
            self._seen.append(seen)

    def _measure(self) -> Iterator[None]:
        batch = self._batch
        log_probs: list[Floats] = []
        entropies: list[Floats] = []
        spread = _Spread()
        for chunk, count in self._chunks():
            found = self._calls.read(self.weights, chunk)
            log_probs.append(found.log_probs[:count])
            entropies.append(found.entropies[:count])
            spread.add(found.activations[:count])
            yield
        change = np.concatenate(log_probs).astype(np.float64) - batch.log_probs
        entropy = np.concatenate(entropies).astype(np.float64)
        actor_norm, critic_norm = (_length(flat) for flat in self.weights.flats)
        kl = float(np.mean(np.expm1(change) - change))
        measured = (kl, float(entropy.mean()), actor_norm, critic_norm)
        self.measures = Measures(
            policy_loss=self._mean("policy_loss"),
            value_loss=self._mean("value_loss"),
            entropy=float(entropy.mean()),
            entropy_share=_share(entropy, batch.masks),
            kl=kl,
            clip_fraction=self._mean("clip_fraction"),
            explained_variance=_explained(self._returns, batch.values),
            actor_grad_norm=self._mean("actor_grad_norm"),
            critic_grad_norm=self._mean("critic_grad_norm"),
            steps=len(self._seen),
            stopped=self._stopped,
            dormant=spread.dormant(),
            dormant_before=self._dormant_before,
            actor_norm=actor_norm,
            critic_norm=critic_norm,
            finite=self._finite and all(map(math.isfinite, measured)),
            ratio_error=self._ratio_error,
        )

    def _mean(self, name: str) -> float | None:
        found = [float(getattr(seen, name)) for seen in self._seen]
        return math.fsum(found) / len(found) if found else None

    def _chunks(self) -> Iterator[tuple[Floats, int]]:
        """The rows in order, filled up to one fixed shape, and how many of them count."""
        size = FORWARD_ROWS * self._profile.minibatch
        for start in range(0, len(self._table), size):
            rows = self._table[start : start + size]
            yield filled(rows, size), len(rows)


class _Spread:
    """Standard deviation of each hidden unit over rows that come in parts."""

    def __init__(self) -> None:
        self._count = 0
        self._pivot: Reals | float = 0.0
        self._sum: Reals | float = 0.0
        self._squares: Reals | float = 0.0

    def add(self, activations: Floats) -> None:
        """Count in the rows of `activations` (N, units)."""
        exact = activations.astype(np.float64)
        if not self._count:
            # Sums of differences from the first row: those of saturated units would cancel.
            self._pivot = exact[0]
        self._count += len(exact)
        self._sum = self._sum + (exact - self._pivot).sum(axis=0)
        self._squares = self._squares + ((exact - self._pivot) ** 2).sum(axis=0)

    def dormant(self) -> float:
        """Share of the units that stand still."""
        mean = np.asarray(self._sum) / self._count
        variance = np.maximum(np.asarray(self._squares) / self._count - mean**2, 0.0)
        return float(np.mean(np.sqrt(variance) < DORMANT))


def _is_finite(seen: StepMeasures) -> bool:
    return all(math.isfinite(getattr(seen, name)) for name in seen.__slots__)


def _farthest(anew: Floats, stored: Floats) -> float:
    return float(np.max(np.abs(anew.astype(np.float64) - stored)))


def _share(entropy: Reals, masks: NDArray[np.bool_]) -> float | None:
    legal = masks.sum(axis=1)
    choice = legal > 1
    return float(np.mean(entropy[choice] / np.log(legal[choice]))) if choice.any() else None


def _explained(returns: Reals, values: Floats) -> float | None:
    variance = float(np.var(returns))
    return 1.0 - float(np.var(returns - values)) / variance if variance > 0.0 else None


def _length(flat: mx.array) -> float:
    # Not numpy's norm: it wakes BLAS's threads, which then spin beside the loop.
    return math.sqrt(float(np.square(np.array(flat, dtype=np.float64)).sum()))
