"""Fields of a raw message, typed or refused.

Owns the checks that every kind of row shares. Each raises MessageError, naming the field.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.feeds.venues.polymarket_levels import MessageError, decimal
from engine.recording import TIME_RANGE_MS

TEXT_LIMIT = 200
"""Characters of the longest id or slug."""

STAMP_DIGITS = 13
"""Digits of unix milliseconds."""

NUMBER_LIMIT = 1e12
"""Largest believable price, quantity or count."""


def fields_of(data: object) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise MessageError(f"data is {type(data).__name__}, not an object")
    return data


def text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= TEXT_LIMIT or not value.isprintable():
        raise MessageError(f"{key} is not a name")
    return value


def whole(data: dict[str, Any], key: str, limits: range) -> int:
    value = data.get(key)
    # type(), not isinstance: true is an int in Python.
    if type(value) is not int or value not in limits:
        raise MessageError(f"{key} is not a whole number in [{limits.start}, {limits.stop})")
    return value


def stamp_ms(data: dict[str, Any], key: str) -> int | None:
    """Unix milliseconds, sent as a string of digits or a whole number; None: not sent."""
    value = data.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, str) and len(value) == STAMP_DIGITS and value.isascii():
        value = int(value) if value.isdigit() else None
    if type(value) is not int or value not in TIME_RANGE_MS:
        raise MessageError(f"{key} is not a time in unix milliseconds")
    return value


def number(data: dict[str, Any], key: str) -> float:
    """A finite number in [0, `NUMBER_LIMIT`]."""
    value: Any = data.get(key)
    if type(value) not in (int, float) or not 0 <= value <= NUMBER_LIMIT:
        raise MessageError(f"{key} is not a number in [0, {NUMBER_LIMIT:g}]")
    return float(value)


def positive(data: dict[str, Any], key: str) -> float:
    value = number(data, key)
    if value < 1 / NUMBER_LIMIT:
        raise MessageError(f"{key} is not above 0")
    return value


def amount(data: dict[str, Any], key: str, limit: int) -> Decimal:
    """An exact number in [0, `limit`] sent as a string."""
    value = decimal(data.get(key), key)
    if not 0 <= value <= limit:
        raise MessageError(f"{key} is not in [0, {limit}]")
    return value


def number_of(data: dict[str, Any], key: str, limit: int) -> Decimal:
    """As `amount`, of a field that comes as a number or as a string, depending on the day."""
    value = data.get(key)
    # A float's shortest form is the number that the venue wrote.
    return amount({key: str(value)} if type(value) in (int, float) else data, key, limit)
