"""Twenty simulated days, and that the auditor would have seen something."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.simulation.day import Day

SEEDS = range(20)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_day_of_everything_going_wrong_breaks_nothing(seed: int, tmp_path: Path) -> None:
    day = Day(seed, tmp_path)
    day.run()
    assert day.counts["WindowResolved"] > 0


def test_the_same_seed_is_the_same_day(tmp_path: Path) -> None:
    days = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        days.append(Day(3, tmp_path / name, windows=1))
        days[-1].run()
    assert days[0].digests == days[1].digests
