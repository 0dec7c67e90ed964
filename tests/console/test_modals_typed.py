"""Flatten and resume: only the word acts, and what is shown before it is true."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Static

from console.modals.flatten import FlattenModal, bids_pay, flatten_lines
from console.modals.page import text_of
from console.modals.resume import ResumeModal, resume_lines
from console.standing import standing_engine
from console.text import Money
from engine.snapshot import PositionView, Snapshot
from tests.console.fakes import flat, sample_snapshot
from tests.console.modal_host import UNANSWERED, Clock, halted_snapshot, open_dialog
from tests.console.safeties import ambiguous, halted, stale_duty, three_breakers


class Flatten(FlattenModal):
    GRACE_S = 0.0


class Resume(ResumeModal):
    GRACE_S = 0.0


def flatten_text(snapshot: Snapshot) -> str:
    return text_of(flatten_lines(snapshot, Money())).plain


def resume_text(snapshot: Snapshot) -> str:
    return text_of(resume_lines(snapshot, Money())).plain


def holding(*values: float | None) -> Snapshot:
    """The sample with one position of $100 for each bid value."""
    held = tuple(
        replace(asset, position=PositionView("UP", 200.0, 0.5, 100.0, value, None), awaiting=())
        for asset, value in zip(sample_snapshot().assets, values, strict=False)
    )
    return sample_snapshot(assets=held)


async def test_the_word_flattens() -> None:
    async with open_dialog(Flatten(sample_snapshot())) as (host, pilot):
        await pilot.press(*"FLATTEN", "enter")
        assert host.answer is True


async def test_the_word_resumes() -> None:
    async with open_dialog(Resume(halted_snapshot())) as (host, pilot):
        await pilot.press(*"RESUME", "enter")
        assert host.answer == "RESUME"


@pytest.mark.parametrize("typed", ["", "y", "flatten", "FLATTE", "FLATTENN", "RESUME"])
async def test_a_wrong_word_does_nothing_and_says_so(typed: str) -> None:
    async with open_dialog(Flatten(sample_snapshot())) as (host, pilot):
        await pilot.press(*typed, "enter")
        assert host.answer == UNANSWERED
        assert "nothing was done" in str(host.screen.query_one("#ask", Static).content)


async def test_a_slip_can_be_mended() -> None:
    async with open_dialog(Flatten(sample_snapshot())) as (host, pilot):
        await pilot.press(*"FLATTEM", "enter", "backspace", "N", "enter")
        assert host.answer is True


async def test_resume_does_nothing_where_nothing_is_halted() -> None:
    dialog = Resume(halted_snapshot())
    async with open_dialog(dialog) as (host, pilot):
        dialog.show(sample_snapshot(state="ACTIVE"))
        await pilot.press(*"RESUME", "enter")
        assert host.answer == UNANSWERED
        assert "ACTIVE" in str(host.screen.query_one("#ask", Static).content)


def test_flatten_shows_what_is_held_with_value_and_worst_case() -> None:
    text = flatten_text(sample_snapshot())
    row = next(line for line in text.splitlines() if line.startswith("BTC"))
    assert row.split() == ["BTC", "UP", "506.45", ".612", "$318.36", "$330.76", "-$318.36"]
    assert "-$437.81" in text


def test_an_unknown_bid_value_is_unknown_in_the_total_too() -> None:
    snapshot = holding(90.0, None)
    assert bids_pay(snapshot) is None
    assert bids_pay(holding(90.0, 0.0)) == 90.0
    total = next(line for line in flatten_text(snapshot).splitlines() if line.startswith("all"))
    assert total.split() == ["all", "$200.00", "?", "-$200.00"]
    assert "what the bids pay is unknown" in flatten_text(snapshot)


def test_flatten_of_nothing_says_that_it_sells_nothing() -> None:
    assets = tuple(flat(asset) for asset in sample_snapshot().assets)
    assert "Nothing is held" in flatten_text(sample_snapshot(assets=assets))


def test_flatten_names_what_it_cannot_sell() -> None:
    assert "xrp-updown-15m-1767224700" in flatten_text(sample_snapshot())


def test_resume_says_what_halted_it_and_when() -> None:
    text = resume_text(halted_snapshot())
    assert "daily loss $2,003.11" in text
    assert "00:05:47 UTC, 3m ago" in text


def test_resume_admits_that_the_log_no_longer_tells_when() -> None:
    assert "before the log shown here begins" in resume_text(halted_snapshot(log=()))


def test_resume_never_calls_a_dead_engine_ready() -> None:
    text = resume_text(halted_snapshot(failure="the engine ran out of disk"))
    assert "the engine ran out of disk" in text
    assert "start again" in text


def test_resume_marks_a_stale_stream_and_an_ended_feed() -> None:
    assert "binance stale 14s" in resume_text(halted_snapshot())
    assert "the feed has ended" in resume_text(halted_snapshot(finished=True))
    assert "no stream has reported" in resume_text(halted_snapshot(streams=()))


async def test_the_clock_of_a_dialog_is_injected() -> None:
    clock = Clock()
    dialog = FlattenModal(sample_snapshot(), clock)
    async with open_dialog(dialog):
        assert dialog.too_early()
        clock.now += 0.5
        assert not dialog.too_early()


def test_resume_finds_the_limit_of_the_day_under_the_name_that_the_engine_gives_it() -> None:
    with standing_engine(seed=1, market_ms=2_000) as engine:
        assert "worst case uses" in resume_text(engine.latest())


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_resume_refuses_where_the_engine_would_and_says_why(size: tuple[int, int]) -> None:
    dialog = Resume(halted_snapshot(safety=ambiguous()))
    async with open_dialog(dialog, size) as (host, pilot):
        await pilot.press(*"RESUME", "enter")
        assert host.answer == UNANSWERED
        asked = str(host.screen.query_one("#ask", Static).content)
        assert "1 order without an answer until 00:08:59" in asked
        dialog.show(halted_snapshot(safety=halted()))
        await pilot.press("enter")
        assert host.answer == "RESUME"


def test_resume_lists_what_must_be_true_with_a_mark_and_a_word() -> None:
    unmet = resume_text(halted_snapshot(safety=ambiguous()))
    assert "These must be true:" in unmet
    assert "✗ not met  obstacle" in unmet
    assert "no obstacle" not in unmet
    met = resume_text(halted_snapshot(safety=halted()))
    assert "✓ ok       halt done" in met
    assert "✓ ok       no obstacle" in met


def test_resume_names_breakers_and_stale_tasks() -> None:
    assert "REDUCING follows: rejects in a row" in resume_text(
        halted_snapshot(safety=three_breakers())
    )
    assert "exit rules, watchdog" in resume_text(halted_snapshot(safety=stale_duty()))
    assert "none has reported" in resume_text(halted_snapshot())
