"""An engine on the venues of a town, driven in the test's own loop as its thread would drive it.

The policy is the test's; everything between the venues' sockets and the event log is the program's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import TracebackType

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds_view import ConnectionView
from engine.journal import Journal
from engine.pace import LivePace
from engine.recorder import live_recorder
from engine.settings import PaperVenue, Settings
from engine.trading_state import Latch
from tests.engine.fakes import FakeLadder
from tests.engine.live.watch import Watch
from tests.venues.clock import MachineClock
from tests.venues.outcome_book import Bend
from tests.venues.town import Town

SESSION = ev.SessionOpened("paper", "live", 1, "fake", "0", "0")
SURE = PaperVenue(reject_rate=0, delay_rate=0, settle_failure_rate=0)


class Drive:
    """``async with Drive(town) as drive``: an engine that trades in `town` until the block ends."""

    def __init__(
        self,
        town: Town,
        settings: Settings | None = None,
        log: Path | None = None,
        wants: Callable[[int], Action] | None = None,
        record: Path | None = None,
    ) -> None:
        """`record`: a folder in which the venues' messages are written down."""
        self.town = town
        self.machine = MachineClock(town.clock)
        self.settings = settings or town.settings.model_copy(update={"paper": SURE})
        self.want = Action.HOLD
        """What the policy chooses, whatever it sees."""
        self._wants = wants or (lambda _: self.want)
        clock = MarketClock(self.machine, town.clock.rate)
        recording = None if record is None else partial(live_recorder, record, self.settings, clock)
        self.feed = LiveFeed(self.settings, clock, recording)
        self.engine = Engine(
            self.feed,
            Journal(EventLog(log), lambda: 0),
            FakeLadder(self._wanted),  # type: ignore[arg-type]  # all that is used
            self.settings,
            Latch(None),
            seed=1,
        )
        self.watch = Watch(self.engine, town.world)
        self.digest = ""
        """Hash of all events, once the block has ended."""
        self._pace = LivePace(clock)
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Drive:
        self.engine.start(SESSION, ())
        ledger = self.engine.journal.ledger
        self.feed.follow(m for slug, m in ledger.markets.items() if slug not in ledger.verdicts)
        self._tasks = [asyncio.create_task(self.feed.run()), asyncio.create_task(self._turn())]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.feed.end(self.engine.t_ms)
        self.engine.finish("left")
        self.digest = self.engine.journal.log.digest()
        self.engine.journal.log.close()
        self.feed.close()

    def _wanted(self, call: int) -> Action:
        return self._wants(call)

    async def _turn(self) -> None:
        while True:
            self._pace.turn(self.engine)
            await asyncio.sleep(self._pace.nap_s(self.engine))

    # ---- waiting, in the town's seconds ----------------------------------------------------

    async def until(self, true: Callable[[], bool], seconds: float = 60.0) -> None:
        """Wait until `true`; raises AssertionError after so many of the town's seconds."""
        deadline = self.town.clock.now_ms() + seconds * 1000
        while not true():
            self.still_well()
            assert self.town.clock.now_ms() < deadline, self.told()
            await asyncio.sleep(0.005)

    async def during(self, seconds: float) -> None:
        """Let so many of the town's seconds pass."""
        await self.town.clock.sleep(seconds)
        self.still_well()

    def still_well(self) -> None:
        """The tasks live, none of them failed by its own fault, and nothing was breached."""
        for task in self._tasks:
            if task.done():
                task.result()
                raise AssertionError(f"{task} ended")
        assert self.connection("program") is None, self.told()
        self.watch.holds()

    def told(self) -> str:
        """Everything that a failing test needs to say."""
        connections = "\n".join(str(view) for view in self.feed.view().connections)
        desks = "\n".join(
            f"{desk.asset} {desk.market and desk.market.slug} {desk.row_invalid} {desk.denial}"
            for desk in self.engine.desks.values()
        )
        lines = "\n".join(line.text for line in list(self.engine.journal.lines)[-20:])
        return f"at {self.town.clock.now_ms()}:\n{connections}\n{desks}\n{lines}"

    # ---- what is so now --------------------------------------------------------------------

    def connection(self, name: str) -> ConnectionView | None:
        return next((c for c in self.feed.view().connections if c.name == name), None)

    def decides(self) -> bool:
        """Every asset has a row: all that a decision needs is known."""
        return all(desk.features is not None for desk in self.engine.desks.values())

    def blind(self) -> bool:
        """No asset has a row."""
        return all(desk.features is None for desk in self.engine.desks.values())

    def holds(self) -> bool:
        """Something that can be sold is held in every asset."""
        held = self.engine.journal.ledger.holdings.values()
        return {h.asset for h in held if h.sellable > 0} == set(self.engine.desks)

    def flat(self) -> bool:
        ledger = self.engine.journal.ledger
        return not ledger.working and all(h.dust for h in ledger.holdings.values())

    # ---- what tests do ---------------------------------------------------------------------

    def wants_at(self, wants: Callable[[int], Action]) -> None:
        """From now on the policy chooses by the market time of the decision."""
        self._wants = lambda _: wants(self.engine.t_ms)

    def bend(self, bend: Bend) -> None:
        """From now on the books of the running windows are what `bend` makes of them."""
        world = self.town.world
        for window in map(world.current, world.plan.assets):
            for token in (window.up, window.down):
                world.bend(token, bend)
