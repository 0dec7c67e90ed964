"""The underlying inside one window, on the 200 ms grid.

Owns the way between two minute levels: Brownian within a minute, pinned to the minute's return,
plus a jump at one step. Must not look at another window: the same window comes out the same
wherever a feed starts.
"""

from __future__ import annotations

import numpy as np

from engine.feeds.sim_levels import Levels, MinuteLevels, correlated, loadings, minute_sd
from engine.feeds.sim_params import MINUTE_MS, STEP_MS, WINDOW_MINUTES, WINDOW_MS, SimParams
from engine.feeds.sim_random import Floats, Stream, stream

MINUTE_STEPS = MINUTE_MS // STEP_MS
WINDOW_STEPS = WINDOW_MS // STEP_MS


def window_path(seed: int, levels: Levels, params: SimParams, index: int) -> Floats:
    """Log dollars at the start of each step of window `index`: (assets, WINDOW_STEPS)."""
    minutes = levels.window(index)
    moves = _moves(stream(seed, Stream.PATH, index), minutes, params)
    path: Floats = minutes.log_price[0][:, None] + np.cumsum(moves, axis=1) - moves
    return path


def led_path(seed: int, levels: Levels, params: SimParams, index: int, lead: int) -> Floats:
    """The path of a window behind the last `lead` steps of the window before it.

    The window at the epoch has none before it: its first price stands in.
    """
    path = window_path(seed, levels, params, index)
    if index == 0:
        return np.pad(path, ((0, 0), (lead, 0)), mode="edge")
    before = window_path(seed, levels, params, index - 1)
    return np.hstack([before[:, -lead:], path])


def _moves(rng: np.random.Generator, minutes: MinuteLevels, params: SimParams) -> Floats:
    """Log return of each step: (assets, WINDOW_STEPS)."""
    assets = len(params.assets)
    shocks = correlated(rng, WINDOW_STEPS, loadings(params))
    shocks = shocks.reshape(WINDOW_MINUTES, MINUTE_STEPS, assets)
    shocks -= shocks.mean(axis=1, keepdims=True)
    sd = minute_sd(params) * np.exp(minutes.log_vol) / np.sqrt(MINUTE_STEPS)
    moves = shocks * sd[:, None] + minutes.diffusion[:, None] / MINUTE_STEPS
    at = rng.integers(MINUTE_STEPS, size=WINDOW_MINUTES)
    moves[np.arange(WINDOW_MINUTES), at] += minutes.jump
    by_asset: Floats = moves.reshape(WINDOW_STEPS, assets).T
    return by_asset
