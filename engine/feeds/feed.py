"""The one protocol that every source of market data follows.

A feed never waits and never calls back: the engine asks for what happened up to an instant
of market time. That makes paper, replay and live the same code, and a run repeatable.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from engine.messages import Message


@dataclass(frozen=True, slots=True)
class FeedInfo:
    """What a feed says of itself before the first message."""

    name: str
    """Shown in the status row: ``sim``, ``replay btc-15m-...``."""
    assets: tuple[str, ...]
    has: frozenset[str]
    """Promised sources out of ``mid``, ``book``, ``binance``: silence of one is unknown."""
    lacks: frozenset[str]
    """Sources that do not exist here: their features are neutral, not unknown."""
    start_ms: int
    """Market time of the first decision tick, unix milliseconds."""
    end_ms: int | None
    """Market time after which nothing comes; None where there is no end."""


class Feed(Protocol):
    """A source of market data in market time."""

    @property
    def info(self) -> FeedInfo: ...

    def poll(self, until_ms: int) -> Iterable[Message]:
        """Messages with ``t_ms <= until_ms`` not yet given, in time order."""

    def next_ms(self) -> int | None:
        """Market time of the next message; None when there will never be one."""

    def close(self) -> None: ...
