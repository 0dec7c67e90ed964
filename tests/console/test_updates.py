"""The table of updates: newest first, with verdict and reason, and steady under the reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from console.app import ConsoleApp
from console.text import Money
from console.widgets.updates import PADDING, Updates, cells, numbers_for, reason_width
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.learners import collecting, history, quarantined, update
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of


async def learning_view(app: ConsoleApp, pilot: Pilot[str | None]) -> Updates:
    await pilot.press("n")
    await pilot.pause()
    return app.main.query_one(Updates)


def plain(row: int, table: Updates) -> str:
    return " ".join(cell.plain for cell in table.get_row_at(row))


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_updates_stand_newest_first_with_verdict_and_reason(size: tuple[int, int]) -> None:
    async with running(FakeEngine(), size) as (app, pilot):
        table = await learning_view(app, pilot)
        assert "12" in plain(0, table)
        assert "✓ accepted" in plain(0, table)
        assert "✗ rejected" in plain(1, table)
        assert "KL of the update 0.0" in plain(1, table)
        assert table.row_count == 12


async def test_a_wide_terminal_shows_the_whole_reason_and_every_number() -> None:
    async with running(FakeEngine(), LARGE) as (app, pilot):
        table = await learning_view(app, pilot)
        assert "KL of the update 0.083, at most 0.06" in plain(1, table)
        assert len(table.ordered_columns) == 15


async def test_a_new_update_is_on_top_while_nobody_scrolled() -> None:
    engine = FakeEngine()
    async with running(engine, MEDIUM) as (app, pilot):
        table = await learning_view(app, pilot)
        engine.change(learning=collecting(updates=history(13)))
        app.poll()
        await pilot.pause()
        assert "13" in plain(0, table)
        assert table.cursor_row == 0


async def test_who_reads_an_older_update_is_left_at_it() -> None:
    engine = FakeEngine(sample_snapshot(learning=collecting(updates=history(60))))
    async with running(engine, SMALL) as (app, pilot):
        table = await learning_view(app, pilot)
        await pilot.press(*["down"] * 20)
        before = plain(table.cursor_row, table)
        engine.change(learning=collecting(updates=history(61)))
        app.poll()
        await pilot.pause()
        assert plain(table.cursor_row, table) == before
        assert "✓ accepted       260" not in text_of(app), "the newest row is out of sight"


async def test_the_same_updates_are_not_written_twice() -> None:
    engine = FakeEngine()
    async with running(engine, MEDIUM) as (app, pilot):
        table = await learning_view(app, pilot)
        first = table.rows[next(iter(table.rows))]
        engine.change(learning=collecting(rows=143))
        app.poll()
        await pilot.pause()
        assert "143 of 256" in text_of(app)
        assert table.rows[next(iter(table.rows))] is first


async def test_a_terminal_that_grows_gives_the_reason_room() -> None:
    async with running(FakeEngine(), SMALL) as (app, pilot):
        table = await learning_view(app, pilot)
        assert "0.083, at most 0.06" not in plain(1, table)
        await pilot.resize_terminal(200, 60)
        await pilot.pause()
        assert "0.083, at most 0.06" in plain(1, table)


async def test_privacy_reaches_the_reasons() -> None:
    lost = update(1, "dropped", "drawdown $150.00, at most $120.00")
    engine = FakeEngine(sample_snapshot(learning=collecting(updates=(lost,))))
    async with running(engine, LARGE) as (app, pilot):
        table = await learning_view(app, pilot)
        assert "$150.00" in plain(0, table)
        await pilot.press("dollar_sign")
        await pilot.pause()
        assert "$150.00" not in plain(0, table)


def test_every_verdict_has_a_mark_of_its_own() -> None:
    verdicts = ("accepted", "rejected", "dropped", "quarantined")
    marks = {cells(update(1, word), Money(), 120)[2].plain[0] for word in verdicts}
    assert len(marks) == len(verdicts)


def test_what_an_update_never_measured_is_unknown() -> None:
    row = [cell.plain.strip() for cell in cells(quarantined(3), Money(), 200)]
    assert row.count("?") == 8
    assert "0" in row, "steps were counted: none"


@given(width=st.integers(60, 260))
def test_columns_leave_the_reason_its_room(width: int) -> None:
    numbers = sum(column.width + PADDING for column in numbers_for(width))
    assert reason_width(width) >= 24
    assert 31 + numbers + reason_width(width) + PADDING <= max(width, 60)


def test_numbers_of_one_column_have_their_points_below_each_other() -> None:
    rows = [update(n, entropy=e, kl=k) for n, (e, k) in enumerate([(0.95, 0.0019), (1.04, 0.0115)])]
    shown = [" ".join(cell.plain for cell in cells(row, Money(), 160)) for row in rows]
    for number in ("0.950", "1.040", "0.0019", "0.0115"):
        assert any(number in row for row in shown), number
    assert shown[0].index("0.950") == shown[1].index("1.040")
