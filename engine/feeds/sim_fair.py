"""The fair price of a window's digital: P(the end is at or above the price to beat).

Owns the arithmetic of that probability for someone who knows the price and the volatility now,
and the law of both, but not the future. Must not see a level later than the step it prices.
"""

from __future__ import annotations

import numpy as np

from engine.feeds.sim_levels import MinuteLevels, minute_sd, vol_persistence
from engine.feeds.sim_params import WINDOW_MINUTES, SimParams
from engine.feeds.sim_path import MINUTE_STEPS, WINDOW_STEPS
from engine.feeds.sim_random import Floats

_HERMITE = ((-np.sqrt(3.0), 1 / 6), (0.0, 2 / 3), (np.sqrt(3.0), 1 / 6))
"""Nodes and weights that integrate over a unit normal, exact to degree five."""


def normal_cdf(x: Floats) -> Floats:
    """P(N <= x), error below 1e-7 (Abramowitz and Stegun 26.2.17)."""
    size = np.abs(x)
    t = 1 / (1 + 0.2316419 * size)
    poly = 1.330274429
    series = poly * t
    for coefficient in (-1.821255978, 1.781477937, -0.356563782, 0.319381530):
        series = (series + coefficient) * t
    tail = np.exp(-size * size / 2) / np.sqrt(2 * np.pi) * series
    below: Floats = np.where(x >= 0, 1 - tail, tail)
    return below


def fair_probability(path: Floats, minutes: MinuteLevels, params: SimParams) -> Floats:
    """P(UP) at each step of a window: (assets, WINDOW_STEPS), strictly inside (0, 1).

    Averages over what volatility may do until the end and over whether a jump comes.
    """
    distance = path - path[:, :1]
    variance, spread = _variance_left(minutes, params)
    jump_variance = ((params.jump_sd * minute_sd(params)) ** 2)[:, None]
    chance = _jump_chance(params)
    total = np.zeros_like(path)
    for node, weight in _HERMITE:
        scenario = variance * np.exp(spread * node - spread**2 / 2)
        calm = normal_cdf(distance / np.sqrt(scenario))
        jumpy = normal_cdf(distance / np.sqrt(scenario + jump_variance))
        total += weight * (calm + chance * (jumpy - calm))
    return np.clip(total, 1e-6, 1 - 1e-6)


def _minutes_left() -> Floats:
    return (WINDOW_STEPS - np.arange(WINDOW_STEPS)) / MINUTE_STEPS


def _jump_chance(params: SimParams) -> Floats:
    """P(at least one jump until the end) at each step."""
    per_hour = params.shared_jumps_per_hour + params.own_jumps_per_hour
    return 1 - np.exp(-per_hour * _minutes_left() / 60)


def _variance_left(minutes: MinuteLevels, params: SimParams) -> tuple[Floats, Floats]:
    """Expected diffusive variance until the end, and the log standard deviation around it.

    The first is (assets, WINDOW_STEPS), the second (WINDOW_STEPS,): the variance of an
    integrated random walk, a third of the walk's own at the end.
    """
    step = np.arange(WINDOW_STEPS)
    minute, gone = step // MINUTE_STEPS, step % MINUTE_STEPS / MINUTE_STEPS
    now = minute_sd(params) ** 2 * np.exp(2 * minutes.log_vol)
    later = np.stack([_later_variance(minutes, m, params) for m in range(WINDOW_MINUTES)])
    left = now[minute] * (1 - gone)[:, None] + later[minute]
    walk = 4 * params.vol_sd**2 * (1 - vol_persistence(params) ** 2)
    return left.T, np.sqrt(walk * _minutes_left() / 3)


def _later_variance(minutes: MinuteLevels, minute: int, params: SimParams) -> Floats:
    """Expected variance of the minutes after `minute`, from the log-volatility in it."""
    ahead = np.arange(1, WINDOW_MINUTES - minute)[:, None]
    kept = vol_persistence(params) ** ahead
    mean = kept * minutes.log_vol[minute] + params.vol_sd**2 * (1 - kept**2)
    expected: Floats = (minute_sd(params) ** 2 * np.exp(2 * mean)).sum(axis=0)
    return expected
