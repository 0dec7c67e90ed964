"""What an update must not have done, and what becomes of it if it did.

Owns the guards, each a function of what was measured, and the order in which they are asked. It
decides on words only; the learner carries the verdict out. The limits are `engine.settings`'.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.learning.update import Measures
from engine.settings import Learning

ACCEPTED: Final = "accepted"
REJECTED: Final = "rejected"
"""Weights and moments are as before the update."""
DROPPED: Final = "dropped"
"""The challenger starts anew from the champion."""
QUARANTINED: Final = "quarantined"
"""The rows are set aside unused."""

ENTROPY_RUN: Final = 4
"""Updates running with an entropy outside its band at which a challenger is dropped. The rows of
``phase5`` are half a minute: three such in a row may all be states in which to hold is plainly
best, and the next ones not."""
VALUE_RUN: Final = 3
"""Updates running with too small an explained variance at which it is dropped."""

CHEAPEST: Final = 0.01
"""Dollars a share: the lowest price at which the venue sells one. Each pays a dollar at most."""

HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class Streaks:
    """Updates running that missed a limit which one update alone may miss."""

    entropy: int = 0
    value: int = 0
    able: bool = False
    """Whether the critic has met its limit since it started. One that never has, as beside a
    champion that learnt with other rewards, gains nothing by starting anew."""
    dormant: float | None = None
    """Share of dormant units of the weights that it started from, on the rows of its first update;
    None: there was none."""


@dataclass(frozen=True, slots=True)
class Champion:
    """What the guards compare with; a fault that the champion has too is none of an update's."""

    actor_norm: float
    """Length of its weight vector."""
    critic_norm: float
    entropy_share: float
    """Of ln 3, mean over the probe states."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is known of an update."""

    measures: Measures
    champion: Champion
    champion_kl: float
    """Nats, challenger from champion, mean over the probe states. Not finite where the challenger
    gives no numbers there."""
    streaks: Streaks
    """This update counted in."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of an update."""

    kind: str
    reason: str = ""
    """The guard that failed, with measured value and limit; empty if none did."""


Guard = Callable[[Evidence, Learning], str]
"""Why an update fails, one clause, or ""."""


def judge(evidence: Evidence, limits: Learning) -> Verdict:
    """The verdict of the first guard that fails."""
    for guard, kind in GUARDS:
        reason = guard(evidence, limits)
        if reason:
            return Verdict(kind, reason)
    return Verdict(ACCEPTED)


def counted(before: Streaks, measures: Measures, champion: Champion, limits: Learning) -> Streaks:
    """The streaks with an update counted in that was not rejected."""
    outside = _outside(measures.entropy_share, champion, limits)
    explained = measures.explained_variance
    met = explained is not None and explained >= limits.explained_variance
    if explained is None:  # returns that do not vary say nothing of the critic
        value = before.value
    else:
        value = before.value + 1 if before.able and not met else 0
    return Streaks(
        entropy=before.entropy + 1 if outside else 0,
        value=value,
        able=before.able or met,
        dormant=measures.dormant_before if before.dormant is None else before.dormant,
    )


def unbelievable(rewards: NDArray[np.float64], stake_dollars: float) -> str:
    """Why these rewards (N,) dollars cannot have been earned with this stake, or "".

    Beyond the bound the accounting is wrong, and what is learnt from it would be too.
    """
    bound = stake_dollars / CHEAPEST
    farthest = float(np.max(np.abs(rewards), initial=0.0))
    if farthest <= bound:
        return ""
    return f"a reward of ${farthest:,.2f}, max ${bound:,.2f} with a stake of ${stake_dollars:,.2f}"


class Budget:
    """Updates of the last hour of market time."""

    def __init__(self, per_hour: int, taken: Iterable[int] = ()) -> None:
        """`taken` are the market times, ms, of updates made before."""
        self._per_hour = per_hour
        self._taken = deque(taken)

    @property
    def taken(self) -> tuple[int, ...]:
        """Market times, ms, of the updates that still count."""
        return tuple(self._taken)

    def take(self, t_ms: int) -> None:
        """An update was made at `t_ms`."""
        # A later time than now is of another tape, which began anew or ran further.
        recent = [t for t in self._taken if t_ms - HOUR_MS < t <= t_ms]
        self._taken = deque([*recent, t_ms])

    def spent(self, t_ms: int) -> str:
        """Why no update may begin at `t_ms`, or ""."""
        made = sum(t_ms - HOUR_MS < t <= t_ms for t in self._taken)
        if made < self._per_hour:
            return ""
        return f"{made} updates in the last hour, max {self._per_hour}"


# ---- the guards ---------------------------------------------------------------------------------


def finite(evidence: Evidence, _limits: Learning) -> str:
    """G3."""
    if evidence.measures.finite and np.isfinite(evidence.champion_kl):
        return ""
    return "a loss, gradient, weight, moment or output is not finite"


def update_kl(evidence: Evidence, limits: Learning) -> str:
    """G4: one step too far, although each minibatch stayed within its own limit."""
    return _above("update KL", evidence.measures.kl, limits.update_kl)


def champion_kl(evidence: Evidence, limits: Learning) -> str:
    """G4: so far from the champion that only a promotion could make it right."""
    return _above("KL from the champion", evidence.champion_kl, limits.champion_kl)


def entropy(evidence: Evidence, limits: Learning) -> str:
    """G5: the policy became deaf, or nothing but dice."""
    if evidence.streaks.entropy < ENTROPY_RUN:
        return ""
    band = f"{limits.entropy_low:.3f} to {limits.entropy_high:.3f}"
    share = evidence.measures.entropy_share
    return f"entropy {share:.3f} of the largest, {band} needed, {ENTROPY_RUN} updates running"


def explained_variance(evidence: Evidence, limits: Learning) -> str:
    """G6: the critic does worse than a constant would."""
    if evidence.streaks.value < VALUE_RUN:
        return ""
    found, least = evidence.measures.explained_variance, limits.explained_variance
    return f"explained variance {found:.3f}, min {least:.3f}, {VALUE_RUN} updates running"


def dormant(evidence: Evidence, limits: Learning) -> str:
    """G7: units that never change learn nothing any more. Those that it started with are no fault
    of its own."""
    before = evidence.streaks.dormant
    if before is not None and before > limits.dormant:
        return ""
    return _above("dormant units", evidence.measures.dormant, limits.dormant)


def actor_growth(evidence: Evidence, limits: Learning) -> str:
    """G7."""
    return _grown("actor", evidence.measures.actor_norm, evidence.champion.actor_norm, limits)


def critic_growth(evidence: Evidence, limits: Learning) -> str:
    """G7."""
    return _grown("critic", evidence.measures.critic_norm, evidence.champion.critic_norm, limits)


GUARDS: Final[tuple[tuple[Guard, str], ...]] = (
    (finite, DROPPED),
    (update_kl, REJECTED),
    (champion_kl, DROPPED),
    (entropy, DROPPED),
    (explained_variance, DROPPED),
    (dormant, DROPPED),
    (actor_growth, DROPPED),
    (critic_growth, DROPPED),
)
"""In the order in which they are asked."""


def _outside(share: float | None, champion: Champion, limits: Learning) -> bool:
    """Whether an entropy is outside the band, on a side on which the champion is inside.

    Starting anew from a champion that is outside itself, as untrained weights are, mends nothing.
    """
    if share is None:
        return False
    if share < limits.entropy_low:
        return champion.entropy_share >= limits.entropy_low
    return share > limits.entropy_high >= champion.entropy_share


def _above(what: str, measured: float, limit: float) -> str:
    # Not `measured > limit`: that holds for no NaN.
    return "" if measured <= limit else f"{what} {measured:.3f}, max {limit:.3f}"


def _grown(network: str, norm: float, champion: float, limits: Learning) -> str:
    if norm <= limits.weight_growth * champion:
        return ""
    grown = norm / champion if champion else float("inf")
    return f"{network} weights {grown:.3f} x the champion's, max {limits.weight_growth:.3f}"
