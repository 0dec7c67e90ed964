"""Sources that fell silent while a window runs.

Owns how long each promised source has said nothing, told from what venues sent and never from a
loop that still turns (accident F51). It trips no breaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.book import Book
from engine.desk import Desk
from engine.market import Outcome


class Silence:
    """Of the promised sources of one feed."""

    def __init__(self, promised: frozenset[str], limit_s: float, start_ms: int) -> None:
        """`limit_s`: market seconds; `start_ms`: market time from which they can be heard."""
        self._promised = sorted(promised)
        self._limit_s = limit_s
        self._start_ms = start_ms
        self._running_since: int | None = None
        """Since when a window has run without a break; None: none runs."""

    def gap(self, t_ms: int, running: Iterable[Desk], newest_ms: Mapping[str, int]) -> str:
        """Which sources have been silent for too long, with measured value and limit; "": none."""
        if not any(True for _ in running):
            self._running_since = None
            return ""
        if self._running_since is None:
            self._running_since = t_ms
        silent = []
        for name in self._promised:
            heard = max(newest_ms.get(name, self._start_ms), self._running_since)
            if (t_ms - heard) / 1000 > self._limit_s:
                silent.append(f"{name} silent for {(t_ms - heard) / 1000:.0f} s")
        return f"{', '.join(silent)}, limit {self._limit_s:g} s" if silent else ""

    def heard_again(self, t_ms: int, running: Iterable[Desk], newest_ms: Mapping[str, int]) -> bool:
        """Every promised source has spoken within the limit and every running window has two valid
        books. False where no window runs: nothing shows that it is over."""
        desks = list(running)
        spoken = all(
            name in newest_ms and (t_ms - newest_ms[name]) / 1000 <= self._limit_s
            for name in self._promised
        )
        return bool(desks) and spoken and all(map(self._has_books, desks))

    def _has_books(self, desk: Desk) -> bool:
        if "book" not in self._promised:
            return True
        return all(_valid(desk.book(outcome)) for outcome in Outcome)


def _valid(book: Book | None) -> bool:
    return book is not None and book.invalid is None
