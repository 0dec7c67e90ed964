"""What live data cost: rates, lateness of decisions, gaps after a lost connection, memory, disk.

Run it as ``python -m tests.benchmarks.live_cost [--only rate lateness gap memory]``. The venues are
a town of local ones in another process, so it needs two cores for itself: on a busy machine its
times are upper bounds. It prints one JSON object.

The budgets: a decision at most 20 ms late (99th percentile), valid books 2 s after a connection
broke, and a memory that does not grow once windows are forgotten again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable

import psutil

from tests.benchmarks import live_gap, live_rate, live_run

DELAY_S = 0.1
"""By which the venues are late while lateness is measured."""

CUTS, FREEZES = 20, 2


def main() -> int:
    given = _arguments()
    parts: dict[str, Callable[[], object]] = {
        "rate": lambda: live_rate.measure(given.town_seconds),
        "lateness": lambda: [
            live_run.lateness(given.seconds, DELAY_S, learn=learn) for learn in (False, True)
        ],
        "gap": lambda: live_gap.measure(CUTS, FREEZES),
        "memory": lambda: live_run.memory(given.memory_seconds, given.rate, learn=given.learn),
    }
    chosen = given.only or list(parts)
    report = {name: parts[name]() for name in parts if name in chosen}
    load = {"cores": psutil.cpu_count(), "load_average": psutil.getloadavg()}
    sys.stdout.write(json.dumps({**report, "machine": load}, indent=2) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = ("rate", "lateness", "gap", "memory")
    parser.add_argument("--only", nargs="+", choices=names, help="parts to measure (all)")
    parser.add_argument("--town-seconds", type=float, default=300.0, help="of traffic (300)")
    parser.add_argument("--seconds", type=float, default=150.0, help="of each session (150)")
    parser.add_argument("--memory-seconds", type=float, default=300.0, help="of its session (300)")
    parser.add_argument("--rate", type=float, default=50.0, help="speed of that session (50)")
    parser.add_argument("--learn", action="store_true", help="have a challenger learn in it")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
