"""Why an order was refused: a typed code, the value found and the rule it broke.

Owns the closed set of codes. Who refuses is `engine.gate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Code(StrEnum):
    """Why an order was refused."""

    HALTED = "HALTED"
    NOT_ACTIVE = "NOT_ACTIVE"
    NO_BOOK = "NO_BOOK"
    BOOK_INVALID = "BOOK_INVALID"
    BOOK_AGE = "BOOK_AGE"
    SPREAD = "SPREAD"
    ENTRY_CUTOFF = "ENTRY_CUTOFF"
    WINDOW_OVER = "WINDOW_OVER"
    ORDER_IN_FLIGHT = "ORDER_IN_FLIGHT"
    ORDER_SIZE = "ORDER_SIZE"
    MIN_SIZE = "MIN_SIZE"
    TICK = "TICK"
    ASSET_EXPOSURE = "ASSET_EXPOSURE"
    TOTAL_EXPOSURE = "TOTAL_EXPOSURE"
    DAILY_LOSS = "DAILY_LOSS"
    ORDER_RATE = "ORDER_RATE"
    NOTHING_TO_SELL = "NOTHING_TO_SELL"
    NOT_SETTLED = "NOT_SETTLED"
    WORST_CASE = "WORST_CASE"
    NET_EXPOSURE = "NET_EXPOSURE"
    LOCKED_PAIR = "LOCKED_PAIR"


@dataclass(frozen=True, slots=True)
class Denial:
    """One refusal."""

    code: Code
    measured: str
    """The value found, with its unit."""
    limit: str
    """The rule it broke, with its unit."""

    def __str__(self) -> str:
        return f"{self.code}: {self.measured}, {self.limit}"
