"""The status row: every vital sign at every width, told in words before colours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from console.text import Money
from console.widgets.display import Display
from console.widgets.status import status_rows
from engine.learning_view import LearningView
from engine.snapshot import MemoryView, ModelView, Snapshot
from tests.console.fakes import BEAT_MONO, sample_snapshot
from tests.console.learners import collecting, off, paused, updating, verdict

HALTED = sample_snapshot(state="HALTED", state_reason="daily loss $2,010 beyond $2,000")


def rows(snapshot: Snapshot, width: int, display: Display | None = None) -> list[str]:
    display = display or Display(now_mono=BEAT_MONO + 0.4)
    return ["".join(text for text, _ in row) for row in status_rows(snapshot, display, width)]


def said(snapshot: Snapshot, width: int = 120, display: Display | None = None) -> str:
    return "\n".join(rows(snapshot, width, display))


def after(seconds: float, **rest: Any) -> Display:
    return Display(now_mono=BEAT_MONO + seconds, **rest)


@pytest.mark.parametrize("width", [80, 90, 100, 120, 160, 179, 180, 200, 240])
def test_rows_are_exactly_as_wide_as_the_terminal(width: int) -> None:
    for snapshot in (sample_snapshot(), HALTED, Snapshot()):
        assert {len(row) for row in rows(snapshot, width)} == {width}


@pytest.mark.parametrize("width", [120, 160, 200])
def test_every_item_of_the_issue_is_visible(width: int) -> None:
    words = said(sample_snapshot(), width)
    for item in (
        "PAPER", "ACTIVE", "beat 0.4s", "book 0.3s", "binance STALE 14s", "sim 1x", "champion",
        "phase5", "depth 0", "untrained", "eager", "exposure $467.16", "exec +$41.80",
        "mid +$67.65", "rss 212M", "mlx 1.2M", "peak 4.0M", "cache 2.0M", "hist 1.4K",
        "gap 6.3ms", "00:08:47 UTC",
    ):  # fmt: skip
        assert item in words, item


def test_at_80_columns_the_vital_signs_fit_into_two_rows() -> None:
    shown = rows(sample_snapshot(), 80)
    assert len(shown) == 2
    for item in (
        "PAPER", "ACTIVE", "beat 0.4s", "STALE 14s", "phase5 d0", "untrained",
        "exp $467.16", "exec +$41.80", "mid +$67.65", "rss 212M", "mlx 1.2M", "hist",
    ):  # fmt: skip
        assert item in "\n".join(shown), item


@pytest.mark.parametrize(
    ("seconds", "word"),
    [(0.4, "beat 0.4s"), (0.99, "beat 1.0s"), (1.2, "beat late 1.2s"), (6.0, "BEAT 6.0s!")],
)
def test_the_beat_changes_its_word_as_it_ages(seconds: float, word: str) -> None:
    assert word in said(sample_snapshot(), display=after(seconds))


def test_a_dead_engine_is_called_dead_whatever_its_last_beat() -> None:
    assert "ENGINE DEAD" in said(sample_snapshot(), display=after(0.1, alive=False))
    failed = sample_snapshot(failure="engine: disk full")
    words = said(failed, display=after(0.1))
    assert "ENGINE DEAD" in words
    assert "disk full" in words


def test_a_replay_that_reached_its_end_is_not_called_dead() -> None:
    words = said(sample_snapshot(finished=True), display=after(9, alive=False))
    assert "DEAD" not in words
    assert "ENDED" in words


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_halt_says_its_reason_in_a_row_of_its_own(width: int) -> None:
    shown = rows(HALTED, width)
    assert " HALTED " in shown[0]
    assert "HALTED: daily loss $2,010 beyond $2,000" in shown[-1]


@pytest.mark.parametrize("width", [80, 120, 200])
def test_the_badge_says_what_the_gate_does(width: int) -> None:
    assert " LIVE " in said(sample_snapshot(mode="LIVE"), width)
    assert " PAPER " in said(sample_snapshot(), width)


def test_a_fallen_model_says_how_far_and_why() -> None:
    fallen = ModelView("pre-phase-5", "81be", "pre_phase5", 2, True, last_fall="NaN in softmax")
    words = said(sample_snapshot(model=fallen))
    assert "FALLEN 2" in words
    assert "model fell: NaN in softmax" in words
    assert "untrained" not in words


def test_a_frozen_display_says_so_and_for_how_long() -> None:
    assert "FROZEN 00:12" in said(sample_snapshot(), 80, after(0.4, frozen_s=12.4))


def test_memory_that_could_not_be_measured_is_unknown() -> None:
    unknown = sample_snapshot(memory=MemoryView(None, None, None, None, 0))
    assert "rss ?  mlx ? peak ? cache ?" in said(unknown)


def test_unknown_open_result_makes_the_total_unknown_and_keeps_what_is_known() -> None:
    words = said(replace(sample_snapshot(), unrealised=None))
    assert "exec ? (+$29.40 realised)" in words


@pytest.mark.parametrize("width", [80, 120, 200])
def test_privacy_leaves_no_amount(width: int) -> None:
    words = said(HALTED, width, after(0.4, money=Money(hidden=True)))
    assert "$" not in words.replace("$•••", "")


def judged(word: str, slots: int = 40) -> Snapshot:
    model = sample_snapshot().model
    return sample_snapshot(model=replace(model, verdict=verdict(word, slots)))


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
@pytest.mark.parametrize("word", ["better", "worse", "not shown"])
def test_the_verdict_stands_in_the_row_of_the_pnl_at_every_width(width: int, word: str) -> None:
    [row] = [row for row in rows(judged(word), width) if "exec +$41.80" in row]
    assert word in row


@pytest.mark.parametrize("word", ["better", "worse"])
def test_a_verdict_weighs_as_much_as_the_pnl(word: str) -> None:
    line = status_rows(judged(word), Display(now_mono=BEAT_MONO), 160)[2]
    styles = dict(line)
    pnl = styles["+$41.80"]
    [edge] = [style for text, style in line if text.startswith(word)]
    assert edge.bold == pnl.bold
    assert edge.dim == pnl.dim


def test_a_verdict_says_what_it_rests_on_where_there_is_room() -> None:
    assert "worse: -$24.86 a slot [-$37.04, -$11.47], 40 slots" in said(judged("worse"), 160)
    assert "not shown (10 of the 30 slots needed)" in said(judged("not shown", 12), 200)


@pytest.mark.parametrize(
    ("learner", "words"),
    [(collecting(), "learn 142/256"), (updating(), "learn upd 12/40"), (off(), "learn off"),
     (paused(), "learn paused")],
)  # fmt: skip
@pytest.mark.parametrize("width", [120, 160, 200])
def test_what_the_learner_does_is_hinted_at(learner: LearningView, words: str, width: int) -> None:
    assert words in said(sample_snapshot(learning=learner), width)


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_a_feed_that_is_over_is_said_to_be_over(width: int) -> None:
    recording = sample_snapshot(finished=True, feed="replay btc-5m", streams=())
    assert "the recording is over" in said(recording, width)
    assert "q leaves" in said(recording, width)
    assert "over" not in said(sample_snapshot(), width)


@pytest.mark.parametrize("width", [80, 100, 120, 160, 200])
def test_the_time_says_whose_it_is(width: int) -> None:
    fresh = sample_snapshot(streams=(), speed=20.0)
    assert "00:08:47 UTC" in said(fresh, width)
    assert "20x" in said(fresh, width), "market time does not run at the speed of the wall"
    assert width < 100 or "market 00:08:47 UTC" in said(fresh, width)
