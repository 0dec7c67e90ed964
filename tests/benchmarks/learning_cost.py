"""What learning costs: time of an epoch and of each slice, and memory over many updates.

Run it as ``python -m tests.benchmarks.learning_cost [--updates 200]``. It prints one JSON object.
The budgets: an epoch at least 1.5 times faster than the plain way, a slice at most 15 ms (99th
percentile) and never over 50 ms, and memory that does not grow with the updates.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys

import numpy as np
import psutil

from engine.learning.bench import epoch_pair_ms, update_times_ms
from engine.learning.step import let_go

WARM_UP = 10
"""Updates before the first reading of the memory: allocators fill their pools."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=200, help="measured updates (200)")
    updates = parser.parse_args().updates
    epoch_ms, epoch_eager_ms = epoch_pair_ms()
    for number in range(WARM_UP):
        update_times_ms(number)
    before = _rss_mb()
    slices = np.array([t for number in range(updates) for t in update_times_ms(number)])
    report = {
        "epoch_ms": epoch_ms,
        "epoch_eager_ms": epoch_eager_ms,
        "ratio": epoch_eager_ms / epoch_ms,
        "updates": updates,
        "slices": len(slices),
        "slice_ms_p50": float(np.percentile(slices, 50)),
        "slice_ms_p99": float(np.percentile(slices, 99)),
        "slice_ms_max": float(slices.max()),
        "slices_over_15_ms": int((slices > 15).sum()),
        "rss_mb_before": before,
        "rss_mb_after": _rss_mb(),
        "rss_mb_growth": _rss_mb() - before,
    }
    let_go()
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 0


def _rss_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    raise SystemExit(main())
