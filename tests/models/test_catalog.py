"""What is said of weight files is what loading them finds, and an import keeps what it replaces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.architecture import PHASE5, PRE_PHASE5
from models.catalog import import_model, inspect, list_models, slot_file
from models.errors import WeightsError
from models.policy import load_policy
from models.shipped import shipped
from tests.models.files import ORIGIN, bare, saved, seeded, stats_of, untrained
from tests.shared import SHARED, needs_shared


def test_an_inspection_says_everything_of_a_file(tmp_path: Path) -> None:
    path = saved(tmp_path)
    found = inspect(tmp_path)
    policy = load_policy(path)
    assert (found.path, found.architecture, found.sha256) == (path, "phase5", policy.sha256)
    assert (found.size, found.params, found.trained) == (158_112, 38_756, True)
    assert (found.stats, found.manifest) == (stats_of(PHASE5), policy.manifest)
    assert [t.name for t in found.tensors] == sorted(PHASE5.shapes)
    norms = {t.name: t.norm for t in found.tensors}
    assert norms["actor.ln1.weight"] == pytest.approx(8.0)
    assert norms["actor.fc3.weight"] == pytest.approx(0.01 * np.sqrt(3))


@needs_shared
def test_the_original_files_are_inspected() -> None:
    found = inspect(SHARED / "weights" / "pre_phase5")
    assert (found.architecture, found.size, found.manifest) == ("pre_phase5", 154_576, None)


def test_a_file_that_would_not_load_is_not_described(tmp_path: Path) -> None:
    path = saved(tmp_path)
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(WeightsError, match="cut short"):
        inspect(path)


def test_the_list_names_every_slot_and_the_shipped_weights(tmp_path: Path) -> None:
    saved(slot_file(tmp_path, "champion").parent)
    slot_file(tmp_path, "checkpoint").parent.mkdir()
    slot_file(tmp_path, "checkpoint").write_bytes(b"")
    listed = list_models(tmp_path)
    assert [(one.name, one.architecture, one.ready) for one in listed] == [
        ("champion", "phase5", True),
        ("checkpoint", "none", False),
        ("pre_phase5", "none", False),
        ("shipped phase5", "phase5", True),
        ("shipped pre_phase5", "pre_phase5", True),
    ]
    assert [one.detail.split()[-1] for one in listed[-2:]] == ["trained", "trained"]
    assert "is empty; copy" in listed[1].detail
    assert listed[2].detail == "empty: shipped pre_phase5 stands in for it"


def test_the_list_of_no_folder_at_all_is_a_list(tmp_path: Path) -> None:
    assert [one.ready for one in list_models(tmp_path / "missing")] == [False] * 3 + [True] * 2


def test_an_import_is_what_the_slot_then_loads(tmp_path: Path) -> None:
    source = saved(tmp_path / "source")
    done = import_model(source, tmp_path / "models", "champion")
    assert done.path == slot_file(tmp_path / "models", "champion")
    assert load_policy(done.path).policy_id == load_policy(source).policy_id
    assert done.stats == stats_of(PHASE5)
    assert done.manifest is not None
    assert done.manifest.origin == ORIGIN


def test_weights_without_a_manifest_get_one_that_calls_them_trained(tmp_path: Path) -> None:
    done = import_model(bare(tmp_path / "s", seeded(PHASE5, 1)), tmp_path, "champion")
    assert done.manifest is not None
    assert (done.manifest.origin.created_by, done.trained, done.stats) == ("import", True, None)


def test_untrained_weights_stay_untrained_by_being_imported(tmp_path: Path) -> None:
    assert not import_model(untrained(tmp_path / "s"), tmp_path, "champion").trained


def test_what_an_import_replaces_is_kept(tmp_path: Path) -> None:
    first = import_model(saved(tmp_path / "1", seed=1), tmp_path, "champion")
    second = import_model(saved(tmp_path / "2", seed=2), tmp_path, "champion")
    third = import_model(bare(tmp_path / "3", seeded(PHASE5, 3)), tmp_path, "champion")
    assert inspect(tmp_path / "champion.previous").sha256 == second.sha256
    assert len({first.sha256, second.sha256, third.sha256}) == 3


def test_a_broken_slot_can_be_replaced_and_is_kept_as_it_was(tmp_path: Path) -> None:
    slot = slot_file(tmp_path, "champion")
    slot.parent.mkdir()
    slot.write_bytes(b"broken")
    assert import_model(saved(tmp_path / "s"), tmp_path, "champion").trained
    assert (tmp_path / "champion.previous" / slot.name).read_bytes() == b"broken"


def test_importing_a_slot_into_itself_changes_nothing(tmp_path: Path) -> None:
    first = import_model(saved(tmp_path / "s"), tmp_path, "champion")
    assert import_model(first.path, tmp_path, "champion") == first


def test_bad_weights_leave_the_slot_alone(tmp_path: Path) -> None:
    before = import_model(saved(tmp_path / "s"), tmp_path, "champion")
    (tmp_path / "bad.safetensors").write_bytes(b"bad")
    with pytest.raises(WeightsError, match="not a safetensors file"):
        import_model(tmp_path / "bad.safetensors", tmp_path, "champion")
    assert inspect(before.path) == before
    assert not (tmp_path / "champion.previous").exists()


def test_the_fallback_slot_takes_its_own_architecture_only(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="is phase5, but the slot pre_phase5"):
        import_model(shipped(PHASE5), tmp_path, "pre_phase5")
    assert import_model(shipped(PRE_PHASE5), tmp_path, "pre_phase5").architecture == "pre_phase5"
    assert import_model(shipped(PRE_PHASE5), tmp_path, "champion").architecture == "pre_phase5"


@pytest.mark.parametrize("slot", ["../champion", "", "best"])
def test_an_unknown_slot_is_refused_with_the_known_ones(tmp_path: Path, slot: str) -> None:
    with pytest.raises(WeightsError, match="choose one of champion, checkpoint, pre_phase5"):
        import_model(shipped(PHASE5), tmp_path, slot)


def test_a_folder_of_models_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WeightsError, match="cannot be saved"):
        import_model(shipped(PHASE5), tmp_path / "file", "champion")
