"""One engine in a process of its own, and everything another shell may do to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from engine.home import VARIABLE, Home

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, "-m", "console"]
LOOKS = 1_200
LIMIT_S = 60.0


@dataclass
class Shell:
    """Another terminal of the same user."""

    home: Home
    environ: dict[str, str]
    engine: subprocess.Popen[bytes]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, *words]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(self.run("status", "--json").stdout)
        return told


@pytest.fixture
def shell() -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="tc-") as root:
        environ = {**os.environ, VARIABLE: root}
        home = Home.open(environ)
        command = [*PROGRAM, "--feed", "sim", "--headless", "--speed", "1", "--no-learn"]
        with subprocess.Popen(
            command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as engine:
            try:
                wait_for(home.control_socket, engine)
                yield Shell(home, environ, engine)
            finally:
                engine.kill()


def wait_for(path: Path, engine: subprocess.Popen[bytes]) -> None:
    pause = threading.Event()
    for _ in range(LOOKS):
        if path.exists():
            return
        assert engine.poll() is None, "the engine ended before it listened"
        pause.wait(0.05)
    pytest.fail("the engine does not listen")


def test_an_engine_is_looked_at_stopped_resumed_and_flattened(shell: Shell) -> None:
    before = shell.status()
    assert before["pid"] == shell.engine.pid
    assert before["mode"] == "PAPER"

    stopped = shell.run("stop")
    assert stopped.returncode == 0, stopped.stderr
    assert "latched" in stopped.stdout
    assert shell.status()["state"] == "HALTED"
    assert shell.home.halt_latch.exists()

    resumed = shell.run("resume", "--word", "RESUME")
    assert resumed.returncode == 0, resumed.stderr
    assert not shell.home.halt_latch.exists()

    flattened = shell.run("flatten", "--json")
    told = json.loads(flattened.stdout)
    assert flattened.returncode == 0, flattened.stderr
    assert (told["shut"], told["done"], told["pid"]) == (True, True, shell.engine.pid)
    assert shell.status()["positions"] == []


def test_a_frozen_engine_is_no_shut_gate_and_halts_when_it_thaws(shell: Shell) -> None:
    os.kill(shell.engine.pid, signal.SIGSTOP)
    try:
        frozen = shell.run("stop")
    finally:
        os.kill(shell.engine.pid, signal.SIGCONT)
    assert frozen.returncode == 1
    assert "did not shut its gate" in frozen.stderr
    wait_for(shell.home.halt_latch, shell.engine)
    assert shell.status()["state"] == "HALTED"


def test_a_killed_engine_leaves_nothing_in_the_way(shell: Shell) -> None:
    shell.engine.kill()
    shell.engine.wait()
    assert shell.run("status").stdout == "no engine runs in this home; the latch is open\n"
    assert shell.run("stop").returncode == 0
    assert shell.home.halt_latch.exists()
