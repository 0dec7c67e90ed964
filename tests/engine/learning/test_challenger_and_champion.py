"""What becomes of the challenger when other weights take the champion's place."""

from __future__ import annotations

from pathlib import Path

from models.architecture import PRE_PHASE5
from models.catalog import import_model
from tests.engine.learning.ring import learned, ring
from tests.models.files import saved


def test_other_weights_picked_for_the_champions_rung_begin_another_challenger(
    tmp_path: Path,
) -> None:
    import_model(saved(tmp_path / "first", seed=4), tmp_path, "champion")
    with ring(tmp_path) as of:
        learned(of)
        import_model(saved(tmp_path / "other", seed=5), tmp_path, "champion")
        of.champion.fell(of.champion.ladder.pick(0))
        of.challenger.watch()
        now = of.champion.ladder.policy.policy_id
        assert (of.challenger.learner.champion_id, of.challenger.learner.policy_id) == (now, now)
        assert of.challenger.rivals.verdict().slots == 0


def test_a_champion_of_another_architecture_ends_the_challenger_and_not_the_run(
    tmp_path: Path,
) -> None:
    import_model(saved(tmp_path / "first", seed=4), tmp_path, "champion")
    with ring(tmp_path) as of:
        learned(of)
        import_model(saved(tmp_path / "other", PRE_PHASE5), tmp_path, "champion")
        of.champion.fell(of.champion.ladder.pick(0))
        of.go_on(5)
        assert of.challenger.ended.startswith("the champion is pre_phase5 now")
        assert of.champion.ladder.policy.architecture == "pre_phase5"


def test_a_fallen_champion_leaves_the_challenger_as_it_is(tmp_path: Path) -> None:
    with ring(tmp_path) as of:
        learned(of)
        left = of.challenger.learner.policy_id
        of.champion.fell(of.champion.ladder.fall("NaN"))
        of.challenger.watch()
        assert (of.challenger.ended, of.challenger.learner.policy_id) == ("", left)
