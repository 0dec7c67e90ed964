"""What a market is: one window of one asset with two outcome tokens and a fee schedule.

Owns the identity of markets. Holds no prices; books live in `engine.book`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum

from engine.units import BP, FEE_STEP, MICRO

ASSETS = ("BTC", "ETH", "SOL", "XRP")
"""The assets in the order of the screen, the policy's batch and every table."""


class Outcome(StrEnum):
    """A side of the market. Each has its own token and its own book (DESIGN 4.4)."""

    UP = "UP"
    DOWN = "DOWN"

    @property
    def opposite(self) -> Outcome:
        return Outcome.DOWN if self is Outcome.UP else Outcome.UP


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """Taker fee of a market: ``shares x rate x (p (1 - p)) ** exponent``."""

    rate: Decimal = Decimal("0.07")
    """Dollars per share before the price term."""
    exponent: int = 1
    """Power of the price term."""

    def taker_fee_micro(self, shares: int, price_bp: int) -> int:
        """Micro-dollars for one fill, cut to $0.00001 as the venue does (reference 7)."""
        price = Decimal(price_bp) / BP
        fee = Decimal(shares) * self.rate * (price * (1 - price)) ** self.exponent
        whole = int(fee.to_integral_value(rounding=ROUND_DOWN))
        return whole - whole % FEE_STEP


@dataclass(frozen=True, slots=True)
class Market:
    """One up/down window of one asset."""

    slug: str
    """The venue's name of the window, unique."""
    asset: str
    """One of `ASSETS`."""
    condition_id: str
    """The venue's condition id."""
    window_start: int
    """Unix seconds at which the price to beat is taken."""
    window_seconds: int
    """Length of the window: 900, or 300 in some recordings."""
    up_token: str
    """Outcome token that pays $1 if the price ends at or above the price to beat."""
    down_token: str
    """Outcome token that pays $1 otherwise."""
    tick_bp: int = 100
    """Tick size in basis points of a dollar (100 is one cent)."""
    min_shares: int = 5 * MICRO
    """Smallest order in micro-shares."""
    fee: FeeSchedule = FeeSchedule()

    @property
    def start_ms(self) -> int:
        return self.window_start * 1000

    @property
    def end_ms(self) -> int:
        return (self.window_start + self.window_seconds) * 1000

    def token(self, outcome: Outcome) -> str:
        return self.up_token if outcome is Outcome.UP else self.down_token

    def outcome_of(self, token_id: str) -> Outcome | None:
        if token_id == self.up_token:
            return Outcome.UP
        return Outcome.DOWN if token_id == self.down_token else None

    def fraction_left(self, t_ms: int) -> float:
        """Seconds left over window length, in [0, 1] (DESIGN 5: time_remaining)."""
        left = (self.end_ms - t_ms) / (self.window_seconds * 1000)
        return min(1.0, max(0.0, left))
