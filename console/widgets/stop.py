"""An emergency stop in words: what was asked, and all evidence of what came of it.

Pure functions of a `StopView`. What is not known yet has a mark of its own, `?`; it is never
counted as done.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.style import Style

from console.text import Money, age, milliseconds, utc
from console.themes import ALARM, GAIN, LABEL, PLAIN, STRONG, WARN
from console.widgets.lines import Line, fit, spread
from engine.safety_view import AmbiguousView, StopView

LABELS = 15
"""Cells of a label at the left, mark included."""

_MARKS: dict[bool | None, tuple[str, Style]] = {
    True: ("✓", GAIN),
    False: ("✗", ALARM),
    None: ("?", WARN),
}
"""Known to be so, known not to be so, not known yet."""


def fact(met: bool | None, name: str, text: str) -> Line:  # noqa: FBT001 three-valued fact, not a switch
    """A row: a mark, a name, what was found."""
    mark, style = _MARKS[met]
    found = PLAIN if met else style
    return [(f"{mark} ", style), (f"{name:<{LABELS - 2}}", LABEL), (text, found)]


def stop_lines(stop: StopView, t_ms: int, money: Money, width: int) -> list[Line]:
    """What was asked in one line, then the evidence, a line for each."""
    ending = ("done", GAIN) if _settled(stop) else ("going on", WARN)
    asked = f"{stop.grade} by {stop.origin} at {utc(stop.asked_ms)} UTC"
    ago = f", {age((t_ms - stop.asked_ms) / 1000)} ago"
    head = spread([(f"{'stop':<{LABELS}}", LABEL), (asked, STRONG), (ago, LABEL)], [ending], width)
    return [
        head,
        *(fit(line, width) for line in _known(stop, t_ms, money)),
        spread(
            _held(stop, money), [(f"  worst case {money.signed(stop.worst_case)}", PLAIN)], width
        ),
    ]


def _settled(stop: StopView) -> bool:
    """Nothing of it can change any more."""
    return stop.done and not stop.ambiguous


def _known(stop: StopView, t_ms: int, money: Money) -> Iterator[Line]:
    yield fact(stop.kept, "latch", _latch(stop))
    yield _orders(stop)
    for order in stop.ambiguous:
        yield fact(None, "no answer", _ambiguous(order, t_ms, money))


def _held(stop: StopView, money: Money) -> Line:
    held = money.sentence(", ".join(stop.held)) or "nothing"
    selling = not stop.done and stop.grade == "flatten" and bool(stop.held)
    return fact(None if selling else True, "held", f"{'being sold: ' if selling else ''}{held}")


def _latch(stop: StopView) -> str:
    real = stop.latched_ms
    shut = "shut before this run" if real is None else f"shut {took(real)}"
    return f"{shut}, {_KEPT[stop.kept]}"


def took(real_ms: float) -> str:
    """A time that may be too short to be measured."""
    return "in under 0.1ms" if real_ms < 0.05 else f"after {milliseconds(real_ms)}"


_KEPT: dict[bool | None, str] = {
    True: "on disk",
    False: "IN MEMORY ONLY: a restart may forget it",
    None: "being written to disk",
}


def _orders(stop: StopView) -> Line:
    if not stop.orders:
        return fact(True, "orders", "none was under way")  # noqa: FBT003 the mark's value
    over = stop.confirmed == stop.orders
    filled = f", {stop.filled} filled before the cancel" if stop.filled else ""
    told = f"{stop.confirmed} of {stop.orders} known to be over{filled}"
    return fact(True if over else None, "orders", told)


def _ambiguous(order: AmbiguousView, t_ms: int, money: Money) -> str:
    left = max(0.0, (order.until_ms - t_ms) / 1000)
    cost = money.plain(order.cost)
    return f"{order.order_id} may fill until {utc(order.until_ms)} ({age(left)}), takes {cost}"


def running_stop(stop: StopView | None) -> StopView | None:
    """`stop` while something of it is not known; else None."""
    return None if stop is None or _settled(stop) else stop


def evidence(stop: StopView, money: Money) -> str:
    """Who asked and what is known, in one line, as the log says it."""
    return f"{stop.grade} by {stop.origin}: {money.sentence(stop.sentence)}"


def evidence_short(stop: StopView, money: Money) -> str:
    """The same where there is no room: without who asked, and the latch only if it is not kept."""
    until = max((order.until_ms for order in stop.ambiguous), default=0)
    parts = (
        "latch IN MEMORY ONLY" if stop.kept is False else "",
        f"cancels {stop.confirmed}/{stop.orders}" if stop.orders else "",
        f"{len(stop.ambiguous)} ambiguous until {utc(until)}" if stop.ambiguous else "",
        f"held {money.sentence(', '.join(stop.held)) or 'nothing'}",
        f"worst {money.signed(stop.worst_case)}",
    )
    return "; ".join(part for part in parts if part)
