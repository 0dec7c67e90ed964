"""A challenger learns, is judged, begins anew, and goes on from a checkpoint as if never ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.learning.guards import Streaks
from engine.learning.learner import Learner
from engine.learning.learner_state import VECTORS
from engine.learning.rollout import Batch
from engine.learning.state_file import unseal
from engine.learning.update import Update
from models.architecture import ARCHITECTURES, Architecture
from models.errors import NonFiniteOutput
from models.policy import load_policy
from models.stats import stats_bytes
from models.tensor_file import check_tensors, tensor_bytes
from tests.engine.learning.builders import FREE, SMALL, STAKE, Dice, learning
from tests.models.files import rows, saved, seeded


@pytest.fixture
def learner() -> Iterator[Learner]:
    with learning() as made:
        yield made


def bytes_of(learner: Learner) -> bytes:
    return tensor_bytes(learner.architecture, learner.tensors())


def id_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def facts_of(data: bytes) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(unseal(data)[0])
    return facts


def spoilt(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    """Let every update from now on measure this."""
    real = Update._measure

    def measure(self: Update) -> Iterator[None]:
        yield from real(self)
        assert self.measures is not None
        self.measures = replace(self.measures, **changed)  # type: ignore[arg-type]  # each test names fields and values that fit

    monkeypatch.setattr(Update, "_measure", measure)


# ---- what it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_a_learner_starts_as_its_champion_to_the_last_bit(architecture: Architecture) -> None:
    with learning(architecture) as learner:
        data = tensor_bytes(architecture, seeded(architecture, 1))
        assert bytes_of(learner) == data
        assert learner.policy_id == id_of(data)
        assert learner.champion_id == "champion"


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_an_accepted_update_changes_the_weights_and_their_name(architecture: Architecture) -> None:
    with learning(architecture) as learner:
        before = bytes_of(learner)
        (judged,) = Dice().learn(learner)
        assert (judged.verdict, judged.reason, judged.number) == ("accepted", "", 1)
        assert bytes_of(learner) != before
        assert learner.policy_id == id_of(bytes_of(learner))
        assert (learner.accepted, learner.refused, learner.number) == (1, 0, 1)


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_what_was_learnt_can_be_saved_as_a_model(architecture: Architecture) -> None:
    with learning(architecture) as learner:
        Dice().learn(learner)
        assert check_tensors(learner.tensors(), "the learner") is architecture
        assert stats_bytes(learner.stats(), architecture)
        assert (learner.stats().gamma, learner.stats().buffer_size) == (SMALL.gamma, SMALL.rows)


def test_an_answer_that_is_no_number_is_raised(learner: Learner) -> None:
    huge = {**seeded(learner.architecture, 1)}
    huge["actor.fc3.weight"] = np.full_like(huge["actor.fc3.weight"], np.inf)
    learner.start_from(huge, "huge", None)
    with pytest.raises(NonFiniteOutput):
        learner.forward(np.ones((1, 18), np.float32), np.ones((1, 90), np.float32))


@pytest.mark.parametrize("architecture", ARCHITECTURES, ids=lambda a: a.name)
def test_it_answers_as_the_model_of_the_same_weights(
    architecture: Architecture, tmp_path: Path
) -> None:
    policy = load_policy(saved(tmp_path, architecture))
    with learning(architecture) as learner:
        for count in (1, 4, 7):
            for mine, model in zip(
                learner.forward(*rows(count)), policy.forward(*rows(count)), strict=True
            ):
                np.testing.assert_allclose(mine, model, atol=1e-5)


# ---- what it takes ------------------------------------------------------------------------------


def test_answers_of_another_policy_are_not_collected(learner: Learner) -> None:
    learner.take(replace(Dice().row(learner), policy_id="another"))
    assert learner.rows == 0


def test_nothing_is_collected_during_an_update(learner: Learner) -> None:
    dice = Dice()
    dice.begin_update(learner)
    rows = learner.rows
    learner.take(dice.row(learner))
    assert learner.rows == rows


def test_it_says_what_the_next_update_waits_for(learner: Learner) -> None:
    assert learner.lacks.startswith("0 of 64 rows")
    dice = Dice()
    dice.begin_update(learner)
    assert learner.lacks == ""
    assert (learner.step, learner.steps) == (0, 4)


def test_nothing_happens_where_there_is_nothing_to_do(learner: Learner) -> None:
    before = learner.state_bytes()
    assert learner.slice(0) is None
    assert learner.state_bytes() == before


def test_each_slice_takes_at_most_one_minibatch(learner: Learner) -> None:
    dice = Dice()
    done = []
    while not learner.updates:
        dice.tick(learner)
        done.append(learner.step)
    assert all(after - before <= 1 for before, after in pairwise(done))
    assert max(done) == 4


# ---- verdicts -----------------------------------------------------------------------------------


def test_a_rejected_update_leaves_weights_and_moments_as_they_were(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    Dice().learn(learner)
    before = unseal(learner.state_bytes())
    spoilt(monkeypatch, kl=11.0)
    (judged,) = Dice(seed=8).learn(learner)
    assert (judged.verdict, judged.reason) == ("rejected", "update KL 11.000, max 10.000")
    after = unseal(learner.state_bytes())
    for name in VECTORS:
        assert np.array_equal(before[1][f"weights/{name}"], after[1][f"weights/{name}"])
    was, now = json.loads(before[0]), json.loads(after[0])
    assert was["adam_step"] == now["adam_step"] == 4
    assert was["generator"] != now["generator"]
    assert was["policy_id"] == now["policy_id"]


def test_a_dropped_challenger_is_its_champion_again(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    champion = bytes_of(learner)
    dice = Dice()
    dice.learn(learner, 2)
    spoilt(monkeypatch, finite=False)
    (judged,) = dice.learn(learner)
    assert judged.verdict == "dropped"
    assert bytes_of(learner) == champion
    assert (learner.accepted, learner.refused, learner.number) == (0, 1, 3)
    facts = facts_of(learner.state_bytes())
    assert facts["adam_step"] == 0
    assert Streaks(**facts["streaks"]) == Streaks()


def test_a_dropped_challenger_keeps_what_it_knows_of_rewards(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = Dice()
    dice.learn(learner)
    seen = learner.stats().reward_count
    spoilt(monkeypatch, finite=False)
    dice.learn(learner)
    assert learner.stats().reward_count == seen + SMALL.rows


def test_a_slow_drift_from_the_champion_is_dropped_at_last() -> None:
    """Each update stays near the one before it, and all together do not stay near the champion."""
    pushy = replace(SMALL, actor_lr=0.001, entropy=0.0)
    with learning(profile=pushy, limits=FREE.model_copy(update={"champion_kl": 0.03})) as learner:
        dice = Dice()
        for _ in range(40):
            (judged,) = dice.learn(learner)
            if judged.verdict == "dropped":
                break
        assert judged.verdict == "dropped"
        assert judged.reason.startswith("KL from the champion 0.0")
        assert learner.number > 1


def test_rows_that_cannot_be_true_are_set_aside_with_those_beside_them(learner: Learner) -> None:
    dice = Dice()
    before = bytes_of(learner)
    learner.take(dice.row(learner))
    learner.take(replace(dice.row(learner), reward=float("nan")))
    learner.take(dice.row(learner))
    judged = learner.slice(5)
    assert judged is not None
    assert (judged.verdict, judged.rows, judged.kl) == ("quarantined", 1, None)
    assert "NaN or infinity" in judged.reason
    assert bytes_of(learner) == before
    assert learner.rows == 0
    assert learner.stats().reward_count == 24_325


def test_a_reward_beyond_its_bound_is_never_learnt_from(learner: Learner) -> None:
    dice = Dice()
    learner.take(replace(dice.row(learner), reward=100 * STAKE + 1))
    before = bytes_of(learner)
    (judged,) = dice.learn(learner)
    assert judged.verdict == "quarantined"
    assert judged.reason.startswith("a reward of $10,001.00, max $10,000.00")
    assert bytes_of(learner) == before
    assert learner.stats().reward_count == 24_325


def test_a_big_rollout_is_set_aside_in_pieces_too(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.learning.rollout.PIECE", 8)
    dice = Dice()
    for _ in range(20):
        learner.take(dice.row(learner))
    learner.take(replace(dice.row(learner), reward=float("nan")))
    judged = [learner.slice(5) for _ in range(3)]
    assert judged[0] is None
    assert [view.rows for view in learner.updates] == [20]


def test_log_probs_that_were_not_its_own_are_quarantined(learner: Learner) -> None:
    dice = Dice()
    wrong = dice.row(learner)
    learner.take(replace(wrong, log_prob=wrong.log_prob - 0.01))
    (judged,) = dice.learn(learner)
    assert judged.verdict == "quarantined"
    assert "log-probabilities differ" in judged.reason


def test_quarantined_rows_can_be_studied(learner: Learner) -> None:
    assert learner.quarantined() is None
    dice = Dice()
    kept = dice.row(learner)
    learner.take(kept)
    learner.take(replace(dice.row(learner), action=7))
    learner.slice(5)
    data = learner.quarantined()
    assert data is not None
    text, arrays = unseal(data)
    facts = json.loads(text)
    assert (facts["t_ms"], facts["policies"]) == (5, [learner.policy_id])
    assert "which is not legal" in facts["reason"]
    assert np.array_equal(arrays["observations"], kept.observation[None])
    assert arrays.keys() == set(Batch.__slots__) - {"policy_ids"}


def test_of_many_quarantined_rows_the_first_are_kept(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.learning.reports.MOST_ROWS", 4)
    dice = Dice()
    for _ in range(6):
        learner.take(dice.row(learner))
    learner.take(replace(dice.row(learner), action=7))
    learner.slice(5)
    data = learner.quarantined()
    assert data is not None
    assert facts_of(data)["rows"] == 6
    assert {len(array) for array in unseal(data)[1].values()} == {4}


def test_beyond_the_budget_rows_are_not_used() -> None:
    limits = FREE.model_copy(update={"updates_per_hour": 1})
    with learning(limits=limits) as learner:
        dice = Dice()
        dice.learn(learner)
        for _ in range(3 * SMALL.rows):
            assert dice.tick(learner) is None
        assert learner.number == 1
        assert learner.rows < SMALL.rows
        assert learner.lacks.startswith("1 updates in the last hour, max 1")


def test_the_last_verdicts_are_remembered(learner: Learner) -> None:
    judged = Dice().learn(learner, 3)
    assert list(learner.updates) == judged
    assert [view.t_ms for view in judged] == sorted(view.t_ms for view in judged)


# ---- who is told --------------------------------------------------------------------------------


def test_whoever_follows_is_told_of_other_weights_and_of_nothing_else(
    learner: Learner, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    learner.on_policy_changed = lambda: told.append(learner.policy_id)
    dice = Dice()
    dice.learn(learner)
    assert told == [learner.policy_id]
    spoilt(monkeypatch, kl=11.0)
    dice.learn(learner)
    assert len(told) == 1
    spoilt(monkeypatch, finite=False)
    dice.learn(learner)
    assert told == [told[0], learner.policy_id]


def test_a_new_champion_is_where_everything_starts_anew(learner: Learner) -> None:
    dice = Dice()
    dice.learn(learner)
    dice.tick(learner)
    learner.start_from(seeded(learner.architecture, 2), "second", None)
    assert bytes_of(learner) == tensor_bytes(learner.architecture, seeded(learner.architecture, 2))
    assert (learner.champion_id, learner.accepted, learner.rows) == ("second", 0, 0)
    assert learner.stats().reward_count == 0
    assert learner.number == 1


def test_a_new_champion_ends_an_update_in_progress(learner: Learner) -> None:
    dice = Dice()
    dice.begin_update(learner)
    learner.start_from(seeded(learner.architecture, 2), "second", None)
    assert not learner.updating
    assert dice.learn(learner)[0].verdict == "accepted"
