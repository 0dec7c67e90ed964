from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from engine.learning.adam import fresh
from engine.learning.parameters import Weights, flatten, tensors_of
from engine.learning.profile import PHASE5 as SPECIFIED
from engine.learning.profile import Profile
from engine.learning.rollout import Batch
from engine.learning.step import let_go
from engine.learning.update import Measures, Update
from models.architecture import PHASE5, PRE_PHASE5
from tests.engine.learning import oracles
from tests.engine.learning.cases import batch_of, random_tensors

PROFILE = replace(SPECIFIED, minibatch=8, epochs=2, target_kl=100.0)
TENSORS = random_tensors(PHASE5)
BATCH = batch_of(TENSORS)
"""24 rows: three minibatches an epoch."""


@pytest.fixture(autouse=True, scope="module")
def _calls_end_with_their_tests() -> Iterator[None]:
    yield
    let_go()


def update(batch: Batch = BATCH, profile: Profile = PROFILE, seed: int = 1) -> Update:
    weights = flatten(PHASE5, TENSORS)
    rng = np.random.default_rng(seed)
    return Update(PHASE5, weights, fresh(weights), batch, 50.0, profile, rng)


def run(given: Update) -> Update:
    for _ in given.slices():
        pass
    return given


def measured(given: Update) -> Measures:
    found = run(given).measures
    assert found is not None, given.quarantine
    return found


def same(one: Weights, other: Weights) -> bool:
    return bool(mx.array_equal(one.actor, other.actor)) and bool(
        mx.array_equal(one.critic, other.critic)
    )


def test_a_slice_is_at_most_one_minibatch() -> None:
    given = update()
    steps = [given.done_steps for _ in given.slices()]
    assert given.done_steps == given.most_steps == 6
    assert max(np.diff([0, *steps])) == 1


def test_rows_are_laid_out_and_traced_a_piece_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = run(update())
    whole_slices = sum(1 for _ in update().slices())
    monkeypatch.setattr("engine.learning.pieces.PIECE", 5)
    parted = update()
    assert sum(1 for _ in parted.slices()) == whole_slices + 2 * (5 - 1)
    assert same(parted.weights, whole.weights)
    assert parted.measures == whole.measures


def test_every_row_has_its_turn_in_every_epoch(monkeypatch: pytest.MonkeyPatch) -> None:
    given, turns = update(), []
    step = given._calls.step

    def watched(weights: Any, moments: Any, table: Any, profile: Any) -> Any:
        turns.append({row.tobytes() for row in table})
        return step(weights, moments, table, profile)

    monkeypatch.setattr(given._calls, "step", watched)
    run(given)
    for epoch in (turns[:3], turns[3:]):
        assert len(set.union(*epoch)) == sum(map(len, epoch)) == 24
    assert turns[:3] != turns[3:]


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    first, again, other = (run(update(seed=seed)) for seed in (1, 1, 2))
    assert same(first.weights, again.weights)
    assert mx.array_equal(first.moments.critic_v, again.moments.critic_v)
    assert first.measures == again.measures
    assert not same(first.weights, other.weights)


def test_the_weights_and_rows_that_were_given_stay_as_they_are() -> None:
    weights = flatten(PHASE5, TENSORS)
    before = {name: getattr(BATCH, name) for name in ("rewards", "values", "observations")}
    kept = {name: array.copy() for name, array in before.items()}
    done = run(Update(PHASE5, weights, fresh(weights), BATCH, 50.0, PROFILE, rng()))
    assert not same(done.weights, weights)
    assert all((tensors_of(PHASE5, weights)[n] == t).all() for n, t in TENSORS.items())
    assert all((getattr(BATCH, name) == array).all() for name, array in kept.items())


def test_what_was_rewarded_becomes_likelier_and_the_critic_expects_it() -> None:
    paid = np.where(BATCH.actions == 1, 50.0, 0.0)
    every = replace(BATCH, rewards=paid, masks=np.ones((24, 3), np.bool_))
    chosen = _log_probs(TENSORS, every)[np.arange(24), every.actions]
    eager = replace(
        PROFILE, epochs=10, clip=1.0, gamma=0.5, gae_lambda=0.0, actor_lr=1e-3, critic_lr=1e-3
    )
    done = run(update(replace(every, log_probs=chosen.astype(np.float32)), eager))
    learnt = tensors_of(PHASE5, done.weights)
    before, after = (np.exp(_log_probs(t, every))[:, 1].mean() for t in (TENSORS, learnt))
    assert after > before + 0.05
    expected = oracles.network(learnt, "critic", every.observations, every.temporals)[:, 0]
    assert np.corrcoef(expected, paid)[0, 1] > 0.5


def test_an_update_ends_before_the_step_that_would_go_too_far() -> None:
    wide = replace(PROFILE, actor_lr=3e-3)
    far = run(update(profile=wide))
    near = run(update(profile=replace(wide, target_kl=1e-4, kl="k3")))
    assert near.measures is not None
    assert 0 < near.measures.steps < 6
    assert near.done_steps == near.measures.steps + 1
    assert near.moments.step == near.measures.steps
    assert near.measures.stopped.startswith("k3 ")
    assert far.measures is not None
    assert far.measures.stopped == ""


def test_what_was_learnt_before_an_early_end_is_kept() -> None:
    wide = replace(PROFILE, actor_lr=3e-3)
    near = run(update(profile=replace(wide, target_kl=1e-4, kl="k3")))
    by_hand = update(profile=wide)
    for _ in by_hand.slices():
        if by_hand.done_steps == near.moments.step:
            break
    assert same(near.weights, by_hand.weights)


def test_the_signed_estimator_stops_where_the_profile_names_it() -> None:
    wide = replace(PROFILE, actor_lr=3e-3, target_kl=1e-4)
    found = [measured(update(profile=replace(wide, kl=kind))).stopped for kind in ("k1", "k3")]
    assert found[1].startswith("k3 ")
    assert found[0] != found[1]


def test_measures_equal_the_oracles() -> None:
    done = run(update())
    found = done.measures
    assert found is not None
    log_probs = _log_probs(tensors_of(PHASE5, done.weights), BATCH)
    entropy = oracles.entropy(log_probs)
    change = log_probs[np.arange(24), BATCH.actions] - BATCH.log_probs
    legal = BATCH.masks.sum(axis=1)
    shares = entropy[legal > 1] / np.log(legal[legal > 1])
    assert found.entropy == pytest.approx(entropy.mean(), abs=1e-5)
    assert found.entropy_share == pytest.approx(shares.mean(), abs=1e-5)
    assert found.kl == pytest.approx(np.mean(np.exp(change) - 1 - change), abs=1e-5)
    assert found.actor_norm == pytest.approx(
        math.sqrt(sum((t**2).sum() for n, t in tensors_of(PHASE5, done.weights).items()
                      if n.startswith("actor"))), rel=1e-5,
    )  # fmt: skip
    assert found.ratio_error < 1e-5
    assert found.finite


def test_explained_variance_is_of_the_returns_by_the_values_at_collection() -> None:
    advantages = oracles.gae_by_episode(
        np.clip(BATCH.rewards / 50.0, -10, 10), BATCH.values.astype(float), BATCH.next_values,
        BATCH.dones, BATCH.cuts, PROFILE.gamma, PROFILE.gae_lambda,
    )  # fmt: skip
    expected = 1 - advantages.var() / (advantages + BATCH.values).var()
    assert measured(update()).explained_variance == pytest.approx(expected, abs=1e-4)


def test_returns_that_do_not_vary_explain_nothing() -> None:
    flat = np.zeros(24, np.float32)
    bare = replace(BATCH, values=flat, next_values=flat, rewards=np.zeros(24))
    assert measured(update(bare)).explained_variance is None


def test_a_reward_of_a_thousand_stakes_counts_as_ten() -> None:
    huge, ten = (replace(BATCH, rewards=np.full(24, r)) for r in (50_000.0, 500.0))
    assert same(run(update(huge)).weights, run(update(ten)).weights)


def test_units_that_stand_still_are_counted_as_dormant() -> None:
    stuck = {**TENSORS, "actor.ln2.weight": np.zeros(64, np.float32)}
    weights = flatten(PHASE5, stuck)
    batch = replace(
        BATCH, log_probs=_log_probs(stuck, BATCH)[np.arange(24), BATCH.actions].astype(np.float32)
    )
    still = replace(PROFILE, actor_lr=0.0, critic_lr=0.0)
    found = measured(Update(PHASE5, weights, fresh(weights), batch, 50.0, still, rng()))
    assert found.dormant == found.dormant_before == pytest.approx(64 / 512)
    assert measured(update(profile=still)).dormant == 0.0


def test_a_batch_smaller_than_a_minibatch_is_one_filled_up_with_nothing() -> None:
    """The filling changes no measure: twelve rows learn the same in twelve as in twenty."""
    few = batch_of(TENSORS, 12)
    exact, filled = (measured(update(few, replace(PROFILE, minibatch=m))) for m in (12, 20))
    assert exact.steps == filled.steps == 2
    assert filled.policy_loss == pytest.approx(exact.policy_loss, abs=1e-5)
    assert filled.kl == pytest.approx(exact.kl, rel=1e-2)
    assert filled.dormant == exact.dormant


def test_rows_left_over_wait_for_another_epoch() -> None:
    given = update(batch_of(TENSORS, 21))
    assert run(given).done_steps == given.most_steps == 2 * 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"policy_ids": ("one", "two")}, "2 policies"),
        ({"policy_ids": ()}, "0 policies"),
        ({"rewards": np.full(24, np.nan)}, "not finite"),
        ({"values": np.full(24, np.inf, np.float32)}, "not finite"),
        ({"observations": np.zeros((24, 17), np.float32)}, "not those of this network"),
        ({"log_probs": BATCH.log_probs + np.float32(3e-4)}, "0.0003 from those stored"),
        ({"temporals": np.roll(BATCH.temporals, 1, axis=0)}, "from those stored"),
        ({"masks": np.zeros((24, 3), np.bool_)}, "not legal"),
        ({"actions": np.full(24, 3, np.int32)}, "not legal"),
        ({"actions": np.full(24, -1, np.int32)}, "not legal"),
    ],
)
def test_rows_that_nobody_can_learn_from_are_set_aside(fields: dict[str, Any], words: str) -> None:
    given = update(replace(BATCH, **fields))
    start = given.weights
    run(given)
    assert words in given.quarantine
    assert given.measures is None
    assert given.weights is start
    assert given.done_steps == 0


def test_an_empty_batch_is_set_aside() -> None:
    none = {name: getattr(BATCH, name)[:0] for name in BATCH.__slots__ if name != "policy_ids"}
    assert run(update(replace(BATCH, **none))).quarantine == "the batch is empty"


def test_rows_of_shifted_decisions_are_noticed_before_any_gradient() -> None:
    """R01: each action beside the observation of the decision before it."""
    shifted = replace(BATCH, observations=np.roll(BATCH.observations, 1, axis=0))
    assert "from those stored" in run(update(shifted)).quarantine


def test_a_step_that_gives_no_number_ends_the_update_and_is_not_kept() -> None:
    wild = replace(PROFILE, critic_lr=math.inf)
    found = run(update(profile=wild))
    assert found.measures is not None
    assert not found.measures.finite
    assert "NaN or infinity" in found.measures.stopped
    assert found.measures.policy_loss is None
    assert same(found.weights, flatten(PHASE5, TENSORS))


def test_weights_that_give_no_number_are_not_learnt_from() -> None:
    broken = {**TENSORS, "actor.fc1.bias": np.full(64, np.nan, np.float32)}
    weights = flatten(PHASE5, broken)
    given = run(Update(PHASE5, weights, fresh(weights), BATCH, 50.0, PROFILE, rng()))
    assert "nan from those stored" in given.quarantine


def test_the_former_model_learns_by_the_same_rules() -> None:
    tensors = random_tensors(PRE_PHASE5)
    weights = flatten(PRE_PHASE5, tensors)
    given = Update(PRE_PHASE5, weights, fresh(weights), batch_of(tensors), 50.0, PROFILE, rng())
    assert measured(given).steps == 6
    assert not same(given.weights, weights)


def _log_probs(tensors: oracles.Tensors, batch: Batch) -> oracles.Reals:
    logits = oracles.network(tensors, "actor", batch.observations, batch.temporals)
    return oracles.log_softmax(logits, batch.masks)


def rng() -> np.random.Generator:
    return np.random.default_rng(1)
