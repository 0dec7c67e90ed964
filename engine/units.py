"""Integer units for everything that is money, and the only roundings between them.

Owns the scales. Nothing here knows a market. Floats exist on the model's side of the
program only; whatever is booked, limited or paid is an int in one of these units:

* price   -> basis points of a dollar (``bp``): $0.37 is 3_700, the finest tick $0.0001 is 1
* shares  -> micro-shares: one share is 1_000_000
* dollars -> micro-dollars: one dollar is 1_000_000

Roundings are always against us: what we pay rounds up, what we receive rounds down.
"""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal

BP = 10_000
"""Basis points in one dollar: the price of a certain outcome."""

MICRO = 1_000_000
"""Micro-units in one dollar, and in one share."""

SELLABLE_STEP = 10_000
"""Micro-shares in 0.01 share, the venue's finest order size (polymarket reference 4.6)."""

FEE_STEP = 10
"""Micro-dollars in $0.00001, to which the venue truncates a fee (polymarket reference 7)."""


def cost_micro(shares: int, price_bp: int) -> int:
    """Micro-dollars paid for `shares` micro-shares at `price_bp`, rounded up."""
    return -(-shares * price_bp // BP)


def proceeds_micro(shares: int, price_bp: int) -> int:
    """Micro-dollars received for `shares` micro-shares at `price_bp`, rounded down."""
    return shares * price_bp // BP


def shares_for(usd_micro: int, price_bp: int) -> int:
    """Micro-shares that `usd_micro` buys at `price_bp`, rounded down."""
    return usd_micro * BP // price_bp


def floor_to_step(shares: int, step: int = SELLABLE_STEP) -> int:
    """`shares` micro-shares cut down to a whole number of `step`."""
    return shares - shares % step


def dollars(usd_micro: int) -> float:
    """Micro-dollars as a float of dollars, for the screen and the model only."""
    return usd_micro / MICRO


def shares_float(shares: int) -> float:
    """Micro-shares as a float of shares, for the screen and the model only."""
    return shares / MICRO


def price_float(price_bp: int) -> float:
    """Basis points as a float price in [0, 1], for the screen and the model only."""
    return price_bp / BP


def micro(amount: Decimal) -> int:
    """A decimal number of dollars or shares in micro-units, cut (never rounded up)."""
    return int((amount * MICRO).to_integral_value(rounding=ROUND_DOWN))
