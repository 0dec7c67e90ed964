from __future__ import annotations

import io
from dataclasses import replace

import pytest

from console.train_progress import Goal, Progress, told
from engine.training.course import Moment
from tests.console.terminals import Terminal
from tests.engine.training.test_folder import ENTRY


def progress(stream: io.StringIO, goal: Goal, times: list[float]) -> Progress:
    """One whose looks at the clock are answered with `times`."""
    return Progress(stream, iter(times).__next__, goal, first=0, segments=4)


def test_a_line_rewrites_itself_on_a_terminal_only() -> None:
    terminal, file = Terminal(), io.StringIO()
    for stream in (terminal, file):
        progress(stream, Goal(10, None), [0.0]).moment(Moment(3, segments=2, rows=1234))
    assert terminal.getvalue().startswith("\r")
    assert "iteration 3/10 [##########..........] 1,234 rows, ETA ?" in terminal.getvalue()
    assert file.getvalue() == ""


def test_an_iteration_is_a_line_where_nobody_looks() -> None:
    file = io.StringIO()
    progress(file, Goal(None, 60.0), [0.0]).entry(replace(ENTRY, reason="too far"))
    assert file.getvalue().startswith("iteration 1: 10 rows at 7/s, ")
    assert file.getvalue().count("\n") == 1


def test_the_time_left_is_guessed_by_the_pace_of_this_run() -> None:
    terminal = Terminal()
    shown = progress(terminal, Goal(10, None), [0.0, 20.0])
    shown.entry(replace(ENTRY, iteration=2, reason=""))
    shown.moment(Moment(3))
    assert "ETA 0:01:20" in terminal.getvalue()


def test_the_nearer_end_counts() -> None:
    terminal = Terminal()
    shown = progress(terminal, Goal(10, 50.0), [0.0, 20.0, 20.0])
    shown.entry(replace(ENTRY, iteration=2, reason=""))
    shown.moment(Moment(3))
    assert "ETA 0:00:30" in terminal.getvalue()


def test_what_is_unknown_is_shown_as_unknown() -> None:
    line = told(replace(ENTRY, windows=0, kl=None, entropy=0.0))
    assert "$? a window" in line
    assert "KL ?" in line
    assert "entropy 0.000" in line


@pytest.mark.parametrize(
    ("goal", "reached"),
    [
        (Goal(3, None), True),
        (Goal(4, None), False),
        (Goal(None, 10.0), True),
        (Goal(None, 11.0), False),
        (Goal(4, 10.0), True),
        (Goal(None, None), False),
    ],
)
def test_the_first_end_that_is_met_ends_a_run(goal: Goal, reached: bool) -> None:
    assert goal.reached(3, 10.0) == reached
