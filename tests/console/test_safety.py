"""The Safety view: every situation told in words, at every size, from the snapshot alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.geometry import Size

from console.text import Money
from console.views.safety import safety_lines
from console.widgets.display import Display
from console.widgets.lines import width_of
from console.widgets.safety import duty_rows, what_remains
from console.widgets.stop import evidence_short, running_stop
from engine.safety_view import (
    AlertView,
    AmbiguousView,
    BreakerView,
    DutyView,
    SafetyView,
    StopView,
)
from engine.snapshot import Snapshot
from tests.console.fakes import NOW_MS, FakeEngine, sample_snapshot
from tests.console.safeties import (
    SITUATIONS,
    ambiguous,
    calm,
    drill_failed,
    duties,
    duty,
    flattening,
    halted,
    halting,
    stale_duty,
    stop,
    stuck,
    three_breakers,
    webhook_broken,
)
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of, words

SIZES = [SMALL, MEDIUM, LARGE]
every_size = pytest.mark.parametrize("size", SIZES)


def shown(safety: SafetyView, area: tuple[int, int] = (120, 31), money: Money | None = None) -> str:
    snapshot = sample_snapshot(safety=safety)
    return words(safety_lines(snapshot, Display(money or Money()), Size(*area)))


@every_size
async def test_the_key_opens_the_view(size: tuple[int, int]) -> None:
    engine = FakeEngine(sample_snapshot(safety=calm(alerts=())))
    async with running(engine, size) as (app, pilot):
        app.clear_notifications()
        await pilot.press("s")
        await pilot.pause()
        for fact in ("gate           ACTIVE", "none asked for in this run", "none tripped",
                     "all fresh", "drill          passed", "on hangup      hold",
                     "control socket listening", "webhook        on", "none yet"):  # fmt: skip
            assert fact in text_of(app), fact
        assert engine.requests == []


@pytest.mark.parametrize("area", [(80, 20), (80, 16), (120, 31), (200, 55)])
@pytest.mark.parametrize("name", SITUATIONS)
def test_no_situation_is_larger_than_its_place(name: str, area: tuple[int, int]) -> None:
    snapshot = sample_snapshot(safety=SITUATIONS[name]())
    lines = safety_lines(snapshot, Display(), Size(*area))
    assert len(lines) <= area[1]
    assert max(width_of(line) for line in lines) <= area[0]


@pytest.mark.parametrize("area", [(80, 20), (120, 31), (200, 55)])
@pytest.mark.parametrize(
    ("safety", "facts"),
    [
        (halted(), ("halt by key at 00:08:44 UTC", "done", "✓ latch", "shut after 4.0ms, on disk",
                    "4 of 4 known to be over, 1 filled before the cancel", "BTC UP 506.45",
                    "worst case -$437.81")),
        (halting(), ("going on", "? latch", "being written", "1 of 4 known to be over")),
        (ambiguous(), ("going on", "? no answer    o-0019 may fill until 00:08:59 (12s)",
                       "takes $25.00")),
        (flattening(), ("flatten by control socket", "✗ latch", "IN MEMORY ONLY", "being sold")),
        (three_breakers(), ("3 tripped", "rejects in a row: 5 orders rejected, limit 5",
                            "cause is over", "data gap: binance silent for 61 s, limit 60 s",
                            "cause lasts", "disk: 12 MB free, limit 64 MB", "clears: ")),
        (stale_duty(), ("2 of 8 STALE", "✗ exit rules", "9.3s of 5.0s STALE",
                        "never of 5.0s STALE")),
        (stuck(), ("✗ STUCK", "has not moved for 7.2s")),
        (drill_failed(), ("drill          FAILED", "an order left after it")),
        (webhook_broken(), ("it answers 404; 3 not delivered", "in the way", "keep-running")),
    ],
)  # fmt: skip
def test_every_situation_is_told(
    safety: SafetyView, facts: tuple[str, ...], area: tuple[int, int]
) -> None:
    text = shown(safety, area)
    for fact in facts:
        assert fact in text, fact


def test_an_order_without_an_answer_counts_down() -> None:
    later = sample_snapshot(safety=ambiguous(), t_ms=NOW_MS + 5_000)
    assert "(7.0s)" in words(safety_lines(later, Display(), Size(120, 31)))


def test_a_stop_is_not_called_done_while_an_order_has_no_answer() -> None:
    unanswered = stop(done=True, ambiguous=(AmbiguousView("o1", NOW_MS + 1_000, 1.0),))
    assert running_stop(unanswered) is unanswered
    assert "going on" in shown(calm(stop=unanswered))
    assert running_stop(stop()) is None


def test_the_worst_case_of_a_stop_is_not_cut_off_by_what_is_held() -> None:
    four = ("SOL UP 51.50", "ETH UP 50.49", "BTC DOWN 54.08", "XRP DOWN 50.49")
    text = shown(calm(stop=stop(grade="flatten", held=four, done=False)), (80, 20))
    assert "being sold: SOL UP 51.50, ETH" in text
    assert "worst case -$437.81" in text


def test_nothing_measured_is_unknown_and_never_zero() -> None:
    text = shown(SafetyView(stop=stop(worst_case=None, latched_ms=None)))
    for fact in ("worst case ?", "shut before this run", "none has run yet", "not made yet",
                 "control socket ?", "webhook        ?", "on hangup      ?"):  # fmt: skip
        assert fact in text, fact


def test_a_task_shows_its_age_beside_its_limit_and_a_note_only_whole() -> None:
    task = duty("disk", 2.0, 65.0, "81 GB free on the disk of the event log")
    assert words(duty_rows((task,), 38)).rstrip() == "✓ disk             2.0s of 65s"
    assert "81 GB free" in words(duty_rows((task,), 100))


def test_what_was_too_short_to_measure_is_no_zero() -> None:
    assert "shut in under 0.1ms" in shown(calm(stop=stop(latched_ms=0.0)))
    assert "shut after 0.4ms" in shown(calm(stop=stop(latched_ms=0.4)))


def test_a_stamp_of_age_zero_is_no_missing_one() -> None:
    assert "0.0s of 5.0s" in words(duty_rows((duty("disk", 0.0),), 38))
    assert "never of 5.0s STALE" in words(duty_rows((duty("disk", None),), 38))


@pytest.mark.parametrize("name", SITUATIONS)
def test_privacy_leaves_no_amount(name: str) -> None:
    text = shown(SITUATIONS[name](), (200, 55), Money(hidden=True))
    assert "$" not in text.replace("$•••", "")
    assert "506.45" not in text
    assert "310.00" not in text


def test_what_has_no_room_is_counted() -> None:
    text = shown(replace(three_breakers(), stop=ambiguous().stop), (80, 16))
    assert "more lines on a taller terminal" in text
    assert "‼ breaker: disk" in text, "the newest alert keeps its place"


def test_what_remains_names_causes_that_last_and_stale_tasks() -> None:
    remains = what_remains(replace(three_breakers(), duties=stale_duty().duties))
    assert "data gap lasts (binance silent" in remains
    assert "watchdog is stale" in remains
    assert "rejects" not in remains
    assert what_remains(calm()) == ""


def test_the_short_evidence_keeps_what_is_not_certain() -> None:
    unknown, selling = ambiguous().stop, flattening().stop
    assert unknown is not None
    assert selling is not None
    assert evidence_short(unknown, Money()) == (
        "cancels 3/4; 1 ambiguous until 00:08:59; held BTC UP 506.45; worst -$462.81"
    )
    assert evidence_short(selling, Money()).startswith("latch IN MEMORY ONLY")


LONG = st.text("ab $1.0UP\n", max_size=120)
AGES = st.none() | st.floats(0, 1e6)


@given(
    st.lists(st.builds(DutyView, LONG, AGES, st.floats(0, 1e5), st.booleans(), LONG), max_size=10),
    st.lists(
        st.builds(BreakerView, LONG, LONG, st.integers(0, NOW_MS), st.booleans(), LONG), max_size=9
    ),
    st.lists(
        st.builds(AlertView, st.integers(1, 99), st.integers(0, NOW_MS), LONG,
                  st.sampled_from(["info", "warn", "alarm", "new"]), LONG),
        max_size=9,
    ),
    st.integers(0, 6),
    st.integers(80, 210),
    st.integers(14, 60),
)  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_no_line_is_wider_than_its_place(
    tasks: list[DutyView],
    breakers: list[BreakerView],
    alerts: list[AlertView],
    unknown: int,
    width: int,
    height: int,
) -> None:
    orders = tuple(AmbiguousView(f"o-{n}" * 9, NOW_MS, 1e9) for n in range(unknown))
    asked: StopView = stop(ambiguous=orders, held=("BTC UP 1.0",) * 40)
    safety = SafetyView(tuple(tasks), tuple(breakers), asked, alerts=tuple(alerts))
    lines = safety_lines(sample_snapshot(safety=safety), Display(), Size(width, height))
    assert len(lines) <= height
    assert all(width_of(line) <= width for line in lines)


def test_every_task_of_the_engine_fits_into_its_column() -> None:
    rows = words(duty_rows(duties(), 38)).splitlines()
    assert all("…" not in row for row in rows)


def test_an_engine_that_said_nothing_yet_is_told() -> None:
    text = words(safety_lines(Snapshot(), Display(), Size(80, 20)))
    assert "STARTING" in text
    assert "none has run yet" in text
