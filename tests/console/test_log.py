from __future__ import annotations

import pytest
from textual.widgets import RichLog

from console.views.log import newer
from engine.snapshot import LogLine
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.screens import SMALL, running, text_of

LONG = " ".join(f"word{i:02}x" for i in range(40))


def lines(count: int) -> tuple[LogLine, ...]:
    return tuple(LogLine(i * 1_000, "info", f"{i} {LONG}") for i in range(count))


async def test_a_line_written_before_the_scrollbar_appears_loses_nothing_to_it() -> None:
    engine = FakeEngine(sample_snapshot(log=lines(1)))
    async with running(engine) as (app, pilot):
        await pilot.press("l")
        app.poll()
        await pilot.pause()
        before = app.screen.query_one(RichLog).scrollable_content_region.width
        engine.snapshot = sample_snapshot(log=lines(40), seq=99)
        app.poll()
        await pilot.pause()
        assert app.screen.query_one(RichLog).scrollable_content_region.width == before
        assert "word39x" in text_of(app)


def test_only_new_lines_are_written() -> None:
    assert newer(lines(5), lines(3)) == lines(5)[3:]
    assert newer(lines(3), lines(3)) == ()


def test_a_log_that_no_longer_touches_is_written_anew() -> None:
    assert newer(lines(9)[6:], lines(3)) is None


@pytest.mark.parametrize("size", [SMALL, (99, 40), (200, 60)])
async def test_no_letter_of_a_long_line_is_lost_at_the_right_edge(size: tuple[int, int]) -> None:
    engine = FakeEngine(sample_snapshot(log=lines(2)))
    async with running(engine, size) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        assert text_of(app).split().count("word00x") == 2
        assert all(text_of(app).split().count(word) == 2 for word in LONG.split())


async def test_a_log_written_wide_is_wrapped_anew_on_a_narrow_terminal() -> None:
    engine = FakeEngine(sample_snapshot(log=lines(2)))
    async with running(engine, (200, 60)) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        await pilot.pause()
        assert all(text_of(app).split().count(word) == 2 for word in LONG.split())


async def test_what_is_wrapped_stands_under_the_words_not_under_the_time() -> None:
    engine = FakeEngine(sample_snapshot(log=lines(1)))
    async with running(engine) as (app, pilot):
        await pilot.press("l")
        await pilot.pause()
        row = next(row for row in text_of(app).splitlines() if "word20x" in row)
        assert row.startswith(" " * 10)
