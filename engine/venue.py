"""A venue as the engine sees it, on paper or real: one way to send, one to cancel, one to ask.

Owns the protocol and what a venue can say of our account. Nothing here sends; orders reach a venue
through the gate alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from engine import events as ev
from engine.book import Book
from engine.order import Intent

BookOf = Callable[[str], Book | None]
"""Outcome token -> its book now."""
NOTHING_HELD: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Unknown:
    """A question that was not answered. Never to be read as nothing (DESIGN 4.1)."""

    reason: str


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """One order as the venue knows it."""

    order_id: str
    working: bool
    """May still fill."""
    filled: int
    """Micro-shares matched so far."""


@dataclass(frozen=True, slots=True)
class Statement:
    """The venue's account of us at one instant."""

    t_ms: int
    """Market time, unix milliseconds."""
    orders: tuple[VenueOrder, ...]
    """Every order of ours that it knows and that is not older than the windows asked about."""
    fills: tuple[ev.FillMatched, ...]
    """Every match of these orders, settled or not."""
    shares: tuple[tuple[str, int], ...]
    """Outcome token -> micro-shares, matches that have not settled counted as matched. A token
    that is not named holds none."""


class Venue(Protocol):
    """What the engine needs of any venue. No method waits."""

    def send(self, order_id: str, intent: Intent) -> object:
        """Take an admitted order; what becomes of it is told by `due`."""

    def cancel_all(self, t_ms: int) -> None:
        """Ask for the end of every order that is under way. A request, no fact: each order's end
        is told by `due`, and may be a fill."""

    def adopt(
        self, fills: Iterable[ev.FillMatched], shares: Mapping[str, int] = NOTHING_HELD
    ) -> None:
        """Take over what an earlier process left: matches that are not settled yet, and the shares
        held, by outcome token, these included. A venue with books of its own needs neither."""

    def forget(self, token_id: str) -> None:
        """The window of this token is over."""

    def next_ms(self) -> int | None:
        """Market time of the next thing that `due` has to tell; None: nothing is owed."""

    def due(self, t_ms: int, book_of: BookOf) -> list[tuple[int, ev.Event]]:
        """Everything that happened up to `t_ms`, in order, each with its own time."""

    def statement(self, t_ms: int) -> Statement | Unknown:
        """The venue's account of us."""
