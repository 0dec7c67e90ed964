"""The fair probability: its arithmetic, that it cannot see ahead, and that it comes true."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from engine.feeds.sim_fair import fair_probability, normal_cdf
from engine.feeds.sim_levels import Levels
from engine.feeds.sim_params import SimParams
from engine.feeds.sim_path import WINDOW_STEPS, window_path

PARAMS = SimParams()
SEED = 21


def test_the_normal_distribution_is_right_to_seven_digits() -> None:
    x = np.linspace(-8, 8, 401)
    exact = [NormalDist().cdf(float(value)) for value in x]
    assert normal_cdf(x) == pytest.approx(np.array(exact), abs=1e-7)


def test_a_window_starts_at_even_odds_and_ends_decided() -> None:
    levels = Levels(SEED, PARAMS)
    for index in range(6):
        path = window_path(SEED, levels, PARAMS, index)
        fair = fair_probability(path, levels.window(index), PARAMS)
        assert fair[:, 0] == pytest.approx(np.full(4, 0.5), abs=1e-6)
        assert ((fair > 0) & (fair < 1)).all()
        ahead = np.array(levels.official_prices(index + 1)) >= levels.official_prices(index)
        far = np.abs(fair[:, -1] - 0.5) > 0.45
        assert ((fair[:, -1] > 0.5) == ahead)[far].all()


def test_the_fair_probability_cannot_see_ahead() -> None:
    levels = Levels(SEED, PARAMS)
    minutes, path = levels.window(3), window_path(SEED, levels, PARAMS, 3)
    step = 7 * 300 + 120
    other_path, other_vol = path.copy(), minutes.log_vol.copy()
    other_path[:, step + 1 :] += 0.01
    other_vol[8:] += 1.0
    before = fair_probability(path, minutes, PARAMS)
    after = fair_probability(other_path, replace(minutes, log_vol=other_vol), PARAMS)
    assert (before[:, : step + 1] == after[:, : step + 1]).all()
    assert (before[:, -1] != after[:, -1]).any()


def test_outcomes_priced_at_p_come_true_with_frequency_p() -> None:
    levels, rng = Levels(SEED, PARAMS), np.random.default_rng(1)
    priced, came = [], []
    for index in range(500):
        path = window_path(SEED, levels, PARAMS, index)
        fair = fair_probability(path, levels.window(index), PARAMS)
        step, asset = rng.integers(WINDOW_STEPS), index % 4  # one draw a window: independent
        start, end = levels.official_prices(index), levels.official_prices(index + 1)
        priced.append(fair[asset, step])
        came.append(end[asset] >= start[asset])
    p, up = np.array(priced), np.array(came)
    for low, high in ((0, 0.1), (0.1, 0.35), (0.35, 0.65), (0.65, 0.9), (0.9, 1)):
        chosen = (p >= low) & (p < high)
        error = np.sqrt((p[chosen] * (1 - p[chosen])).sum()) / chosen.sum()
        gap = up[chosen].mean() - p[chosen].mean()
        assert abs(gap) < 3 * error + 0.005, f"{low} to {high}: off by {gap:.3f}, error {error:.3f}"
