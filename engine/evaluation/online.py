"""Arms that learn while they are judged: weights that go on learning, and their placebo.

Owns what makes them fair. They decide and learn as the challenger does in the engine
(`engine.learning.shadow`), on an account of their own, tick by tick in market time, so no decision
is made by weights that saw later data; what was learned on one tape is taken to the next. The
placebo differs in one thing only: when an update begins, the rewards of its rows are dealt out anew
by chance, so whatever learning from them is worth, it cannot have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from engine.core import Engine
from engine.evaluation.arms import Arm, Kind
from engine.learning.learner import Learner
from engine.learning.rollout import Batch
from engine.learning.shadow import Shadow, acting, learner_from
from engine.settings import Settings

ENTROPY = int.from_bytes(b"placebo")
"""Apart from every other use of the same seed."""


def learning_arms(models: Sequence[Arm], settings: Settings, seed: int) -> list[Arm]:
    """For each frozen model one arm that starts from its weights and learns, and its placebo."""
    return [
        arm
        for model in models
        for arm in (
            _online(model, learner_from(model.ladder.policy, settings, seed)),
            _placebo(model, learner_from(model.ladder.policy, settings, seed), seed),
        )
    ]


def shadow_of(arm: Arm, engine: Engine) -> Shadow | None:
    """What drives `engine`, in which `arm` decides, and lets it learn; None: the arm does not."""
    return None if arm.learner is None else Shadow(engine, arm.learner)


def sampling(settings: Settings) -> Settings:
    """`settings` for an arm that learns: it must try things to see what comes of them."""
    return settings.model_copy(update={"decision_rule": "sample"})


def shuffled(batch: Batch, rng: np.random.Generator) -> Batch:
    """`batch` with its rewards permuted among its rows, and nothing else changed."""
    return replace(batch, rewards=rng.permutation(batch.rewards))


def _online(model: Arm, learner: Learner) -> Arm:
    about = f"starts as {model.name}, samples and learns ({learner.profile.name})"
    return _learning(model, learner, "online", about)


def _placebo(model: Arm, learner: Learner, seed: int) -> Arm:
    rng = np.random.default_rng(np.random.SeedSequence([seed, ENTROPY]))
    learner.dealt = partial(shuffled, rng=rng)
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
