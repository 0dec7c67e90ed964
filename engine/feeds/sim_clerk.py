"""The venue's clerk: which windows exist, what price each must beat, and how each ended.

Owns names, prices to beat and verdicts, all functions of (seed, parameters, window), so that a
program that was killed can ask how an old window ended. The verdict compares the official
prices at both ends of the window; the end at or above the start is UP.
"""

from __future__ import annotations

import re

from engine.feeds.sim_levels import Levels, window_index, window_start_ms
from engine.feeds.sim_params import EPOCH_MS, WINDOW_MS, WINDOW_SECONDS, SimParams
from engine.feeds.sim_random import Stream, stream
from engine.market import ASSETS, Market, Outcome
from engine.messages import MarketListed, PriceToBeat, Resolution

_SLUG = re.compile(r"([a-z]+)-updown-15m-([0-9]{1,12})")


def market_of(index: int, asset: str) -> Market:
    """Window `index` of `asset`, with names made from its start."""
    start = window_start_ms(index) // 1000
    slug = f"{asset.lower()}-updown-15m-{start}"
    return Market(
        slug=slug,
        asset=asset,
        condition_id=slug,
        window_start=start,
        window_seconds=WINDOW_SECONDS,
        up_token=f"{slug}:up",
        down_token=f"{slug}:down",
    )


def window_of(slug: str) -> tuple[int, int] | None:
    """(window index, asset index) of a name this market gives, else None."""
    match = _SLUG.fullmatch(slug)
    if match is None or match[1].upper() not in ASSETS:
        return None
    index, off = divmod(int(match[2]) * 1000 - EPOCH_MS, WINDOW_MS)
    return None if off or index < 0 else (index, ASSETS.index(match[1].upper()))


class Clerk:
    """Speaks for the venue about whole windows."""

    def __init__(self, seed: int, levels: Levels, params: SimParams) -> None:
        self._seed = seed
        self._levels = levels
        self._params = params

    def listings(self, index: int) -> tuple[MarketListed, ...]:
        t_ms = window_start_ms(index) - self._params.listing_lead_ms
        return tuple(MarketListed(t_ms, market_of(index, asset)) for asset in ASSETS)

    def prices_to_beat(self, index: int) -> tuple[PriceToBeat, ...]:
        t_ms = window_start_ms(index)
        prices = zip(ASSETS, self._levels.official_prices(index), strict=True)
        return tuple(PriceToBeat(t_ms, market_of(index, asset).slug, p) for asset, p in prices)

    def resolutions(self, index: int) -> tuple[Resolution, ...]:
        """The verdicts on window `index`, by asset; none for windows before the epoch."""
        if index < 0:
            return ()
        begin = self._levels.official_prices(index)
        end = self._levels.official_prices(index + 1)
        return tuple(
            Resolution(t_ms, market_of(index, asset).slug, *_verdict(a, b))
            for asset, t_ms, a, b in zip(ASSETS, self._times(index), begin, end, strict=True)
        )

    def resolution_of(self, slug: str, now_ms: int) -> Resolution | None:
        """The verdict on `slug` if it was out by `now_ms`; None: unknown name, or too early."""
        place = window_of(slug)
        if place is None or place[0] >= window_index(now_ms):
            return None
        verdict = self.resolutions(place[0])[place[1]]
        return verdict if verdict.t_ms <= now_ms else None

    def _times(self, index: int) -> tuple[int, ...]:
        jitter = self._params.resolution_jitter_ms
        rng = stream(self._seed, Stream.RESOLUTION, index)
        late = rng.integers(-jitter, jitter, size=len(ASSETS), endpoint=True)
        end = window_start_ms(index + 1) + self._params.resolution_delay_ms
        return tuple(end + int(ms) for ms in late)


def _verdict(begin: float, end: float) -> tuple[Outcome, str]:
    outcome = Outcome.UP if end >= begin else Outcome.DOWN
    return outcome, f"embedded market: price {end} at the end, {begin} to beat"
