"""A placebo differs from its twin in the places of the rewards only; both learn causally."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.evaluation.arms import Arm, default_models, frozen_arms
from engine.evaluation.online import PlaceboShadow, learning_arms, shadow_of, shuffled
from engine.evaluation.pairs import pairs_of
from engine.evaluation.run import ArmRun, run_tape
from engine.learning.rollout import Batch
from engine.learning.shadow import Shadow
from engine.learning.transition import Transition
from engine.settings import PPO
from tests.engine.evaluation.tapes import QUICK, drifting, later, run_engine, verdicts

TAPE = drifting(verdicts(4, 1))
LEARNS = QUICK.model_copy(update={"ppo": PPO(rows=64, minibatch=16, epochs=2)})


def transition(number: int, reward: float) -> Transition:
    return Transition(
        environment="BTC",
        episode="w",
        observation=np.zeros(18, np.float32),
        temporal=np.zeros(90, np.float32),
        mask=(True, True, True),
        action=0,
        log_prob=-1.0,
        value=0.0,
        policy_id="p",
        reward=reward,
        done=number == 9,
        truncated=False,
        next_value=float(number),
    )


ROWS = [transition(n, reward) for n, reward in enumerate((0, 0, 5, 0, -2, 0, 0, 1, 0, 0))]


def test_a_placebo_moves_the_rewards_and_nothing_else() -> None:
    dealt = shuffled(ROWS, np.random.default_rng(1))
    assert Counter(row.reward for row in dealt) == Counter(row.reward for row in ROWS)
    assert [row.reward for row in dealt] != [row.reward for row in ROWS]
    assert [replace(row, reward=0.0) for row in dealt] == [replace(row, reward=0.0) for row in ROWS]


def test_the_same_seed_deals_the_rewards_out_alike() -> None:
    one, same, other = (
        [row.reward for row in shuffled(ROWS, np.random.default_rng(seed))] for seed in (1, 1, 2)
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
        kinds = [type(shadow_of(arm, engine, 1)) for arm in (models[0], *arms[:2])]
        assert kinds == [type(None), Shadow, PlaceboShadow]
        pairs = {(p.arm, p.against) for p in pairs_of([*models, *arms], "always-hold")}
        assert ("phase5 online", "phase5") in pairs
        assert ("pre_phase5 online", "pre_phase5 placebo") in pairs
        assert ("phase5 online", "pre_phase5") not in pairs
    finally:
        for arm in (*models, *arms):
            arm.close()


def test_an_update_of_the_placebo_has_the_rows_that_its_twin_would_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Until the first update both act alike, so their first rollouts hold the same rows."""
    monkeypatch.setattr("engine.learning.learner.Learner.slice", lambda *_: None)
    models = frozen_arms(default_models()[:1])
    arms = learning(models)
    try:
        run_tape(drifting(verdicts(1, 1)), arms, LEARNS, 1, lambda _: None)
        online, placebo = (_rollout(arm) for arm in arms)
        count = len(placebo.actions)
        assert count >= LEARNS.ppo.rows  # type: ignore[operator]  # it is set above
        assert np.array_equal(online.observations[:count], placebo.observations)
        assert np.array_equal(online.log_probs[:count], placebo.log_probs)
        assert np.array_equal(online.dones[:count], placebo.dones)
        assert not np.array_equal(online.rewards[:count], placebo.rewards)
        assert sorted(online.rewards[:count]) == pytest.approx(sorted(placebo.rewards))
    finally:
        for arm in (*models, *arms):
            arm.close()


def _rollout(arm: Arm) -> Batch:
    assert arm.learner is not None
    return arm.learner._rollout.batch()
