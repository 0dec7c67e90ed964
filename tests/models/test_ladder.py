"""Something always decides, the best that can, and every fall says why."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.architecture import PHASE5, PRE_PHASE5, Architecture
from models.catalog import slot_file
from models.ladder import Fall, Ladder, Rung, default_rungs, rungs_for
from models.shipped import shipped
from models.tensor_file import Array
from tests.models.files import bare, explosive, rows, saved, seeded

ONES = (np.ones((2, 18), np.float32), np.ones((2, 90), np.float32))


def ladder(home: Path) -> Ladder:
    """The default ladder over `home`, started without a fall."""
    made = Ladder(default_rungs(home))
    assert made.start() == ()
    return made


def with_explosive_champion(home: Path) -> Ladder:
    """A champion that gives NaN for `ONES`, then a checkpoint, shipped fallback, hold."""
    bare(slot_file(home, "champion").parent, explosive())
    saved(slot_file(home, "checkpoint").parent, PRE_PHASE5)
    return ladder(home)


def readiness(of: Ladder) -> list[tuple[str, bool]]:
    return [(view.name, view.ready) for view in of.views()]


def holds(probs: Array, values: Array) -> bool:
    return probs.tolist() == [[1, 0, 0]] * len(probs) and not values.any()


def test_the_shipped_weights_decide_where_nothing_is_installed(tmp_path: Path) -> None:
    made = ladder(tmp_path / "missing")
    assert (made.name, made.depth, made.policy.architecture) == ("champion", 0, "phase5")
    assert [(v.name, v.architecture, v.ready) for v in made.views()] == [
        ("champion", "phase5", True),
        ("checkpoint", "none", False),
        ("pre-phase-5", "pre_phase5", True),
        ("hold", "none", True),
    ]
    assert made.views()[1].detail == "no checkpoint yet"
    assert made.views()[0].detail == f"{made.policy.policy_id} trained"


def test_installed_weights_come_before_the_shipped_ones(tmp_path: Path) -> None:
    for slot in ("champion", "checkpoint"):
        saved(slot_file(tmp_path, slot).parent)
    saved(slot_file(tmp_path, "pre_phase5").parent, PRE_PHASE5)
    made = ladder(tmp_path)
    assert made.policy.trained
    assert all(view.ready and "untrained" not in view.detail for view in made.views())


def test_before_the_start_the_last_rung_holds(tmp_path: Path) -> None:
    made = Ladder(default_rungs(tmp_path))
    probs, values, falls = made.forward(*rows(3))
    assert holds(probs, values)
    assert (made.name, made.depth, falls) == ("hold", 3, ())


def test_a_champion_that_cannot_be_loaded_falls_at_the_start_and_says_why(tmp_path: Path) -> None:
    broken = slot_file(tmp_path, "champion")
    broken.parent.mkdir()
    broken.write_bytes(b"")
    made = Ladder(default_rungs(tmp_path))
    (fall,) = made.start()
    assert (fall.from_name, fall.to_name) == ("champion", "pre-phase-5")
    assert fall.reason == (
        f"{broken}: is empty; copy the file again; checkpoint: no checkpoint yet"
    )
    assert made.views()[0].detail == f"{broken}: is empty; copy the file again"


def test_a_broken_rung_below_the_champion_is_no_fall(tmp_path: Path) -> None:
    broken = slot_file(tmp_path, "checkpoint")
    broken.parent.mkdir()
    broken.write_bytes(b"nonsense")
    made = ladder(tmp_path)
    assert made.name == "champion"
    assert readiness(made)[1] == ("checkpoint", False)


def test_with_no_weights_at_all_it_holds(tmp_path: Path) -> None:
    made = Ladder((Rung("champion", tmp_path / "a"), Rung("pre-phase-5", None), Rung("hold", None)))
    (fall,) = made.start()
    assert fall.to_name == "hold"
    assert fall.reason.endswith("; pre-phase-5: no weights")
    probs, values, _ = made.forward(*rows(4))
    assert holds(probs, values)


def test_an_output_that_is_no_number_falls_within_the_same_call(tmp_path: Path) -> None:
    made = with_explosive_champion(tmp_path)
    champion = made.policy.policy_id
    probs, values, falls = made.forward(*ONES)
    assert np.isfinite(probs).all()
    assert np.isfinite(values).all()
    assert falls == (Fall("champion", "checkpoint", f"phase5 {champion} gave NaN or infinity"),)
    assert made.policy.architecture == "pre_phase5"
    assert made.forward(*ONES)[2] == ()


def test_a_rung_that_fell_stays_out_and_remembers_why(tmp_path: Path) -> None:
    made = with_explosive_champion(tmp_path)
    made.forward(*ONES)
    champion = made.views()[0]
    assert not champion.ready
    assert champion.detail.endswith("gave NaN or infinity")


def test_several_rungs_may_fall_in_one_call(tmp_path: Path) -> None:
    for slot in ("champion", "checkpoint"):
        bare(slot_file(tmp_path, slot).parent, explosive())
    made = ladder(tmp_path)
    _, _, falls = made.forward(*ONES)
    assert [fall.to_name for fall in falls] == ["checkpoint", "pre-phase-5"]


def test_automatic_falls_end_on_hold_and_never_wrap(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    names = [made.fall("why").to_name for _ in range(4)]
    assert names == ["pre-phase-5", "hold", "hold", "hold"]
    probs, values, _ = made.forward(*rows(2))
    assert holds(probs, values)
    assert readiness(made)[-1] == ("hold", True)


def test_bad_inputs_do_not_cost_a_rung(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    current, temporal = rows(2)
    current[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        made.forward(current, temporal)
    assert made.name == "champion"


def test_cycling_by_hand_goes_down_and_wraps_and_leaves_rungs_ready(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    before = readiness(made)
    names = [made.cycle("operator").to_name for _ in range(3)]
    assert names == ["pre-phase-5", "hold", "champion"]
    assert made.depth == 0
    assert readiness(made) == before


def test_cycling_says_which_rung_it_passed_and_why(tmp_path: Path) -> None:
    fall = ladder(tmp_path).cycle("operator")
    assert fall == Fall("champion", "pre-phase-5", "operator; checkpoint: no checkpoint yet")


def test_cycling_finds_a_checkpoint_that_was_written_since(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    saved(slot_file(tmp_path, "checkpoint").parent)
    assert made.cycle("operator") == Fall("champion", "checkpoint", "operator")


def test_a_fallen_rung_is_ready_again_when_picked(tmp_path: Path) -> None:
    made = with_explosive_champion(tmp_path)
    made.forward(*ONES)
    assert made.pick(0) == Fall("checkpoint", "champion", "picked")
    assert readiness(made)[0] == ("champion", True)


def test_picking_reads_the_file_again(tmp_path: Path) -> None:
    saved(slot_file(tmp_path, "champion").parent, seed=1)
    made = ladder(tmp_path)
    first = made.policy.policy_id
    saved(slot_file(tmp_path, "champion").parent, seed=2)
    made.pick(0)
    assert made.policy.policy_id != first


def test_picking_a_rung_that_cannot_be_used_falls_below_it(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    made.pick(3)
    assert made.pick(1) == Fall("hold", "pre-phase-5", "picked; checkpoint: no checkpoint yet")


@pytest.mark.parametrize("index", [-1, 4])
def test_a_rung_that_does_not_exist_cannot_be_picked(tmp_path: Path, index: int) -> None:
    made = ladder(tmp_path)
    with pytest.raises(IndexError, match="the ladder has 4"):
        made.pick(index)
    assert made.name == "champion"


@pytest.mark.parametrize("architecture", [PHASE5, PRE_PHASE5], ids=lambda a: a.name)
def test_named_weights_are_the_champion_whatever_they_are(architecture: Architecture) -> None:
    made = Ladder(rungs_for(shipped(architecture)))
    assert made.start() == ()
    assert made.policy.architecture == architecture.name
    assert readiness(made)[1:] == [("checkpoint", False), ("pre-phase-5", True), ("hold", True)]


def test_named_weights_fall_back_to_the_installed_ones(tmp_path: Path) -> None:
    saved(slot_file(tmp_path, "checkpoint").parent)
    made = Ladder(rungs_for(shipped(PHASE5), tmp_path))
    made.start()
    assert made.fall("why") == Fall("champion", "checkpoint", "why")


@pytest.mark.parametrize("names", [("champion",), ("hold", "hold"), ("hold", "champion"), ()])
def test_a_ladder_ends_on_hold(names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="named hold"):
        Ladder([Rung(name, None) for name in names])


@pytest.mark.parametrize(("schema", "ready"), [("schema", True), (None, True), ("another", False)])
def test_weights_made_for_other_features_are_not_used(
    tmp_path: Path, schema: str | None, ready: bool
) -> None:
    made = Ladder(rungs_for(saved(tmp_path)), schema)
    falls = made.start()
    assert made.views()[0].ready is ready
    assert (made.name, len(falls)) == (("champion", 0) if ready else ("hold", 1))
    assert all("trained on other features" in fall.reason for fall in falls)


def test_weights_that_name_no_features_are_used_as_the_original_ones_are(tmp_path: Path) -> None:
    made = Ladder(rungs_for(bare(tmp_path, seeded(PHASE5, 1))), "schema")
    assert made.start() == ()


def test_a_policy_that_no_file_holds_can_be_picked_again_after_it_failed(tmp_path: Path) -> None:
    given = with_explosive_champion(tmp_path).policy
    made = Ladder.of("challenger", given)
    assert (made.name, made.policy) == ("challenger", given)
    _, _, (fall,) = made.forward(*ONES)
    assert (fall.from_name, fall.to_name) == ("challenger", "hold")
    made.pick(0)
    assert made.policy is given
    made.close()
    assert made.name == "hold"


def test_a_renewed_ladder_reads_every_file_anew_and_stands_on_the_champion(
    tmp_path: Path,
) -> None:
    made = ladder(tmp_path)
    before = made.policy.policy_id
    made.cycle("operator")
    saved(slot_file(tmp_path, "champion").parent)
    saved(slot_file(tmp_path, "checkpoint").parent, PRE_PHASE5)
    fall = made.renew(default_rungs(tmp_path), "promoted")
    assert fall == Fall("pre-phase-5", "champion", "promoted")
    assert made.policy.policy_id != before
    assert [view.ready for view in made.views()] == [True, True, True, True]


def test_a_renewed_ladder_says_why_its_champion_cannot_stand(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    broken = slot_file(tmp_path, "champion")
    broken.parent.mkdir()
    broken.write_bytes(b"")
    fall = made.renew(default_rungs(tmp_path), "promoted")
    assert fall.to_name == "pre-phase-5"
    assert fall.reason.startswith("promoted; ")
    assert "champion" in fall.reason


def test_a_ladder_is_not_renewed_with_other_rungs(tmp_path: Path) -> None:
    made = ladder(tmp_path)
    with pytest.raises(ValueError, match="names"):
        made.renew((Rung("other", None), Rung("hold", None)), "promoted")
