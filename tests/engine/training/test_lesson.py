from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import pytest

from engine.learning.learner import Learner
from engine.learning.transition import Transition
from engine.learning_view import UpdateView
from engine.training.crew import Stopped
from engine.training.harvest import Harvest, Takings, packed
from engine.training.lesson import entry_of, learn

ROW = Transition(
    "BTC", "slug", np.zeros(18, np.float32), np.zeros(90, np.float32), (True, True, True),
    0, -1.0, 0.0, "abc", 0.0, False, False, 0.0,
)  # fmt: skip


class FakeLearner:
    """Learns in `slices` slices, after which it says `verdict`; has one number for a state."""

    policy_id = "abc"
    lacks = "0 of 1 rows"

    def __init__(self, verdict: str, slices: int = 3) -> None:
        self._verdict = verdict
        self._left = deque([None] * slices)
        self.state = 1
        self.rows: list[Transition] = []
        self.hours: set[int] = set()

    @property
    def updating(self) -> bool:
        return bool(self._left)

    def take(self, row: Transition) -> None:
        self.rows.append(row)

    def slice(self, t_ms: int) -> UpdateView | None:
        self.hours.add(t_ms // 3_600_000)
        if self._left:
            self._left.popleft()
        if self._left:
            return None
        self.state = 2
        return UpdateView(1, t_ms, self._verdict) if self._verdict else None

    def state_bytes(self) -> bytes:
        return b"%d" % self.state

    def resume(self, data: bytes) -> None:
        self.state = int(data)


def taught(learner: FakeLearner, went_on: Callable[[], None] = lambda: None) -> UpdateView | None:
    harvests = [packed([ROW, ROW], Takings(), 0), packed([ROW], Takings(), 0)]
    return learn(cast(Learner, learner), harvests, 7, went_on)


def test_every_row_of_every_segment_is_given_under_a_name_of_its_own() -> None:
    learner = FakeLearner("accepted")
    taught(learner)
    assert [row.episode for row in learner.rows] == ["slug/7.0", "slug/7.0", "slug/7.1"]


def test_what_was_accepted_stays() -> None:
    learner = FakeLearner("accepted")
    view = taught(learner)
    assert view is not None
    assert (view.verdict, learner.state) == ("accepted", 2)


def test_a_dropped_learner_is_as_before_the_iteration() -> None:
    learner = FakeLearner("dropped")
    view = taught(learner)
    assert view is not None
    assert (view.verdict, learner.state) == ("dropped", 1)


def test_each_iteration_has_an_hour_of_its_own_so_that_no_budget_ends_it() -> None:
    learner = FakeLearner("accepted")
    taught(learner)
    assert learner.hours == {7}


def test_an_update_can_be_given_up_between_two_slices() -> None:
    learner = FakeLearner("accepted", slices=9)

    def stop() -> None:
        raise Stopped

    with pytest.raises(Stopped):
        taught(learner, stop)
    assert learner.state == 1


def test_an_iteration_without_an_update_says_what_it_waits_for() -> None:
    harvests: list[Harvest] = [packed([ROW], Takings(2, 1, -3_000_000, 0, 4), 0)]
    entry = entry_of(7, harvests, None, cast(Any, FakeLearner("")), (1.0, 2.0))
    assert (entry.verdict, entry.reason, entry.rows) == ("waiting", "0 of 1 rows", 1)
    assert (entry.pnl, entry.pnl_per_window) == (-3.0, -1.5)
