"""This machine: Python, packages, memory, disk, clock.

Owns what is enough. The facts come from `Machine`, which a test replaces.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from engine.clock import Clock
from engine.doctor.findings import Finding, amiss, judged

OLDEST_PYTHON = (3, 11)

PACKAGES = ("textual", "mlx", "numpy", "safetensors", "orjson", "pydantic", "httpx", "websockets",
            "platformdirs", "psutil")  # fmt: skip
"""What the program stands on."""

NEEDED_BYTES = 600_000_000
"""Twice the memory that the program takes, so that nothing is swapped out while it trades."""

CLOCK_STEP_MS = 500
"""A wall clock that moves so far against the monotonic one during a look was set."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the facts come from: the real machine."""

    def python(self) -> tuple[int, int, int]:
        return sys.version_info[:3]

    def system(self) -> str:
        return f"{platform.system()} {platform.release()} {platform.machine()}"

    def package(self, name: str) -> str | None:
        """Its version; None: it is not installed."""
        try:
            return version(name)
        except PackageNotFoundError:
            return None

    def memory(self) -> int | None:
        """Bytes that can be had without swapping; None: the system does not say."""
        try:
            return int(psutil.virtual_memory().available)
        except (psutil.Error, OSError):
            return None

    def disk(self, folder: Path) -> int | None:
        """Bytes free where `folder` is or would be; None: it cannot be told."""
        try:
            return shutil.disk_usage(nearest(folder)).free
        except OSError:
            return None


def machine_findings(machine: Machine, folder: Path | None, floor_mb: int) -> list[Finding]:
    """Python, packages, memory, and the disk that holds `folder` (None: there is no home)."""
    found = [_python(machine), _packages(machine), _memory(machine.memory())]
    return found if folder is None else [*found, _disk(machine.disk(folder), floor_mb)]


def steadiness(clock: Clock, began_wall_ms: int, began_mono: float) -> Finding:
    """How the wall clock moved against the monotonic one since the beginning."""
    passed_ms = (clock.mono() - began_mono) * 1000
    ahead = clock.wall_ms() - began_wall_ms - passed_ms
    detail = f"wall and monotonic clock parted by {abs(ahead):.0f} ms in {passed_ms / 1000:.1f} s"
    advice = "let the system set its clock (timedatectl, or Date & Time), then look again"
    return judged("machine: clock", detail, advice if abs(ahead) > CLOCK_STEP_MS else "")


def nearest(folder: Path) -> Path:
    """`folder`, or the first of its parents that exists."""
    # os.path's own exists: a path below a folder that may not be entered is none, and no error.
    return next((p for p in (folder, *folder.parents) if os.path.exists(p)), Path("/"))  # noqa: PTH110 - see above


def _python(machine: Machine) -> Finding:
    found = machine.python()
    detail = f"{'.'.join(map(str, found))} on {machine.system()}"
    advice = f"install Python {'.'.join(map(str, OLDEST_PYTHON))} or newer"
    return judged("machine: python", detail, "" if found[:2] >= OLDEST_PYTHON else advice)


def _packages(machine: Machine) -> Finding:
    found = {name: machine.package(name) for name in PACKAGES}
    missing = [name for name, number in found.items() if number is None]
    detail = ", ".join(f"{name} {number or 'missing'}" for name, number in found.items())
    advice = f"install {', '.join(missing)} as the README says" if missing else ""
    return judged("machine: packages", detail, advice)


def _memory(free: int | None) -> Finding:
    check = "machine: memory"
    if free is None:
        return amiss(check, "unknown", "look at it with the system's own tools")
    advice = "close other programs: the console takes up to 300 MB"
    return judged(check, f"{free / 1e6:,.0f} MB free", advice if free < NEEDED_BYTES else "")


def _disk(free: int | None, floor_mb: int) -> Finding:
    check = "machine: disk"
    if free is None:
        return amiss(check, "unknown", "check the folder that TRADE_CONSOLE_HOME names")
    advice = f"free some space: recording ends below {floor_mb} MB (feeds.disk_floor_mb)"
    low = free < floor_mb * 1_000_000
    return judged(check, f"{free / 1e6:,.0f} MB free where the home is", advice if low else "")
