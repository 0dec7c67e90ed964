from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning.advantages import RewardScale, gae, normalised
from engine.learning.profile import PHASE5, long_horizon
from models.stats import Stats
from tests.engine.learning.oracles import gae_by_episode
from tests.shared import SHARED, needs_shared

LONG = long_horizon(500)

unit = st.floats(-3, 3, width=32)
row = st.tuples(unit, unit, unit, st.booleans(), st.booleans())


@given(st.lists(row, min_size=1, max_size=30), st.floats(0.1, 1), st.floats(0, 1))
def test_gae_is_the_decayed_sum_of_errors_up_to_the_next_cut(
    rows: list[tuple[float, float, float, bool, bool]], gamma: float, gae_lambda: float
) -> None:
    rewards, values, next_values = (np.array(c) for c in list(zip(*rows, strict=True))[:3])
    dones, cuts = (np.array(c, np.bool_) for c in list(zip(*rows, strict=True))[3:])
    found, returns = gae(rewards, values, next_values, dones, cuts, gamma, gae_lambda)
    expected = gae_by_episode(rewards, values, next_values, dones, cuts, gamma, gae_lambda)
    assert found == pytest.approx(expected, abs=1e-9)
    assert returns == pytest.approx(expected + values, abs=1e-9)


@pytest.mark.parametrize("piece", [1, 7, 50])
def test_gae_in_pieces_is_gae_to_the_last_bit(piece: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    rewards, values, ahead = rng.normal(size=(3, 50))
    dones, ends = rng.random((2, 50)) < 0.1
    whole = gae(rewards, values, ahead, dones, dones | ends, 0.95, 0.9)
    monkeypatch.setattr("engine.learning.pieces.PIECE", piece)
    parted = gae(rewards, values, ahead, dones, dones | ends, 0.95, 0.9)
    assert np.array_equal(whole, parted)


def test_nothing_leaks_from_one_environment_into_another() -> None:
    values, dones = np.zeros(4), np.zeros(4, np.bool_)
    cuts = np.array([False, True, False, True])
    alone, _ = gae(np.array([0.0, 0.0, 0.0, 0.0]), values, values, dones, cuts, 0.95, 0.95)
    beside, _ = gae(np.array([0.0, 0.0, 0.0, 9.0]), values, values, dones, cuts, 0.95, 0.95)
    assert (beside[:2] == alone[:2]).all()
    assert beside[2] > 0


def test_a_truncated_row_bootstraps_and_a_done_one_does_not() -> None:
    ends = np.array([True])
    reward, value, ahead = np.array([1.0]), np.array([0.5]), np.array([2.0])
    done, _ = gae(reward, value, ahead, ends, ends, 0.9, 0.95)
    truncated, _ = gae(reward, value, ahead, ~ends, ends, 0.9, 0.95)
    assert done[0] == pytest.approx(0.5)
    assert truncated[0] == pytest.approx(0.5 + 0.9 * 2.0)


@needs_shared
def test_gae_equals_the_golden_numbers() -> None:
    golden = np.load(SHARED / "golden" / "ppo_minibatch.npz")
    ahead = np.append(golden["values"][1:], golden["next_value"])
    dones = golden["dones"] > 0
    cuts = dones.copy()
    cuts[-1] = True
    found, returns = gae(golden["rewards"], golden["values"], ahead, dones, cuts, 0.95, 0.95)
    assert found == pytest.approx(golden["advantages"], abs=1e-5)
    assert returns == pytest.approx(golden["returns"], abs=1e-5)
    assert normalised(found) == pytest.approx(golden["advantages_normalized"], abs=1e-5)


def test_equal_advantages_are_nothing_to_learn_from_and_no_division_by_zero() -> None:
    assert (normalised(np.full(5, 3.0)) == 0).all()


@given(st.lists(st.lists(st.floats(-1e4, 1e4), max_size=9), max_size=6))
def test_the_running_scale_is_that_of_all_rewards_however_they_came(
    parts: list[list[float]],
) -> None:
    scale = RewardScale()
    for part in parts:
        scale.seen(np.array(part))
    every = np.array([reward for part in parts for reward in part])
    stats = scale.stats(PHASE5)
    assert stats.reward_count == every.size
    if every.size:
        assert stats.reward_mean == pytest.approx(every.mean(), abs=1e-6)
        assert stats.reward_std == pytest.approx(every.std(), abs=1e-4)


def test_a_scale_goes_on_from_its_stats_file() -> None:
    first, second = np.array([0.0, 5.0, -3.0]), np.array([8.0, 0.0])
    whole = RewardScale()
    whole.seen(np.concatenate([first, second]))
    begun = RewardScale()
    begun.seen(first)
    resumed = RewardScale(begun.stats(PHASE5))
    resumed.seen(second)
    assert resumed.dollars(PHASE5, 100.0) == pytest.approx(whole.dollars(PHASE5, 100.0))
    stats = resumed.stats(PHASE5)
    assert stats.reward_mean == pytest.approx(2.0)
    assert (stats.reward_count, stats.gamma, stats.buffer_size) == (5, PHASE5.gamma, PHASE5.rows)


def test_no_scale_moves_zero() -> None:
    """R12: the mean is known and kept, and never subtracted."""
    scale = RewardScale(Stats(reward_mean=7.0, reward_std=2.0, reward_count=50))
    rewards = np.array([0.0, 4.0])
    assert (rewards / scale.dollars(PHASE5, 100.0)).tolist() == [0.0, 2.0]


def test_rewards_that_hardly_vary_are_not_blown_up() -> None:
    scale = RewardScale()
    scale.seen(np.zeros(1000))
    assert scale.dollars(PHASE5, 100.0) == 1.0


def test_before_the_first_reward_the_scale_is_the_stake() -> None:
    assert RewardScale().dollars(PHASE5, 100.0) == 100.0


def test_long_horizon_divides_by_the_stake() -> None:
    scale = RewardScale(Stats(reward_mean=0.0, reward_std=2.0, reward_count=50))
    assert scale.dollars(LONG, 100.0) == 100.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_reward_that_is_no_number_is_refused_and_nothing_counted(bad: float) -> None:
    scale = RewardScale()
    with pytest.raises(ValueError, match="not finite"):
        scale.seen(np.array([1.0, bad]))
    assert scale.stats(PHASE5).reward_count == 0
