"""The order book of one outcome as a ladder: asks above, bids below, sizes as bars."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from console.text import UNKNOWN, age, share_price
from console.themes import FAINT, GAIN, LABEL, LOSS, PLAIN, STRONG, WARN
from console.widgets.bars import gauge
from console.widgets.lines import Line, Run
from engine.snapshot import BookView, Rung


def ladder(name: str, book: BookView, width: int, height: int) -> list[Line]:
    """A title, then as many levels on either side of the spread as fit `height`."""
    depth = max(1, (height - 3) // 2)
    largest = max((size for _, size in (*book.bids[:depth], *book.asks[:depth])), default=0.0)
    asks = [_level(rung, largest, width, LOSS) for rung in reversed(book.asks[:depth])]
    bids = [_level(rung, largest, width, GAIN) for rung in book.bids[:depth]]
    padding: list[Line] = [()] * (depth - len(asks))
    columns: Line = [(f"{'price':>6} {'shares':>9} {'dollars':>7}", FAINT)]
    return [_title(name, book), columns, *padding, *asks, _spread(book, width), *bids]


def _title(name: str, book: BookView) -> Line:
    state: Run = ("valid", GAIN) if book.invalid is None else (f"INVALID: {book.invalid}", WARN)
    return [(f"{name:<5}", STRONG), state, (f"  age {age(book.age_s)}", LABEL)]


def _level(rung: Rung, largest: float, width: int, style: Style) -> Line:
    price, size = rung
    bar = gauge(size / largest if largest else 0.0, max(0, width - 25))
    return [
        (f"{share_price(price):>6} ", PLAIN),
        (f"{size:>9,.1f} ", PLAIN),
        (f"{price * size:>7,.0f} ", LABEL),
        (bar, style),
    ]


def _spread(book: BookView, width: int) -> Line:
    if not book.bids or not book.asks:
        return [(f"── spread {UNKNOWN} ".ljust(width, "─"), FAINT)]
    gap = book.asks[0][0] - book.bids[0][0]
    middle = (book.asks[0][0] + book.bids[0][0]) / 2
    words = f"── spread {share_price(gap)} · mid {middle:.4f} "
    return [(words.ljust(width, "─"), LABEL)]


def ladders(up: BookView, down: BookView, width: int, height: int) -> tuple[Sequence[Line], ...]:
    """UP and DOWN, each in its half of `width`."""
    half = (width - 3) // 2
    return ladder("UP", up, half, height), ladder("DOWN", down, half, height)
