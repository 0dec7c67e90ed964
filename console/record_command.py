"""``trade-console record``: what real venues send, written down without trading on it.

Owns what the user sees of it: a line a minute, what a signal means, the account at the end. The
connections are `engine.feeds.live`, the files `engine.recorder`; no model is loaded.
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from console.signals import LEAVES, STOPS
from engine.clock import SystemClock
from engine.errors import ConsoleError
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.feeds.rows import RowReader
from engine.feeds_view import FeedsView, RecorderView
from engine.home import Home
from engine.loop import run
from engine.messages import Message
from engine.recorder import Recorder, live_recorder
from engine.settings import Settings, load_settings

POLL_S = 0.1
"""Between two looks at what has arrived, clock seconds."""

TELL_S = 60.0
"""Between two lines on standard error, clock seconds."""

MB = 1_000_000

Recording = Callable[[RowReader], Recorder]


class Source(Protocol):
    """What is recorded: the part of `engine.feeds.live.feed.LiveFeed` that is used."""

    async def run(self) -> None: ...

    def poll(self, until_ms: int) -> Iterable[Message]: ...

    def end(self, t_ms: int) -> None: ...

    def close(self) -> None: ...

    def view(self) -> FeedsView: ...


Factory = Callable[[Settings, MarketClock, Recording], Source]


def record_command(
    options: argparse.Namespace, factory: Factory = LiveFeed, clock: MarketClock | None = None
) -> int:
    """Record until a signal, or for so many minutes. Returns the exit code.

    Raises ConsoleError, one sentence, where nothing can be recorded, or no more.
    """
    settings = load_settings(Home.find().settings_file)
    folder: Path = options.out or Home.open().recordings
    clock = clock or MarketClock(SystemClock())
    seconds = None if options.minutes is None else 60 * options.minutes
    session = _Run(settings, folder, clock, seconds)
    caught = run(session.record(factory))
    _say(session.account())
    if session.recorder.why:
        raise ConsoleError(f"recording ended: {session.recorder.why}")
    return 0 if caught is None else 128 + caught


class _Run:
    """One recording from its first row to its last."""

    def __init__(
        self, settings: Settings, folder: Path, clock: MarketClock, seconds: float | None
    ) -> None:
        self.recorder = RecorderView()
        """What was on disk when it was last looked at."""
        self._settings = settings
        self._folder = folder
        self._clock = clock
        self._seconds = seconds
        self._begun = 0.0
        self._length = 0.0

    async def record(self, factory: Factory) -> int | None:
        """Everything that arrives, until it is enough. Returns the signal that ended it."""
        source = factory(
            self._settings,
            self._clock,
            partial(live_recorder, self._folder, self._settings, self._clock),
        )
        self._begun = self._clock.mono()
        try:
            return await self._listened(source)
        finally:
            source.close()
            self._length = self._clock.mono() - self._begun
            self.recorder = source.view().recorder

    async def _listened(self, source: Source) -> int | None:
        tasks = asyncio.create_task(source.run())
        try:
            with _signals() as caught:
                await self._drain(source, lambda: bool(caught) or tasks.done())
        finally:
            tasks.cancel()
            await asyncio.gather(tasks, return_exceptions=True)
        if not tasks.cancelled():
            tasks.result()  # it never ends by itself: what went wrong is raised here
        return caught[0] if caught else None

    async def _drain(self, source: Source, over: Callable[[], bool]) -> None:
        next_line = self._begun + TELL_S
        while not over() and self._going(source):
            await self._clock.sleep(POLL_S)
            _take(source, self._clock.now_ms())
            if self._clock.mono() >= next_line:
                next_line += TELL_S
                _say(_so_far(source.view()))
        now_ms = self._clock.now_ms()
        _take(source, now_ms)
        source.end(now_ms)

    def _going(self, source: Source) -> bool:
        if source.view().recorder.why:
            return False
        return self._seconds is None or self._clock.mono() - self._begun < self._seconds

    def account(self) -> str:
        """What was recorded, in one line."""
        written = self.recorder
        if not written.rows:
            return "nothing was recorded"
        windows = self._length / self._settings.feeds.window_seconds
        rate = f"; {_mb(written.written / windows)} a window" if windows > 0 else ""
        return (
            f"recorded {written.rows:,} rows, {_mb(written.written)} in {_parts(written)}{rate}:"
            f" {Path(written.path).parent}"
        )


def _take(source: Source, until_ms: int) -> None:
    """Have everything written down and decoded: what a part begins with is what was understood."""
    for _ in source.poll(until_ms):
        pass


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The signals that came, and no longer end the process; one that is ignored stays so.

    Those that halt an engine end a recording in order: it has nothing else to stop.
    """
    caught: list[int] = []
    loop = asyncio.get_running_loop()
    numbers = [
        number
        for number in (*LEAVES, *STOPS, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    for number in numbers:
        loop.add_signal_handler(number, caught.append, number)
    try:
        yield caught
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _so_far(view: FeedsView) -> str:
    recorder = view.recorder
    line = f"{recorder.rows:,} rows, {_mb(recorder.written)} in {_parts(recorder)}"
    missing = [f"{one.name} {one.state}" for one in view.connections if one.ill]
    return f"{line}; not live: {', '.join(missing)}" if missing else line


def _say(line: str) -> None:
    with suppress(OSError):  # the terminal hung up; what is recorded does not depend on it
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _parts(view: RecorderView) -> str:
    return "1 part" if view.parts == 1 else f"{view.parts} parts"


def _mb(size: float) -> str:
    return f"{size / MB:,.1f} MB"
