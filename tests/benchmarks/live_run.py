"""A whole session on a town's venues: how late its decisions are, and how its memory grows.

Owns sessions as the program runs them, with the shipped weights, in the engine's own thread.
"""

from __future__ import annotations

import gc
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from engine.built import Built
from engine.home import Home
from engine.learning.challenger import Challenger
from engine.meters import LoopGaps
from engine.session import Plan, open_session
from engine.sources import LiveRun
from engine.thread import EngineThread
from tests.benchmarks.far_town import FarTown, far_town

HOUR_MS = 3_600_000
TELL_MS = 900_000
"""Market time between two readings of the memory."""
SETTLED_MS = 4_500_000
"""Market time after which nothing should grow any more: windows are remembered for an hour."""
MOST_TYPES = 12
ROWS = 256
"""Of an update, so that one falls into the first window that ends; a slice of it costs the same."""


def lateness(seconds: float, delay_s: float, *, learn: bool) -> dict[str, object]:
    """Of a session in real time whose venues are all late by `delay_s`, over so many seconds."""
    with far_town(delay_s=delay_s) as town, _session(town, learn=learn) as (thread, built):
        used = time.process_time()
        time.sleep(seconds)
        busy = (time.process_time() - used) / seconds
        meters, view = built[0].engine.meters, thread.latest()
        decided = len(meters.decision_us)
        return {
            "seconds": seconds,
            "venues_late_ms": delay_s * 1000,
            "learning": learn,
            "decision_ticks": decided,
            "tick_late_ms": _quantiles(meters.late),
            "loop_gap_ms": _quantiles(meters.gaps),
            "decision_us_p50": meters.usual_decision_us,
            "busy_cores": round(busy, 3),
            "learned": _learned(built[0].challenger),
            "failure": view.failure,
        }


def memory(seconds: float, rate: float, *, learn: bool) -> dict[str, object]:
    """Of a session `rate` times as fast as real time, over so many real seconds."""
    readings: list[dict[str, float]] = []
    with far_town(rate) as town, _session(town, learn=learn, record=True) as (thread, built):
        engine, deadline = built[0].engine, time.monotonic() + seconds
        begun_ms, before, after = engine.t_ms, Counter[str](), Counter[str]()
        while time.monotonic() < deadline and thread.alive():
            ran_ms = engine.t_ms - begun_ms
            if ran_ms >= len(readings) * TELL_MS:
                readings.append({"hours": ran_ms / HOUR_MS, "rss_mb": _rss_mb()})
                if ran_ms >= SETTLED_MS:
                    before, after = before or _objects(), _objects()
            time.sleep(0.05)
        live = built[0].live
        recorder = None if live is None else live.view().recorder
        return {
            "rate": rate,
            "learning": learn,
            "readings": readings,
            "rss_mb_per_hour_settled": _slope(readings),
            "objects_grown": dict((after - before).most_common(MOST_TYPES)),
            "objects": sum(after.values()),
            "recorded_rows": None if recorder is None else recorder.rows,
            "recorded_mb": None if recorder is None else recorder.written / 1e6,
            "tick_late_ms": _quantiles(engine.meters.late),
            "learned": _learned(built[0].challenger),
            "failure": thread.failure,
        }


@contextmanager
def _session(
    town: FarTown, *, learn: bool, record: bool = False
) -> Iterator[tuple[EngineThread, list[Built]]]:
    """A running session and what its thread has built."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as held:
        home = Home.under(Path(folder))
        for path in home.folders:
            path.mkdir(parents=True, exist_ok=True)
        run = LiveRun(fresh=True, record=home.recordings if record else None)
        learning = town.settings.learning.model_copy(update={"rows": ROWS})
        plan = Plan(run, town.settings.model_copy(update={"learning": learning}), learn=learn)
        thread = open_session(plan, home, held, town.machine(), town.market_clock())
        built: list[Built] = []
        build = thread._build  # the meters are the engine's, and nothing else tells all of them

        def kept() -> Built:
            built.append(build())
            return built[0]

        thread._build = kept
        thread.start()
        thread.wait_started()
        try:
            yield thread, built
        finally:
            thread.leave(20.0)


def _learned(challenger: Challenger | None) -> dict[str, object] | None:
    if challenger is None:
        return None
    learner = challenger.learner
    return {
        "updates": learner.number,
        "waits_for": learner.lacks,
        "slice_ms": _quantiles(challenger.slices),
    }


def _quantiles(gaps: LoopGaps) -> dict[str, float]:
    return {
        "p50": round(gaps.quantile_ms(0.5), 2),
        "p99": round(gaps.quantile_ms(0.99), 2),
        "max": round(gaps.longest_ms, 2),
    }


def _rss_mb() -> float:
    gc.collect()
    return round(float(psutil.Process().memory_info().rss) / 2**20, 1)


def _objects() -> Counter[str]:
    gc.collect()
    return Counter(type(thing).__qualname__ for thing in gc.get_objects())


def _slope(readings: list[dict[str, float]]) -> float | None:
    """Megabytes an hour between the first settled reading and the last."""
    settled = [r for r in readings if r["hours"] >= SETTLED_MS / HOUR_MS]
    if len(settled) < 2:
        return None
    first, last = settled[0], settled[-1]
    return round((last["rss_mb"] - first["rss_mb"]) / (last["hours"] - first["hours"]), 2)
