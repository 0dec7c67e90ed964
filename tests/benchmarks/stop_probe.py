"""The console, telling on a pipe when its gate shut, when orders were cancelled, when it opened.

Run by `tests.benchmarks.stop_cost` as ``python -m tests.benchmarks.stop_probe PIPE ARGUMENTS``.
Each line is a word and monotonic nanoseconds, which are the same clock in every process.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence

from console.__main__ import main
from engine import trading_state
from engine.paper import PaperVenue


def probe(pipe: int) -> None:
    """Have the three moments told, each after it has come."""

    def tell(word: str) -> None:
        os.write(pipe, f"{word} {time.monotonic_ns()}\n".encode())

    latch, venue = trading_state.Latch, PaperVenue
    shut_now, release, cancel_all = latch.shut_now, latch.release, venue.cancel_all

    def shutting(self: trading_state.Latch, reason: str) -> None:
        was_open = not self.shut
        shut_now(self, reason)
        if was_open:
            tell("shut")

    def releasing(self: trading_state.Latch, typed: str, unmet: Sequence[str] = ()) -> None:
        release(self, typed, unmet)
        tell("open")

    def cancelling(self: PaperVenue, t_ms: int) -> None:
        cancel_all(self, t_ms)
        tell("cancelled")

    latch.shut_now, latch.release = shutting, releasing  # type: ignore[method-assign]  # the probe
    venue.cancel_all = cancelling  # type: ignore[method-assign]  # the probe


if __name__ == "__main__":
    probe(int(sys.argv[1]))
    raise SystemExit(main(sys.argv[2:]))
