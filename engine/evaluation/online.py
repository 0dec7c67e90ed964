"""Arms that learn while they are judged: weights that go on learning, and their placebo.

Owns what makes them fair. They decide and learn as the challenger does in the engine
(`engine.learning.shadow`), on an account of their own, tick by tick in market time, so no decision
is made by weights that saw later data; what was learned on one tape is taken to the next. The
placebo differs in one thing only: among the rows of each update the rewards are dealt out anew by
chance, so whatever learning from them is worth, it cannot have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.core import Engine
from engine.evaluation.arms import Arm, Kind
from engine.learning.learner import Learner
from engine.learning.rollout import Rollout
from engine.learning.shadow import Shadow, acting, learner_from
from engine.learning.transition import Transition
from engine.settings import Settings

ENTROPY = int.from_bytes(b"placebo")
"""Apart from every other use of the same seed."""


def learning_arms(models: Sequence[Arm], settings: Settings, seed: int) -> list[Arm]:
    """For each frozen model one arm that starts from its weights and learns, and its placebo."""
    return [
        make(model, learner_from(model.ladder.policy, settings, seed))
        for model in models
        for make in (_online, _placebo)
    ]


def shadow_of(arm: Arm, engine: Engine, seed: int) -> Shadow | None:
    """What drives `engine`, in which `arm` decides, and lets it learn; None: the arm does not."""
    if arm.learner is None:
        return None
    if arm.kind == "placebo":
        return PlaceboShadow(engine, arm.learner, seed)
    return Shadow(engine, arm.learner)


def sampling(settings: Settings) -> Settings:
    """`settings` for an arm that learns: it must try things to see what comes of them."""
    return settings.model_copy(update={"decision_rule": "sample"})


class PlaceboShadow(Shadow):
    """A shadow whose learner is told every reward of an update, each at the wrong row."""

    def __init__(self, engine: Engine, learner: Learner, seed: int) -> None:
        self._waiting = Rollout(learner.profile)
        """Counts as the learner's own rollout would, so that its updates fall due as ever."""
        self._rows: list[Transition] = []
        self._rng = np.random.default_rng(np.random.SeedSequence([seed, ENTROPY]))
        super().__init__(engine, learner)

    def _take(self, transition: Transition) -> None:
        if self.learner.updating or transition.policy_id != self.learner.policy_id:
            return
        self._waiting.add(transition)
        self._rows.append(transition)
        if self._waiting.ready:
            for row in shuffled(self._rows, self._rng):
                super()._take(row)
            self._rows.clear()
            self._waiting.clear()


def shuffled(rows: Sequence[Transition], rng: np.random.Generator) -> list[Transition]:
    """`rows` with their rewards permuted among them, and nothing else changed."""
    order = rng.permutation(len(rows))
    return [replace(row, reward=rows[i].reward) for row, i in zip(rows, order, strict=True)]


def _online(model: Arm, learner: Learner) -> Arm:
    about = f"starts as {model.name}, samples and learns ({learner.profile.name})"
    return _learning(model, learner, "online", about)


def _placebo(model: Arm, learner: Learner) -> Arm:
    about = f"as {model.name} online, each update's rewards dealt out anew by chance"
    return _learning(model, learner, "placebo", about)


def _learning(model: Arm, learner: Learner, kind: Kind, about: str) -> Arm:
    return replace(
        model,
        name=f"{model.name} {kind}",
        about=about,
        ladder=acting(learner),
        kind=kind,
        model=model.name,
        learner=learner,
    )
