"""How numbers become words. Pure functions: no Textual, no colour, no clock.

Unknown is `?` everywhere, never 0; a float that is not finite is unknown. Every amount of money
goes through `Money`, so that privacy cannot be forgotten in one corner of the screen.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

UNKNOWN = "?"

HIDDEN = "$•••"
"""What privacy shows in place of an amount."""

_AMOUNT = re.compile(r"[-+]?\$[-+]?[\d,]*\.?\d+(?:[kKmM]\b)?")
_SHARES = re.compile(
    r"[\d,]*\.?\d+(?= (?:shares?|sh|UP|DOWN)\b)"
    r"|(?<=\bUP )[\d,]*\.?\d+"
    r"|(?<=\bDOWN )[\d,]*\.?\d+"
    r"|[\d,]*\.?\d+(?= of [\d,]*\.?\d+ shares?\b)"
    r"|(?<=\bto sell )[\d,]*\.?\d+"
)


def finite(value: float | None) -> float | None:
    """`value` if it is a finite number, else None."""
    return value if value is not None and math.isfinite(value) else None


def rounded(value: float, places: int) -> float:
    """`value` rounded; never minus zero, which would print as `-0`."""
    return round(value, places) + 0.0


def percent(probability: float | None) -> str:
    """A probability in [0, 1] as `62.5%`."""
    value = finite(probability)
    return UNKNOWN if value is None else f"{rounded(100 * value, 1):.1f}%"


def share_price(price: float | None) -> str:
    """A price of an outcome share in dollars: `.62`, `.005`, `1.00`; finer ticks in full."""
    value = finite(price)
    if value is None:
        return UNKNOWN
    digits = f"{rounded(value, 4):.4f}".rstrip("0")
    whole, _, fraction = digits.partition(".")
    return f"{'' if whole == '0' else whole}.{fraction:0<2}"


def spot_price(price: float | None) -> str:
    """A price of the underlying in dollars with five or more significant digits."""
    value = finite(price)
    if value is None:
        return UNKNOWN
    size = abs(value)
    places = 2 if size >= 1_000 else 3 if size >= 100 else 4
    return f"{rounded(value, places):,.{places}f}"


def spot_change(spot: float | None, beat: float | None) -> str:
    """How far spot is from the price to beat: `+81.28`."""
    if finite(spot) is None or finite(beat) is None or spot is None or beat is None:
        return UNKNOWN
    places = 2 if abs(spot) >= 1_000 else 3 if abs(spot) >= 100 else 4
    return f"{spot - beat:+,.{places}f}"


def signed(value: float | None, places: int = 2) -> str:
    """A plain number with its sign: `+0.18`; a zero has none."""
    number = finite(value)
    if number is None:
        return UNKNOWN
    near = rounded(number, places)
    return f"{near:+.{places}f}" if near else f"{near:.{places}f}"


def significant(value: float | None, digits: int = 3) -> str:
    """A plain number of any size in `digits` significant digits: `0.0123`, `12.3`, `1.23e-5`."""
    number = finite(value)
    if number is None:
        return UNKNOWN
    if number == 0:
        return "0"
    if not 1e-3 <= abs(number) < 1e5:
        mantissa, _, power = f"{number:.{digits - 1}e}".partition("e")
        return f"{mantissa}e{int(power)}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(number))))
    return f"{rounded(number, places):.{places}f}"


def measure(value: float | None, places: int) -> str:
    """A plain number with so many decimals, that numbers of one kind line up: `0.0123`.

    What that would make 0, or longer than eight cells, is written in significant digits.
    """
    number = finite(value)
    if number is None:
        return UNKNOWN
    near = rounded(number, places)
    text = f"{near:.{places}f}"
    if (number and not near) or len(text) > 8:
        return significant(number, 2 if number and not near else 3)
    return text


def countdown(seconds: float | None) -> str:
    """Time left as mm:ss, rounded down, never negative."""
    value = finite(seconds)
    if value is None:
        return UNKNOWN
    whole = max(0, int(value))
    return f"{whole // 60:02d}:{whole % 60:02d}"


def age(seconds: float | None) -> str:
    """How old something is: `0.4s`, `14s`, `3m`, `2h`; None is `never`."""
    if seconds is None:
        return "never"
    if not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    if seconds < 119.5:
        return f"{seconds:.0f}s"
    return f"{seconds / 60:.0f}m" if seconds < 7_170 else f"{seconds / 3600:.0f}h"


def utc(t_ms: int) -> str:
    """Unix milliseconds as HH:MM:SS in UTC."""
    return datetime.fromtimestamp(t_ms / 1000, UTC).strftime("%H:%M:%S")


def size(count: int | None) -> str:
    """Bytes in binary units without the B: `1.4K`, `212M`."""
    if count is None:
        return UNKNOWN
    if count < 1024:
        return f"{count}B"
    for unit, scale in (("K", 2**10), ("M", 2**20)):
        if count < scale * 1024:
            amount = count / scale
            return f"{amount:.1f}{unit}" if amount < 9.95 else f"{amount:.0f}{unit}"
    return f"{count / 2**30:.1f}G"


def speed(times: float) -> str:
    """Market seconds per real second: `1x`, `0.5x`, `max`."""
    return f"{times:g}x" if math.isfinite(times) else "max"


def milliseconds(value: float | None) -> str:
    """`6.3ms`, `140ms`."""
    number = finite(value)
    if number is None:
        return UNKNOWN
    places = 1 if number < 99.95 else 0
    return f"{rounded(number, places):.{places}f}ms"


def clip(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is cut is marked by an ellipsis."""
    if len(text) <= width:
        return text
    return "" if width <= 0 else text[: width - 1] + "…"


def first_fit(width: int, *variants: str) -> str:
    """The first variant that fits into `width` cells, else the last one, clipped."""
    return next((text for text in variants if len(text) <= width), clip(variants[-1], width))


@dataclass(frozen=True, slots=True)
class Money:
    """Writes amounts of dollars and of shares held, or hides them."""

    hidden: bool = False
    """True: every amount is `$•••`."""

    def plain(self, amount: float | None, places: int = 2) -> str:
        """`$310.00`; a negative amount is `-$310.00`."""
        return self._write(amount, places, "")

    def whole(self, amount: float | None) -> str:
        """`$310`, cents only where there are some: `$218.75`."""
        number = finite(amount)
        places = 0 if number is not None and abs(number - round(number)) < 0.005 else 2
        return self._write(amount, places, "")

    def signed(self, amount: float | None, places: int = 2) -> str:
        """`+$12.40`, `-$3.00`, `$0.00`."""
        return self._write(amount, places, "+")

    def shares(self, count: float | None) -> str:
        """A number of shares held: `506.45`; hidden with the dollars they would betray."""
        number = finite(count)
        if number is None:
            return UNKNOWN
        return "•••" if self.hidden else f"{rounded(number, 2):,.2f}".removesuffix(".00")

    def sentence(self, text: str) -> str:
        """Foreign text with its amounts hidden too."""
        return _SHARES.sub("•••", _AMOUNT.sub(HIDDEN, text)) if self.hidden else text

    def _write(self, amount: float | None, places: int, plus: str) -> str:
        number = finite(amount)
        if number is None:
            return UNKNOWN
        if self.hidden:
            return HIDDEN
        near = rounded(number, places)
        sign = "-" if near < 0 else plus if near > 0 else ""
        return f"{sign}${abs(near):,.{places}f}"
