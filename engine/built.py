"""The parts of a run, as they come out of `engine.session` in the engine's own thread.

Owns nothing: it names what `engine.thread` drives, and what it must open and close.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.core import Engine
from engine.feeds.live.feed import LiveFeed
from engine.learning.challenger import Challenger
from engine.learning.succession import Succession


@dataclass(frozen=True, slots=True)
class Built:
    """What the thread builds for itself when it starts."""

    engine: Engine
    open: Callable[[], None]
    """Starts the session."""
    close: Callable[[], None]
    """Releases files; called last."""
    warnings: Callable[[], tuple[str, ...]]
    """Sentences about the input, for the summary."""
    challenger: Challenger | None = None
    """None: nothing learns in this run."""
    succession: Succession | None = None
    """None: the champion of this run cannot change."""
    live: LiveFeed | None = None
    """The feed, where it is connected to real venues and its tasks must run; None: it is not."""
