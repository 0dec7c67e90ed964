"""The ladder's rules, as tables of situations: what stands how, and what is then measured on."""

from __future__ import annotations

import pytest

from engine.feeds.live.ladder import BACK_S, DOWN_S, Ladder, Standing

UP = Standing(usable=True)
DOWN = Standing(usable=False, why="silent")
BLOCKED = Standing(usable=False, blocked="fapi refuses this place (451)", why="answered 451")
FAILING_S = 20.0


def ladder(*answered: Standing) -> Ladder:
    """A ladder that began at 0 s with these answers to the probes."""
    made = Ladder(len(answered), FAILING_S)
    made.begin(0.0, answered)
    return made


def after(rungs: Ladder, steps: list[tuple[float, tuple[Standing, ...]]]) -> int | None:
    """The choice after looks twice a second, each situation standing until the given time."""
    now = 0.0
    for until_s, standings in steps:
        while now < until_s:
            rungs.look(now, standings)
            now += 0.5
    return rungs.chosen


@pytest.mark.parametrize(
    ("answered", "chosen", "reason"),
    [
        ((UP, UP, UP), 0, ""),
        ((BLOCKED, UP, UP), 1, "fapi refuses this place (451)"),
        ((DOWN, UP, UP), 1, "silent"),
        ((BLOCKED, DOWN, UP), 2, "fapi refuses this place (451); silent"),
        ((BLOCKED, DOWN, DOWN), None, ""),
    ],
)
def test_the_first_rung_that_answers_is_chosen(
    answered: tuple[Standing, ...], chosen: int | None, reason: str
) -> None:
    rungs = ladder(*answered)
    assert (rungs.chosen, rungs.reason) == (chosen, reason)


@pytest.mark.parametrize(
    ("what", "steps", "chosen"),
    [
        ("all is well", [(60, (UP, UP, UP))], 0),
        ("a short fault", [(5, (UP, UP, UP)), (20, (DOWN, UP, UP))], 0),
        ("a long fault", [(5, (UP, UP, UP)), (30, (DOWN, UP, UP))], 1),
        ("a block counts at once", [(5, (UP, UP, UP)), (9, (BLOCKED, UP, UP))], 1),
        ("two fall", [(5, (UP, UP, UP)), (40, (BLOCKED, DOWN, UP))], 2),
        ("never delivered", [(25, (DOWN, UP, UP))], 1),
        ("everything is down", [(5, (UP, UP, UP)), (90, (DOWN, DOWN, DOWN))], 0),
        ("back too briefly", [(9, (BLOCKED, UP, UP)), (18, (UP, UP, UP))], 1),
        ("back for good", [(9, (BLOCKED, UP, UP)), (22, (UP, UP, UP))], 0),
        (
            "back by fits and starts",
            [(9, (BLOCKED, UP, UP)), (17, (UP, UP, UP)), (18, (DOWN, UP, UP)), (26, (UP, UP, UP))],
            1,
        ),
        (
            "all come back at once: the best is kept",
            [(5, (UP, UP, UP)), (90, (DOWN, DOWN, DOWN)), (95, (UP, UP, UP))],
            0,
        ),
        (
            "the worse one comes back a moment earlier",
            [
                (5, (UP, UP, UP)),
                (90, (DOWN, DOWN, DOWN)),
                (90 + DOWN_S - 0.5, (DOWN, UP, UP)),
                (99, (UP, UP, UP)),
            ],
            0,
        ),
        (
            "the chosen one fails: a better one need not prove itself",
            [(9, (BLOCKED, UP, UP)), (10, (UP, UP, UP)), (30, (UP, DOWN, DOWN))],
            0,
        ),
    ],
)
def test_a_situation_leads_to_a_rung(
    what: str, steps: list[tuple[float, tuple[Standing, ...]]], chosen: int
) -> None:
    assert after(ladder(UP, UP, UP), steps) == chosen, what


def test_nothing_answered_at_first_and_whatever_delivers_first_is_taken() -> None:
    rungs = ladder(BLOCKED, DOWN, DOWN)
    assert rungs.running == {0, 1, 2}
    assert after(rungs, [(5, (BLOCKED, DOWN, DOWN)), (6, (BLOCKED, DOWN, UP))]) == 2


def test_only_the_chosen_rung_and_better_ones_run_while_it_delivers() -> None:
    rungs = ladder(BLOCKED, UP, UP)
    after(rungs, [(5, (BLOCKED, UP, UP))])
    assert rungs.running == {0, 1}


def test_all_rungs_run_while_the_chosen_one_fails() -> None:
    rungs = ladder(UP, UP, UP)
    after(rungs, [(5, (UP, UP, UP)), (6, (BLOCKED, DOWN, DOWN))])
    assert rungs.running == {0, 1, 2}


def test_a_look_tells_a_change_once() -> None:
    rungs = ladder(BLOCKED, UP, UP)
    changes = [rungs.look(second, (UP, UP, UP)) for second in range(int(BACK_S) + 5)]
    assert changes.count(True) == 1
    assert rungs.reason == ""
