"""The parameter table of the embedded market: every number it is made of, in one place.

Owns the numbers and their units, no arithmetic. The values were chosen so that spread, depth,
mid volatility and cross-asset correlation come out as in recordings of real markets
(`tests/engine/feeds/test_sim_calibration.py` measures both with the same functions). Where a
value departs from the recordings on purpose, its docstring says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field

MINUTE_MS = 60_000
WINDOW_SECONDS = 900
WINDOW_MS = WINDOW_SECONDS * 1000
WINDOW_MINUTES = WINDOW_SECONDS // 60

STEP_MS = 200
"""Grid on which the underlying moves; events fall between grid points."""

EPOCH_MS = 1_767_484_800_000
"""2026-01-04 00:00 UTC: the underlying stands at `AssetParams.price` here. No earlier market."""

DEFAULT_START_MS = EPOCH_MS + 24 * 60 * MINUTE_MS
"""2026-01-05 00:00 UTC, one day in, so that warm-up history exists."""


@dataclass(frozen=True, slots=True)
class AssetParams:
    """One underlying and the tape of its reference venue."""

    price: float
    """Dollars at the epoch."""
    annual_vol: float
    """Volatility of log returns per square root of a year, at the mean of the log-vol."""
    loading: float
    """Correlation with the common factor; two assets correlate by the product of theirs."""
    tick: float
    """Price step of the reference venue, dollars."""
    oracle_decimals: int
    """Decimals of the official price."""
    clusters_per_s: float
    """Spontaneous taker trades per second; each may start a burst."""
    typical_qty: float
    """Scale of a trade's size, base units."""
    lot: float
    """Step of a trade's size, base units."""


def _assets() -> tuple[AssetParams, ...]:
    return (
        AssetParams(91_000.0, 0.45, 0.91, 0.1, 2, 1.6, 0.060, 0.001),
        AssetParams(3_100.0, 0.62, 0.92, 0.01, 4, 1.4, 1.1, 0.001),
        AssetParams(134.0, 0.75, 0.84, 0.01, 6, 0.9, 18.0, 0.01),
        AssetParams(2.05, 0.72, 0.68, 0.0001, 7, 0.7, 900.0, 0.1),
    )


@dataclass(frozen=True, slots=True)
class SimParams:
    """The whole table. Probabilities are in [0, 1]; "fraction left" is of the window."""

    assets: tuple[AssetParams, ...] = field(default_factory=_assets)
    """One per entry of `engine.market.ASSETS`, in that order."""

    # The underlying.
    vol_sd: float = 0.40
    """Stationary standard deviation of the log-volatility."""
    vol_half_life_min: float = 45.0
    """Minutes in which a deviation of the log-volatility halves."""
    vol_common: float = 0.8
    """Correlation of each asset's log-volatility with the common one."""
    shared_jumps_per_hour: float = 0.25
    """Jumps of all assets at once."""
    own_jumps_per_hour: float = 0.25
    """Jumps of one asset alone."""
    jump_sd: float = 2.5
    """Size of a jump in units of the asset's mean one-minute standard deviation."""

    # The reference venue's tape.
    quotes_per_s: float = 3.0
    """Best bid and ask updates per second and asset."""
    quote_lag_s: float = 0.35
    """Seconds by which the quoted mid trails the efficient price: short momentum."""
    quote_noise_bp: float = 0.12
    """Standard deviation of the quote's own error, 1/10,000 of price: short reversion."""
    quote_noise_s: float = 1.0
    """Seconds in which the quote's error forgets itself."""
    burst_size: float = 0.6
    """Mean direct followers of a trade (below 1, or bursts never end)."""
    burst_decay_s: float = 0.6
    """Mean seconds between a trade and a follower."""
    burst_same_side: float = 0.8
    """Chance that a follower takes the side of the trade it follows."""
    flow_noise_bp: float = 0.25
    """Price gap to the quote, 1/10,000, at which takers mostly pick the winning side."""
    size_tail: float = 1.6
    """Pareto exponent of trade sizes: heavy, with a mean and no variance."""

    # The outcome books.
    book_lag_s: float = 0.8
    """Seconds by which the books' belief trails the fair probability."""
    book_noise: float = 0.006
    """Standard deviation of the belief's own error at even odds, in probability."""
    book_noise_s: float = 20.0
    """Seconds in which that error forgets itself."""
    books_per_s: float = 4.0
    """Messages per token and second early in the window. Recordings show 11 to 12: thinned
    on purpose, since most of theirs change one far level and cost the same to process."""
    books_per_s_end: float = 9.0
    """The same at the end of the window. Recordings show 14 on average over the last 5 %."""
    rush_from: float = 0.2
    """Fraction left below which the rate climbs from the first to the second."""
    width: float = 0.30
    """Mean spread beyond one tick early in the window at even odds, ticks."""
    width_end: float = 20.0
    """How many times `width` is added at the very end."""
    width_end_fraction: float = 0.02
    """Fraction left at which that addition has fallen by a factor e."""
    width_sd: float = 1.5
    """Log standard deviation of the slow wandering of the width."""
    width_s: float = 6.0
    """Seconds in which that wandering forgets itself."""
    width_per_gap: float = 0.06
    """Ticks of width per tick between the fair probability and the books' belief."""
    levels: int = 10
    """Price levels per side, contiguous from the best, fewer where the price runs out."""
    best_size: float = 285.0
    """Median shares at the best price early in the window at even odds."""
    next_size: float = 330.0
    """Median shares one tick behind the best."""
    size_slope: float = 0.09
    """Growth per further tick, as a share of `next_size`."""
    size_sd: float = 0.5
    """Log standard deviation of a level's size."""
    size_hold_s: float = 4.0
    """Seconds for which a level keeps its size; levels change one by one."""
    size_extreme: float = 0.6
    """Depth grows as ``(4 p (1 - p)) ** -size_extreme`` away from even odds."""
    thin_from: float = 0.23
    """Fraction left around which depth starts to go."""
    thin_best: float = 0.45
    """What is left of the best level at the end, as a share."""
    thin_rest: float = 0.14
    """What is left of the levels behind it."""
    imbalance_sd: float = 0.35
    """Log standard deviation of the size tilt between bids and asks."""
    imbalance_s: float = 5.0
    """Seconds in which the tilt forgets itself."""
    imbalance_per_gap: float = 0.10
    """Tilt per tick between the fair probability and the belief: size leads the price."""
    one_sided_from: float = 0.25
    """Fraction left below which the certain loser's bids may vanish."""
    one_sided_edge: float = 0.04
    """The winner's best bid must be within this of a dollar for that to happen."""
    one_sided_share: float = 0.15
    """Share of such time that is spent one-sided."""
    one_sided_s: float = 3.0
    """Seconds in which one-sidedness forgets itself."""

    # The venue's clerks.
    listing_lead_ms: int = 60_000
    """Milliseconds before its start at which a window is listed."""
    resolution_delay_ms: int = 55_000
    """Milliseconds from a window's end to its resolution, on average."""
    resolution_jitter_ms: int = 4_000
    """Largest deviation from that average, milliseconds."""
