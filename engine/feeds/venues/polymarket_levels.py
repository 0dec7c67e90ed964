"""Raw price levels of the venue to integers: exact, fast and suspicious.

Owns the parsing of prices and sizes and the order of a side. A recording repeats the same few
strings millions of times, so each is parsed once, exactly, by `Decimal`, and then looked up.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from engine.messages import Level
from engine.units import BP, MICRO

DEPTH = 20
"""Levels kept on each side, best first: no order walks further. Every price of a message is
validated, the sizes of the kept levels are."""

SIZE_LIMIT = 10**9
"""Largest believable size of one level, shares."""

CACHE_LIMIT = 20_000
"""Strings remembered, all others forgotten with them. Sizes come in endless variety: ten times as
many are tens of megabytes in a live run, and make no recording replay faster."""


class MessageError(ValueError):
    """A message cannot be understood: what is wrong with it."""


class PriceCodes(dict[str, int]):
    """Price strings to basis points of a dollar. Raises MessageError for a bad one."""

    def __missing__(self, text: str) -> int:
        price = decimal(text, "price")
        if not 0 <= price <= 1:
            raise MessageError(f"price {text[:20]} is not in [0, 1]")
        code = int(price * BP)
        if code != price * BP:
            raise MessageError(f"price {text[:20]} is finer than 0.0001")
        if len(self) >= CACHE_LIMIT:  # one price can be written in many ways
            self.clear()
        self[text] = code
        return code

    @staticmethod
    def text(code: int) -> str:
        """The price as the venue would write it."""
        return f"{Decimal(code) / BP:f}"


class SizeCodes(dict[str, int]):
    """Size strings to micro-shares, cut below a millionth. Raises MessageError for a bad one."""

    def __missing__(self, text: str) -> int:
        size = decimal(text, "size")
        if not 0 <= size <= SIZE_LIMIT:
            raise MessageError(f"size {text[:20]} is not in [0, {SIZE_LIMIT}]")
        if len(self) >= CACHE_LIMIT:
            self.clear()
        self[text] = code = int(size * MICRO)
        return code

    @staticmethod
    def text(code: int) -> str:
        """The size as the venue would write it."""
        return f"{Decimal(code) / MICRO:f}"


def decimal(text: object, what: str) -> Decimal:
    """The finite number in a string. Raises MessageError, naming `what`."""
    if not isinstance(text, str):
        raise MessageError(f"{what} is {type(text).__name__}, not a string of digits")
    if len(text) > 40:
        raise MessageError(f"{what} is {len(text)} characters long")
    if "_" in text or not text.isascii():  # Python would read "1_0" as ten
        raise MessageError(f"{what} {text[:20]!a} is not a number")
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise MessageError(f"{what} {text[:20]!r} is not a number") from None
    if not number.is_finite():
        raise MessageError(f"{what} {text[:20]!r} is not finite")
    return number


def best_bids(levels: Any, prices: PriceCodes, sizes: SizeCodes) -> tuple[Level, ...]:
    """The best `DEPTH` bids, highest first, of a raw side in any order.

    Raises MessageError for a bad level or a price given twice.
    """
    rising = _rising(levels, prices)
    kept = _coded(rising[: -DEPTH - 1 : -1], prices, sizes)
    if all(size for _, size in kept):
        return kept
    return _coded(_filled(rising, sizes)[: -DEPTH - 1 : -1], prices, sizes)


def best_asks(levels: Any, prices: PriceCodes, sizes: SizeCodes) -> tuple[Level, ...]:
    """The best `DEPTH` asks, lowest first, of a raw side in any order.

    Raises MessageError for a bad level or a price given twice.
    """
    rising = _rising(levels, prices)
    kept = _coded(rising[:DEPTH], prices, sizes)
    if all(size for _, size in kept):
        return kept
    return _coded(_filled(rising, sizes)[:DEPTH], prices, sizes)


def _coded(levels: list[Any], prices: PriceCodes, sizes: SizeCodes) -> tuple[Level, ...]:
    return tuple([(prices[level["price"]], sizes[level["size"]]) for level in levels])


def _filled(levels: list[Any], sizes: SizeCodes) -> list[Any]:
    """A level of size 0 is no level."""
    return [level for level in levels if sizes[level["size"]]]


def _rising(levels: Any, prices: PriceCodes) -> list[Any]:
    """The levels by rising price. The venue sends each side sorted one way or the other, which
    costs one comparison to see; anything else is sorted here."""
    if not isinstance(levels, list):
        raise MessageError(f"a side is {type(levels).__name__}, not a list of levels")
    codes = [prices[level["price"]] for level in levels]
    rising = sorted(codes)
    if len(set(codes)) != len(codes):
        raise MessageError("a price comes twice in one side")
    if codes == rising:
        return levels
    if codes[::-1] == rising:
        return levels[::-1]
    return sorted(levels, key=lambda level: prices[level["price"]])
