"""What the doctor's tests look at: a town of venues, and a machine that says what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.doctor.examine import over_network
from engine.doctor.findings import Finding
from engine.doctor.machine import Machine
from engine.doctor.wire import Patience
from tests.venues.town import Town
from tests.venues.world import Plan

QUICK = Patience(look_s=5.0, request_s=2.0, first_s=4.0, sample_s=0.2, all_s=12.0)
"""For servers on the same machine that are well."""

IMPATIENT = Patience(look_s=4.0, request_s=3.0, first_s=0.4, sample_s=0.05, all_s=10.0)
"""Where no socket has to be heard."""

HURRIED = Patience(look_s=0.8, request_s=0.3, first_s=0.3, sample_s=0.05, all_s=3.0)
"""Where nothing answers at all."""

BITCOIN = Plan(assets=("BTC",), versions=("v1", "v2"))


@dataclass(frozen=True, slots=True)
class Told(Machine):
    """A machine of the test's making."""

    version: tuple[int, int, int] = (3, 12, 1)
    missing: frozenset[str] = frozenset()
    free_memory: int | None = 8_000_000_000
    free_disk: int | None = 80_000_000_000
    asked: list[Path] = field(default_factory=list)

    def python(self) -> tuple[int, int, int]:
        return self.version

    def package(self, name: str) -> str | None:
        return None if name in self.missing else "1.0"

    def memory(self) -> int | None:
        return self.free_memory

    def disk(self, folder: Path) -> int | None:
        self.asked.append(folder)
        return self.free_disk


def by_check(findings: list[Finding]) -> dict[str, Finding]:
    """Each finding by its name, which must be its own."""
    named = {finding.check: finding for finding in findings}
    assert len(named) == len(findings)
    return named


async def seen(town: Town, patience: Patience = QUICK) -> dict[str, Finding]:
    """What the doctor finds over the network of a town."""
    return by_check(await over_network(town.settings, town.machine, patience))


def amiss(found: dict[str, Finding]) -> set[str]:
    return {check for check, finding in found.items() if not finding.ok}
