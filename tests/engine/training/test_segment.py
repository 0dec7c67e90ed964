from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.evaluation.tape import Embedded, Recorded
from engine.training.harvest import Harvest
from engine.training.plan import training_settings
from engine.training.segment import Segment, run_segment
from engine.training.worker import acting
from tests.engine import recordings as rec
from tests.engine.training.small import COARSE, recording, weights


def experienced(path: Path, seed: int = 5, data: bytes | None = None) -> Harvest:
    ladder = acting(data or weights())
    try:
        return run_segment(Segment(Recorded(path), seed), ladder, training_settings(COARSE))
    finally:
        ladder.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return recording(tmp_path)


def test_a_segment_is_the_same_whenever_it_is_run(path: Path) -> None:
    one, again = experienced(path), experienced(path)
    assert one.observations.tobytes() == again.observations.tobytes()
    assert one.numbers.tobytes() == again.numbers.tobytes()
    assert (one.actions.tolist(), one.takings) == (again.actions.tolist(), again.takings)


def test_other_draws_are_another_experience(path: Path) -> None:
    assert experienced(path).actions.tolist() != experienced(path, seed=6).actions.tolist()


def test_a_policy_in_training_tries_everything(path: Path) -> None:
    assert set(experienced(path).actions.tolist()) == {0, 1, 2}


def test_all_the_money_of_a_segment_is_in_its_rewards(path: Path) -> None:
    harvest = experienced(path)
    assert harvest.takings.fills > 0
    assert harvest.numbers[:, 2].sum() * 1e6 == pytest.approx(harvest.takings.realised, abs=1)


def test_the_last_decision_of_a_resolved_window_is_its_end(path: Path) -> None:
    harvest = experienced(path)
    assert np.flatnonzero(harvest.ends[:, 0]).tolist() == [len(harvest) - 1]
    assert (harvest.takings.windows, harvest.takings.slots) == (1, 1)


def test_a_window_that_nobody_resolved_is_cut_off_and_not_counted(tmp_path: Path) -> None:
    harvest = experienced(recording(tmp_path, outcome=None))
    assert not harvest.ends[:, 0].any()
    assert harvest.ends[-1, 1]
    assert harvest.takings.windows == 0


def test_a_recording_that_ends_within_a_window_loses_no_decision(tmp_path: Path) -> None:
    books = [
        rec.book(rec.T0 + s * 1000, token=token)
        for s in range(1, 300, 4)
        for token in (rec.UP, rec.DOWN)
    ]
    harvest = experienced(rec.write(tmp_path, rec.market(), *books))
    assert harvest.ends[-1].tolist() == [False, True]


def test_a_daily_loss_ends_no_segment(path: Path) -> None:
    """With a limit of $0 nothing could ever be bought."""
    poor = COARSE.model_copy(update={"limits": COARSE.limits.model_copy(update={"daily_loss": 0})})
    ladder = acting(weights())
    harvest = run_segment(Segment(Recorded(path), 5), ladder, training_settings(poor))
    ladder.close()
    assert harvest.takings.fills > 0


def test_the_embedded_market_needs_no_recording() -> None:
    ladder = acting(weights())
    slow = COARSE.model_copy(update={"decision_ms": 60_000})
    harvest = run_segment(Segment(Embedded(9, 1), 5), ladder, training_settings(slow))
    ladder.close()
    assert (harvest.takings.windows, harvest.takings.slots) == (4, 1)
    assert set(harvest.environments) == {"BTC", "ETH", "SOL", "XRP"}
