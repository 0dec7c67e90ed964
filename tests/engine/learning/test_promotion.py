"""A promotion happens whole or not at all, and what was champion is never lost."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from engine.learning.promotion import criteria, promote, roll_back
from engine.learning_view import VerdictView
from engine.settings import Learning
from models.architecture import PHASE5
from models.catalog import slot_file
from models.errors import WeightsError
from models.ladder import Ladder, default_rungs
from models.policy import Policy, load_policy
from models.shipped import shipped
from tests.engine.learning.builders import Dice, learning
from tests.models.deaths import killed_after, torn_after

NOT_SHOWN = VerdictView(verdict="not shown", slots=12)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here turns the power off."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def champion() -> Policy:
    return load_policy(shipped(PHASE5))


def decides(models: Path) -> str:
    """The policy that the next start would stand on."""
    ladder = Ladder(default_rungs(models))
    assert ladder.start() == ()
    return ladder.policy.policy_id


@pytest.mark.parametrize("kill", [killed_after, torn_after])
def test_a_promotion_killed_anywhere_leaves_the_old_champion_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: Callable[..., bool]
) -> None:
    former = champion()
    with learning(weights=2) as learner:
        either = {former.policy_id, learner.policy_id}
        steps, died, found = 0, True, []
        while died:
            models = tmp_path / str(steps)
            died = kill(steps, partial(promote, models, learner, former, "script"), monkeypatch)
            found.append(decides(models))
            steps += 1
        assert set(found) == either
        assert found[-1] == learner.policy_id
        assert steps > 4


def test_a_roll_back_killed_anywhere_leaves_the_old_champion_or_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    former = champion()
    with learning(weights=2) as learner:
        steps, died, found = 0, True, []
        while died:
            models = tmp_path / str(steps)
            promote(models, learner, former, "script")
            died = killed_after(steps, partial(roll_back, models), monkeypatch)
            found.append(decides(models))
            steps += 1
        assert set(found) == {former.policy_id, learner.policy_id}
        assert found[-1] == former.policy_id


def test_the_way_back_keeps_what_was_demoted(tmp_path: Path) -> None:
    former = champion()
    with learning(weights=2) as learner:
        promote(tmp_path, learner, former, "script")
        assert roll_back(tmp_path) == former.policy_id
        kept = load_policy(tmp_path / "champion.previous")
        assert kept.policy_id == learner.policy_id


def test_promoted_weights_say_where_they_come_from(tmp_path: Path) -> None:
    former = champion()
    with learning(weights=2) as learner:
        promote(tmp_path, learner, former, "sim, seed 7")
        found = load_policy(slot_file(tmp_path, "champion"))
        assert found.manifest is not None
        origin = found.manifest.origin
        assert (origin.trained, origin.profile, origin.parent) == (True, "phase5", former.sha256)
        assert origin.learned_from[-1] == "sim, seed 7"
        assert found.stats == learner.stats()


def test_without_a_former_champion_there_is_no_way_back(tmp_path: Path) -> None:
    with pytest.raises(WeightsError):
        roll_back(tmp_path)


@pytest.mark.parametrize(
    ("verdict", "updates", "obstacle", "failing"),
    [
        (VerdictView("better", 30), 4, "", []),
        (VerdictView("better", 29), 4, "", ["slots compared"]),
        (VerdictView("not shown", 30), 4, "", ["against champion"]),
        (VerdictView("worse", 30), 4, "", ["against champion"]),
        (VerdictView("better", 30), 3, "", ["accepted updates"]),
        (VerdictView("better", 30), 4, "a recording", ["promotion allowed"]),
    ],
)
def test_each_criterion_alone_can_refuse_a_promotion(
    verdict: VerdictView, updates: int, obstacle: str, failing: list[str]
) -> None:
    settings = Learning(promote_updates=4, promote_slots=30)
    with learning() as learner:
        judged = Dice().learn(learner, updates)
        assert {update.verdict for update in judged} == {"accepted"}
        found = criteria(learner, verdict, settings, obstacle)
        assert [c.name for c in found if not c.met] == failing


def test_a_refused_update_stands_in_the_way_until_the_next_accepted_one() -> None:
    with learning() as learner:
        assert "last update" in [
            c.name for c in criteria(learner, NOT_SHOWN, Learning(), "") if not c.met
        ]
