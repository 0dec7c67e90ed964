"""The price of one asset: a seeded random walk, its trades, its minutes and its average."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

FIRST_PRICES = {"BTC": 84_000.0, "ETH": 1_900.0, "SOL": 140.0, "XRP": 0.52}
"""Dollars at which each walk begins."""

PRICE_DIGITS = {"BTC": 1, "ETH": 2, "SOL": 3, "XRP": 4}
"""Decimals of a price, as the venues write it."""

LOT_DOLLARS = 2_000.0
"""Size of a usual trade."""

SIGMA = 1.2e-4
"""Relative move in one second, standard deviation."""

HISTORY_S = 5_400
"""Seconds that are known before the world begins."""

TWAP_S = 60
"""Length of the average that settles a window."""


@dataclass(frozen=True, slots=True)
class Trade:
    """One taker trade."""

    t_ms: int
    number: int
    """+1 from trade to trade of the asset."""
    price: float
    qty: float
    side: int
    """+1 the taker bought."""
    fills: int


@dataclass(slots=True)
class Minute:
    """One minute of prices; volumes in base units."""

    open_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    bought: float = 0.0
    trades: int = 0

    def add(self, price: float) -> None:
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price


@dataclass(slots=True)
class Underlying:
    """One asset, moved by `step`."""

    asset: str
    rng: random.Random
    t_ms: int
    price: float = 0.0
    minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=1_000))
    """Oldest first; the last one is still running."""
    seconds: dict[int, float] = field(default_factory=dict)
    """Price at each unix second."""
    trades: deque[Trade] = field(default_factory=lambda: deque(maxlen=20_000))
    number: int = 0
    drift: float = 0.0
    """Relative move per second that a test adds to the walk."""

    def __post_init__(self) -> None:
        self.price = FIRST_PRICES[self.asset]
        self.number = self.rng.randrange(1_000_000, 2_000_000)
        end, self.t_ms = self.t_ms, self.t_ms - HISTORY_S * 1000
        while self.t_ms < end:
            self.step(1000)
        self.trades.clear()

    def step(self, step_ms: int) -> list[Trade]:
        """Move on by so many milliseconds: the trades on the way, oldest first."""
        self.t_ms += step_ms
        seconds = step_ms / 1000
        move = self.rng.gauss(self.drift * seconds, SIGMA * seconds**0.5)
        self.price = round(self.price * (1 + move), PRICE_DIGITS[self.asset])
        minute = self._minute()
        minute.add(self.price)
        if self.t_ms % 1000 == 0:
            self.seconds[self.t_ms // 1000] = self.price
        traded = [self._trade(minute) for _ in range(self.rng.choice((0, 1, 1, 2)))]
        self.trades.extend(traded)
        return traded

    def twap(self, second: int) -> float:
        """Average over the minute that ends at this second; exact to 8 decimals."""
        known = [self.seconds[s] for s in range(second - TWAP_S + 1, second + 1)]
        return round(sum(known) / TWAP_S, 8)

    def _minute(self) -> Minute:
        open_ms = self.t_ms // 60_000 * 60_000
        if not self.minutes or self.minutes[-1].open_ms != open_ms:
            self.minutes.append(Minute(open_ms, self.price, self.price, self.price, self.price))
        return self.minutes[-1]

    def _trade(self, minute: Minute) -> Trade:
        self.number += 1
        side = self.rng.choice((-1, 1))
        qty = round(LOT_DOLLARS * self.rng.lognormvariate(0, 1) / self.price, 3) + 0.001
        minute.volume += qty
        minute.bought += qty if side > 0 else 0.0
        minute.trades += 1
        return Trade(self.t_ms, self.number, self.price, qty, side, self.rng.randint(1, 4))
