"""Every look of the doctor, side by side, within one deadline.

Owns the order of the findings. A name server that does not answer holds a thread for longer than
the doctor may take; `engine.loop` sees to it that nobody waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from engine.clock import Clock, SystemClock
from engine.doctor.arithmetic import CHECK, arithmetic_findings, probe_command
from engine.doctor.binance import binance_findings
from engine.doctor.findings import Finding, flat, unharmed
from engine.doctor.keeping import KEEPING, home_of, settings_of
from engine.doctor.machine import Machine, machine_findings, steadiness
from engine.doctor.okx import okx_findings
from engine.doctor.polymarket import polymarket_findings
from engine.doctor.reference import reference_finding
from engine.doctor.terminal import Terminal, terminal_findings
from engine.doctor.wire import Patience, Wire
from engine.feeds.live.clock import MarketClock
from engine.home import Home
from engine.loop import run
from engine.settings import Settings

GROUPS = ("terminal", "home", "machine", "model", "polymarket", "binance", "okx", "reference",
          "question")  # fmt: skip
"""In the order of the report."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at."""

    terminal: Terminal
    environ: Mapping[str, str]
    machine: Machine = field(default_factory=Machine)
    clock: Clock = field(default_factory=SystemClock)
    patience: Patience = field(default_factory=Patience)
    command: Sequence[str] | None = None
    """What tries MLX; None: `arithmetic_probe`."""


def examine(subject: Subject) -> list[Finding]:
    """Every finding, in the order of the report; ends within `Patience.all_s` and never raises."""
    return run(_examine(subject))


async def _examine(subject: Subject) -> list[Finding]:
    began_wall_ms, began_mono = subject.clock.wall_ms(), subject.clock.mono()
    home, homeless = home_of(subject.environ)
    settings, configured = (Settings(), homeless) if home is None else settings_of(home)
    here, model, network = await asyncio.gather(
        _of_machine(subject, home, settings),
        unharmed(CHECK, _model(subject, home), subject.patience.all_s),
        over_network(settings, subject.clock, subject.patience),
    )
    steady = steadiness(subject.clock, began_wall_ms, began_mono)
    found = [*here, steady, *configured, *model, *network]
    return sorted(found, key=lambda finding: GROUPS.index(finding.check.partition(": ")[0]))


async def _of_machine(subject: Subject, home: Home | None, settings: Settings) -> list[Finding]:
    """What needs no network. Each look reads files, and so runs beside the loop."""
    folder = None if home is None else home.data
    floor_mb = settings.feeds.disk_floor_mb
    looks: dict[str, Callable[[], list[Finding]]] = {
        "terminal: kind": partial(terminal_findings, subject.terminal, subject.environ),
        "machine: python": partial(machine_findings, subject.machine, folder, floor_mb),
    }
    if home is not None:
        looks |= {check: partial(_alone, look, home) for check, look in KEEPING.items()}
    seconds = subject.patience.all_s
    return flat(
        await asyncio.gather(
            *(unharmed(check, asyncio.to_thread(look), seconds) for check, look in looks.items())
        )
    )


def _alone(look: Callable[[Home], Finding], home: Home) -> list[Finding]:
    return [look(home)]


async def _model(subject: Subject, home: Home | None) -> list[Finding]:
    models = Home.under(NO_HOME).models if home is None else home.models
    command = subject.command or probe_command(models)
    return await arithmetic_findings(command, subject.patience.child_s)


NO_HOME = Path("/nonexistent")
"""Without a home there are only the shipped weights."""


async def over_network(settings: Settings, clock: Clock, patience: Patience) -> list[Finding]:
    """Every venue, and which of them would be the reference."""
    wire = Wire(settings, MarketClock(clock), patience)
    venues: dict[str, Callable[[Wire], Awaitable[list[Finding]]]] = {
        "polymarket: discovery": polymarket_findings,
        "binance: futures requests": binance_findings,
        "okx: requests": okx_findings,
    }
    try:
        looks = (unharmed(check, look(wire), patience.all_s) for check, look in venues.items())
        found = flat(await asyncio.gather(*looks))
    finally:
        await wire.aclose()
    return [*found, reference_finding(found)]
