"""The venue that the underlying is measured on, chosen and changed while the program runs.

Owns the tasks of the three venues: it asks all of them at the start, runs those that the ladder
wants, says each choice in a `reference` row, and fetches prints that the reader misses. The rules
of the choice are `ladder`'s, what runs at one venue is `rung`'s.
"""

from __future__ import annotations

import asyncio

from engine.feeds.live import binance
from engine.feeds.live.health import Health
from engine.feeds.live.ladder import Ladder
from engine.feeds.live.okx import Okx
from engine.feeds.live.parts import Parts
from engine.feeds.live.rung import Rung
from engine.feeds.rows import RowReader

SRC = "reference"

LOOK_S = 0.5
"""Between two looks at how the venues stand, clock seconds."""

FIRST_CHOICE = "the first choice"


class Reference:
    """All venues of the underlying, and which one counts."""

    def __init__(self, parts: Parts, reader: RowReader) -> None:
        venues = (binance.futures(parts), binance.spot(parts), Okx(parts))
        self._parts = parts
        self._reader = reader
        self._rungs = tuple(Rung(venue, parts) for venue in venues)
        self._ladder = Ladder(len(self._rungs), parts.settings.feeds.failing_s)
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._mends: set[asyncio.Task[None]] = set()

    # ---- what is shown ---------------------------------------------------------------------

    @property
    def venue(self) -> str:
        """Name of the venue that counts; empty: none yet."""
        chosen = self._ladder.chosen
        return "" if chosen is None else self._rungs[chosen].venue.name

    @property
    def rung(self) -> int:
        """0 is the first choice."""
        return self._ladder.chosen or 0

    @property
    def why(self) -> str:
        """Why not a better one; while nothing delivers, what is wrong with each."""
        if self._ladder.chosen is not None:
            return self._ladder.reason
        return "; ".join(rung.standing.why for rung in self._rungs if rung.standing.why)

    @property
    def connections(self) -> tuple[Health, ...]:
        return tuple(health for rung in self._rungs for health in rung.connections)

    # ---- the tasks -------------------------------------------------------------------------

    async def run(self) -> None:
        """Every venue that is wanted, until cancelled."""
        try:
            await self._begin()
            while True:
                await self._look()
                await self._parts.clock.sleep(LOOK_S)
        finally:
            for task in (*self._tasks.values(), *self._mends):
                await _ended(task)
            self._tasks.clear()

    def renew(self, why: str) -> None:
        """The network is another one: every connection is made anew."""
        for rung in self._rungs:
            rung.renew(why)

    async def _begin(self) -> None:
        """All are asked at once; the first in order that answers is taken."""
        await asyncio.gather(*(rung.ask() for rung in self._rungs))
        answered = tuple(rung.answered for rung in self._rungs)
        if self._ladder.begin(self._parts.clock.mono(), answered):
            self._say()
        for rung in (self._rungs[index] for index in self._resting):
            rung.rest()

    @property
    def _resting(self) -> frozenset[int]:
        return frozenset(range(len(self._rungs))) - self._ladder.running

    async def _look(self) -> None:
        standings = tuple(rung.standing for rung in self._rungs)
        if self._ladder.look(self._parts.clock.mono(), standings):
            self._say()
        await self._run_wanted()
        self._mend()

    async def _run_wanted(self) -> None:
        wanted = self._ladder.running
        for index, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[index]
                task.result()  # a rung ends by a fault of its own only: let it be told
            elif index not in wanted:
                del self._tasks[index]
                await _ended(task)
        for index in wanted - self._tasks.keys():
            self._tasks[index] = asyncio.create_task(self._rungs[index].run())

    def _say(self) -> None:
        reason = self._ladder.reason or FIRST_CHOICE
        self._parts.inbox.say(SRC, {"venue": self.venue, "reason": reason})

    def _mend(self) -> None:
        """Fetch what the reader found missing; a fetch that fails is not repeated, since sums over
        prints reach back a minute only."""
        for venue, symbol, first, last in self._reader.gaps():
            for rung in self._rungs:
                if rung.venue.name == venue:
                    task = asyncio.create_task(rung.venue.mend(symbol, first, last))
                    self._mends.add(task)
                    task.add_done_callback(self._mends.discard)


async def _ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until nothing of it is left."""
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # asyncio complains of a fault that nobody looked at
