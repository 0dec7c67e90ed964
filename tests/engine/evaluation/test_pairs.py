from __future__ import annotations

from dataclasses import replace

from engine.evaluation.arms import Arm, Kind
from engine.evaluation.pairs import pairs_of
from engine.evaluation.rules import always_hold
from tests.engine.evaluation.tapes import arm


def model(name: str, kind: Kind, of: str) -> Arm:
    return replace(arm(name, always_hold), kind=kind, model=of)


ARMS = [
    model("a", "frozen", "a"),
    model("a online", "online", "a"),
    model("a placebo", "placebo", "a"),
    arm("always-hold", always_hold),
    arm("momentum", always_hold),
]


def test_every_arm_meets_the_reference_and_what_learns_meets_its_own() -> None:
    assert [(pair.arm, pair.against) for pair in pairs_of(ARMS, "always-hold")] == [
        ("a", "always-hold"),
        ("a online", "always-hold"),
        ("a placebo", "always-hold"),
        ("momentum", "always-hold"),
        ("a online", "a"),
        ("a online", "a placebo"),
    ]


def test_models_also_meet_doing_nothing_where_that_is_not_the_reference() -> None:
    found = [(pair.arm, pair.against, pair.less) for pair in pairs_of(ARMS, "momentum")]
    assert len(found) == 4 + 2 + 3
    assert found[-3:] == [
        (name, "always-hold", "always-hold") for name in ("a", "a online", "a placebo")
    ]


def test_no_pair_is_counted_twice_and_no_arm_meets_itself() -> None:
    for reference in ("a", "a placebo", "always-hold"):
        found = [(pair.arm, pair.against) for pair in pairs_of(ARMS, reference)]
        assert len(found) == len(set(found))
        assert all(ours != theirs for ours, theirs in found)


def test_without_arms_that_learn_there_are_no_pairs_of_them() -> None:
    frozen = [one for one in ARMS if one.kind in ("frozen", "rule")]
    assert len(pairs_of(frozen, "always-hold")) == 2
