"""What a venue's own code says of a stream, so that its connection can be managed for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heard:
    """What one frame means for the connection that it came by."""

    topics: frozenset[str] = frozenset()
    """Topics that it delivers."""
    stamp_ms: int | None = None
    """The venue's own time of it, unix milliseconds."""
    control: bool = False
    """An acknowledgement or a pong: no data, and no row."""
    ending: bool = False
    """The venue announced that it will cut: another connection is opened now."""
    error: str = ""
    """A refusal, in the venue's words."""


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One stream of one venue. What it calls is called in the engine's loop and must not wait."""

    name: str
    """For the screen: ``polymarket books``."""
    src: str
    """Kind of the rows that its frames become."""
    url: Callable[[], str]
    """Asked again for every connection."""
    greetings: Callable[[], tuple[str, ...]]
    """Texts to send first, asked for again for every connection."""
    wanted: Callable[[], frozenset[str]]
    """Topics that must deliver; may change at any time."""
    heard: Callable[[object], Heard]
    """What a parsed frame means for the connection."""
    age_s: Callable[[str], float]
    """Longest silence of a topic, clock seconds; infinite where silence is normal."""
    ping: str = ""
    """A text that keeps the connection alive; empty: none is needed."""
    ping_s: float = 0.0
    """Between two of them, clock seconds."""
    pong: str = ""
    """The venue's answer to it, where that is not JSON; empty: none is waited for. Where there is
    one, a text that is no more than such a sign (`link.SIGNS`) is no data."""
    rolls: bool = False
    """The venue cuts old connections: a new one takes over before, at ``feeds.rollover_s``."""
    identical: bool = False
    """Two connections give the same frames byte for byte, and none builds on an earlier one: at a
    roll-over, what the old one gave is not taken from the new one too. Never for books that are
    kept by changes: their first snapshot needs every change after it, given before or not."""
