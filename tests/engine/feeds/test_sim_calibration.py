"""The embedded market is like the recorded ones: spread, depth, rate, mid volatility.

Tolerances are what a few recorded hours can support: narrow where there are thousands of
observations, wide in the last 5 % of a window, where a handful of moves decide.
"""

from __future__ import annotations

import pytest

from tests.engine.feeds.comparison import BOOKS, MIDS, RECORDINGS, Line, comparison, markdown
from tests.shared import needs_shared

END = "under 5 %"

FEWEST_MOVES = 30
"""Recorded moves below which a volatility is shown in the table but not judged."""


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    paths = [RECORDINGS / BOOKS[0], RECORDINGS / BOOKS[-1]]
    return comparison(paths, RECORDINGS / MIDS, seed=7, windows=8)


def judged(lines: list[Line], word: str) -> list[Line]:
    chosen = [line for line in lines if word in line.what]
    assert chosen, f"nothing measured is called {word!r}"
    return chosen


def outside(lines: list[Line], low: float, high: float) -> list[Line]:
    return [line for line in lines if not low <= line.ratio <= high]


@needs_shared
def test_the_spread_is_that_of_recordings(lines: list[Line]) -> None:
    medians, means = judged(lines, "spread median"), judged(lines, "spread mean")
    assert all(abs(line.sim - line.recorded) < 1.5 for line in medians), markdown(medians)
    assert not outside([line for line in means if line.bucket != END], 0.75, 1.25), markdown(means)
    assert not outside(means, 0.5, 1.5), markdown(means)


@needs_shared
def test_depth_is_that_of_recordings(lines: list[Line]) -> None:
    depth = judged(lines, "shares")
    assert not outside([line for line in depth if line.bucket != END], 0.8, 1.25), markdown(depth)
    assert not outside(depth, 0.65, 1.5), markdown(depth)


@needs_shared
def test_messages_are_thinned_to_a_known_share_of_those_recorded(lines: list[Line]) -> None:
    rates = judged(lines, "messages")
    assert not outside(rates, 0.25, 0.75), markdown(rates)
    assert rates[-1].sim > 1.5 * rates[0].sim, "the rate climbs towards the end"


@needs_shared
def test_one_sided_books_are_as_rare_as_in_recordings(lines: list[Line]) -> None:
    shares = judged(lines, "one-sided")
    assert all(abs(line.sim - line.recorded) < 0.06 for line in shares), markdown(shares)


@needs_shared
def test_mids_move_as_much_as_in_recordings(lines: list[Line]) -> None:
    moves = [line for line in judged(lines, "volatility") if (line.count or 0) >= FEWEST_MOVES]
    early = [line for line in moves if line.bucket == "over 50 %"]
    late = [line for line in moves if line.bucket == END]
    between = [line for line in moves if line not in early + late]
    assert not outside(early, 0.8, 1.25), markdown(moves)
    assert not outside(between, 0.65, 1.5), markdown(moves)
    assert not outside(late, 0.5, 2.0), markdown(moves)


@needs_shared
def test_mids_are_late_by_the_same_measure(lines: list[Line]) -> None:
    """A belief that trails moves less per root second over 1 s than over 10 s."""
    books = [line for line in judged(lines, "(books)") if line.bucket == "over 50 %"]
    short, long = books
    assert short.recorded / long.recorded < 0.95
    assert short.sim / long.sim == pytest.approx(short.recorded / long.recorded, abs=0.12)
