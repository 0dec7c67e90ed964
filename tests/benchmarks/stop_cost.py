"""What a stop costs, over a real terminal: from the key to the shut gate and to the last cancel.

Run it as ``python -m tests.benchmarks.stop_cost [--presses 200] [--load idle|full]``. It prints one
JSON object of milliseconds. Between two stops, RESUME is typed into its dialog. The moments are
told by the engine's process itself (`tests.benchmarks.stop_probe`), on the clock that both have.
``idle`` is the embedded market at its own pace; ``full`` the same at sixty times it, with a
learner, while the screen repaints. The budgets are 50 and 250 ms at the 99th percentile. A stop
from another shell is counted from the start of that shell's command.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.home import VARIABLE
from tests.console.ptys import Terminal

PATIENCE_S = 60.0
PAUSE_S = 0.3
"""Seconds between RESUME and the next stop: in a full load some orders are under way by then."""
LOADS = {
    "idle": ("--feed", "sim", "--speed", "1", "--no-learn"),
    "full": ("--feed", "sim", "--speed", "60", "--learn"),
}
CTRL_X = "\x18"


class Probed:
    """A console in a terminal, and what its probe tells."""

    def __init__(self, home: Path, load: str) -> None:
        self.home = home
        read, write = os.pipe()
        os.set_inheritable(write, True)
        self.terminal = Terminal(
            home,
            LOADS[load],
            {},
            program=("tests.benchmarks.stop_probe", str(write)),
            keep=(write,),
        )
        os.close(write)
        self._told: queue.SimpleQueue[tuple[str, int]] = queue.SimpleQueue()
        self._lines = os.fdopen(read)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._lines:
            word, at = line.split()
            self._told.put((word, int(at)))

    def wait(self, wanted: str) -> int:
        """When `wanted` came, nanoseconds."""
        while True:
            word, at = self._told.get(timeout=PATIENCE_S)
            if word == wanted:
                return at

    def empty(self) -> None:
        while not self._told.empty():
            self._told.get()

    def close(self) -> None:
        self.terminal.close()
        self._listener.join(PATIENCE_S)
        self._lines.close()

    def resume(self) -> None:
        """Type RESUME until the engine takes it: orders under way may forbid it for a while."""
        for _ in range(round(PATIENCE_S)):
            self.terminal.press("\x1b")
            time.sleep(0.2)
            self.terminal.press("r")
            time.sleep(0.6)  # a dialog takes no key sooner
            self.terminal.press("RESUME\r")
            try:
                self._told.get(timeout=1.0)
            except queue.Empty:
                continue
            time.sleep(PAUSE_S)
            self.empty()
            return
        raise SystemExit(f"it does not resume:\n{self.terminal.glass.text}")


Stop = Callable[[Probed], int]
"""Stops, and returns when it was asked, nanoseconds."""


def by_key(probed: Probed) -> int:
    asked = time.monotonic_ns()
    probed.terminal.press(CTRL_X)
    return asked


def by_signal(probed: Probed) -> int:
    asked = time.monotonic_ns()
    probed.terminal.signal(signal.SIGUSR1)
    return asked


def by_file(probed: Probed) -> int:
    asked = time.monotonic_ns()
    (probed.home / "state" / "STOP").touch()
    return asked


def by_shell(probed: Probed) -> int:
    """With the terminal not read meanwhile: the link is stalled."""
    probed.terminal.stop_reading()
    asked = time.monotonic_ns()
    subprocess.run(
        [sys.executable, "-m", "console", "stop"], stdout=subprocess.DEVNULL, check=True,
        env={**os.environ, VARIABLE: str(probed.home)},
    )  # fmt: skip
    probed.terminal.read_on()
    return asked


WAYS: dict[str, Stop] = {"key": by_key, "signal": by_signal, "file": by_file, "shell": by_shell}


def measure(load: str, ways: dict[str, int]) -> dict[str, object]:
    """Milliseconds of each way, so many times each."""
    with tempfile.TemporaryDirectory() as folder:
        probed = Probed(Path(folder), load)
        try:
            probed.terminal.wait_up()
            time.sleep(PAUSE_S)
            return {way: stops(probed, WAYS[way], times) for way, times in ways.items()}
        finally:
            probed.close()


def stops(probed: Probed, stop: Stop, times: int) -> dict[str, object]:
    shut, cancelled = [], []
    for _ in range(times):
        probed.empty()
        asked = stop(probed)
        shut.append((probed.wait("shut") - asked) / 1e6)
        cancelled.append((probed.wait("cancelled") - asked) / 1e6)
        (probed.home / "state" / "STOP").unlink(missing_ok=True)
        probed.resume()
    return {"gate_shut_ms": spread(shut), "cancel_sent_ms": spread(cancelled), "times": times}


def spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = {"p50": 0.5, "p99": 0.99, "max": 1.0}
    return {
        name: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)
        for name, share in at.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--others", type=int, default=20, help="times of each other way")
    parser.add_argument("--load", choices=list(LOADS), action="append")
    options = parser.parse_args()
    ways = {way: options.presses if way == "key" else options.others for way in WAYS}
    found = {load: measure(load, ways) for load in options.load or LOADS}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
