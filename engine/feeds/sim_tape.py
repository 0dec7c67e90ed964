"""The reference venue's tape of one window: quotes and taker trades of the underlying.

Owns how a price becomes a tape. Quotes trail the efficient price a little and carry an error of
their own, so their returns show short momentum and shorter reversion. Trades come in bursts
(a branching process) and lean to the side the price is about to be quoted at. A burst ends with
its window: a window's tape depends on nothing after or far before it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.feeds.sim_levels import Levels, window_start_ms
from engine.feeds.sim_params import MINUTE_MS, STEP_MS, WINDOW_MS, SimParams
from engine.feeds.sim_path import WINDOW_STEPS, led_path
from engine.feeds.sim_random import Floats, Ints, Stream, memory_steps, stream, trailing, wandering

PRICE_PLACES = 8
"""Decimals to which dollar prices are rounded, to shed binary dust from tick multiples."""


@dataclass(frozen=True, slots=True)
class Quotes:
    """Quote updates in time order, one per row."""

    t_ms: Ints
    asset: Ints
    """Index into `engine.market.ASSETS`."""
    bid: Floats
    """Dollars."""
    ask: Floats
    """Dollars."""


@dataclass(frozen=True, slots=True)
class Trades:
    """Taker trades in time order, one per row."""

    t_ms: Ints
    asset: Ints
    """Index into `engine.market.ASSETS`."""
    price: Floats
    """Dollars."""
    qty: Floats
    """Base units."""
    side: Ints
    """+1 the taker bought, -1 the taker sold."""


@dataclass(frozen=True, slots=True)
class Tape:
    quotes: Quotes
    trades: Trades


@dataclass(frozen=True, slots=True)
class _Top:
    """The quoted market on the grid, arrays (assets, WINDOW_STEPS)."""

    bid: Floats
    ask: Floats
    gap_bp: Floats
    """Efficient price less quoted mid, 1/10,000 of price: where the quote is heading."""


def window_tape(seed: int, levels: Levels, params: SimParams, index: int) -> Tape:
    """All quotes and trades with times in window `index`."""
    rng = stream(seed, Stream.TAPE, index)
    lead = memory_steps(params.quote_lag_s)
    top = _top(rng, led_path(seed, levels, params, index, lead), params)
    start = window_start_ms(index)
    quotes = _quotes(rng, top, params, start)
    activity = np.exp(levels.window(index).log_vol)
    return Tape(quotes, _trades(rng, top, params, start, activity))


def _top(rng: np.random.Generator, led: Floats, params: SimParams) -> _Top:
    exact = led[:, -WINDOW_STEPS:]
    noise = wandering(rng, exact.shape, params.quote_noise_s) * params.quote_noise_bp * 1e-4
    mid = trailing(led, params.quote_lag_s) + noise
    tick = np.array([a.tick for a in params.assets])[:, None]
    below = np.floor(np.exp(mid) / tick)
    bid, ask = (np.round(n * tick, PRICE_PLACES) for n in (below, below + 1))
    return _Top(bid, ask, (exact - mid) * 1e4)


def _quotes(rng: np.random.Generator, top: _Top, params: SimParams, start: int) -> Quotes:
    spoken = rng.random(top.bid.shape) < params.quotes_per_s * STEP_MS / 1000
    asset, step = np.nonzero(spoken)
    t_ms = start + step * STEP_MS + rng.integers(STEP_MS, size=step.size)
    order = np.argsort(t_ms, kind="stable")
    asset, step = asset[order], step[order]
    return Quotes(t_ms[order], asset, top.bid[asset, step], top.ask[asset, step])


def _trades(
    rng: np.random.Generator, top: _Top, params: SimParams, start: int, activity: Floats
) -> Trades:
    """`activity` (minutes, assets) scales the rate of spontaneous trades."""
    parts = [
        _trades_of(rng, asset, top, params, activity[:, asset])
        for asset in range(len(params.assets))
    ]
    at, asset, price, qty, side = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(at, kind="stable")
    t_ms = start + at[order]
    return Trades(t_ms, asset[order], price[order], qty[order], side[order].astype(np.int64))


def _trades_of(
    rng: np.random.Generator, asset: int, top: _Top, params: SimParams, activity: Floats
) -> tuple[Ints, Ints, Floats, Floats, Ints]:
    at, side = _bursts(rng, *_spontaneous(rng, asset, top, params, activity), params)
    step = at // STEP_MS
    price = np.where(side > 0, top.ask[asset, step], top.bid[asset, step])
    qty = _sizes(rng, at.size, asset, params)
    return at, np.full(at.size, asset), price, qty, side


def _spontaneous(
    rng: np.random.Generator, asset: int, top: _Top, params: SimParams, activity: Floats
) -> tuple[Ints, Ints]:
    """Milliseconds into the window and sides of the trades that nothing provoked."""
    rate = params.assets[asset].clusters_per_s * activity * (MINUTE_MS / 1000)
    minute = np.repeat(np.arange(activity.size), rng.poisson(rate))
    at = minute * MINUTE_MS + rng.integers(MINUTE_MS, size=minute.size)
    pull = top.gap_bp[asset, at // STEP_MS]
    pull = pull + params.flow_noise_bp * rng.standard_normal(at.size)
    return at, np.where(pull >= 0, 1, -1)


def _bursts(rng: np.random.Generator, at: Ints, side: Ints, params: SimParams) -> tuple[Ints, Ints]:
    """The given trades and all that follow from them inside the window, generation by
    generation."""
    times, sides = [at], [side]
    while at.size:
        parent = np.repeat(np.arange(at.size), rng.poisson(params.burst_size, at.size))
        wait = rng.exponential(params.burst_decay_s * 1000, parent.size)
        same = np.where(rng.random(parent.size) < params.burst_same_side, 1, -1)
        at, side = at[parent] + wait.astype(np.int64), side[parent] * same
        inside = at < WINDOW_MS
        at, side = at[inside], side[inside]
        times.append(at)
        sides.append(side)
    return np.concatenate(times), np.concatenate(sides)


def _sizes(rng: np.random.Generator, n: int, asset: int, params: SimParams) -> Floats:
    """Base units, Pareto from zero (Lomax), at least one lot."""
    lot, typical = params.assets[asset].lot, params.assets[asset].typical_qty
    lots = np.floor(typical * rng.pareto(params.size_tail, n) / lot)
    return np.round(np.maximum(lots, 1) * lot, PRICE_PLACES)
