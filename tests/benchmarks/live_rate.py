"""How many messages a second the program takes on one core, and what a recording of them weighs.

Owns a stretch of a town's traffic, recorded once and given again as fast as it is taken: inbox,
decoder, desks, features and decisions, with and without a recorder.
"""

from __future__ import annotations

import asyncio
import gzip
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from pathlib import Path

import orjson

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.feeds.feed import FeedInfo
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds.live.inbox import Inbox
from engine.feeds.rows import RowReader
from engine.journal import Journal
from engine.messages import Message
from engine.recorder import HAS, LACKS, Recorder, live_recorder
from engine.settings import Settings
from engine.trading_state import Latch
from tests.benchmarks.far_town import FarTown, far_town
from tests.engine.fakes import FakeLadder

RATE = 10.0
"""The town's seconds a real one while its traffic is recorded: slow enough that none is late."""
STEP_MS = 500
"""Time between two ticks, at which the engine reads what came."""
WINDOW_S = 900

Line = tuple[int, str, bytes]
"""Time, source and raw data of one row."""


@dataclass(slots=True)
class StillClock:
    """A clock that stands where it is put, as `engine.clock.Clock`."""

    began_ms: int
    now_s: float = 0.0

    def wall_ms(self) -> int:
        return self.began_ms

    def mono(self) -> float:
        return self.now_s


@dataclass(slots=True)
class Given:
    """Recorded traffic as a live feed would take it (`engine.feeds.live.feed.LiveFeed.poll`)."""

    inbox: Inbox
    info: FeedInfo
    recorder: Recorder | None
    reader: RowReader
    messages: Counter[str] = field(default_factory=Counter)

    def poll(self, until_ms: int) -> Iterator[Message]:
        for row, raw in self.inbox.take(until_ms):
            if self.recorder is not None:
                self.recorder.row(row.t_ms, row.src, raw)
            for message in self.reader.messages(row):
                self.messages[type(message).__name__] += 1
                yield message

    def next_ms(self) -> int | None:
        return self.inbox.next_ms()

    def close(self) -> None:
        if self.recorder is not None:
            self.recorder.close()


def measure(seconds: float) -> dict[str, object]:
    """Record so many of the town's seconds, and take them again."""
    with tempfile.TemporaryDirectory() as folder, far_town(RATE) as town:
        weight = asyncio.run(_record(town, Path(folder), seconds))
        lines = _lines(Path(folder))
        settings = town.settings
    return {
        "town_s": seconds,
        "rows": dict(Counter(src for _, src, _ in lines)),
        "recorded": weight,
        "taken": _taken(lines, settings, recorded=False),
        "taken_and_recorded": _taken(lines, settings, recorded=True),
    }


async def _record(town: FarTown, folder: Path, seconds: float) -> dict[str, float]:
    clock = town.market_clock()
    feed = LiveFeed(
        town.settings, clock, lambda reader: live_recorder(folder, town.settings, clock, reader)
    )
    tasks = asyncio.create_task(feed.run())
    while clock.mono() < seconds:
        await asyncio.sleep(0.02)
        for _ in feed.poll(clock.now_ms()):
            pass
    tasks.cancel()
    await asyncio.gather(tasks, return_exceptions=True)
    feed.close()
    view = feed.view().recorder
    return {
        "rows_per_town_s": view.rows / seconds,
        "mb_per_window": view.written / seconds * WINDOW_S / 1e6,
    }


def _lines(folder: Path) -> list[Line]:
    """Every recorded row, carried ones left out."""
    parts = sorted(folder.glob("*/part-*.jsonl.gz"))
    rows = [orjson.loads(line) for part in parts for line in _text(part).splitlines()[1:]]
    return [
        (row["t"], row["src"], orjson.dumps(row["data"]))
        for row in rows
        if "carried" not in row and row["src"] not in ("session", "stream")
    ]


def _text(part: Path) -> bytes:
    return gzip.decompress(part.read_bytes())


def _taken(lines: list[Line], settings: Settings, *, recorded: bool) -> dict[str, object]:
    clock = StillClock(lines[0][0])
    market = MarketClock(clock)
    with tempfile.TemporaryDirectory() as folder:
        make = partial(live_recorder, Path(folder), settings, market) if recorded else None
        feed, engine = _engine(settings, market, make)
        began, cpu = time.perf_counter(), time.process_time()
        for step, rows in _steps(lines):
            clock.now_s = (step - 1 - clock.began_ms) / 1000
            for _, src, raw in rows:
                feed.inbox.add(src, [(raw, feed.inbox.read(raw))])
            engine.advance(step)
        real, used = time.perf_counter() - began, time.process_time() - cpu
        feed.close()
    told = sum(feed.messages.values())
    return {
        "frames_per_s": round(len(lines) / real),
        "messages_per_s": round(told / real),
        "us_per_frame": round(real / len(lines) * 1e6, 1),
        "cpu_us_per_frame": round(used / len(lines) * 1e6, 1),
        "messages": dict(feed.messages),
        "bad": dict(engine.intake.bad),
    }


def _engine(
    settings: Settings, market: MarketClock, make: Callable[[RowReader], Recorder] | None
) -> tuple[Given, Engine]:
    inbox, reader = Inbox(market, settings.feeds.most_frame_kb * 1024), RowReader()
    start_ms = -(-market.now_ms() // STEP_MS) * STEP_MS
    info = FeedInfo("live", settings.feeds.assets, HAS, LACKS, start_ms, None)
    feed = Given(inbox, info, None if make is None else make(reader), reader)
    ladder = FakeLadder(lambda _: Action.HOLD)
    engine = Engine(
        feed,
        Journal(EventLog(None), lambda: 0),
        ladder,  # type: ignore[arg-type]  # all that is used of one
        settings,
        Latch(None),
        seed=1,
    )
    engine.start(ev.SessionOpened("paper", "live", 1, "fake", "0", "0"), ())
    return feed, engine


def _steps(lines: list[Line]) -> Iterator[tuple[int, list[Line]]]:
    """The rows of each half second, with its end."""
    for step, rows in groupby(lines, lambda line: line[0] // STEP_MS + 1):
        yield step * STEP_MS, list(rows)
