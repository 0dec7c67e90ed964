from __future__ import annotations

from textual.widgets import RichLog

from console.views.log import newer
from engine.snapshot import LogLine
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.screens import running, text_of

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
