"""The outcome books of one window: what market makers would show for its fair probability.

Owns the shape of a book: belief, spread, sizes, and when a message goes out. One book is made
for UP; the venue shows it again as DOWN (a bid for UP at p is an offer of DOWN at 1 - p), and
that mirroring happens where messages are made. Must not look ahead of the step it shows.

Sizes belong to a price, not to a rank: a level keeps its size for a few seconds while the best
price moves past it, as in a real book.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.feeds.sim_fair import fair_probability, normal_cdf
from engine.feeds.sim_levels import Levels, window_start_ms
from engine.feeds.sim_params import STEP_MS, WINDOW_MS, SimParams
from engine.feeds.sim_path import WINDOW_STEPS, window_path
from engine.feeds.sim_random import Floats, Ints, Stream, memory_steps, stream, trailing, wandering
from engine.units import MICRO, SELLABLE_STEP

CENTS = 100
"""Ticks in a dollar: prices are whole cents."""

EVEN_ODDS_FLOOR = 0.04
"""Least ``4 p (1 - p)`` used to scale depth, so that it stays finite at the ends."""


@dataclass(frozen=True, slots=True)
class Books:
    """UP book messages of all assets in time order, one per row."""

    t_ms: Ints
    asset: Ints
    """Index into `engine.market.ASSETS`."""
    bid: Ints
    """Best bid in ticks; 0: no bids."""
    ask: Ints
    """Best ask in ticks; 100: no asks."""
    bid_sizes: Ints
    """(rows, levels) micro-shares, best first, one tick apart."""
    ask_sizes: Ints


def no_books(params: SimParams) -> Books:
    """The books of a time in which no window trades."""
    none = np.zeros(0, np.int64)
    sizes = np.zeros((0, params.levels), np.int64)
    return Books(none, none, none, none, sizes, sizes)


@dataclass(frozen=True, slots=True)
class _View:
    """What makers think at each grid step, arrays (assets, WINDOW_STEPS)."""

    belief: Floats
    """Probability around which they quote, inside (0, 1)."""
    gap: Floats
    """Fair probability less belief, ticks."""


def window_books(seed: int, levels: Levels, params: SimParams, index: int) -> Books:
    """All book messages with times in window `index`."""
    rng = stream(seed, Stream.BOOK, index)
    path = window_path(seed, levels, params, index)
    fair = fair_probability(path, levels.window(index), params)
    view = _view(rng, fair, params)
    bid, ask = _best(rng, view, params)
    asset, at = _message_times(rng, params)
    step = at // STEP_MS
    rows = _Rows(asset, at, view.belief[asset, step], bid[asset, step], ask[asset, step])
    tilt = _tilt(rng, view, params)[asset, step]
    bid_sizes, ask_sizes = _sizes(rng, rows, tilt, params)
    t_ms = window_start_ms(index) + at
    return Books(t_ms, asset, rows.bid, rows.ask, bid_sizes, ask_sizes)


def fraction_left() -> Floats:
    """Share of the window still to come at each grid step, from 1 down."""
    return 1 - np.arange(WINDOW_STEPS) / WINDOW_STEPS


def even_odds(p: Floats) -> Floats:
    """1 at even odds, 0 where the outcome is certain."""
    return 4 * p * (1 - p)


def _view(rng: np.random.Generator, fair: Floats, params: SimParams) -> _View:
    lead = memory_steps(params.book_lag_s)
    late = trailing(np.pad(fair, ((0, 0), (lead, 0)), mode="edge"), params.book_lag_s)
    error = wandering(rng, fair.shape, params.book_noise_s) * params.book_noise
    belief = np.clip(late + error * np.sqrt(even_odds(late)), 0.002, 0.998)
    return _View(belief, (fair - belief) * CENTS)


def _best(rng: np.random.Generator, view: _View, params: SimParams) -> tuple[Ints, Ints]:
    """Best bid and ask in ticks at each grid step, 0 and 100 standing for a missing side."""
    middle, half = view.belief * CENTS, _width(rng, view, params) / 2
    bid = np.clip(np.floor(middle - half), 1, CENTS - 2).astype(np.int64)
    ask = np.clip(np.ceil(middle + half), bid + 1, CENTS - 1).astype(np.int64)
    shy = _one_sided(rng, view.belief.shape, params)
    edge = params.one_sided_edge * CENTS
    no_bids, no_asks = shy & (ask <= edge), shy & (bid >= CENTS - edge)
    bid[no_bids], ask[no_asks] = 0, CENTS
    return bid, ask


def _width(rng: np.random.Generator, view: _View, params: SimParams) -> Floats:
    """Distance between the prices makers want, ticks; rounding outwards adds one on average."""
    late = params.width_end * np.exp(-fraction_left() / params.width_end_fraction)
    wander = np.exp(params.width_sd * wandering(rng, view.belief.shape, params.width_s))
    calm = params.width * (1 + late) * wander / np.exp(params.width_sd**2 / 2)
    width: Floats = calm * even_odds(view.belief) + params.width_per_gap * np.abs(view.gap)
    return width


def _one_sided(
    rng: np.random.Generator, shape: tuple[int, ...], params: SimParams
) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """When the losing side would have no bids, were it losing."""
    mood = wandering(rng, (shape[0], shape[1]), params.one_sided_s)
    return (normal_cdf(mood) < params.one_sided_share) & (fraction_left() < params.one_sided_from)


def _tilt(rng: np.random.Generator, view: _View, params: SimParams) -> Floats:
    """Log of bid sizes over ask sizes at each grid step."""
    wander = params.imbalance_sd * wandering(rng, view.belief.shape, params.imbalance_s)
    return wander + np.clip(params.imbalance_per_gap * view.gap, -1, 1)


def _message_times(rng: np.random.Generator, params: SimParams) -> tuple[Ints, Ints]:
    """Assets and milliseconds into the window of all messages, in time order."""
    rush = np.clip(1 - fraction_left() / params.rush_from, 0, 1)
    rate = params.books_per_s + (params.books_per_s_end - params.books_per_s) * rush
    counts = rng.poisson(rate * STEP_MS / 1000, (len(params.assets), WINDOW_STEPS))
    asset, step = np.indices(counts.shape).reshape(2, -1).repeat(counts.ravel(), axis=1)
    at = step * STEP_MS + rng.integers(STEP_MS, size=step.size)
    order = np.argsort(at, kind="stable")
    return asset[order], at[order]


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the sizes of each message depend on."""

    asset: Ints
    at: Ints
    """Milliseconds into the window."""
    belief: Floats
    bid: Ints
    ask: Ints


def _sizes(
    rng: np.random.Generator, rows: _Rows, tilt: Floats, params: SimParams
) -> tuple[Ints, Ints]:
    """Bid and ask sizes of each message, (rows, levels) micro-shares."""
    usual = np.log(_usual_sizes(rows, params))
    rank = np.arange(params.levels)
    bid_ticks, ask_ticks = rows.bid[:, None] - rank, rows.ask[:, None] + rank
    bid_noise, ask_noise = (_level_noise(rng, rows, t, params) for t in (bid_ticks, ask_ticks))
    lean = tilt[:, None] / 2
    return _micro(usual + bid_noise + lean), _micro(usual + ask_noise - lean)


def _usual_sizes(rows: _Rows, params: SimParams) -> Floats:
    """Median shares by message and rank."""
    left = 1 - rows.at / WINDOW_MS
    gone = np.exp(-((left / params.thin_from) ** 2))
    best = params.best_size * (1 - (1 - params.thin_best) * gone)
    behind = params.next_size * (1 - (1 - params.thin_rest) * gone)
    growth = 1 + params.size_slope * np.arange(params.levels - 1)
    odds = np.maximum(even_odds(rows.belief), EVEN_ODDS_FLOOR) ** -params.size_extreme
    by_rank = np.column_stack([best, behind[:, None] * growth])
    return by_rank * odds[:, None]


def _level_noise(rng: np.random.Generator, rows: _Rows, ticks: Ints, params: SimParams) -> Floats:
    """Log size deviation of each level, held for a while per price; each price has its phase."""
    hold_ms = int(params.size_hold_s * 1000)
    assets, holds = len(params.assets), WINDOW_MS // hold_ms + 2
    held = rng.standard_normal((assets, holds, CENTS + 1))
    phase = rng.integers(hold_ms, size=(assets, CENTS + 1))
    price = np.clip(ticks, 0, CENTS)
    asset = rows.asset[:, None]
    turn = (rows.at[:, None] + phase[asset, price]) // hold_ms
    noise: Floats = params.size_sd * held[asset, turn, price]
    return noise


def _micro(log_shares: Floats) -> Ints:
    """Micro-shares in whole hundredths of a share, never nothing."""
    steps = np.maximum(np.round(np.exp(log_shares) * (MICRO / SELLABLE_STEP)), 1)
    return steps.astype(np.int64) * SELLABLE_STEP
