"""The Feeds view: every connection at every size, and unknown where nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.geometry import Size

from console.text import Money
from console.views.feeds import arrange, below_lines
from console.widgets.connections import ROOMY, Connections, cells, layout, state_of
from console.widgets.contracts import compact, contract_lines, funding
from console.widgets.display import Display
from console.widgets.feeds import head_lines, notes, path_end, skew, unconnected_lines
from console.widgets.lines import width_of
from engine.feeds_view import LIVE_STATES, ConnectionView, ContractView, FeedsView
from engine.snapshot import Snapshot
from tests.console.connections import (
    BLOCKED,
    REFUSED,
    SITUATIONS,
    blocked,
    both_down,
    connection,
    contracts,
    fast_clock,
    live,
    recording,
    slept,
    stopped,
)
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of, words

SIZES = [(80, 20), SMALL, (100, 30), MEDIUM, LARGE]
every_size = pytest.mark.parametrize("size", SIZES)


async def seen(feeds: FeedsView, size: tuple[int, int], *keys: str) -> str:
    async with running(FakeEngine(sample_snapshot(feeds=feeds)), size) as (app, pilot):
        await pilot.press("f", *keys)
        await pilot.pause()
        return text_of(app)


def head(feeds: FeedsView, width: int = 120) -> str:
    return words(head_lines(feeds, Display(), width))


def told(
    feeds: FeedsView, chosen: ConnectionView | None = None, width: int = 118, rows: int = 20
) -> list[str]:
    return words(notes(feeds, chosen, Display(), width, rows)).splitlines()


@every_size
async def test_every_fact_of_a_healthy_run_is_in_sight(size: tuple[int, int]) -> None:
    shown = await seen(live(), size)
    for fact in (
        "reference  binance-futures  first choice", "12.0ms behind the venues'",
        "ticks late p99 4.1ms", "part-0003.jsonl.gz", "48,211 rows  4.1M on disk",
        "polymarket books", "✓ live", "212.6", "38.0ms", "1,204,331", "again", "last error",
        "BTC     87,731.40", "+0.0100%", "81.2K BTC  7.12B USD", "12.4K USD",
        "book ok 0.3s", "binance stale 14s",
    ):  # fmt: skip
        assert fact in shown, fact


@every_size
@pytest.mark.parametrize("feeds", SITUATIONS)
async def test_every_connection_is_named_with_its_state(
    feeds: FeedsView, size: tuple[int, int]
) -> None:
    shown = await seen(feeds, size)
    rows = shown.splitlines()
    fits = 4 if size[1] < 24 else 8
    for view in feeds.connections[:fits]:
        assert any(view.name in row and state_of(view)[0] in row for row in rows), view.name


@every_size
async def test_a_refusal_says_which_venue_stands_in_and_why(size: tuple[int, int]) -> None:
    shown = await seen(blocked(), size)
    assert f"reference  okx-swap  choice 3: {BLOCKED}" in shown
    assert "✗ blocked" in shown
    assert "blocked: asked again in 14 min; last error: HTTP 451" in shown


@every_size
async def test_a_long_reason_for_the_venue_is_wrapped_and_pushes_nothing_away(
    size: tuple[int, int],
) -> None:
    why = f"{BLOCKED}; data-stream.binance.vision gave nothing usable for 20 s"
    shown = await seen(replace(blocked(), reference_why=why), size)
    assert "for 20 s" in shown
    for fact in ("behind the venues'", "part-0003", "polymarket books", "engine     book ok"):
        assert fact in shown, fact


async def test_the_first_that_is_ill_is_told_in_full_until_another_is_chosen() -> None:
    shown = " ".join((await seen(blocked(), SMALL)).split())
    assert REFUSED in shown
    shown = await seen(blocked(), SMALL, "down")
    assert "✓ polymarket prices live; no error so far; 14,220 messages" in shown


async def test_more_connections_than_rows_scroll() -> None:
    many = live(connections=tuple(connection(f"stream number {n:02d}") for n in range(40)))
    assert "stream number 39" not in await seen(many, SMALL)
    assert "stream number 39" in await seen(many, SMALL, "ctrl+end")


async def test_a_chosen_row_stays_chosen_while_numbers_change() -> None:
    engine = FakeEngine(sample_snapshot(feeds=live()))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("f", "down", "down")
        first, *rest = live().connections
        engine.change(feeds=live(connections=(replace(first, messages=7, rate=1.5), *rest)))
        app.poll()
        await pilot.pause()
        assert app.query_one(Connections).cursor_row == 2
        assert "✓ polymarket discovery live" in text_of(app)
        assert "  1.5 " in text_of(app)


async def test_only_cells_that_differ_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[str, str]] = []
    engine = FakeEngine(sample_snapshot(feeds=live()))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("f")
        await pilot.pause()
        table = app.query_one(Connections)
        monkeypatch.setattr(
            table, "update_cell", lambda row, column, _: written.append((row, column))
        )
        first, *rest = live().connections
        engine.change(feeds=live(connections=(replace(first, age_s=0.9), *rest)))
        app.poll()
    assert written == [("0", "2")]


async def test_connections_that_come_and_go_change_the_rows() -> None:
    engine = FakeEngine(sample_snapshot(feeds=live()))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("f")
        for feeds in (blocked(), FeedsView(), live()):
            engine.change(feeds=feeds)
            app.poll()
            await pilot.pause()
            shown = text_of(app)
            assert ("okx bars" in shown) == (feeds == blocked())
            assert ("there are no connections" in shown) == (feeds == FeedsView())


@every_size
async def test_without_connections_the_sources_are_told(size: tuple[int, int]) -> None:
    shown = await seen(FeedsView(), size)
    assert "the embedded market: there are no connections" in shown
    assert "binance    stale        14s       91,004       2" in shown


def test_a_recording_and_an_engine_that_has_not_spoken_say_so() -> None:
    assert "a recording is replayed" in words(unconnected_lines(Snapshot(feed="replay x"), 80))
    fresh = words(unconnected_lines(Snapshot(), 80))
    assert "no connection yet" in fresh
    assert "nothing has been heard yet" in fresh


def test_unknown_is_unknown_and_never_zero() -> None:
    shown = head(FeedsView(connections=(connection("x"),)))
    for fact in ("none yet", "? against the venues'", "ticks late p99 ?", "recording  off"):
        assert fact in shown, fact
    never = ConnectionView("x", "stream", "waiting")
    row = "|".join(text for text, _ in cells(never, Money(), layout([never], 80)))
    assert "never" in row
    assert "|      ?|" in row
    assert " ?        " not in words(contract_lines([contracts()[0]], 78))
    nothing = words(contract_lines([ContractView("XRP")], 78)).splitlines()[1]
    assert nothing.count("?") == 5
    assert "0" not in nothing


def test_a_known_zero_is_a_zero() -> None:
    quiet = words(contract_lines([ContractView("ETH", 2_974.0, liquidated=0.0)], 78))
    assert "0 USD" in quiet
    assert "0.0ms behind" in words([skew(FeedsView(skew_ms=0.0))])


def test_a_clock_far_from_the_venues_is_told_in_seconds_and_which_way() -> None:
    assert "3.1s ahead of the venues'" in head(fast_clock())
    assert "the machine slept for 312 s" in head(slept())


def test_a_recording_that_stopped_says_why() -> None:
    assert "recording  stopped: No space left on device: /tapes" in head(stopped())


@pytest.mark.parametrize("width", [-2, 0, 1, 5, 20, 40])
def test_a_place_too_narrow_for_anything_breaks_nothing(width: int) -> None:
    for feeds in (*SITUATIONS, FeedsView(), live(reference_rung=1, reference_why="  ")):
        assert len(head_lines(feeds, Display(), width)) >= 3
        assert notes(feeds, None, Display(), width, 0) == []


def test_the_parts_of_a_recording_are_counted() -> None:
    assert "4.1M on disk in 3 parts" in head(live(recorder=recording(parts=3)))
    assert "parts" not in head(live(recorder=recording(parts=1)))


def test_a_long_path_keeps_its_end() -> None:
    assert path_end("/a/very/long/folder/part-1.gz", 20) == "…/folder/part-1.gz"
    assert path_end("short", 20) == "short"
    assert path_end("", 20) == "?"
    assert path_end("/a/part-0000000000000000001.gz", 10) == "part-0000…"


def test_with_both_venues_down_every_one_says_when_it_is_tried_again() -> None:
    assert "none: no venue answers" in head(both_down())
    lines = told(both_down())
    assert sum("tried again in 4 s" in line for line in lines) == 6


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 6])
def test_what_has_no_room_is_counted(rows: int) -> None:
    feeds = both_down()
    lines = told(feeds, feeds.connections[0], 78, rows)
    assert len(lines) <= rows
    assert rows <= 2 or lines[-1].startswith("… and ")
    assert rows > 2 or "… and" not in lines[-1], "the table has the others"


def test_a_switched_off_connection_ails_nobody() -> None:
    off = live(connections=(connection("okx trades", "off"),))
    assert told(off) == []


def test_the_worst_connection_is_told_first() -> None:
    fares = ("live", "waiting", "blocked", "stale", "unheard of", "retrying")
    lines = told(live(connections=tuple(connection(state, state) for state in fares)))
    heads = [line.split(" ")[1] for line in lines if not line.startswith("  ")]
    assert heads == ["unheard", "blocked", "retrying", "waiting", "stale"]


@pytest.mark.parametrize("state", LIVE_STATES)
def test_every_state_is_told_by_a_mark_and_a_word(state: str) -> None:
    mark, word = state_of(connection("x", state))[0].split(" ")
    assert word == state
    assert mark != "?", "a state without a mark of its own"


def test_an_amount_in_a_foreign_sentence_is_hidden() -> None:
    view = connection("x", "retrying", why="balance $310.25", last_error="needs $12")
    hidden = Display(Money(hidden=True))
    shown = words(notes(live(connections=(view,)), view, hidden, 100, 5))
    row = words([cells(view, hidden.money, layout([view], 120))])
    assert "$" not in (shown + row).replace("$•••", "")


def test_public_amounts_stay_in_sight_under_privacy() -> None:
    hidden, sample = Display(Money(hidden=True)), sample_snapshot(feeds=live())
    shown = words(below_lines(sample, None, hidden, Size(120, 20), 1))
    assert "7.12B USD" in shown


@pytest.mark.parametrize("width", [79, 80, 99, 119, 199])
def test_the_columns_of_the_table_fill_the_width_and_no_more(width: int) -> None:
    plan = layout(live().connections, width)
    gaps = (2 + len(plan.numbers)) * plan.gap
    taken = 1 + plan.name + 12 + sum(c.width for c in plan.numbers) + gaps + plan.error
    assert taken == width
    assert plan.error >= 12
    assert {"age", "per s", "latency", "again"} <= {c.name for c in plan.numbers}
    assert (plan.gap == 2) == (width >= ROOMY)


@pytest.mark.parametrize(("connections", "contracts"), [(6, 4), (15, 4), (15, 0), (40, 4), (1, 1)])
@pytest.mark.parametrize("height", [16, 20, 21, 27, 33, 57])
def test_the_table_keeps_its_rows_and_nothing_is_negative(
    height: int, connections: int, contracts: int
) -> None:
    plan = arrange(height, 3, connections, contracts)
    assert plan.table >= min(connections + 1, 5)
    assert plan.head + plan.table + 3 <= height


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "?"), (float("nan"), "?"), (0.0, "0"), (812.0, "812"), (999.6, "1.00K"),
     (12_400.0, "12.4K"), (999_600.0, "1.00M"), (7.124e9, "7.12B"), (3.2e15, "3200T")],
)  # fmt: skip
def test_large_numbers_take_three_digits(value: float | None, text: str) -> None:
    assert compact(value) == text


def test_funding_is_in_per_cent() -> None:
    assert (funding(0.0001), funding(-0.000_053), funding(0.0)) == (
        "+0.0100%", "-0.0053%", "+0.0000%",
    )  # fmt: skip
    assert funding(None) == "?"


@given(
    st.lists(
        st.builds(
            ConnectionView,
            st.text(max_size=40),
            st.sampled_from(["stream", "request"]),
            st.sampled_from([*LIVE_STATES, "new"]),
            why=st.text(max_size=200),
            last_error=st.text(max_size=400),
            messages=st.integers(0, 10**12),
        ),
        max_size=20,
    ),
    st.integers(78, 220),
    st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_no_line_is_wider_than_its_place(
    connections: list[ConnectionView], width: int, rows: int
) -> None:
    feeds = live(connections=tuple(connections), recorder=recording(path="/x" * 90))
    chosen = connections[0] if connections else None
    lines = notes(feeds, chosen, Display(), width, rows)
    assert len(lines) <= rows
    assert all(width_of(line) <= width for line in [*lines, *head_lines(feeds, Display(), width)])
