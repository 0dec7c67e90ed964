"""Many simulated days, and one JSON line for each seed that broke something.

Owns the arguments and what is printed. Exit code 1: some seed failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter, deque
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from tests.simulation.day import TRACE, Day
from tests.simulation.scale import DAY, HOUR, Scale

SCALES = {"day": DAY, "hour": HOUR}


@dataclass(frozen=True, slots=True)
class Found:
    """What one seed's day came to."""

    seed: int
    broken: str | None
    """What did not hold; None: everything held."""
    t_ms: int
    """Market time that was reached."""
    counts: dict[str, int]
    trace: tuple[str, ...]
    """The last events, of a failing day only."""


def simulate(seed: int, scale: Scale, trace: int | None = TRACE) -> Found:
    """One seed's day; `trace` is how many of its last events are kept, None: all."""
    with tempfile.TemporaryDirectory() as folder:
        day = Day(seed, Path(folder), scale)
        day.trace = deque(day.trace, maxlen=trace)
        broken = None
        try:
            day.run()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this seed's finding
            broken = f"{type(error).__name__}: {error}"
        shown = tuple(day.trace) if broken or trace is None else ()
        return Found(seed, broken, day.engine.t_ms, dict(day.counts), shown)


def main() -> int:
    asked = _arguments().parse_args()
    scale = SCALES[asked.scale]
    if asked.seed is None:
        return _many(range(asked.first, asked.first + asked.seeds), scale, asked.workers)
    found = simulate(asked.seed, scale, None if asked.trace else TRACE)
    for line in found.trace:
        _say(line)
    _say(json.dumps({**asdict(found), "trace": len(found.trace)}))
    return int(found.broken is not None)


def _many(seeds: range, scale: Scale, workers: int) -> int:
    begun, total, failed = time.monotonic(), Counter[str](), 0
    with ProcessPoolExecutor(workers) as pool:
        for found in pool.map(partial(simulate, scale=scale), seeds):
            total.update(found.counts)
            if found.broken is not None:
                failed += 1
                _say(json.dumps(asdict(found)))
    took = round(time.monotonic() - begun, 1)
    summary = {"seeds": len(seeds), "windows": scale.windows, "failed": failed, "seconds": took}
    _say(json.dumps({**summary, "counts": dict(total.most_common())}))
    return int(failed > 0)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.simulation")
    parser.add_argument("--seeds", type=int, default=20, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first one")
    parser.add_argument("--scale", choices=list(SCALES), default="day")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--seed", type=int, help="this one alone")
    parser.add_argument("--trace", action="store_true", help="with --seed: every event of it")
    return parser


if __name__ == "__main__":
    sys.exit(main())
