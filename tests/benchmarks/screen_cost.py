"""What the screen costs: bytes to the terminal and CPU, measured over a pseudo-terminal.

Run it as ``python -m tests.benchmarks.screen_cost [--size 160x48] [--seconds 20] [--keys n]``. It
prints one JSON object. The data is a worst case of an ordinary session: four panels in which every
input, probability, price and result moves at every tick of 0.5 s, and a challenger that collects,
updates and is compared meanwhile. The budget is 12 KiB/s and 5 % of a core at 160x48.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import random
import select
import signal
import struct
import sys
import termios
import time
from dataclasses import replace

import psutil

from engine.learning_view import LearningView, RivalView
from engine.snapshot import AssetView, BookView, PositionView, Snapshot
from tests.console.fakes import NOW_MS, FakeEngine, sample_snapshot
from tests.console.learners import collecting, update

TICK_S = 0.5
WARM_UP_S = 3.0
UPDATE_TICKS = 20
"""Ticks of one rollout and its update."""
START_MS = NOW_MS - 400_000


class MovingEngine(FakeEngine):
    """An engine whose picture moves by a seeded random walk, one step a tick."""

    def __init__(self) -> None:
        super().__init__()
        self._random = random.Random(7)
        self._born = time.monotonic()
        self._tick = -1

    def latest(self) -> Snapshot:
        tick = int((time.monotonic() - self._born) / TICK_S)
        if tick != self._tick:
            self._tick = tick
            self.snapshot = self._next(tick)
        return self.snapshot

    def _next(self, tick: int) -> Snapshot:
        assets = tuple(self._asset(view, tick) for view in self.snapshot.assets)
        pnl = sum(view.pnl for view in assets)
        return replace(
            self.snapshot,
            seq=tick,
            t_ms=START_MS + tick * 500,
            beat_mono=time.monotonic(),
            assets=assets,
            pnl=pnl,
            unrealised=self._random.gauss(0, 20),
            pnl_mid=sum(view.pnl_mid or 0.0 for view in assets),
            exposure=self._random.uniform(100, 900),
            loop_gap_ms=self._random.uniform(2, 20),
            learning=self._learner(tick),
        )

    def _learner(self, tick: int) -> LearningView:
        rng, round_, place = self._random, tick // UPDATE_TICKS, tick % UPDATE_TICKS
        rows, steps = 16 * (place + 1), 4 * max(0, place - 15)
        newest = 12 + round_
        return collecting(
            phase="updating" if steps else "collecting",
            rows=rows,
            rewarded=place // 4,
            step=steps,
            steps=40 if steps else 0,
            updates=tuple(update(number) for number in range(1, newest + 1)),
            accepted=newest,
            champion=RivalView("3f9a1c0b7de2", rng.gauss(0, 20), 18 + tick // 7),
            challenger=RivalView("91ab04c2ee17", rng.gauss(0, 90), 22 + tick // 3),
            slice_p99_ms=rng.uniform(4, 9),
            behind_s=rng.uniform(0, 1),
        )

    def _asset(self, view: AssetView, tick: int) -> AssetView:
        rng = self._random
        base = sample_snapshot().assets[0]
        last = view.features or base.features or ()
        row = tuple(min(1.0, max(-1.0, 0.9 * value + rng.gauss(0, 0.25))) for value in last)
        history = (*(view.history or ()), row)[-5:]
        prob = min(0.95, max(0.05, (view.prob or 0.5) + rng.gauss(0, 0.01)))
        bid = round(prob - 0.005, 2)
        shares = [rng.random() for _ in range(3)]
        probs = tuple(share / sum(shares) for share in shares)
        confidence = 0.25 + 0.75 * 2 * abs(prob - 0.5)
        gain = rng.gauss(0, 9)
        return replace(
            base,
            asset=view.asset,
            seconds_left=max(0.0, 700 - tick * TICK_S),
            prob=prob,
            spot=(view.spot or 100.0) * (1 + rng.gauss(0, 1e-4)),
            price_to_beat=view.price_to_beat or 100.0,
            up=BookView(((bid, 200.0),), ((bid + 0.01, 150.0),), 0.2, None),
            down=BookView(((0.99 - bid, 200.0),), ((1.0 - bid, 150.0),), 0.2, None),
            features=row,
            history=history,
            probs=(probs[0], probs[1], probs[2]),
            mask=(True, True, True),
            value=rng.gauss(0, 0.3),
            action=rng.choice(("HOLD", "HOLD", "HOLD", "BUY", "SELL")),
            confidence=confidence,
            order_size=500 * confidence,
            position=PositionView("UP", 506.45, 0.612, 318.36, 318.36 + gain, gain),
            pnl=view.pnl,
            unrealised=gain,
            pnl_mid=(view.pnl_mid or 0.0) + rng.gauss(0, 2),
        )  # fmt: skip


def run_console() -> None:
    """The child: the console over the moving engine, until it is ended."""
    from console.app import ConsoleApp

    ConsoleApp(MovingEngine()).run(mouse=False)


def measure(columns: int, rows: int, seconds: float, keys: str) -> dict[str, float | str]:
    """Run the console in a pseudo-terminal of `columns` x `rows`, press `keys`, and count for
    `seconds`."""
    pid, master = pty.fork()
    if pid == 0:
        run_console()
        os._exit(0)
    try:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(pid, signal.SIGWINCH)
        drain(master, WARM_UP_S)
        os.write(master, keys.encode())
        drain(master, WARM_UP_S)
        process = psutil.Process(pid)
        before = sum(process.cpu_times()[:2])
        start = time.monotonic()
        count = drain(master, seconds)
        wall = time.monotonic() - start
        spent = sum(process.cpu_times()[:2]) - before
        rss = process.memory_info().rss
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    return {
        "size": f"{columns}x{rows}",
        "keys": keys,
        "kib_per_s": round(count / 1024 / wall, 2),
        "cpu_percent": round(100 * spent / wall, 2),
        "rss_mib": round(rss / 2**20, 1),
    }


def drain(master: int, seconds: float) -> int:
    """Read everything for `seconds`; the number of bytes."""
    end, count = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([master], [], [], left)
        if ready:
            count += len(os.read(master, 65_536))
    return count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="160x48", help="columns x rows of the terminal")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--keys", default="", help="pressed before it is measured: n for Learning")
    options = parser.parse_args()
    columns, _, rows = options.size.partition("x")
    print(json.dumps(measure(int(columns), int(rows), options.seconds, options.keys)))  # noqa: T201 a script
    return 0


if __name__ == "__main__":
    sys.exit(main())
