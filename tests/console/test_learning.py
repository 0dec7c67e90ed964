"""The Learning view: everything of the learner at every size, and unknown where nobody knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.text import Money, measure
from console.views.learning import arrange, board_lines
from console.widgets.display import Display
from console.widgets.learning import criteria_lines, hint, state_line, unmet_line
from console.widgets.lines import width_of
from console.widgets.series import SERIES
from console.widgets.verdict import verdict_words
from engine.learning_view import CriterionView, LearningView, RivalView, VerdictView
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.learners import (
    CRITERIA,
    collecting,
    history,
    off,
    on_probation,
    paused,
    promotable,
    quarantined,
    updating,
    verdict,
)
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of, words

PHASES = [collecting(), updating(), paused(), off(), promotable(), on_probation(), LearningView()]
SIZES = [(80, 20), SMALL, (100, 30), MEDIUM, LARGE]
every_size = pytest.mark.parametrize("size", SIZES)


async def seen(learner: LearningView, size: tuple[int, int]) -> str:
    async with running(FakeEngine(sample_snapshot(learning=learner)), size) as (app, pilot):
        await pilot.press("n")
        await pilot.pause()
        return text_of(app)


def board(learner: LearningView, width: int = 120, height: int = 32) -> str:
    return words(board_lines(learner, Display(), width, arrange(width, height)))


@every_size
async def test_all_of_it_is_in_sight_at_every_size(size: tuple[int, int]) -> None:
    shown = await seen(collecting(), size)
    for fact in (
        "learning on  collecting ", "profile phase5  gamma 0.95",
        "142 of 256 rows, 3 rewarded (needs 1)", "none runs",
        "champion   decides   3f9a1c0b7de2", "+$12.40",
        "challenger learns    91ab04c2ee17", "-$3.05",
        "not shown", "+$1.20 a slot [-$8.05, +$10.41], 12 slots", "2 of 5 met", "✗",
        "probation  none", "reward of 1 is $12.40", "slice p99 6.1ms", "trails 0.5s",
        "checkpoint update", "11 accepted", "1 refused", "reason",
    ):  # fmt: skip
        assert fact in shown, fact


@every_size
async def test_every_phase_is_drawn_in_words(size: tuple[int, int]) -> None:
    engine = FakeEngine()
    async with running(engine, size) as (app, pilot):
        await pilot.press("n")
        for learner in PHASES:
            engine.change(learning=learner)
            app.poll()
            await pilot.pause()
            shown = text_of(app)
            assert f"learning {'on' if learner.on else 'off'}" in shown
            assert learner.phase in shown


@pytest.mark.parametrize(("width", "height"), [(80, 21), (100, 26), (120, 32), (200, 57)])
def test_every_series_shows_its_newest_number_and_its_range(width: int, height: int) -> None:
    shown = board(collecting(), width, height)
    for series in SERIES:
        assert series.name in shown or series.short in shown
        assert measure(series.of(collecting().updates[-1]), series.places) in shown, series.name
    ends = ("1.6…2.2",) if width <= 100 else (" 2.200 │", " 1.603 │")
    for end in ends:
        assert end in shown


def test_unknown_is_unknown_and_never_zero() -> None:
    shown = board(LearningView(on=True, phase="collecting"))
    for fact in ("gamma ?", "champion   decides   ?", "challenger learns    ?",
                 "reward of 1 is ?", "slice p99 ?", "checkpoint none yet", "no update yet",
                 "what it takes is not known yet",
                 "not shown (no window slot is complete)"):  # fmt: skip
        assert fact in shown, fact
    assert "$0.00" not in shown


def test_a_result_over_no_slot_is_unknown() -> None:
    rival = RivalView("91ab04c2ee17", 0.0, 3)
    shown = board(collecting(challenger=rival, verdict=VerdictView()))
    assert "$0.00" not in shown
    assert "3 fills" in shown


def test_a_result_of_zero_over_real_slots_is_zero() -> None:
    shown = board(collecting(challenger=RivalView("91ab04c2ee17", 0.0, 3)))
    assert "$0.00" in shown


def test_a_measure_that_an_update_never_reached_is_a_question_mark() -> None:
    shown = board(collecting(updates=(*history(), quarantined(13))), 80, 21)
    assert shown.count("  ? ") == len(SERIES)


@pytest.mark.parametrize("word", ["better", "worse", "not shown"])
def test_the_verdict_is_set_as_large_as_the_results(word: str) -> None:
    learner = collecting(verdict=verdict(word))
    for width, height in ((80, 21), (120, 32), (200, 57)):
        lines = board_lines(learner, Display(), width, arrange(width, height))
        runs = [run for line in lines for run in line]
        [result] = [style for text, style in runs if text.strip() == "+$12.40"]
        for said in (word, "40 slots"):
            styles = [style for text, style in runs if said in text and "needs" not in text]
            assert any(style.bold == result.bold for style in styles), said
        assert result.bold


def test_criteria_say_met_or_not_what_was_measured_and_what_is_needed() -> None:
    shown = board(collecting(), 160, 44)
    assert "✓ met     accepted updates  11 (4)" in shown
    assert "✗ not met slots compared    12 (30)" in shown
    assert "✗ not met against champion  not shown (better)" in shown


def test_where_criteria_are_too_many_the_unmet_come_first_and_the_rest_is_told() -> None:
    many = tuple(CriterionView(f"rule {n}", "1", "2", met=n < 8) for n in range(10))
    shown = words(criteria_lines(collecting(criteria=many), Display(), 50, 4)).splitlines()
    assert "rule 8" in shown[0]
    assert "rule 9" in shown[1]
    assert shown[-1] == "… and 7 more; P lists them all"
    assert len(shown) == 4


def test_one_line_of_promotion_names_what_is_missing() -> None:
    shown = words([unmet_line(collecting(), Display(), 160)])
    assert "2 of 5 met" in shown
    assert "✗ slots compared 12 (30)" in shown
    assert "accepted updates" not in shown


@pytest.mark.parametrize("width", [80, 120, 200])
def test_privacy_hides_every_amount_of_the_learner(width: int) -> None:
    private = Display(money=Money(hidden=True))
    for learner in PHASES:
        shown = words(board_lines(learner, private, width, arrange(width, 40)))
        assert "$" not in shown.replace("$•••", "")


@given(
    width=st.integers(80, 240), height=st.integers(16, 80), learner=st.sampled_from(PHASES)
)  # fmt: skip
@settings(deadline=None, max_examples=50)
def test_the_board_is_as_high_as_planned_whatever_it_says(
    width: int, height: int, learner: LearningView
) -> None:
    plan = arrange(width, height)
    assert len(board_lines(learner, Display(), width, plan)) == plan.above


@given(height=st.integers(16, 80), width=st.integers(80, 240))
def test_the_table_keeps_rows_at_every_size(width: int, height: int) -> None:
    assert height - arrange(width, height).above >= 2


def test_a_long_reason_is_cut_in_sight_and_the_profile_stays() -> None:
    line = state_line(paused(updates=()), Display(), 60)
    assert width_of(line) == 60
    assert "…" in words([line])
    assert words([line]).endswith("profile phase5")


def test_the_hint_is_two_words() -> None:
    said = [hint(learner)[0] for learner in (collecting(), updating(), paused(), off())]
    assert said == ["learn 142/256", "learn upd 12/40", "learn paused", "learn off"]


def test_a_verdict_has_forms_from_all_its_grounds_to_one_word() -> None:
    forms = verdict_words(verdict("worse"), Money())
    assert forms[0] == "worse: -$24.86 a slot [-$37.04, -$11.47], 40 slots"
    assert forms[-1] == "worse"
    assert list(forms) == sorted(forms, key=len, reverse=True)


def test_an_interval_that_nobody_could_make_is_unknown() -> None:
    few = replace(verdict("not shown", 3), low=None, high=None)
    assert "[?, ?], 3 slots" in verdict_words(few, Money())[0]


def test_a_full_rollout_says_what_it_still_waits_for() -> None:
    waits = collecting(rows=476, rewarded=0, why="waits for 1 row with a reward")
    shown = board(waits, 80, 21)
    assert "learning on  collecting: waits for 1 row with a reward " in shown
    assert "476 rows (needs 256), 0 rewarded (needs 1)" in shown
    assert "476 of 256" not in shown
    assert hint(waits)[0] == "learn waits"


def test_how_much_a_gauge_lacks_can_be_seen() -> None:
    for rows, drawn in ((0, "░" * 8), (256, "█" * 8)):
        assert drawn in board(collecting(rows=rows), 120, 32), rows


def test_rows_of_a_running_update_are_all_there() -> None:
    assert " 476 rows, 3 rewarded  " in board(updating(rows=476), 80, 21)


@pytest.mark.parametrize(("width", "height"), [(80, 21), (100, 26), (120, 32), (160, 44)])
def test_nothing_that_decides_a_promotion_is_cut_at_any_size(width: int, height: int) -> None:
    allowed = replace(CRITERIA[0], measured="yes", met=True)
    view = off(probation=on_probation().probation, criteria=(allowed, *CRITERIA[1:]))
    shown = board(view, width, height)
    for fact in ("slots compared", "12 (30)", "against champion", "not shown",
                 "lost $31.20 of $150, slot 14 of 96", "switched off; the challenger stays as is",
                 "profile phase5"):  # fmt: skip
        assert fact in shown, fact


@pytest.mark.parametrize(("width", "height"), [(80, 21), (100, 26), (120, 32), (160, 44)])
def test_who_decides_and_who_learns_is_said_in_words(width: int, height: int) -> None:
    assert "champion   decides   3f9a1c0b7de2" in board(collecting(), width, height)
    assert "challenger learns    91ab04c2ee17" in board(collecting(), width, height)
    assert "challenger unchanged 91ab04c2ee17" in board(paused(), width, height)
    none = replace(LearningView(), champion=RivalView("3f9a1c0b7de2"), why="start it with --learn")
    shown = board(none, width, height)
    for fact in ("learning off: start it with --learn", "decides   3f9a1c0b7de2", "none here"):
        assert fact in shown, fact
    assert "rollout" not in shown, "what there is not is neither unknown nor 0"


def test_what_does_not_fit_into_one_line_of_promotion_is_counted() -> None:
    many = tuple(CriterionView(f"criterion {n}", "0", "1", met=False) for n in range(6))
    shown = words([unmet_line(collecting(criteria=many), Display(), 78)]).rstrip()
    assert shown.endswith("+5: P lists all")
    assert "…" not in shown


def test_what_was_measured_and_is_needed_is_said_once_where_it_is_the_same() -> None:
    met = CriterionView("last update", "accepted", "accepted", met=True)
    assert words(criteria_lines(collecting(criteria=(met,)), Display(), 60, 4)).endswith(
        "last update accepted"
    )
