from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.evaluation.arms import default_models
from engine.evaluation.compare import Question, Reading, compare
from engine.evaluation.tape import Tape
from tests.engine.evaluation.tapes import QUICK, drifting, verdicts

MODEL: tuple[Path, ...] = default_models()[:1]


def question(*tapes: Tape, reference: str = "always-hold") -> Question:
    return Question(tapes, MODEL, QUICK, 1, reference)


def test_all_arms_run_on_all_tapes_and_chance_keeps_their_pace() -> None:
    told: list[Reading] = []
    found = compare(question(drifting(verdicts(6, 1)), reference="favourite"), told.append)
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
