"""When a run is over.

Owns the one condition; whoever drives an engine asks it after each step.
"""

from __future__ import annotations

from engine.core import Engine


def ended(engine: Engine) -> bool:
    """Whether the feed has no more to give and the venue owes no answer, or a recorded run was
    left here."""
    if engine.left:
        return True
    end = engine.feed.info.end_ms
    if end is not None and engine.t_ms >= end:
        return engine.venue.next_ms() is None
    return engine.feed.next_ms() is None and engine.venue.next_ms() is None
