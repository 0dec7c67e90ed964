"""MLX and the weights, tried in a process of its own.

A device that cannot be opened may end a process without a word, and a compiler may take its time;
neither must end or hold the doctor. Owns that process; what it does is `arithmetic_probe`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import orjson

import engine
from engine.doctor.findings import Finding, amiss, printable

CHECK = "model: arithmetic"


def probe_command(models_dir: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", "engine.doctor.arithmetic_probe", str(models_dir))


async def arithmetic_findings(command: Sequence[str], seconds: float) -> list[Finding]:
    """What the process printed; one finding that says so where it crashed or took too long."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        cwd=Path(engine.__file__).parents[1],  # where `-m` finds the packages
        start_new_session=True,  # so that a compiler it started ends with it
    )
    try:
        async with asyncio.timeout(seconds):
            out, complaint = await process.communicate()
    except TimeoutError:
        advice = "run `trade-console bench`: the first compilation on a machine can take a minute"
        return [amiss(CHECK, f"not done within {seconds:g} s", advice)]
    finally:
        await _end(process)
    return _read(out) or [_crashed(process.returncode, complaint)]


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _read(out: bytes) -> list[Finding]:
    """Empty where the process did not get to its last line."""
    try:
        return [Finding(**one) for one in orjson.loads(out)]
    except (orjson.JSONDecodeError, TypeError):
        return []


def _crashed(code: int | None, complaint: bytes) -> Finding:
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    said = printable(lines[-1]) if lines else f"it ended with {code}, without a word"
    return amiss(CHECK, said, "install mlx anew (on Linux mlx[cpu]), as the README says")
