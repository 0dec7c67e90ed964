"""How large an order the model's action asks for.

Owns the confidence size of the specification and its one rounding. Limits, ticks and minimum
sizes belong to the gate and the venue: nothing here reads a market or a book.
"""

from __future__ import annotations

from decimal import Decimal

from engine.units import MICRO, micro


def confidence_size(prob: float) -> float:
    """Multiplier of the base stake, 0.25 at a probability of 0.5 to 1 at 0 or 1.

    Raises ValueError where `prob` is not in [0, 1]; NaN is not.
    """
    if not 0.0 <= prob <= 1.0:
        raise ValueError(f"probability {prob!r} is not in [0, 1]")
    return 0.25 + 0.75 * (2 * abs(prob - 0.5))


def order_size_micro(trade_size: Decimal, prob: float) -> int:
    """Micro-dollars to stake: `trade_size` dollars scaled by confidence, rounded down.

    The multiplier is taken to the nearest millionth, so that the rest is integer arithmetic
    and the same probability gives the same stake on every machine.
    """
    return micro(trade_size) * round(confidence_size(prob) * MICRO) // MICRO
