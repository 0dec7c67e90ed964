from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import UsageError
from engine.evaluation.arms import Arm
from engine.evaluation.rules import always_hold
from engine.evaluation.tape import Embedded
from engine.evaluation.walk_forward import (
    embedded_name,
    holds_seed,
    newest_known,
    refuse_what_was_learned,
    unseen,
)
from models.manifest import Origin
from tests.engine.evaluation.tapes import arm, drifting, verdicts, window_result

TAPE = drifting(verdicts(1, 1))
WINDOWS = [window_result(300 * n) for n in range(4)]


def learned(name: str, until_ms: int | None, *sources: str) -> Arm:
    origin = Origin("test", trained=True, learned_until=until_ms, learned_from=sources)
    return replace(arm(name, always_hold), origin=origin)


@pytest.mark.parametrize(
    ("named", "held"),
    [
        ("embedded market, seed 7", {7}),
        ("embedded market, seeds 3, 5-8, 20", {3, 5, 6, 7, 8, 20}),
        ("monday.jsonl.gz", set()),
        ("", set()),
    ],
)
def test_a_name_holds_the_seeds_that_it_says(named: str, held: set[int]) -> None:
    assert {seed for seed in range(30) if holds_seed(named, seed)} == held


@pytest.mark.parametrize(
    "named", ["embedded market", "embedded market, seeds many", "embedded market, seeds 1-"]
)
def test_a_name_that_cannot_be_read_may_hold_any_seed(named: str) -> None:
    assert holds_seed(named, 12345)


def test_what_is_written_is_read_again() -> None:
    named = embedded_name([range(1, 4), range(9, 10), range(0)])
    assert named == "embedded market, seeds 1-3, 9"
    assert [seed for seed in range(12) if holds_seed(named, seed)] == [1, 2, 3, 9]


def test_only_windows_that_begin_after_all_that_is_known_are_scored() -> None:
    arms = [learned("a", 299_999), learned("b", 300_000), arm("rule", always_hold)]
    known = newest_known(arms)
    assert known is not None
    assert known.arm == "b"
    assert [w.start for w in unseen(WINDOWS, TAPE, known)] == [600, 900]
    one_ms_less = replace(known, until_ms=299_999)
    assert [w.start for w in unseen(WINDOWS, TAPE, one_ms_less)] == [300, 600, 900]


def test_the_made_up_market_has_no_time_that_anyone_could_have_seen() -> None:
    known = newest_known([learned("a", 10**15)])
    assert len(unseen(WINDOWS, Embedded(1, 1), known)) == len(WINDOWS)


def test_nothing_known_leaves_nothing_out() -> None:
    assert newest_known([arm("rule", always_hold), learned("a", None)]) is None
    assert len(unseen(WINDOWS, TAPE, None)) == len(WINDOWS)


def test_another_seed_and_another_tape_may_be_played() -> None:
    refuse_what_was_learned(
        [Embedded(4, 1), TAPE],
        [learned("a", 5, "embedded market, seeds 1-3", TAPE.name)],
    )


def test_a_learned_seed_and_a_tape_without_a_time_are_refused() -> None:
    with pytest.raises(UsageError, match=r"^a learned from the embedded market, seed 2; "):
        refuse_what_was_learned([Embedded(2, 1)], [learned("a", 5, "embedded market, seeds 1-3")])
    with pytest.raises(UsageError, match="does not say up to when"):
        refuse_what_was_learned([TAPE], [learned("a", None, TAPE.name)])
