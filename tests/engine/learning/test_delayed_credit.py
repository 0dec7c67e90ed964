"""The learner finds what pays although it pays late (worlds.py says how); chance is one third."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from engine.learning.trajectories import Trajectories
from tests.engine.learning import defects
from tests.engine.learning.worlds import Pupil, scores

TICKS_AN_UPDATE = 64
CHANCE = 1 / 3
SEED = 1


Enrol = Callable[..., Pupil]


@pytest.fixture
def enrol() -> Iterator[Enrol]:
    """Makes pupils that are closed behind the test."""
    made: list[Pupil] = []

    def one(follow: Callable[..., Trajectories] = Trajectories) -> Pupil:
        made.append(Pupil(SEED, follow))
        return made[-1]

    yield one
    for pupil in made:
        pupil.close()


@pytest.mark.parametrize(("delay", "updates", "least"), [(8, 70, 0.90), (20, 110, 0.75)])
def test_what_pays_late_is_learnt(enrol: Enrol, delay: int, updates: int, least: float) -> None:
    pupil = enrol()
    first, *_, last = scores(pupil, delay, updates * TICKS_AN_UPDATE)
    assert last >= least
    assert last > first
    assert pupil.learner.refused == 0


def test_assets_taken_for_one_series_learn_nothing(
    enrol: Enrol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.learning.learner.Rollout", defects.OneSeries)
    pupil = enrol()
    assert max(scores(pupil, 8, 16 * TICKS_AN_UPDATE)) < 0.5
    assert pupil.learner.accepted > 12


@pytest.mark.parametrize("defect", [defects.r01_shifted_rows, defects.r03_history_stored_twice])
def test_rows_that_no_decision_made_are_never_learnt_from(
    enrol: Enrol, defect: defects.Defect
) -> None:
    pupil = enrol(lambda take: Trajectories(defect(take)))
    last = scores(pupil, 8, 6 * TICKS_AN_UPDATE)[-1]
    assert pupil.learner.accepted == 0
    assert {update.verdict for update in pupil.learner.updates} == {"quarantined"}
    assert abs(last - CHANCE) < 0.2
