"""The book that the venue answers to a request, beside the one that its channel has built.

Owns the comparison and the memory that it needs. An answer is a few hundred milliseconds old and
the channel may be ahead of it or behind, so it agrees with a book if it equals any state which that
book had since shortly before the request. Requests are known to be answered from stale caches, so
an answer older than the channel proves nothing, and one difference alone does not either. An answer
never makes a book.
"""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple

from engine.feeds.venues.fields import fields_of, stamp_ms, text, whole
from engine.feeds.venues.polymarket_books import Sides
from engine.feeds.venues.polymarket_levels import (
    MessageError,
    PriceCodes,
    SizeCodes,
    best_asks,
    best_bids,
)
from engine.messages import Level
from engine.recording import TIME_RANGE_MS

COMPARED = 5
"""Levels of each side that must be equal, best first."""

BEFORE_MS = 2_000
"""States of the book from so long before the request count too."""

STALE_MS = 2_000
"""An answer stamped so much earlier than the channel's newest message proves nothing."""

KEPT_MS = 10_000
"""Time for which states are remembered: the longest request, and `BEFORE_MS`."""

MOST_STATES = 500
"""States remembered of one token; beyond it the oldest are let go."""

REFUTING = 2
"""Differing answers in a row after which the channel's book is not believed."""

Top = tuple[tuple[Level, ...], tuple[Level, ...]]


class State(NamedTuple):
    """The best levels of a book from a time on."""

    t_ms: int
    top: Top


class BookCheck:
    """What the books of all tokens have lately been."""

    def __init__(self, prices: PriceCodes, sizes: SizeCodes) -> None:
        self._prices = prices
        self._sizes = sizes
        self._states: dict[str, deque[State]] = {}
        self._differing: dict[str, int] = {}

    def remember(self, t_ms: int, token: str, sides: Sides) -> None:
        """The book of `token` is `sides` from `t_ms` on."""
        top = (sides.bids[:COMPARED], sides.asks[:COMPARED])
        states = self._states.setdefault(token, deque(maxlen=MOST_STATES))
        if states and states[-1].top == top:
            return
        states.append(State(t_ms, top))
        while len(states) > 1 and states[1].t_ms < t_ms - KEPT_MS:
            states.popleft()

    def forget(self, token: str) -> None:
        self._states.pop(token, None)
        self._differing.pop(token, None)

    def agrees(self, t_ms: int, data: dict[str, Any], newest: int | None) -> bool | None:
        """Whether an answer agrees with the book; None: it proves nothing.

        `newest` is the stamp of the channel's newest message. Raises MessageError for an answer
        that cannot be read.
        """
        token, asked_ms = text(data, "token"), whole(data, "asked_ms", TIME_RANGE_MS)
        answer = fields_of(data.get("answer"))
        if answer.get("asset_id", token) != token:
            raise MessageError("the answer is about another token")
        top, stamp = self._top(answer), stamp_ms(answer, "timestamp")
        if asked_ms > t_ms or (stamp or 0) < (newest or 0) - STALE_MS:
            return None
        agreed = any(state.top == top for state in self._since(token, asked_ms - BEFORE_MS))
        self._differing[token] = 0 if agreed else self._differing.get(token, 0) + 1
        return agreed

    def is_refuted(self, token: str) -> bool:
        return self._differing.get(token, 0) >= REFUTING

    def _top(self, answer: dict[str, Any]) -> Top:
        try:
            bids = best_bids(answer["bids"], self._prices, self._sizes)
            asks = best_asks(answer["asks"], self._prices, self._sizes)
        except (KeyError, TypeError):
            raise MessageError("a field is missing or of the wrong type") from None
        return bids[:COMPARED], asks[:COMPARED]

    def _since(self, token: str, since_ms: int) -> list[State]:
        """The states that the book had from `since_ms` on, the one that held then included."""
        states = list(self._states.get(token, ()))
        ended = [later.t_ms for later in states[1:]]
        return [s for s, end in zip(states, [*ended, None], strict=True) if _reaches(end, since_ms)]


def _reaches(end_ms: int | None, since_ms: int) -> bool:
    return end_ms is None or end_ms >= since_ms
