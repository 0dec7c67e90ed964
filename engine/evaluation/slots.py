"""Windows to slots, and the sums over them.

A slot is one start of a window, all assets together: windows that run at the same time share the
same hour of the market and are no independent evidence. Owns the arithmetic, in micro-dollars.
Windows whose outcome the tape does not know are left out, for every arm alike and whether or not
the arm traded in them; they are counted, and never 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import attrgetter

from engine.evaluation.accounts import WindowResult


@dataclass(frozen=True, slots=True)
class Slot:
    """One arm in one slot, known outcomes only. Money in micro-dollars."""

    start: int
    """Unix seconds."""
    windows: int
    executable: int
    """Windows of these that have books."""
    trades: int
    pnl: int
    pnl_mid: int
    fees: int
    beyond_mid: int


def slots_of(windows: Iterable[WindowResult]) -> tuple[Slot, ...]:
    """The slots with at least one known outcome, oldest first."""
    known = sorted((w for w in windows if w.known), key=attrgetter("start"))
    return tuple(_slot(start, tuple(of)) for start, of in groupby(known, key=attrgetter("start")))


def executable(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    """The slots in which anything could have been executed."""
    return tuple(slot for slot in slots if slot.executable)


def total_without_best(results: Sequence[int], count: int) -> int:
    """The sum without what the best `count` slots gained; a loss is never left out."""
    gains = sorted((result for result in results if result > 0), reverse=True)
    return sum(results) - sum(gains[:count])


def total_at_cost(pnl: int, costs: int, percent: int) -> int:
    """The result, had its costs been `percent` of what they were.

    The same fills at the mid of the books that they met, less `percent` of what they cost beyond
    that mid and in fees: ``pnl + costs - percent / 100 * costs``, rounded against us.
    """
    return pnl + costs + (-percent * costs // 100)


def curve(results: Iterable[int]) -> tuple[int, ...]:
    """The running sum, slot by slot."""
    return tuple(accumulate(results))


def max_drawdown(results: Iterable[int]) -> int:
    """The deepest fall of the running sum from its highest point so far, which starts at 0."""
    highest = deepest = 0
    for level in accumulate(results):
        highest = max(highest, level)
        deepest = max(deepest, highest - level)
    return deepest


def _slot(start: int, windows: tuple[WindowResult, ...]) -> Slot:
    return Slot(
        start=start,
        windows=len(windows),
        executable=sum(w.executable for w in windows),
        trades=sum(len(w.trades) for w in windows),
        pnl=sum(w.pnl for w in windows),
        pnl_mid=sum(w.pnl_mid for w in windows),
        fees=sum(w.fees for w in windows),
        beyond_mid=sum(w.beyond_mid for w in windows),
    )
