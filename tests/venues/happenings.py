"""What the world tells its servers: facts, before any venue has put them into its own words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.venues.outcome_book import LevelChange
from tests.venues.underlying import Minute, Trade

if TYPE_CHECKING:
    from tests.venues.window import Window


@dataclass(frozen=True, slots=True)
class Moved:
    """The underlying was quoted anew."""

    asset: str
    t_ms: int
    price: float


@dataclass(frozen=True, slots=True)
class Traded:
    """The underlying was traded."""

    asset: str
    trade: Trade


@dataclass(frozen=True, slots=True)
class SecondPassed:
    """A full second of the underlying."""

    asset: str
    second: int
    price: float
    twap: float
    """Average over the last minute: the settlement price."""
    minute: Minute
    """The running one."""


@dataclass(frozen=True, slots=True)
class MinuteClosed:
    asset: str
    t_ms: int
    minute: Minute


@dataclass(frozen=True, slots=True)
class BookChanged:
    """Levels of a window's tokens have new sizes."""

    window: Window
    t_ms: int
    changes: tuple[LevelChange, ...]


@dataclass(frozen=True, slots=True)
class TickChanged:
    """Both tokens have a finer tick."""

    window: Window
    t_ms: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class SharesTraded:
    """Somebody bought or sold shares of a token."""

    window: Window
    t_ms: int
    token: str
    price: int
    """Basis points."""
    size: int
    """Micro-shares."""
    side: str


@dataclass(frozen=True, slots=True)
class Listed:
    """A window can be discovered from now on."""

    window: Window
    t_ms: int


@dataclass(frozen=True, slots=True)
class Resolved:
    """The market channel may tell the outcome."""

    window: Window
    t_ms: int


Happening = (
    Moved
    | Traded
    | SecondPassed
    | MinuteClosed
    | BookChanged
    | TickChanged
    | SharesTraded
    | Listed
    | Resolved
)
