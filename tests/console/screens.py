"""Running the console without a terminal and reading what it shows, for the console's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from console.app import ConsoleApp
from console.widgets.lines import Line
from tests.console.fakes import FakeEngine, sample_clock

SMALL, MEDIUM, LARGE, TINY = (80, 24), (120, 36), (200, 60), (20, 5)
"""Columns and rows that the console promises to be good at, and one that it must survive."""


def text_of(app: ConsoleApp) -> str:
    """Everything on the screen now, one line a row."""
    width, height = app.size
    rows = app.screen._compositor.render_strips(app.size)
    lines = [row.text for row in rows]
    assert all(len(line) <= width for line in lines), "a row is wider than the terminal"
    assert len(lines) <= height
    return "\n".join(lines)


def words(lines: Iterable[Line]) -> str:
    """The text of lines that were made without a screen."""
    return "\n".join("".join(text for text, _ in line) for line in lines)


@asynccontextmanager
async def running(
    engine: FakeEngine,
    size: tuple[int, int] = SMALL,
    *,
    clock: Callable[[], float] = sample_clock,
    privacy: bool = False,
) -> AsyncIterator[tuple[ConsoleApp, Pilot[str | None]]]:
    """The console over `engine`, drawn once, on a terminal of `size`."""
    app = ConsoleApp(engine, privacy=privacy, clock=clock)
    async with app.run_test(size=size, notifications=True) as pilot:
        await pilot.pause()
        app.poll()
        await pilot.pause()
        yield app, pilot
