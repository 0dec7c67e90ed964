"""The first question to a venue of the underlying: does it answer this place, and what time is it.

Owns how long that may take and what becomes of the venue's time. Where the time stands in an
answer, and what else a venue must say, is the venue's.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from engine.feeds.live.ask import Answer, Refusal
from engine.feeds.live.clock import MarketClock

PROBE_S = 3.0
"""A venue that has not answered its first questions by then is passed over, clock seconds."""


async def in_time(
    questions: Coroutine[Any, Any, Refusal | None], clock: MarketClock
) -> Refusal | None:
    """What the questions came to; None: all is well."""
    try:
        async with clock.timeout(PROBE_S):
            return await questions
    except TimeoutError:
        return Refusal(f"not answered within {PROBE_S:g} s")


def time_heard(
    venue: str, reply: Answer | Refusal, server_ms: Callable[[Any], int | None], clock: MarketClock
) -> Refusal | None:
    """Have `clock` hear the venue's time. A Refusal: it did not answer, or without its time.

    `server_ms` reads it from an answer, unix milliseconds; None: it does not say.
    """
    if isinstance(reply, Refusal):
        return reply
    stamp = server_ms(reply.data)
    if stamp is None:
        return Refusal("answered without its time", 200)
    clock.heard(venue, stamp)
    return None
