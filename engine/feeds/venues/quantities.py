"""Prices, quantities and times of the underlying as its venues write them: checked floats.

Owns what is believable. Nothing here is money of ours: these numbers only feed the model and the
screen, which is why they are floats. Each check raises MessageError, naming the field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.feeds.venues.polymarket_levels import MessageError

LARGEST_PRICE = 1e8
"""Dollars for one unit."""

LARGEST_AMOUNT = 1e12
"""Units of the base currency, or contracts."""

LARGEST_NOTIONAL = 1e12
"""Dollars of one trade."""

SMALLEST = 1e-9
"""A price or quantity below is none."""

DIGITS = 40
"""Characters of the longest number."""

MOST_ID = 1 << 63
"""Ids of every venue fit 63 bits."""

JUMP = 0.05
"""A price this far from the one before, as a fraction, and within `JUMP_MS`, is a fault."""

JUMP_MS = 1_000

RESTART_MS = 5_000
"""Time after the newest message for which one with a lower number is an old one."""

_PLAIN = frozenset("0123456789.+-eE")


def real(data: Mapping[str, Any], key: str) -> float:
    """The finite number written as a string under `key`."""
    value = data.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= DIGITS or not _PLAIN.issuperset(value):
        raise MessageError(f"{key} is not a string of digits")
    try:
        number = float(value)
    except ValueError:
        raise MessageError(f"{key} {value[:20]!r} is not a number") from None
    if not -LARGEST_AMOUNT <= number <= LARGEST_AMOUNT:
        raise MessageError(f"{key} {value[:20]} is not believable")
    return number


def optional(data: Mapping[str, Any], key: str) -> float | None:
    """As `real`; None where the venue leaves it out or writes an empty string."""
    return None if data.get(key) in (None, "") else real(data, key)


def price(data: Mapping[str, Any], key: str) -> float:
    """Dollars for one unit, above 0."""
    return _within(real(data, key), key, LARGEST_PRICE)


def quantity(data: Mapping[str, Any], key: str) -> float:
    """Units, above 0."""
    return _within(real(data, key), key, LARGEST_AMOUNT)


def price_if_given(data: Mapping[str, Any], key: str) -> float | None:
    """As `price`; None where it is left out, empty, or 0."""
    value = optional(data, key)
    return _within(value, key, LARGEST_PRICE) if value else None


def rate(data: Mapping[str, Any], key: str) -> float | None:
    """A funding rate, a fraction in [-1, 1]; None where it is left out or empty."""
    value = optional(data, key)
    if value is not None and not -1 <= value <= 1:
        raise MessageError(f"{key} is not a rate in [-1, 1]")
    return value


def notional(price_: float, quantity_: float) -> float:
    """Dollars."""
    dollars = price_ * quantity_
    if dollars > LARGEST_NOTIONAL:
        raise MessageError(f"a trade of {dollars:.0e} dollars is not believable")
    return dollars


def listed(value: object, least: int, what: str) -> list[Any]:
    """A list of at least `least` items."""
    if not isinstance(value, list) or len(value) < least:
        raise MessageError(f"{what} is not a list of {least} or more")
    return value


def stamp(value: object, what: str) -> int:
    """Unix milliseconds, as a number or as a string of digits."""
    number = counted(value, what)
    if not 1_000_000_000_000 <= number < 4_102_444_800_000:
        raise MessageError(f"{what} is not a time in unix milliseconds")
    return number


def counted(value: object, what: str) -> int:
    """A whole number from 0 on, as a number or as a string of digits."""
    if isinstance(value, str) and len(value) <= DIGITS and value.isascii() and value.isdigit():
        value = int(value)
    if type(value) is not int or not 0 <= value < MOST_ID:
        raise MessageError(f"{what} is not a whole number")
    return value


class Newest:
    """The newest of numbered messages: what is older is dropped, but not for ever.

    Numbers that stay behind for `RESTART_MS` show that the venue counts anew, or that the newest
    was a fault.
    """

    def __init__(self) -> None:
        self._number = -1
        self._t_ms = 0

    def passes(self, t_ms: int, number: int) -> bool:
        """Whether `number` is above the newest."""
        return number > self._number or t_ms - self._t_ms > RESTART_MS

    def take(self, t_ms: int, number: int) -> None:
        self._number, self._t_ms = number, t_ms


class Continuity:
    """Prices of one instrument that do not leap: a leap within a second is a fault of the feed.

    A market that has really moved is believed a second later.
    """

    def __init__(self) -> None:
        self._price: float | None = None
        self._t_ms = 0

    def quoted(self, t_ms: int, mid: float) -> None:
        """Take a mid, dollars. Raises MessageError for a leap."""
        self.check(t_ms, mid)
        self._price, self._t_ms = mid, t_ms

    def check(self, t_ms: int, price_: float) -> None:
        """Raises MessageError where the price leaps from the last mid."""
        last = self._price
        if last is None or t_ms - self._t_ms > JUMP_MS:
            return
        if abs(price_ / last - 1) > JUMP:
            raise MessageError(f"price {price_:g} leaps from {last:g} within a second")


def _within(value: float, key: str, largest: float) -> float:
    if not SMALLEST <= value <= largest:
        raise MessageError(f"{key} {value:g} is not a believable amount")
    return value
