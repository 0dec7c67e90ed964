"""Which arms are compared with which, and what each such pair can show.

Owns the list. Every pair in it counts as one comparison, and the more there are the more often one
of them is right by chance (`verdict`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.evaluation.arms import DEFAULT_REFERENCE, Arm


@dataclass(frozen=True, slots=True)
class Pair:
    """One arm less another."""

    arm: str
    against: str
    less: str
    """What `against` is to `arm`, in words."""


def pairs_of(arms: Sequence[Arm], reference: str) -> tuple[Pair, ...]:
    """Every arm less the reference; every arm that learns less its beginning and less its placebo;
    every model less doing nothing, where that is not the reference."""
    all_pairs = (
        *(Pair(arm.name, reference, reference) for arm in arms),
        *_of_learning(arms),
        *(Pair(a.name, DEFAULT_REFERENCE, DEFAULT_REFERENCE) for a in arms if a.kind != "rule"),
    )
    first: dict[tuple[str, str], Pair] = {}
    for pair in all_pairs:
        first.setdefault((pair.arm, pair.against), pair)
    return tuple(pair for pair in first.values() if pair.arm != pair.against)


def _of_learning(arms: Sequence[Arm]) -> Iterator[Pair]:
    names: dict[tuple[str, str], str] = {(arm.model, arm.kind): arm.name for arm in arms}
    for kind, less in (("frozen", "the same weights frozen"), ("placebo", "its placebo")):
        for arm in arms:
            if arm.kind == "online":
                yield Pair(arm.name, names[arm.model, kind], less)
