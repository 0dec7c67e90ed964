from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from engine.errors import ConsoleError, UsageError
from engine.evaluation.arms import default_models
from engine.evaluation.compare import NO_LESSON, Question, Reading, compare
from engine.evaluation.table import table
from engine.evaluation.tape import Embedded, Tape
from engine.settings import PPO
from models.checkpoint import read_checkpoint, save_policy
from models.manifest import Origin
from tests.engine.evaluation.tapes import QUICK, drifting, later, verdicts, window_at

MODEL: tuple[Path, ...] = default_models()[:1]
TAPE = drifting(verdicts(6, 1))
LEARNS = QUICK.model_copy(update={"ppo": PPO(rows=64, minibatch=16, epochs=2)})
"""An update every few minutes, so that a short tape has some."""


def question(*tapes: Tape, reference: str = "always-hold") -> Question:
    return Question(tapes, MODEL, QUICK, 1, reference, learning=False)


def learned(tmp_path: Path, until_ms: int | None, *sources: str) -> Path:
    """Weights that say what they learned from."""
    found = read_checkpoint(MODEL[0])
    path = tmp_path / "learned.safetensors"
    origin = Origin("test", trained=True, learned_until=until_ms, learned_from=sources)
    save_policy(path, found.tensors, found.stats, origin)
    return path


def test_all_arms_run_on_all_tapes_and_chance_keeps_their_pace() -> None:
    told: list[Reading] = []
    found = compare(question(TAPE, reference="favourite"), told.append)
    names = [arm.name for arm in found.arms]
    assert names == [
        "phase5",
        "always-hold",
        "momentum",
        "mean-revert",
        "fade-spike",
        "favourite",
        "random",
    ]
    assert found.slots == found.executable_slots == 6
    by_name = {arm.name: arm for arm in found.arms}
    assert by_name["favourite"].difference is None
    assert by_name["always-hold"].pnl_executable == 0.0
    assert by_name["favourite"].trades == 6
    assert by_name["random"].trades > 0
    assert [(reading.number, reading.of) for reading in told if not reading.progress.done_ms] == [
        (1, 2),
        (2, 2),
    ]


def test_a_window_in_two_tapes_is_refused() -> None:
    tape = drifting(verdicts(1, 1))
    with pytest.raises(UsageError, match="count twice"):
        compare(question(tape, tape), lambda _: None)


@pytest.mark.parametrize(
    ("reference", "said"),
    [("nobody", "there are phase5, always-hold"), ("random", "choose another")],
)
def test_a_reference_that_cannot_be_one_is_refused(reference: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        compare(question(drifting(verdicts(1, 1)), reference=reference), lambda _: None)


def test_a_model_is_also_run_learning_and_as_its_placebo() -> None:
    asked = replace(question(TAPE), learning=True, settings=LEARNS)
    found = compare(asked, lambda _: None)
    arms = {arm.name: arm for arm in found.arms}
    assert list(arms)[:3] == ["phase5", "phase5 online", "phase5 placebo"]
    assert [arms[name].kind for name in list(arms)[:4]] == ["frozen", "online", "placebo", "rule"]
    assert sum(arms["phase5 online"].updates.values()) > 0
    assert sum(arms["phase5 placebo"].updates.values()) > 0
    assert arms["phase5"].updates == {}
    assert "samples" in arms["phase5 online"].about
    against = [(pair.arm, pair.against) for pair in found.pairs]
    assert ("phase5 online", "phase5") in against
    assert ("phase5 online", "phase5 placebo") in against
    assert len(against) == len(set(against)) == len(arms) - 1 + 2
    assert {pair.difference.comparisons for pair in found.pairs} == {len(against)}


def test_where_nothing_can_be_bought_nothing_is_run_that_learns() -> None:
    mids = replace(TAPE, has=frozenset({"mid"}))
    found = compare(replace(question(mids), learning=True), lambda _: None)
    assert {arm.kind for arm in found.arms} == {"frozen", "rule"}
    assert found.warnings[-1] == NO_LESSON


def test_tapes_are_played_from_the_oldest_to_the_newest_however_they_are_named() -> None:
    tapes = [later(drifting(verdicts(2, n), n), n) for n in (3, 1, 2)]
    told: list[str] = []
    found = compare(question(*tapes), lambda reading: told.append(reading.tape))
    assert list(dict.fromkeys(told)) == ["made up 1", "made up 2", "made up 3"]
    assert found.tapes == ("made up 1", "made up 2", "made up 3")


def test_windows_that_a_model_learned_from_are_scored_for_nobody(tmp_path: Path) -> None:
    until_ms = window_at(3).start_ms
    asked = replace(question(TAPE), models=(learned(tmp_path, until_ms, "some.gz"),))
    found = compare(asked, lambda _: None)
    assert (found.learned_windows, found.windows, found.slots) == (4, 2, 2)
    assert all(arm.windows == 2 for arm in found.arms)
    assert "learned" in found.learned_until
    assert found.learned_until in " ".join(table(found).split())


def test_a_tape_of_which_everything_was_learned_is_no_evidence(tmp_path: Path) -> None:
    asked = replace(question(TAPE), models=(learned(tmp_path, TAPE.end_ms, "some.gz"),))
    with pytest.raises(ConsoleError, match=r"no window began after .* name newer recordings"):
        compare(asked, lambda _: None)


def test_no_arms_day_is_ended_by_its_losses() -> None:
    """A tape cut in two must give what the whole gives, however much was lost in the first half."""
    tight = QUICK.model_copy(
        update={"limits": QUICK.limits.model_copy(update={"daily_loss": Decimal(1)})}
    )
    found, same = (
        compare(replace(question(TAPE), settings=settings), lambda _: None)
        for settings in (tight, QUICK)
    )
    assert {arm.denials.get("DAILY_LOSS", 0) for arm in found.arms} == {0}
    assert found == same
    assert any(arm.trades for arm in found.arms)


def test_a_seed_that_was_learned_from_is_refused(tmp_path: Path) -> None:
    path = learned(tmp_path, None, "embedded market, seeds 3-9")
    asked = replace(question(Embedded(7, 1)), models=(path,))
    with pytest.raises(UsageError, match="take another seed"):
        compare(asked, lambda _: None)


def test_a_tape_of_the_same_name_without_a_time_is_refused(tmp_path: Path) -> None:
    asked = replace(question(TAPE), models=(learned(tmp_path, None, TAPE.name),))
    with pytest.raises(UsageError, match="does not say up to when"):
        compare(asked, lambda _: None)
