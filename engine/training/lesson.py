"""One iteration: what was experienced, one update on it, and the guards' verdict.

Owns the passage from harvests to the learner and the account of what came of it. The learner, its
update and its guards are those of the running program.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from engine.learning.learner import Learner
from engine.learning_view import UpdateView
from engine.training.folder import Entry
from engine.training.harvest import Harvest, Takings
from engine.units import dollars

HOUR_MS: Final = 3_600_000

WAITING: Final = "waiting"
"""Verdict of an iteration without an update: its rows are kept for the next one."""


def learn(
    learner: Learner, harvests: Sequence[Harvest], iteration: int, went_on: Callable[[], None]
) -> UpdateView | None:
    """One update on `harvests` and on what waited before them; None: something is still lacking.

    `went_on` is called after each slice; what it raises ends the iteration. A learner that was
    dropped goes back to what it was before: there is no champion to begin anew from.
    """
    before = learner.state_bytes()
    for index, harvest in enumerate(harvests):
        for transition in harvest.transitions(f"/{iteration}.{index}"):
            learner.take(transition)
    judged = learner.slice(_t_ms(iteration))
    while judged is None and learner.updating:
        went_on()
        judged = learner.slice(_t_ms(iteration))
    if judged is not None and judged.verdict == "dropped":
        learner.resume(before)
    return judged


def entry_of(
    iteration: int,
    harvests: Sequence[Harvest],
    judged: UpdateView | None,
    learner: Learner,
    seconds: tuple[float, float],
) -> Entry:
    """The iteration's row in the log. `seconds`: real time of experience and of learning."""
    takings = sum((harvest.takings for harvest in harvests), Takings())
    view = judged or UpdateView(iteration, _t_ms(iteration), WAITING, learner.lacks)
    return Entry(
        iteration=iteration,
        verdict=view.verdict,
        reason=view.reason,
        rows=sum(len(harvest) for harvest in harvests),
        rewarded=view.rewarded,
        steps=view.steps,
        windows=takings.windows,
        slots=takings.slots,
        pnl=dollars(takings.realised),
        fees=dollars(takings.fees),
        fills=takings.fills,
        policy_loss=view.policy_loss,
        value_loss=view.value_loss,
        entropy=view.entropy,
        kl=view.kl,
        clip_fraction=view.clip_fraction,
        explained_variance=view.explained_variance,
        policy_id=learner.policy_id,
        collect_s=round(seconds[0], 3),
        update_s=round(seconds[1], 3),
    )


def _t_ms(iteration: int) -> int:
    """A market time for the learner, whose markets have one each: an hour for every iteration, so
    that its hourly budget of updates is never met."""
    return iteration * HOUR_MS
