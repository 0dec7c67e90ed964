from __future__ import annotations

import pytest

from engine.safety.duties import Duties, Duty

LIMITS = {Duty.EXITS: 5.0, Duty.DISK: 10.0}


def test_a_task_that_never_ran_is_stale_and_says_so() -> None:
    stale = Duties(LIMITS).stale(0.0)
    assert [str(s) for s in stale] == ["exit rules has not run yet", "disk has not run yet"]


@pytest.mark.parametrize("at", [0.0, 1_767_600_000.0])
def test_a_task_is_fresh_up_to_its_own_limit(at: float) -> None:
    duties = Duties(LIMITS)
    for duty in LIMITS:
        duties.stamp(duty, at)
    assert duties.stale(at + 5.0) == ()
    (stale,) = duties.stale(at + 5.5)
    assert str(stale) == "exit rules ran 5.5 s ago, limit 5 s"
    assert len(duties.stale(at + 10.5)) == 2


def test_a_stamp_of_a_task_that_is_not_required_is_kept_and_asks_nothing() -> None:
    duties = Duties(LIMITS)
    duties.stamp(Duty.FEEDS, 3.0, "4 of 4 streams")
    assert len(duties.stale(100.0)) == 2
    assert duties.last(Duty.FEEDS) is not None
