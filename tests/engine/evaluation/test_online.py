"""A placebo differs from its twin in the places of the rewards only; both learn causally."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.evaluation.arms import Arm, default_models, frozen_arms
from engine.evaluation.online import learning_arms, shadow_of, shuffled
from engine.evaluation.pairs import pairs_of
from engine.evaluation.run import ArmRun, run_tape
from engine.evaluation.tape import Embedded
from engine.learning.learner import Learner
from engine.learning.rollout import Batch
from engine.learning.shadow import Shadow, without_daily_loss
from engine.learning.update import Update
from engine.settings import PPO, Settings
from tests.engine.evaluation.tapes import QUICK, drifting, later, run_engine, verdicts
from tests.models.files import untrained

TAPE = drifting(verdicts(4, 1))
LEARNS = QUICK.model_copy(update={"ppo": PPO(rows=64, minibatch=16, epochs=2)})


REWARDS = np.array((0, 0, 5, 0, -2, 0, 0, 1, 0, 0), np.float64)


def batch() -> Batch:
    """Ten rows of one window, three of them rewarded."""
    count = len(REWARDS)
    return Batch(
        observations=np.zeros((count, 18), np.float32),
        temporals=np.zeros((count, 90), np.float32),
        masks=np.ones((count, 3), np.bool_),
        actions=np.zeros(count, np.int32),
        log_probs=np.full(count, -1.0, np.float32),
        values=np.zeros(count, np.float32),
        rewards=REWARDS.copy(),
        dones=np.arange(count) == count - 1,
        cuts=np.arange(count) == count - 1,
        next_values=np.arange(count, dtype=np.float32),
        policy_ids=("p",),
    )


def test_a_placebo_moves_the_rewards_and_nothing_else() -> None:
    before, dealt = batch(), shuffled(batch(), np.random.default_rng(1))
    assert sorted(dealt.rewards) == sorted(REWARDS)
    assert not np.array_equal(dealt.rewards, REWARDS)
    for field in fields(Batch):
        if field.name != "rewards":
            assert np.array_equal(getattr(dealt, field.name), getattr(before, field.name))


def test_the_same_seed_deals_the_rewards_out_alike() -> None:
    one, same, other = (
        list(shuffled(batch(), np.random.default_rng(seed)).rewards) for seed in (1, 1, 2)
    )
    assert one == same != other


def learning(models: list[Arm]) -> list[Arm]:
    return learning_arms(models, LEARNS, 1)


@pytest.fixture(scope="module")
def played() -> list[list[ArmRun]]:
    """A model, what it learns, and its placebo, over two tapes; twice, made afresh."""
    return [_play() for _ in range(2)]


def _play() -> list[ArmRun]:
    models = frozen_arms(default_models()[:1])
    arms = [*models, *learning(models)]
    try:
        runs = [run_tape(tape, arms, LEARNS, 1, lambda _: None) for tape in (TAPE, later(TAPE, 1))]
        assert all(arm.learner is None or arm.learner.number > 0 for arm in arms)
        return [run for of in runs for run in of]
    finally:
        for arm in arms:
            arm.close()


def test_arms_that_learn_do_the_same_each_time(played: list[list[ArmRun]]) -> None:
    once, again = played
    assert [run.windows for run in once] == [run.windows for run in again]
    assert [run.updates for run in once] == [run.updates for run in again]


def test_what_was_learned_on_one_tape_is_taken_to_the_next(played: list[list[ArmRun]]) -> None:
    """The second tape is the first a day later: only arms that changed meet it differently."""
    frozen, online, placebo, *after = played[0]
    assert [w.pnl for w in frozen.windows] == [w.pnl for w in after[0].windows]
    assert [w.pnl for w in online.windows] != [w.pnl for w in after[1].windows]
    assert online.updates.total() > 0
    assert placebo.updates.total() > 0


def test_the_placebo_is_updated_as_often_as_its_twin(
    played: list[list[ArmRun]],
) -> None:
    _, online, placebo, *_ = played[0]
    assert abs(online.updates.total() - placebo.updates.total()) <= 1


def test_each_model_has_its_arms_pairs_and_drivers() -> None:
    models = frozen_arms(default_models())
    arms = learning(models)
    try:
        assert [(arm.name, arm.kind) for arm in arms] == [
            ("phase5 online", "online"),
            ("phase5 placebo", "placebo"),
            ("pre_phase5 online", "online"),
            ("pre_phase5 placebo", "placebo"),
        ]
        engine = run_engine(TAPE, models[0], until_s=10)
        kinds = [type(shadow_of(arm, engine)) for arm in (models[0], *arms[:2])]
        assert kinds == [type(None), Shadow, Shadow]
        pairs = {(p.arm, p.against) for p in pairs_of([*models, *arms], "always-hold")}
        assert ("phase5 online", "phase5") in pairs
        assert ("pre_phase5 online", "pre_phase5 placebo") in pairs
        assert ("phase5 online", "pre_phase5") not in pairs
    finally:
        for arm in (*models, *arms):
            arm.close()


def test_an_update_of_the_placebo_has_the_rows_that_its_twin_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until the first update both act alike, so they begin it with the same rows."""
    begun: list[Batch] = []
    monkeypatch.setattr("engine.learning.running.Update", _noting(begun))
    models = frozen_arms(default_models()[:1])
    arms = learning(models)
    try:
        run_tape(drifting(verdicts(1, 1)), arms, LEARNS, 1, lambda _: None)
    finally:
        for arm in (*models, *arms):
            arm.close()
    online, placebo = begun[:2]
    for field in fields(Batch):
        if field.name != "rewards":
            assert np.array_equal(getattr(online, field.name), getattr(placebo, field.name))
    assert not np.array_equal(online.rewards, placebo.rewards)
    assert sorted(online.rewards) == sorted(placebo.rewards)


def test_updates_of_the_placebo_are_no_larger_than_its_twins(tmp_path: Path) -> None:
    """Untrained weights are paid all the time and never wait for a reward to learn from. Four
    assets complete a row each in one tick, so some are left when an update has enough. None of
    them may wait for the next one, which other weights will have decided."""
    settings = without_daily_loss(Settings(decision_ms=5_000, ppo=LEARNS.ppo))
    models = frozen_arms([untrained(tmp_path)])
    arms = learning_arms(models, settings, 1)
    try:
        run_tape(Embedded(3, 2), arms, settings, 1, lambda _: None)
        online, placebo = ([u.rows for u in _learner(arm).updates] for arm in arms)
    finally:
        for arm in (*models, *arms):
            arm.close()
    rows = LEARNS.ppo.rows
    assert rows is not None
    for updates in (online, placebo):
        assert updates.count(rows) > len(updates) / 2
        assert max(updates) < 2 * rows - 4


def _learner(arm: Arm) -> Learner:
    assert arm.learner is not None
    return arm.learner


def _noting(begun: list[Batch]) -> Callable[..., Update]:
    """Makes updates, and keeps what they began with."""

    def make(*arguments: Any) -> Update:
        begun.extend(each for each in arguments if isinstance(each, Batch))
        return Update(*arguments)

    return make
