"""How long a book is unknown after its stream broke.

Owns an engine on a town in real time whose market channel is cut, or frozen, again and again. What
is measured ends where the running windows of all assets have valid books again, as the engine sees
them at its own pace.
"""

from __future__ import annotations

import asyncio
import time

import numpy as np

from engine.core import Engine
from engine.market import Outcome
from engine.settings import Feeds
from tests.benchmarks.far_town import FarTown, far_town
from tests.engine.live.drive import Drive

LOOK_S = 0.002
READY_S = 60.0
PAUSE_S = 4.0
"""Between two cuts."""
HEALTHY_S = 2.0
"""A connection that lived so long counts as a good one, so that every cut is the first of its kind;
all other times are the program's own."""


def measure(times: int, freezes: int) -> dict[str, object]:
    """Milliseconds from the cut, or from the last frame before the silence, to valid books."""
    with far_town() as town:
        return asyncio.run(_measured(town, times, freezes))


async def _measured(town: FarTown, times: int, freezes: int) -> dict[str, object]:
    usual = Feeds(healthy_s=HEALTHY_S)
    settings = town.settings.model_copy(update={"feeds": usual})
    async with Drive(town, settings) as drive:  # type: ignore[arg-type]  # it asks no more of one
        await _until(drive.engine, valid=True)
        cut = [await _gap(drive.engine, town, "disconnect") for _ in range(times)]
        frozen = [await _gap(drive.engine, town, "hang") for _ in range(freezes)]
        return {
            "cut_ms": _told(cut),
            "frozen_ms": _told(frozen),
            "silence_s": usual.silence_s,
            "backoff_s": usual.backoff_s,
        }


async def _gap(engine: Engine, town: FarTown, act: str) -> float:
    await asyncio.sleep(PAUSE_S)
    begun = town.do("market", act)
    await _until(engine, valid=False)
    if act == "hang":
        town.do("market", "recover")
    await _until(engine, valid=True)
    return (time.monotonic() - begun) * 1000


async def _until(engine: Engine, *, valid: bool) -> None:
    async with asyncio.timeout(READY_S):
        while _all_valid(engine) is not valid:
            await asyncio.sleep(LOOK_S)


def _all_valid(engine: Engine) -> bool:
    books = [desk.book(side) for desk in engine.desks.values() for side in Outcome]
    return all(book is not None and book.invalid is None for book in books)


def _told(gaps: list[float]) -> dict[str, float]:
    return {
        "times": len(gaps),
        "p50": round(float(np.percentile(gaps, 50)), 1),
        "max": round(max(gaps), 1),
    }
