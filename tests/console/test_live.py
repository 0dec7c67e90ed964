"""What a live market adds to the status row: told at every width, and silent where all is well."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.text import Money
from console.widgets.display import Display
from console.widgets.live import connected
from console.widgets.status import status_rows
from engine.feeds_view import FeedsView
from engine.snapshot import Snapshot, StreamView
from tests.console.connections import (
    BLOCKED,
    SITUATIONS,
    blocked,
    both_down,
    connection,
    fast_clock,
    live,
    slept,
    stopped,
)
from tests.console.fakes import BEAT_MONO, sample_snapshot

WELL = (
    StreamView("book", age_s=0.3, status="ok", messages=41_022, bad=0),
    StreamView("binance", age_s=0.4, status="ok", messages=91_004, bad=0),
)
at_every_width = pytest.mark.parametrize("width", [80, 90, 100, 120, 160, 180, 200])


def snapshot(feeds: FeedsView, **rest: object) -> Snapshot:
    return sample_snapshot(feeds=feeds, **{"streams": WELL, **rest})


def rows(shown: Snapshot, width: int, display: Display | None = None) -> list[str]:
    display = display or Display(now_mono=BEAT_MONO + 0.4)
    return ["".join(text for text, _ in row) for row in status_rows(shown, display, width)]


@at_every_width
@pytest.mark.parametrize("feeds", SITUATIONS)
def test_rows_are_exactly_as_wide_as_the_terminal(feeds: FeedsView, width: int) -> None:
    for shown in (snapshot(feeds), sample_snapshot(feeds=feeds)):
        assert {len(row) for row in rows(shown, width)} == {width}


@at_every_width
def test_a_healthy_run_raises_no_alert_and_counts_nothing(width: int) -> None:
    shown = rows(snapshot(live()), width)
    assert len(shown) == (3 if 100 <= width < 180 else 2)
    assert "6/6" not in "\n".join(shown)
    assert "underlying" not in "\n".join(shown)


@at_every_width
def test_a_run_that_is_recorded_bears_the_mark(width: int) -> None:
    assert "  rec  " in rows(snapshot(live()), width)[0]
    assert "  rec  " not in rows(snapshot(stopped()), width)[0]
    assert "  rec  " not in rows(snapshot(FeedsView()), width)[0]


@at_every_width
def test_connections_that_are_not_live_are_counted(width: int) -> None:
    assert "feeds 5/8" in rows(snapshot(blocked()), width)[0]
    ill = rows(sample_snapshot(feeds=blocked()), width)[0]
    assert "5/8" in ill
    assert "binance STALE 14s" in ill
    assert "untrained" in "\n".join(rows(sample_snapshot(feeds=blocked()), width))


def test_what_is_switched_off_is_not_counted() -> None:
    off, waiting = connection("okx trades", "off"), connection("okx bars", "waiting")
    assert connected(live(connections=(*live().connections, off))) == ""
    assert connected(live(connections=(*live().connections, off, waiting))) == "6/7"
    assert connected(FeedsView()) == ""


@at_every_width
def test_another_reference_venue_is_an_alert_with_its_reason(width: int) -> None:
    alert = rows(snapshot(blocked()), width)[-1]
    assert f"underlying: okx-swap, {BLOCKED}" in alert


@at_every_width
def test_no_reference_venue_at_all_is_an_alert(width: int) -> None:
    assert "underlying: none, no venue answers" in rows(snapshot(both_down()), width)[-1]


def test_before_the_first_choice_there_is_nothing_to_alert_to() -> None:
    assert len(rows(snapshot(live(reference="")), 80)) == 2


@at_every_width
def test_a_clock_beyond_what_is_allowed_is_an_alert_whichever_way(width: int) -> None:
    assert "clock 3.1s ahead of the venues'" in rows(snapshot(fast_clock()), width)[-1]
    behind = rows(snapshot(live(skew_ms=2_100.0, skewed=True)), width)[-1]
    assert "clock 2.1s behind the venues'" in behind
    for well in (1_999.0, -1_999.0, 0.0, None):
        assert "clock" not in "\n".join(rows(snapshot(live(skew_ms=well)), width))


@at_every_width
def test_a_recording_that_stopped_is_an_alert_with_its_reason(width: int) -> None:
    assert (
        "recording stopped: No space left on device: /tapes" in rows(snapshot(stopped()), width)[-1]
    )


@at_every_width
def test_where_reasons_have_no_room_every_alert_keeps_its_name(width: int) -> None:
    worst = replace(blocked(), skew_ms=-3_100.0, skewed=True, recorder=stopped().recorder)
    halted = snapshot(worst, state="HALTED", state_reason="daily loss $2,010 beyond $2,000 " * 4)
    alert = rows(halted, width)[-1]
    for name in ("clock 3.1s ahead", "underlying: okx-swap", "recording stopped"):
        assert name in alert, name
    assert "f tells why" in alert
    assert alert.rstrip().endswith("…") or "HALTED: daily loss" in alert


def test_privacy_hides_amounts_in_foreign_reasons() -> None:
    told = live(reference_rung=1, reference_why="needs $310 of margin")
    hidden = Display(Money(hidden=True), now_mono=BEAT_MONO)
    assert "$310" not in "\n".join(rows(snapshot(told), 120, hidden))


def test_a_machine_that_slept_is_no_alert_of_its_own_but_its_lost_connections_are_counted() -> None:
    shown = rows(snapshot(slept()), 120)
    assert "feeds 0/6" in shown[0]
    assert len(shown) == 3
