from __future__ import annotations

from pathlib import Path

import pytest

from engine.doctor.findings import Finding
from engine.doctor.machine import Machine, machine_findings, nearest, steadiness
from tests.engine.doctor.parts import Told, amiss, by_check


def look(machine: Machine, floor_mb: int = 500) -> dict[str, Finding]:
    return by_check(machine_findings(machine, Path("/home-of-nobody"), floor_mb))


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    found = by_check(machine_findings(Machine(), tmp_path, 0))
    assert found["machine: python"].ok
    assert found["machine: packages"].ok


@pytest.mark.parametrize(
    ("machine", "check"),
    [
        (Told(version=(3, 10, 9)), "machine: python"),
        (Told(missing=frozenset({"mlx"})), "machine: packages"),
        (Told(free_memory=100_000_000), "machine: memory"),
        (Told(free_memory=None), "machine: memory"),
        (Told(free_disk=499_000_000), "machine: disk"),
        (Told(free_disk=None), "machine: disk"),
    ],
)
def test_what_is_too_little_is_amiss_and_nothing_else(machine: Told, check: str) -> None:
    found = look(machine)
    assert amiss(found) == {check}
    assert found[check].advice


def test_without_a_home_no_disk_is_judged() -> None:
    assert "machine: disk" not in by_check(machine_findings(Told(), None, 500))


def test_the_disk_is_judged_against_the_settings_floor() -> None:
    assert "machine: disk" in amiss(look(Told(free_disk=700_000_000), floor_mb=900))


def test_the_nearest_folder_of_one_that_is_not_there_exists(tmp_path: Path) -> None:
    assert nearest(tmp_path / "a" / "b") == tmp_path


class Ticking:
    """Clocks of which the wall moves `step_ms` more than it should."""

    def __init__(self, step_ms: int) -> None:
        self.step_ms = step_ms

    def wall_ms(self) -> int:
        return 1_000_000 + 2_000 + self.step_ms

    def mono(self) -> float:
        return 7.0


@pytest.mark.parametrize(("step_ms", "well"), [(0, True), (-900, False), (3_000, False)])
def test_a_wall_clock_that_is_set_while_we_look_is_amiss(step_ms: int, well: bool) -> None:
    assert steadiness(Ticking(step_ms), 1_000_000, 5.0).ok is well
