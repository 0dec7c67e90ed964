"""A learner goes on from a checkpoint as if nothing had happened, or refuses it in one clause."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from engine.errors import LearnerStateError
from engine.learning.learner import Learner
from engine.learning.learner_state import Facts
from engine.learning.state_file import seal, unseal
from engine.learning_view import UpdateView
from models.architecture import ARCHITECTURES, PRE_PHASE5, Architecture
from models.tensor_file import tensor_bytes
from tests.engine.learning.builders import SMALL, Dice, learning


@pytest.fixture
def learner() -> Iterator[Learner]:
    with learning() as made:
        yield made


@pytest.fixture(scope="module")
def begun() -> Iterator[Learner]:
    """With some rows; for tests that change nothing."""
    with learning() as made:
        dice = Dice()
        for _ in range(10):
            dice.tick(made)
        yield made


def bytes_of(learner: Learner) -> bytes:
    return tensor_bytes(learner.architecture, learner.tensors())


def facts_of(data: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(unseal(data)[0])
    return facts


def finish(learner: Learner, t_ms: int) -> UpdateView:
    """Slice after slice at one instant, until an update is judged."""
    judged = None
    while judged is None:
        judged = learner.slice(t_ms)
    return judged


# ---- the same again -----------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_the_same_seed_learns_the_same_bytes(architecture: Architecture) -> None:
    states = []
    for _ in range(2):
        with learning(architecture) as learner:
            Dice().learn(learner, 3)
            states.append(learner.state_bytes())
    assert states[0] == states[1]


def test_another_seed_learns_other_bytes() -> None:
    found = set()
    for seed in (3, 4):
        with learning(seed=seed) as learner:
            Dice().learn(learner, 2)
            found.add(bytes_of(learner))
    assert len(found) == 2


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
@pytest.mark.parametrize("at", [160, 200], ids=["between updates", "amid the rows"])
def test_who_goes_on_from_a_checkpoint_learns_what_it_would_have_learnt(
    architecture: Architecture, at: int
) -> None:
    with learning(architecture) as learner:
        dice = Dice()
        for _ in range(at):
            dice.tick(learner)
        saved = learner.state_bytes()
        assert learner.number >= 1
        assert not learner.updating
        dice.learn(learner, 2)
        whole = learner.state_bytes()
    with learning(architecture, seed=3) as other:
        other.resume(saved)
        assert other.state_bytes() == saved
        Dice(at=at).learn(other, 2)
        assert other.state_bytes() == whole


def test_an_update_that_was_lost_is_made_once_more_and_not_twice(learner: Learner) -> None:
    dice = Dice()
    dice.learn(learner)
    while learner.step < 2:
        dice.tick(learner)
    saved = learner.state_bytes()
    first = finish(learner, dice.t_ms)
    finished = bytes_of(learner)
    learner.resume(saved)
    assert (learner.number, learner.updating, learner.rows) == (1, False, SMALL.rows)
    assert finish(learner, dice.t_ms) == first
    assert bytes_of(learner) == finished
    assert learner.stats().reward_count == 24_325 + 2 * SMALL.rows


# ---- checkpoints that must not be gone on from --------------------------------------------------

Change = Callable[[dict[str, Any], dict[str, Any]], object]
"""Does something to the facts and arrays of a checkpoint."""


def changed(data: bytes, change: Change) -> bytes:
    """A whole checkpoint, with a digest that fits, of another content."""
    text, arrays = unseal(data)
    facts = json.loads(text)
    change(facts, arrays)
    return seal(facts, arrays)


def poisoned(array: Any, value: float) -> Any:
    found = array.copy()
    found[3] = value
    return found


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f, a: f["identity"].update(features="x"), "was learnt on other features"),
        (lambda f, a: f["identity"].update(architecture="pre_phase5"), "is of a pre_phase5 model"),
        (lambda f, a: f["identity"].update(champion="ab"), "started from the champion ab, and "),
        (
            lambda f, a: f["identity"]["profile"].update(gamma=0.5),
            "was learnt with gamma 0.5, and the settings now say 0.95",
        ),
        (lambda f, a: f["identity"]["profile"].pop("clip"), "was learnt with clip None"),
        (lambda f, a: f.pop("identity"), "does not say whose it is"),
        (lambda f, a: f.update(identity=[1]), "does not say whose it is"),
        (lambda f, a: f.pop("number"), "has a malformed number"),
        (lambda f, a: f.update(number="one"), "has a malformed number"),
        (lambda f, a: f.update(accepted=-1), "counts below zero"),
        (lambda f, a: f["updates"].append({"number": 1}), "has a malformed updates"),
        (lambda f, a: f["stats"].update(reward_std=-1.0), "has reward statistics that make no"),
        (lambda f, a: f.update(generator={}), "cannot be gone on from"),
        (lambda f, a: f["generator"]["state"].update(state="x"), "cannot be gone on from"),
        (lambda f, a: f["generator"]["state"].update(inc=2**200), "cannot be gone on from"),
        (lambda f, a: a.pop("weights/actor_m"), "does not hold 15971 float32 numbers of actor_m"),
        (
            lambda f, a: a.update({"weights/critic": a["weights/critic"][:-1]}),
            "numbers of critic",
        ),
        (
            lambda f, a: a.update({"weights/actor": a["weights/actor"].astype(np.float64)}),
            "numbers of actor",
        ),
        (
            lambda f, a: a.update({"weights/actor": poisoned(a["weights/actor"], np.nan)}),
            "holds NaN or infinity in actor",
        ),
        (
            lambda f, a: a.update({"weights/critic_v": poisoned(a["weights/critic_v"], -1.0)}),
            "holds negative squares in critic_v",
        ),
        (lambda f, a: a.pop("rollout/reward"), "cannot be gone on from"),
        (lambda f, a: a.update({"rollout/dropped": np.zeros(2)}), "cannot be gone on from"),
        (lambda f, a: a.pop("probes/seen"), "cannot be gone on from"),
        (lambda f, a: a.update({"probes/seen": np.array(10**6)}), "cannot be gone on from"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused_in_one_clause_and_changes_nothing(
    begun: Learner, change: Change, said: str
) -> None:
    before = begun.state_bytes()
    with pytest.raises(LearnerStateError) as caught:
        begun.resume(changed(before, change))
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert begun.state_bytes() == before


@pytest.mark.parametrize(
    ("stranger", "said"),
    [
        (partial(learning, PRE_PHASE5), "is of a pre_phase5 model, and this one is phase5"),
        (partial(learning, profile=replace(SMALL, gamma=0.99)), "was learnt with gamma 0.99, and"),
        (partial(learning, weights=2), "is champion now"),
    ],
    ids=["architecture", "profile", "champion"],
)
def test_a_stranger_s_checkpoint_is_refused(
    begun: Learner, stranger: Callable[[], AbstractContextManager[Learner]], said: str
) -> None:
    with stranger() as other:
        data = other.state_bytes()
    with pytest.raises(LearnerStateError, match=said):
        begun.resume(data)


def test_going_on_is_told_as_a_change_of_policy() -> None:
    with learning() as learner:
        Dice().learn(learner)
        data, policy_id = learner.state_bytes(), learner.policy_id
    told = []
    with learning() as other:
        other.on_policy_changed = lambda: told.append(other.policy_id)
        other.resume(data)
    assert told == [policy_id]


def test_a_checkpoint_says_what_it_came_from(learner: Learner) -> None:
    dice = Dice()
    champion = learner.policy_id
    dice.learn(learner)
    facts = facts_of(learner.state_bytes())
    assert facts["parent"] == champion
    assert facts["policy_id"] == learner.policy_id
    assert facts["updates"][-1]["verdict"] == "accepted"
    assert facts.keys() == set(Facts.__slots__)
