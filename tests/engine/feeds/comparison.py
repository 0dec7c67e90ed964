"""The table of the embedded market against recordings of real ones, and who made it.

``python -m tests.engine.feeds.comparison`` prints it, over all recordings of full books.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.market import ASSETS
from tests.engine.feeds.calibration import (
    BUCKETS,
    Mids,
    Seen,
    mid_moves,
    mids_of,
    recorded_books,
    recorded_mids,
    shapes,
    sim_books,
)
from tests.shared import SHARED

RECORDINGS = SHARED / "recordings"
BOOKS = tuple(f"btc-5m-books-{start}.jsonl.gz" for start in range(1776323400, 1776333000, 3000))
MIDS = "4assets-15m-mids-2026-01-02.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured quantity in one bucket, of both markets."""

    what: str
    bucket: str
    recorded: float
    sim: float
    count: int | None = None
    """Recorded moves behind a volatility; None for book shapes, which rest on thousands."""

    @property
    def ratio(self) -> float:
        return self.sim / self.recorded if self.recorded else float("nan")


def comparison(books: Sequence[Path], mids: Path, seed: int, windows: int) -> list[Line]:
    """Every quantity by bucket; BTC books against the sim's, then mids of the four assets."""
    real = list(chain.from_iterable(recorded_books(path) for path in books))
    simulated = list(sim_books(seed, windows))
    lines = list(_shape_lines(real, simulated))
    for horizon in (1.0, 10.0):
        what = f"BTC mid volatility over {horizon:g} s (books)"
        lines += _moves(what, "BTC", (mids_of(real), mids_of(simulated)), horizon, stale_s=5.0)
    both = (recorded_mids(mids), mids_of(simulated))
    for asset in ASSETS:
        lines += _moves(f"{asset} mid volatility over 10 s (mids)", asset, both, 10.0, stale_s=11.0)
    return lines


def _shape_lines(real: Iterable[Seen], simulated: Iterable[Seen]) -> Iterator[Line]:
    recorded, sim = shapes(real), shapes(simulated)
    for what in recorded[BUCKETS[0][0]]:
        for bucket, _, _ in BUCKETS:
            yield Line(what, bucket, recorded[bucket][what], sim[bucket][what])


def _moves(
    what: str, asset: str, mids: tuple[Mids, Mids], horizon_s: float, stale_s: float
) -> list[Line]:
    """Recorded moves of one asset; the sim's of all four, whose law is one by construction."""
    real, sim = (mid_moves(m, horizon_s, stale_s) for m in mids)
    lines = []
    for bucket, _, _ in BUCKETS:
        recorded = real.get((asset, bucket), np.zeros(0))
        made = np.concatenate([sim.get((name, bucket), np.zeros(0)) for name in ASSETS])
        if recorded.size and made.size:
            lines.append(Line(what, bucket, _rms(recorded), _rms(made), recorded.size))
    return lines


def _rms(squares: NDArray[np.float64]) -> float:
    return float(np.sqrt(squares.mean()))


def markdown(lines: Iterable[Line]) -> str:
    rows = [
        "| what | left | recorded | sim | ratio | n |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for line in lines:
        n = "" if line.count is None else str(line.count)
        numbers = f"{line.recorded:.4g} | {line.sim:.4g} | {line.ratio:.2f}"
        rows.append(f"| {line.what} | {line.bucket} | {numbers} | {n} |")
    return "\n".join(rows)


if __name__ == "__main__":
    paths = [RECORDINGS / name for name in BOOKS]
    sys.stdout.write(markdown(comparison(paths, RECORDINGS / MIDS, seed=7, windows=32)) + "\n")
