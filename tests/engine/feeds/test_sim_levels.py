"""The underlying: random access, continuity, correlation, volatility, no memory in the sign."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.feeds.sim_levels import Levels, minute_sd
from engine.feeds.sim_params import SimParams
from engine.feeds.sim_path import WINDOW_STEPS, led_path, window_path

PARAMS = SimParams()
CALM = SimParams(shared_jumps_per_hour=0.0, own_jumps_per_hour=0.0)
DAYS = 20


@pytest.fixture(scope="module")
def minutes() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Log-volatilities and returns of twenty days, (minutes, assets)."""
    levels = Levels(11, CALM)
    parts = [levels.window(index) for index in range(DAYS * 96)]
    returns = np.vstack([part.diffusion for part in parts])
    return np.vstack([part.log_vol for part in parts]), returns


def correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(np.corrcoef(x, y)[0, 1])


def test_a_window_is_the_same_in_whatever_order_one_looks() -> None:
    forward, backward = Levels(4, PARAMS), Levels(4, PARAMS)
    ahead = [forward.window(index).log_price.tolist() for index in range(0, 600, 50)]
    back = [backward.window(index).log_price.tolist() for index in range(550, -1, -50)]
    assert ahead == back[::-1]


def test_the_price_goes_on_where_the_last_window_left_it() -> None:
    levels = Levels(4, PARAMS)
    for index in range(90, 100):  # across midnight
        part = levels.window(index)
        end = part.log_price[-1] + part.diffusion[-1] + part.jump[-1]
        assert end == pytest.approx(levels.window(index + 1).log_price[0], abs=1e-12)


def test_a_path_starts_at_the_official_price_and_has_no_step_at_the_seam() -> None:
    levels = Levels(4, CALM)
    for index in (95, 96):
        path = window_path(4, levels, CALM, index)
        assert np.exp(path[:, 0]) == pytest.approx(levels.official_prices(index), rel=1e-5)
        led = led_path(4, levels, CALM, index, lead=5)
        step = np.abs(np.diff(led, axis=1)).max(axis=1)
        usual = np.diff(path, axis=1).std(axis=1)
        assert (step < 8 * usual).all()
        assert led.shape == (4, WINDOW_STEPS + 5)


def test_a_path_passes_through_its_minutes() -> None:
    levels = Levels(4, PARAMS)
    path = window_path(4, levels, PARAMS, 30)
    off = path[:, ::300].T - levels.window(30).log_price
    assert np.abs(off).max() < 1e-12


def test_assets_correlate_as_the_table_says(
    minutes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    log_vol, returns = minutes
    shocks = returns / np.exp(log_vol)
    for i, a in enumerate(PARAMS.assets):
        for j, b in enumerate(PARAMS.assets[:i]):
            measured = correlation(shocks[:, i], shocks[:, j])
            assert measured == pytest.approx(a.loading * b.loading, abs=0.02)


def test_the_fine_path_correlates_as_the_table_says() -> None:
    levels = Levels(4, CALM)
    moves = np.hstack([np.diff(window_path(4, levels, CALM, index)) for index in range(6)])
    expected = PARAMS.assets[0].loading * PARAMS.assets[1].loading
    assert correlation(moves[0], moves[1]) == pytest.approx(expected, abs=0.02)


def test_volatility_has_the_level_and_the_spread_of_the_table(
    minutes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    log_vol, returns = minutes
    assert log_vol.std(axis=0) == pytest.approx(np.full(4, PARAMS.vol_sd), rel=0.15)
    shocks = returns / np.exp(log_vol) / minute_sd(PARAMS)
    assert shocks.std(axis=0) == pytest.approx(np.ones(4), rel=0.02)


def test_volatility_clusters_and_is_shared(
    minutes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    log_vol, returns = minutes
    size = np.log(np.abs(returns[:, 0]))
    assert correlation(size[:-10], size[10:]) > 0.04
    assert correlation(log_vol[:, 0], log_vol[:, 3]) > 0.4


def test_the_sign_of_a_return_says_nothing_about_the_next(
    minutes: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> None:
    log_vol, returns = minutes
    shocks = returns / np.exp(log_vol)
    bound = 3.5 / np.sqrt(len(shocks))
    for lag in (1, 2, 5, 15):
        for asset in range(4):
            assert abs(correlation(shocks[:-lag, asset], shocks[lag:, asset])) < bound


def test_jumps_come_as_often_as_the_table_says_and_together_or_alone() -> None:
    levels = Levels(2, PARAMS)
    jumps = np.vstack([levels.window(index).jump for index in range(DAYS * 96)]) != 0.0
    hours = DAYS * 24
    per_hour = PARAMS.shared_jumps_per_hour + PARAMS.own_jumps_per_hour
    assert jumps.sum(axis=0) == pytest.approx(np.full(4, per_hour * hours), rel=0.25)
    together = jumps.all(axis=1).sum()
    assert together == pytest.approx(PARAMS.shared_jumps_per_hour * hours, rel=0.3)
