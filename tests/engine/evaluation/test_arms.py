from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.errors import ConsoleError, UsageError
from engine.evaluation.arms import (
    MODEL_LENGTH,
    NAME_LENGTH,
    default_models,
    fixed_arms,
    frozen_arms,
    paced_by,
    random_arm,
)
from engine.evaluation.pace import Rates

PHASE5, PRE_PHASE5 = default_models()


def test_the_shipped_weights_are_the_default_arms() -> None:
    arms = frozen_arms(default_models())
    assert [arm.name for arm in arms] == ["phase5", "pre_phase5"]
    assert all(arm.policy_id in arm.about for arm in arms)
    for arm in arms:
        arm.ladder.close()


def test_weights_are_named_by_file_or_folder_and_never_twice_alike(tmp_path: Path) -> None:
    mine = tmp_path / "a-very-long-name-of-weights.safetensors"
    shutil.copy(PHASE5, mine)
    clash = tmp_path / "momentum.safetensors"
    shutil.copy(PRE_PHASE5, clash)
    arms = frozen_arms([mine, clash])
    assert arms[0].name == mine.stem[:MODEL_LENGTH]
    assert arms[1].name == f"momentu-{arms[1].policy_id[:4]}"
    assert [arm.model for arm in arms] == [arm.name for arm in arms]
    for arm in arms:
        arm.ladder.close()


def test_the_same_weights_twice_are_refused(tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    shutil.copy(PHASE5, copy)
    with pytest.raises(UsageError, match="same weights as phase5"):
        frozen_arms([PHASE5, copy])


def test_weights_that_cannot_be_loaded_are_refused_and_not_replaced(tmp_path: Path) -> None:
    with pytest.raises(ConsoleError, match=r"none\.safetensors"):
        frozen_arms([tmp_path / "none.safetensors"])


def test_every_fixed_arm_says_what_it_does() -> None:
    arms = fixed_arms()
    assert arms[0].name == "always-hold"
    assert all(arm.about and len(arm.name) <= NAME_LENGTH for arm in arms)


def test_chance_takes_the_pace_of_something_that_trades() -> None:
    models = [fixed_arms()[1]]
    assert paced_by("always-hold", models) == "momentum"
    assert paced_by("favourite", models) == "favourite"
    assert "momentum" in random_arm(Rates(0.01, 0.02), "momentum", 1).about
