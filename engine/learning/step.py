"""One gradient step on one minibatch: losses, gradients, clipping and Adam of both networks.

Owns the compiled calls and their life. Compiled once for each architecture and minibatch size and
kept by the thread that uses them; every number of the profile is an input, so that changing one
compiles nothing anew. Decides nothing: the caller may throw the result of a step away.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from engine.learning.adam import Moments, adam, corrections
from engine.learning.forward import Parts, network_of
from engine.learning.loss import (
    COLUMNS,
    Coefficients,
    Rows,
    actor_loss,
    critic_loss,
    entropies,
    log_softmax,
    rows_of,
)
from engine.learning.parameters import ACTOR, CRITIC, Weights, flatten, joined, split
from engine.learning.profile import PHASE5, Profile
from models.architecture import Architecture

Floats = NDArray[np.float32]
Arrays = tuple[mx.array, ...]

FORWARD_ROWS: Final = 2
"""Minibatches whose forward pass alone costs no more than one whole step."""


@dataclass(frozen=True, slots=True)
class StepMeasures:
    """What one step saw before it moved anything."""

    policy_loss: float
    """Clipped surrogate less the entropy bonus."""
    value_loss: float
    """With its coefficient."""
    entropy: float
    """Nats, mean, under the mask."""
    k1: float
    """Change of the policy since the rows were collected, nats, mean log-ratio."""
    k3: float
    """The same by the third estimator."""
    clip_fraction: float
    actor_grad_norm: float
    """Before clipping."""
    critic_grad_norm: float
    trace: float
    """Sum of all that the step computed; not finite where any of it is not."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a policy says of given rows."""

    log_probs: Floats
    """(N,) of the actions taken, under the mask."""
    entropies: Floats
    """(N,) nats, under the mask."""
    activations: Floats
    """(N, units) of every hidden layer of both networks."""


class Calls:
    """The compiled calls of one architecture; to be used and dropped in the thread that made it."""

    def __init__(self, architecture: Architecture) -> None:
        self._step = _Compiled(_step(architecture))
        self._read = _Compiled(_reading(architecture))

    def step(
        self, weights: Weights, moments: Moments, table: Floats, profile: Profile
    ) -> tuple[Weights, Moments, StepMeasures]:
        """Weights and moments after one step on `table` (N, COLUMNS), and what it saw."""
        numbers = mx.array(_numbers(profile, moments.step + 1))
        state = (*weights.flats, moments.actor_m, moments.actor_v, moments.critic_m)
        *found, measures = self._step(*state, moments.critic_v, mx.array(table), numbers)
        actor, actor_m, actor_v, critic, critic_m, critic_v = found
        moved = Moments(actor_m, actor_v, critic_m, critic_v, moments.step + 1)
        return Weights(actor, critic), moved, StepMeasures(*map(float, np.array(measures)))

    def read(self, weights: Weights, table: Floats) -> Readings:
        """What these weights say of the rows of `table` (N, COLUMNS)."""
        found = self._read(*weights.flats, mx.array(table))
        return Readings(*(np.array(array) for array in found))


class _Compiled:
    """A function compiled by MLX, or as it is where MLX cannot compile it."""

    def __init__(self, plain: Callable[..., Arrays]) -> None:
        self._plain = plain
        self._call: Callable[..., Arrays] = mx.compile(plain)

    def __call__(self, *arguments: mx.array) -> Arrays:
        try:
            found = self._call(*arguments)
            mx.eval(*found)
        # MLX raises RuntimeError for whatever its compiler or its cache folder lacks.
        except RuntimeError:
            if self._call is self._plain:
                raise
            self._call = self._plain
            return self(*arguments)
        return found


_kept = threading.local()
"""Architecture name -> calls, by thread: a compiled call may be used by no other."""


def calls(architecture: Architecture) -> Calls:
    """This thread's calls for an architecture, made on first use."""
    held: dict[str, Calls] = _kept.__dict__
    if architecture.name not in held:
        held[architecture.name] = Calls(architecture)
    return held[architecture.name]


def let_go() -> None:
    """Drop this thread's compiled calls; one that outlives its thread aborts the process at exit
    (MLX 0.32.4). They are made again when needed."""
    _kept.__dict__.clear()


def warm(architecture: Architecture, minibatch: int) -> None:
    """Compile what an update with this minibatch will call, so that no slice waits for it."""
    shapes = architecture.shapes.items()
    weights = flatten(architecture, {name: np.zeros(shape, np.float32) for name, shape in shapes})
    zeros = tuple(mx.zeros(flat.shape) for flat in weights.flats)
    moments = Moments(zeros[0], zeros[0], zeros[1], zeros[1], 0)
    ready = calls(architecture)
    ready.step(weights, moments, np.ones((minibatch, COLUMNS), np.float32), PHASE5)
    ready.read(weights, np.ones((FORWARD_ROWS * minibatch, COLUMNS), np.float32))


def _numbers(profile: Profile, step: int) -> list[float]:
    """The profile as the compiled step takes it: the order is that of `_step`."""
    corrected = corrections(step) if profile.bias_correction else (1.0, 1.0)
    value_clip = profile.clip if profile.clip_value else np.inf
    losses = [profile.clip, value_clip, profile.entropy, profile.value]
    rates = [profile.actor_lr, profile.critic_lr]
    return [*losses, profile.max_grad_norm, profile.adam_epsilon, *corrected, *rates]


def _step(architecture: Architecture) -> Callable[..., Arrays]:
    gradients = mx.value_and_grad(_losses(architecture), argnums=(0, 1))

    def step(
        actor: mx.array,
        critic: mx.array,
        actor_m: mx.array,
        actor_v: mx.array,
        critic_m: mx.array,
        critic_v: mx.array,
        table: mx.array,
        numbers: mx.array,
    ) -> Arrays:
        parts = (split(architecture, ACTOR, actor), split(architecture, CRITIC, critic))
        coefficients = Coefficients(*(numbers[i] for i in range(4)))
        (_, measures), found = gradients(*parts, rows_of(table), coefficients)
        (actor_pull, actor_norm), (critic_pull, critic_norm) = (
            _clipped(joined(gradient), numbers[4]) for gradient in found
        )
        shared = (numbers[5], numbers[6], numbers[7])
        moved = (
            *adam(actor, actor_pull, actor_m, actor_v, numbers[8], *shared),
            *adam(critic, critic_pull, critic_m, critic_v, numbers[9], *shared),
        )
        trace = sum((mx.sum(array) for array in moved), mx.array(0.0))
        return *moved, mx.stack([*measures, actor_norm, critic_norm, trace])

    return step


def _losses(architecture: Architecture) -> Callable[..., tuple[mx.array, list[mx.array]]]:
    """Sum of both losses, whose gradients do not mix because the networks share nothing."""
    network = network_of(architecture)

    def losses(
        actor: Parts, critic: Parts, rows: Rows, numbers: Coefficients
    ) -> tuple[mx.array, list[mx.array]]:
        logits, _ = network(actor, rows.current, rows.temporal)
        values, _ = network(critic, rows.current, rows.temporal)
        policy, measures = actor_loss(logits, rows, numbers)
        value = critic_loss(values[:, 0], rows, numbers)
        return policy + value, [policy, value, *measures]

    return losses


def _clipped(gradient: mx.array, longest: mx.array) -> tuple[mx.array, mx.array]:
    """The gradient shortened to `longest`, and how long it was."""
    norm = mx.sqrt(mx.sum(mx.square(gradient)))
    return gradient * mx.minimum(1.0, longest / (norm + 1e-6)), norm


def _reading(architecture: Architecture) -> Callable[..., Arrays]:
    network = network_of(architecture)

    def reading(actor: mx.array, critic: mx.array, table: mx.array) -> Arrays:
        rows = rows_of(table)
        logits, actor_hidden = network(
            split(architecture, ACTOR, actor), rows.current, rows.temporal
        )
        _, critic_hidden = network(split(architecture, CRITIC, critic), rows.current, rows.temporal)
        log_probs = log_softmax(logits, rows.legal)
        chosen = mx.sum(log_probs * rows.chosen, axis=-1)
        hidden = mx.concatenate([*actor_hidden, *critic_hidden], axis=-1)
        return chosen, entropies(log_probs), hidden

    return reading
