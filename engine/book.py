"""The book of one outcome token, valid or with the reason why it is not.

Owns validity (DESIGN 4.5): a book is valid by what it contains and by the continuity of what
built it, never because some message arrived a moment ago. An invalid book keeps its reason
and has no prices: nothing downstream can trade on it by mistake.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.messages import BookSnapshot, Level
from engine.units import BP


@dataclass(frozen=True, slots=True)
class Book:
    """An immutable book; a new message makes a new one."""

    token_id: str
    t_ms: int
    """Receive time of the message that made it, unix milliseconds."""
    bids: tuple[Level, ...] = ()
    """Best (highest) first; empty where invalid."""
    asks: tuple[Level, ...] = ()
    """Best (lowest) first; empty where invalid."""
    invalid: str | None = None
    """Why it must not be traded on; None: valid."""

    @property
    def mid_bp(self) -> float | None:
        """Mid in basis points of a dollar; None where the book is invalid."""
        if self.invalid is not None:
            return None
        return (self.bids[0][0] + self.asks[0][0]) / 2

    @property
    def spread_bp(self) -> int | None:
        """Best ask less best bid in basis points; None where the book is invalid."""
        if self.invalid is not None:
            return None
        return self.asks[0][0] - self.bids[0][0]

    def age_ms(self, t_ms: int) -> int:
        return t_ms - self.t_ms


def book_from(message: BookSnapshot, tick_bp: int) -> Book:
    """The book a snapshot describes on a market with tick `tick_bp` (basis points)."""
    if message.fault is not None:
        return unusable(message.token_id, message.t_ms, message.fault)
    tick = message.tick_bp or tick_bp
    fault = _fault(message.bids, message.asks, tick)
    if fault is not None:
        return Book(message.token_id, message.t_ms, invalid=fault)
    return Book(message.token_id, message.t_ms, message.bids, message.asks)


def unusable(token_id: str, t_ms: int, reason: str) -> Book:
    """A book that is known to be unknown: a gap, a frozen stream, a bad message."""
    return Book(token_id, t_ms, invalid=reason)


def _fault(bids: tuple[Level, ...], asks: tuple[Level, ...], tick_bp: int) -> str | None:
    if not bids and not asks:
        return "empty book"
    if not bids or not asks:
        return "one-sided book: no bids" if not bids else "one-sided book: no asks"
    bid, ask = bids[0][0], asks[0][0]
    if bid >= ask:
        return f"crossed book: bid {bid / BP:.4g} at or above ask {ask / BP:.4g}"
    if bid <= 0 or ask >= BP:
        return f"price outside (0, 1): bid {bid / BP:.4g}, ask {ask / BP:.4g}"
    if bid % tick_bp or ask % tick_bp:
        return f"price off the tick of {tick_bp / BP:.4g}"
    return None
