"""The 18 inputs of the model: what they mean, and how a market state becomes one row.

Owns the feature table (`FEATURES`). Names, scaling, availability, the schema hash and the help
all derive from it, so they cannot disagree. Knows nothing of feeds or books: `engine.signals`
measures the inputs, this module only scales them. A number that is not finite never becomes a
feature: it raises `InvalidRow`, because a clamp would turn NaN into a confident +1.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Source = Literal["book", "mid", "binance", "position", "clock"]
"""Where an input comes from. ``mid`` is the UP price, read from its book or from a mid quote."""

VOL_TICKS = 30
"""Probabilities behind vol_5m. At two ticks a second they span 15 s, not the 5 minutes of the
name: the trained weights expect it so."""

PROB_FLOOR = 0.01
"""Smallest divisor of spread_pct, so that a nearly worthless UP does not explode it."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One line of the feature table."""

    name: str
    """As the model's column is called."""
    field: str
    """The `MarketState` field it is read from."""
    scale: float
    """Multiplier before the clamp to [-1, 1]."""
    unit: str
    """Unit of the input before scaling."""
    window: str
    """The time it looks back over; ``now`` for an instant."""
    source: Source
    """Where a feed must get it from."""
    meaning: str
    """One clause for the help."""
    prints: bool = False
    """Needs single trades: sums over a window are not enough."""

    def describe(self) -> str:
        """One line of help, e.g. ``trade_flow: ... [ratio, 60 s, binance]``."""
        return f"{self.name}: {self.meaning} [{self.unit}, {self.window}, {self.source}]"


FEATURES: tuple[Feature, ...] = (
    Feature("returns_1m", "returns_1m", 50.0, "fraction", "60 s", "binance",
            "underlying mid over its mid then, less one"),
    Feature("returns_5m", "returns_5m", 50.0, "fraction", "300 s", "binance",
            "underlying mid over its mid then, or over the nearest closed minute's, less one"),
    Feature("returns_10m", "returns_10m", 50.0, "fraction", "600 s", "binance",
            "underlying mid over its mid then, or over the nearest closed minute's, less one"),
    Feature("ob_imbalance_l1", "order_book_imbalance_l1", 1.0, "ratio", "now", "book",
            "(bid - ask) / (bid + ask) size at the best level of UP"),
    Feature("ob_imbalance_l5", "order_book_imbalance_l5", 1.0, "ratio", "now", "book",
            "(bid - ask) / (bid + ask) size over five levels of UP"),
    Feature("trade_flow", "trade_flow_imbalance", 1.0, "ratio", "60 s, or the source's sum",
            "binance", "(bought - sold) / (bought + sold) quantity of takers"),
    Feature("cvd_accel", "cvd_acceleration", 10.0, "ratio per s", "10 s less the 50 s before",
            "binance", "change of the taker imbalance per second between both spans"),
    Feature("spread_pct", "spread", 20.0, "ratio", "now", "book",
            "spread of UP over its probability (at least 0.01)"),
    Feature("trade_intensity", "trade_intensity", 0.1, "trades per s", "10 s", "binance",
            "fills of takers on the underlying per second"),
    Feature("large_trade", "large_trade_flag", 1.0, "flag", "10 s half-life", "binance",
            "1 at a trade above the 99th percentile of the last 1,000, then fading", prints=True),
    Feature("vol_5m", "prob_history", 20.0, "probability", "30 ticks", "mid",
            "standard deviation of the last 30 probabilities, 0 with fewer"),
    Feature("vol_expansion", "vol_expansion", 1.0, "ratio", "60 s against 600 s", "binance",
            "short over long realised volatility, less one; long of closed minutes at first"),
    Feature("has_position", "has_position", 1.0, "flag", "now", "position",
            "1 while a position is held"),
    Feature("position_side", "position_side", 1.0, "sign", "now", "position",
            "+1 holds UP, -1 holds DOWN"),
    Feature("position_pnl", "position_pnl", 0.02, "dollars", "now", "position",
            "unrealised result of the position"),
    Feature("time_remaining", "time_remaining", 1.0, "fraction", "now", "clock",
            "seconds left over the window's length"),
    Feature("vol_regime", "vol_regime", 1.0, "flag", "600 s", "binance",
            "1 while realised volatility is above 60 % a year; of closed minutes at first"),
    Feature("trend_regime", "trend_regime", 1.0, "flag", "600 s", "binance",
            "1 while the net move exceeds one realised deviation; of closed minutes at first"),
)  # fmt: skip

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)
"""The model's 18 columns, in order."""

_SCHEMA = [(f.name, f.field, f.scale, f.unit, f.window, f.source, f.prints) for f in FEATURES]
SCHEMA_HASH: str = hashlib.sha256(repr(_SCHEMA).encode()).hexdigest()
"""Identity of the table less its prose: weights whose manifest names another do not load."""

Row = NDArray[np.float32]
"""18 float32 in [-1, 1]."""


class InvalidRow(ValueError):  # noqa: N818 - a row that is not valid is an outcome, not a fault
    """An input is not a finite number; names the feature. The row is HOLD and is not stored."""


@dataclass(frozen=True, slots=True)
class MarketState:
    """The inputs of one row, unscaled. Units and windows: `FEATURES`."""

    asset: str
    """Which underlying; not a model input."""
    prob: float
    """Probability of UP, the mid of its market, in [0, 1]."""
    time_remaining: float
    """Seconds left over window length, in [0, 1]."""
    spread: float
    """Best ask less best bid of UP, dollars."""
    order_book_imbalance_l1: float
    """Size imbalance of UP's best level, in [-1, 1]."""
    order_book_imbalance_l5: float
    """Size imbalance of UP's first five levels, in [-1, 1]."""
    has_position: bool
    """Whether either outcome is held."""
    position_side: str | None
    """UP, DOWN, or None while flat."""
    position_pnl: float
    """Unrealised dollars."""
    returns_1m: float
    """Fraction."""
    returns_5m: float
    """Fraction."""
    returns_10m: float
    """Fraction."""
    trade_flow_imbalance: float
    """Taker quantity imbalance, in [-1, 1]."""
    cvd_acceleration: float
    """Change of the taker imbalance, per second."""
    trade_intensity: float
    """Trades per second."""
    large_trade_flag: float
    """1 at a large trade, fading to 0."""
    vol_expansion: float
    """Short over long volatility, less one."""
    vol_regime: float
    """0 or 1."""
    trend_regime: float
    """0 or 1."""
    prob_history: Sequence[float]
    """Probabilities of this window, one per tick, newest last; only the last 30 count."""


_SIDES = {None: 0.0, "UP": 1.0, "DOWN": -1.0}
_NUMBERS = tuple(f.field for f in FEATURES if f.field not in ("position_side", "prob_history"))
_numbers = attrgetter("prob", *_NUMBERS)
_SCALES = tuple(feature.scale for feature in FEATURES)


def to_features(state: MarketState) -> Row:
    """The model's row of a state: shape (18,), float32, every value in [-1, 1].

    Raises InvalidRow, naming the feature, where an input is not a finite number.
    """
    _refuse_non_finite(state)
    values = (
        state.returns_1m,
        state.returns_5m,
        state.returns_10m,
        state.order_book_imbalance_l1,
        state.order_book_imbalance_l5,
        state.trade_flow_imbalance,
        state.cvd_acceleration,
        state.spread / max(PROB_FLOOR, state.prob),
        state.trade_intensity,
        state.large_trade_flag,
        _deviation(state.prob_history),
        state.vol_expansion,
        state.has_position,
        _SIDES[state.position_side],
        state.position_pnl,
        state.time_remaining,
        state.vol_regime,
        state.trend_regime,
    )
    scaled = [min(1.0, max(-1.0, v * s)) for v, s in zip(values, _SCALES, strict=True)]
    return np.array(scaled, dtype=np.float32)


def _deviation(history: Sequence[float]) -> float:
    """Population standard deviation of the last 30, 0 with fewer."""
    if len(history) < VOL_TICKS:
        return 0.0
    last = history[-VOL_TICKS:]
    mean = sum(last) / VOL_TICKS
    return math.dist(last, (mean,) * VOL_TICKS) / math.sqrt(VOL_TICKS)


def _refuse_non_finite(state: MarketState) -> None:
    """One sum finds any NaN or infinity at once; only then is it worth asking which."""
    if state.position_side not in _SIDES:
        raise InvalidRow(f"position_side is {state.position_side!r}, not UP, DOWN or None")
    try:
        if math.isfinite(sum(_numbers(state)) + sum(state.prob_history)):
            return
    except TypeError:
        pass  # something is no number at all: named below
    _name_the_culprit(state)


def _name_the_culprit(state: MarketState) -> None:
    inputs: list[tuple[str, object]] = [("prob", state.prob)]
    inputs += [(f.name, getattr(state, f.field)) for f in FEATURES if f.field in _NUMBERS]
    inputs += [("vol_5m", prob) for prob in state.prob_history]
    for name, value in inputs:
        if not _is_finite(value):
            raise InvalidRow(f"{name} is {value!r}, not a finite number")


def _is_finite(value: object) -> bool:
    return isinstance(value, (bool, int, float, np.number)) and bool(np.isfinite(value))
