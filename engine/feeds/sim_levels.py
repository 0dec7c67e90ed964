"""The underlying at the scale of minutes: log-volatility, returns and the level they reach.

Owns the skeleton of the market. Days are the unit of random access: each day's shocks come from
its own stream, and only two small vectors (log price, log-volatility) are carried from one day
to the next and kept. The first visit to a late day walks the days before it (about a
millisecond each); after that any window is at hand. A hierarchical bridge would need no walk,
but pins variances before volatility is known, and so cannot give volatility that clusters.
Must not know of books, quotes or windows in progress.

Returns are independent of everything before them except for their size: no drift, no memory in
the sign. Whatever can be earned from the underlying's past is an accident of the seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from engine.feeds.sim_params import EPOCH_MS, WINDOW_MINUTES, WINDOW_MS, SimParams
from engine.feeds.sim_random import Floats, Stream, stream

DAY_MINUTES = 24 * 60
DAY_WINDOWS = DAY_MINUTES // WINDOW_MINUTES
YEAR_MINUTES = 365 * DAY_MINUTES


def window_index(t_ms: int) -> int:
    """Number of the window that runs at `t_ms`, 0 at the epoch."""
    return (t_ms - EPOCH_MS) // WINDOW_MS


def window_start_ms(index: int) -> int:
    return EPOCH_MS + index * WINDOW_MS


def minute_sd(params: SimParams) -> Floats:
    """Standard deviation of a one-minute log return at mean log-volatility, per asset."""
    return np.array([a.annual_vol / YEAR_MINUTES**0.5 for a in params.assets])


def loadings(params: SimParams) -> Floats:
    return np.array([a.loading for a in params.assets])


@dataclass(frozen=True, slots=True)
class MinuteLevels:
    """A stretch of whole minutes; arrays are (minutes, assets)."""

    log_vol: Floats
    """Deviation of the log-volatility from its mean, constant within a minute."""
    diffusion: Floats
    """Log return of the minute without its jump."""
    jump: Floats
    """Log return of the jump in the minute; 0.0 in most."""
    log_price: Floats
    """Log dollars at the start of each minute."""

    def part(self, first: int, count: int) -> MinuteLevels:
        cut = slice(first, first + count)
        return MinuteLevels(
            self.log_vol[cut], self.diffusion[cut], self.jump[cut], self.log_price[cut]
        )


@dataclass(frozen=True, slots=True)
class _Carry:
    """What a day hands to the next, per asset."""

    log_price: Floats
    log_vol: Floats


class Levels:
    """Minute levels of any window from the epoch on."""

    def __init__(self, seed: int, params: SimParams) -> None:
        self._seed = seed
        self._params = params
        start = np.log([a.price for a in params.assets])
        self._carries = [_Carry(start, np.zeros(len(start)))]
        self._day = lru_cache(maxsize=3)(self._make_day)

    def window(self, index: int) -> MinuteLevels:
        """The fifteen minutes of a window."""
        day, place = divmod(index, DAY_WINDOWS)
        return self._levels_of(day).part(place * WINDOW_MINUTES, WINDOW_MINUTES)

    def official_prices(self, index: int) -> tuple[float, ...]:
        """Dollars per asset at the start of window `index`: its price to beat."""
        exact = np.exp(self.window(index).log_price[0])
        places = (a.oracle_decimals for a in self._params.assets)
        return tuple(round(float(p), d) for p, d in zip(exact, places, strict=True))

    def _levels_of(self, day: int) -> MinuteLevels:
        for missing in range(len(self._carries) - 1, day):
            self._day(missing)
        return self._day(day)

    def _make_day(self, day: int) -> MinuteLevels:
        carry = self._carries[day]
        made = _day(stream(self._seed, Stream.DAY, day), carry, self._params)
        if day + 1 == len(self._carries):
            end = made.log_price[-1] + made.diffusion[-1] + made.jump[-1]
            self._carries.append(_Carry(end, made.log_vol[-1]))
        return made


def _day(rng: np.random.Generator, carry: _Carry, params: SimParams) -> MinuteLevels:
    log_vol = _log_vols(rng, carry.log_vol, params)
    diffusion = _diffusion(rng, log_vol, params)
    jump = _jumps(rng, params)
    total = np.cumsum(diffusion + jump, axis=0)
    log_price = carry.log_price + np.vstack([np.zeros_like(total[:1]), total[:-1]])
    return MinuteLevels(log_vol, diffusion, jump, log_price)


def correlated(rng: np.random.Generator, n: int, load: Floats) -> Floats:
    """(n, assets) unit normals in which assets i and j correlate by ``load[i] * load[j]``."""
    common = rng.standard_normal((n, 1))
    own = rng.standard_normal((n, len(load)))
    return load * common + np.sqrt(1 - load**2) * own


def vol_persistence(params: SimParams) -> float:
    """Share of a log-volatility deviation that is left after a minute."""
    return float(0.5 ** (1 / params.vol_half_life_min))


def _log_vols(rng: np.random.Generator, before: Floats, params: SimParams) -> Floats:
    keep = vol_persistence(params)
    load = np.full(len(before), params.vol_common)
    shocks = correlated(rng, DAY_MINUTES, load) * params.vol_sd * np.sqrt(1 - keep**2)
    made: Floats = np.empty_like(shocks)
    state = before
    for minute, shock in enumerate(shocks):
        state = keep * state + shock
        made[minute] = state
    return made


def _diffusion(rng: np.random.Generator, log_vol: Floats, params: SimParams) -> Floats:
    shocks = correlated(rng, DAY_MINUTES, loadings(params))
    return shocks * minute_sd(params) * np.exp(log_vol)


def _jumps(rng: np.random.Generator, params: SimParams) -> Floats:
    load, size = loadings(params), params.jump_sd * minute_sd(params)
    shared = _happens(rng, (DAY_MINUTES, 1), params.shared_jumps_per_hour)
    own = _happens(rng, (DAY_MINUTES, len(load)), params.own_jumps_per_hour)
    together = shared * correlated(rng, DAY_MINUTES, load)
    return size * (together + own * rng.standard_normal((DAY_MINUTES, len(load))))


def _happens(rng: np.random.Generator, shape: tuple[int, int], per_hour: float) -> Floats:
    """1.0 in the minutes in which one of `per_hour` events an hour falls."""
    return (rng.random(shape) < per_hour / 60).astype(np.float64)
