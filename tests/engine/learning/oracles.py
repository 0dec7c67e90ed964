"""The learner's arithmetic once more, in numpy's float64 and nothing shared with the engine.

Written from the formulas: one row, one step and one number at a time where that is plainest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Tensors = Mapping[str, NDArray[Any]]


def gae_by_episode(
    rewards: Reals,
    values: Reals,
    next_values: NDArray[Any],
    dones: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    gamma: float,
    gae_lambda: float,
) -> Reals:
    """Each advantage by its definition: the decayed sum of the errors up to the next cut."""
    count = len(rewards)
    advantages = np.zeros(count)
    for first in range(count):
        weight = 1.0
        for row in range(first, count):
            ahead = 0.0 if dones[row] else gamma * next_values[row]
            advantages[first] += weight * (rewards[row] + ahead - values[row])
            weight *= gamma * gae_lambda
            if cuts[row] or dones[row]:
                break
    return advantages


def layer_norm(rows: Reals, gain: Reals, shift: Reals) -> Reals:
    mean = rows.mean(axis=1, keepdims=True)
    variance = ((rows - mean) ** 2).mean(axis=1, keepdims=True)
    normed: Reals = (rows - mean) / np.sqrt(variance + 1e-5) * gain + shift
    return normed


def network(tensors: Tensors, name: str, current: NDArray[Any], temporal: NDArray[Any]) -> Reals:
    """Outputs of ``actor`` or ``critic``, of either architecture, from the tensors of a file."""
    exact = {k: np.asarray(v, np.float64) for k, v in tensors.items() if k.startswith(name)}
    rows = np.asarray(current, np.float64)

    def linear(layer: str, given: Reals) -> Reals:
        return given @ exact[f"{name}.{layer}.weight"].T + exact[f"{name}.{layer}.bias"]

    def block(where: str, number: int, given: Reals) -> Reals:
        hidden = linear(f"{where}fc{number}", given)
        norm = f"{name}.{where}ln{number}"
        if f"{norm}.weight" in exact:
            hidden = layer_norm(hidden, exact[f"{norm}.weight"], exact[f"{norm}.bias"])
        return np.tanh(hidden)

    if f"{name}.ln1.weight" in exact:
        encoder = "temporal_encoder."
        encoded = block(encoder, 2, block(encoder, 1, np.asarray(temporal, np.float64)))
        rows = np.concatenate([rows, encoded], axis=1)
    return linear("fc3", block("", 2, block("", 1, rows)))


def log_softmax(logits: Reals, legal: NDArray[np.bool_]) -> Reals:
    """Minus infinity where not legal."""
    found = np.full(logits.shape, -np.inf)
    for row, (numbers, mask) in enumerate(zip(logits, legal, strict=True)):
        largest = numbers[mask].max()
        total = sum(np.exp(number - largest) for number in numbers[mask])
        found[row, mask] = numbers[mask] - largest - np.log(total)
    return found


def entropy(log_probs: Reals) -> Reals:
    """(N,) nats."""
    probs = np.exp(log_probs)
    terms = probs * np.where(probs > 0, log_probs, 0.0)
    return np.asarray(-terms.sum(axis=1), np.float64)


def policy_loss(
    log_probs: Reals,
    actions: NDArray[Any],
    before: NDArray[Any],
    advantages: NDArray[Any],
    clip: float,
    bonus: float,
) -> float:
    gains = []
    for row, action in enumerate(actions):
        ratio = np.exp(log_probs[row, action] - before[row])
        clipped = min(max(ratio, 1 - clip), 1 + clip)
        gains.append(min(ratio * advantages[row], clipped * advantages[row]))
    return float(-np.mean(gains) - bonus * np.mean(entropy(log_probs)))


def value_loss(
    values: NDArray[Any],
    before: NDArray[Any],
    returns: NDArray[Any],
    clip: float,
    coefficient: float,
) -> float:
    losses = []
    for value, old, target in zip(values, before, returns, strict=True):
        near = old + min(max(value - old, -clip), clip)
        losses.append(max((value - target) ** 2, (near - target) ** 2))
    return float(coefficient * np.mean(losses))


class Adam:
    """One vector, by the book."""

    def __init__(self, size: int, rate: float, epsilon: float) -> None:
        self.m, self.v, self.step = np.zeros(size), np.zeros(size), 0
        self.rate, self.epsilon = rate, epsilon

    def moved(self, flat: Reals, gradient: Reals) -> Reals:
        """Without correction."""
        self.step += 1
        self.m = 0.9 * self.m + 0.1 * gradient
        self.v = 0.999 * self.v + 0.001 * gradient**2
        return flat - self.rate * self.m / (np.sqrt(self.v) + self.epsilon)

    def corrected(self, flat: Reals, gradient: Reals) -> Reals:
        """With the correction of the first steps."""
        self.moved(flat, gradient)
        m_hat, v_hat = self.m / (1 - 0.9**self.step), self.v / (1 - 0.999**self.step)
        return flat - self.rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


def slope(loss: Callable[[Tensors], float], tensors: Tensors, name: str, place: Any) -> float:
    """Central difference of `loss` in one number of one tensor."""
    step = 1e-5
    ends = []
    for sign in (1.0, -1.0):
        moved = {k: np.asarray(v, np.float64).copy() for k, v in tensors.items()}
        moved[name][place] += sign * step
        ends.append(loss(moved))
    return (ends[0] - ends[1]) / (2 * step)
