from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psutil
import pytest

from engine.doctor.arithmetic import CHECK, arithmetic_findings, probe_command
from engine.doctor.arithmetic_probe import probe
from models.catalog import slot_file
from tests.engine.doctor.parts import amiss, by_check


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


async def test_the_shipped_weights_decide_in_a_process_of_their_own(tmp_path: Path) -> None:
    found = by_check(await arithmetic_findings(probe_command(tmp_path), 60))
    assert {"model: device", "model: weights", "model: champion", "model: compiling"} == set(found)
    assert amiss(found) <= {"model: compiling"}


def lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(
    "code",
    [
        "import os, signal; os.kill(os.getpid(), signal.SIGABRT)",
        "raise SystemExit('no device')",
        "print('half a [')",
        "print('[{}]')",
        "print('null')",
    ],
)
async def test_a_process_that_crashes_is_one_finding(code: str) -> None:
    (found,) = await arithmetic_findings(python(code), 30)
    assert (found.check, found.ok) == (CHECK, False)


async def test_a_process_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    note = tmp_path / "pid"
    code = (
        "import subprocess, sys, pathlib;"
        "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']);"
        f"pathlib.Path({str(note)!r}).write_text(str(child.pid)); child.wait()"
    )
    (found,) = await arithmetic_findings(python(code), 2.5)
    assert "not done within 2.5 s" in found.detail
    async with asyncio.timeout(10):
        while lives(int(note.read_text())):
            await asyncio.sleep(0.01)


def test_weights_that_cannot_be_loaded_are_amiss(tmp_path: Path) -> None:
    champion = slot_file(tmp_path, "champion")
    champion.parent.mkdir(parents=True)
    champion.write_bytes(b"no weights")
    found = by_check(probe(tmp_path))
    assert amiss(found) == {"model: weights", "model: champion"}
    assert str(champion) in found["model: weights"].advice


def test_without_a_compiler_decisions_are_said_to_be_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_DISABLE_COMPILE", "1")
    found = by_check(probe(tmp_path))
    assert amiss(found) == {"model: compiling"}
    assert "MLX_DISABLE_COMPILE" in found["model: compiling"].detail
