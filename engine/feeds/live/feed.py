"""Real venues as a feed: rows in, messages out, and the tasks that bring the rows.

Owns the order of things between the connections and the engine: a row is taken when the engine's
time has reached it, written down, and only then decoded, so that a recording holds exactly what was
decided on. Connects to nothing itself, and knows no row's meaning.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator

import orjson

from engine.feeds.feed import FeedInfo
from engine.feeds.live.ask import Asker
from engine.feeds.live.backoff import ConnectRate
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.health import Health
from engine.feeds.live.inbox import Inbox
from engine.feeds.live.parts import Parts
from engine.feeds.live.polymarket import Polymarket
from engine.feeds.live.reference import Reference
from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_channel import SRC as CHANNEL
from engine.feeds_view import FeedsView, RecorderView
from engine.market import ASSETS, Market
from engine.messages import Message
from engine.recorder import HAS, LACKS, Recorder
from engine.settings import Settings

LOOK_S = 1.0
"""Between two looks at the machine's clock, clock seconds."""

AGAIN_S = 5.0
"""After a task of this feed failed by a fault of its own it is begun again, clock seconds."""

GRACE_MS = 300_000
"""Time after the last of a given number of windows in which its outcome may come."""

Recording = Callable[[RowReader], Recorder]
"""Makes the recorder of a run; it asks the reader for the state that a new part begins with."""


class LiveFeed:
    """One live market (`engine.feeds.feed.Feed`). Make, run and close it in one event loop."""

    def __init__(
        self,
        settings: Settings,
        clock: MarketClock,
        recording: Recording | None = None,
        windows: int | None = None,
    ) -> None:
        """`windows`: end `GRACE_MS` after so many whole windows, or never."""
        self.clock = clock
        self._settings = settings
        self._reader = RowReader()
        self._inbox = Inbox(clock, settings.feeds.most_frame_kb * 1024)
        self._asker = Asker(settings, clock)
        rng = random.Random()  # noqa: S311 - it spreads reconnections in time; nothing is decided
        parts = Parts(settings, clock, self._inbox, self._asker, rng, ConnectRate(clock))
        self._polymarket = Polymarket(parts, self._reader)
        self._reference = Reference(parts, self._reader)
        self._inbox.say("session", {"state": "begun"})
        begun_ms = self._inbox.next_ms()
        self._info = _info(settings, clock.now_ms() if begun_ms is None else begun_ms, windows)
        self._recorder = None if recording is None else recording(self._reader)
        self._most_skew_ms = settings.feeds.most_skew_s * 1000
        self._failed = Health("program", "request", clock)
        self._failed.live()

    # ---- the engine's side -----------------------------------------------------------------

    @property
    def info(self) -> FeedInfo:
        return self._info

    def poll(self, until_ms: int) -> Iterator[Message]:
        """Messages with ``t_ms <= until_ms`` not yet given, in time order, read as consumed."""
        for row, raw in self._inbox.take(until_ms):
            if self._recorder is not None:
                self._recorder.row(row.t_ms, row.src, raw)
            yield from self._reader.messages(row)

    def next_ms(self) -> int | None:
        """Never None: a live market has no last message."""
        waiting = self._inbox.next_ms()
        return self.clock.now_ms() if waiting is None else waiting

    def follow(self, markets: Iterable[Market]) -> None:
        """Find out the outcomes of windows that an earlier run left without one."""
        self._polymarket.follow(markets)

    def end(self, t_ms: int) -> None:
        """The run was left at `t_ms`: a replay of the recording ends there too."""
        if self._recorder is not None:
            self._recorder.row(t_ms + 1, "session", orjson.dumps({"state": "ended"}))

    def close(self) -> None:
        if self._recorder is not None:
            self._recorder.close()

    # ---- the tasks -------------------------------------------------------------------------

    async def run(self) -> None:
        """Every connection, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, work in self._works():
                    tasks.create_task(self._kept_going(name, work), name=name)
        finally:
            await self._asker.aclose()

    def _works(self) -> tuple[tuple[str, Callable[[], Awaitable[None]]], ...]:
        return (
            ("polymarket", self._polymarket.run),
            ("reference", self._reference.run),
            ("clock", self._watch_clock),
        )

    async def _kept_going(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001 - told on screen; the other venues go on
                self._failed.trouble(f"{name}: {type(error).__name__}: {error}")
                self._failed.stale(f"{name} failed by a fault of this program; begun again")
            await self.clock.sleep(AGAIN_S)

    async def _watch_clock(self) -> None:
        while True:
            await self.clock.sleep(LOOK_S)
            reached_ms = self.clock.now_ms()
            jumped = self.clock.look()
            if jumped is not None:
                self._slept(reached_ms, jumped)

    def _slept(self, since_ms: int, why: str) -> None:
        """No book outlives a sleep: the ticks that fell into it are made up for, and must not
        trade on what was seen before it."""
        self._inbox.say_at(since_ms, "stream", {"name": CHANNEL, "state": "lost", "why": why})
        self._polymarket.renew(why)
        self._reference.renew(why)

    # ---- what is shown ---------------------------------------------------------------------

    def view(self) -> FeedsView:
        """How every connection fares now."""
        healths = (*self._polymarket.connections, *self._reference.connections, *self._trouble())
        reference, recorder = self._reference, self._recorder
        skew_ms = self.clock.skew_ms
        return FeedsView(
            connections=tuple(health.view() for health in healths),
            reference=reference.venue,
            reference_rung=reference.rung,
            reference_why=reference.why,
            skew_ms=skew_ms,
            skewed=skew_ms is not None and abs(skew_ms) > self._most_skew_ms,
            clock_note=self.clock.note,
            recorder=RecorderView() if recorder is None else recorder.view(),
        )

    def useless(self) -> tuple[str, ...]:
        """Connections that gave nothing usable in the whole run, each with its last error."""
        return tuple(
            f"{view.name}: nothing usable came; {view.last_error}"
            for view in self.view().connections
            if view.last_error and view.messages <= view.dropped
        )

    def _trouble(self) -> tuple[Health, ...]:
        return () if self._failed.state == "live" else (self._failed,)


def _info(settings: Settings, begun_ms: int, windows: int | None) -> FeedInfo:
    grid, window_ms = settings.decision_ms, settings.feeds.window_seconds * 1000
    first_ms = -(-begun_ms // window_ms) * window_ms
    return FeedInfo(
        name="live",
        assets=tuple(asset for asset in ASSETS if asset in settings.feeds.assets),
        has=HAS,
        lacks=LACKS,
        start_ms=-(-begun_ms // grid) * grid,
        end_ms=None if windows is None else first_ms + windows * window_ms + GRACE_MS,
    )
