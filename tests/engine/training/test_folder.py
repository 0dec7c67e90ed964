from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ConsoleError, HomeError, LearnerStateError, UsageError
from engine.learning.state_file import seal
from engine.training.folder import Entry, Folder, Kept, decoded
from tests.engine.training.small import plan

ENTRY = Entry(
    iteration=1,
    verdict="waiting",
    reason="0 of 1 rows with a reward, \"quoted\"\nand broken",
    rows=10,
    rewarded=0,
    steps=0,
    windows=4,
    slots=1,
    pnl=-0.1 - 0.2,
    fees=0.0,
    fills=3,
    policy_loss=None,
    value_loss=1e-300,
    entropy=0.0,
    kl=None,
    clip_fraction=None,
    explained_variance=-2.5,
    policy_id="0123",
    collect_s=1.5,
    update_s=0.25,
)  # fmt: skip


@given(
    st.builds(
        Kept,
        st.integers(0, 10**6),
        st.none() | st.integers(0, 2**53),
        st.lists(st.text()).map(tuple),
        st.binary(),
    )
)
def test_what_is_kept_is_found_again(kept: Kept) -> None:
    assert decoded(kept.encoded()) == kept


@pytest.mark.parametrize(
    "data", [b"", b"nonsense", seal({}, {}), seal({"iteration": 1, "learned_from": None}, {})]
)
def test_what_is_no_checkpoint_of_a_training_is_refused(data: bytes) -> None:
    with pytest.raises(LearnerStateError):
        decoded(data)


def test_the_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    with Folder(tmp_path / "run", plan().fixed()) as folder:
        assert folder.entries() == []
        folder.write_log([ENTRY, ENTRY])
        assert folder.entries() == [ENTRY, ENTRY]


def test_without_an_outcome_there_is_no_mean() -> None:
    assert replace(ENTRY, windows=0).pnl_per_window is None


def test_two_trainings_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Folder(tmp_path, plan().fixed()),
        pytest.raises(HomeError, match="another training"),
        Folder(tmp_path, plan().fixed()),
    ):
        pass


def test_another_plan_is_refused_and_the_folder_free_again(tmp_path: Path) -> None:
    with Folder(tmp_path, plan().fixed()):
        pass
    with (
        pytest.raises(UsageError, match="seed was 11 and is 12 now"),
        Folder(tmp_path, plan(seed=12).fixed()),
    ):
        pass
    with Folder(tmp_path, plan().fixed()):
        pass


def test_a_plan_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_bytes(b"\xff{")
    with pytest.raises(UsageError, match="cannot be read"), Folder(tmp_path, plan().fixed()):
        pass


def test_a_file_in_the_place_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConsoleError, match="cannot be made"), Folder(tmp_path / "file", {}):
        pass


def test_the_plan_is_for_people_to_read(tmp_path: Path) -> None:
    with Folder(tmp_path, plan().fixed()):
        assert json.loads((tmp_path / "plan.json").read_text())["architecture"] == "pre_phase5"
