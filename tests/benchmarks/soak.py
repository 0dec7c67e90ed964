"""A simulated week on the embedded market: what is conserved, what grows, what nobody managed.

Run it as ``python -m tests.benchmarks.soak [--days 7] [--seed 7] [--learn] [--folder DIR]``. It
runs the program's own session as fast as the machine can, with the shipped model, and prints one
JSON object. Exit code 1: money was not conserved, a window ended that no rule tried to sell, the
log does not fold to the same ledger, or memory grew by more than `BUDGET_MB` a day.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path

import psutil

from engine.eventlog import EventLog
from engine.feeds.sim_params import WINDOW_MS
from engine.home import Home
from engine.ledger import Ledger
from engine.session import Plan, open_session
from engine.settings import Settings
from engine.sources import SimRun
from engine.summary import Summary
from engine.thread import EngineThread
from tests.simulation.account import Account

DAY_WINDOWS = 86_400_000 // WINDOW_MS
LOOK_S = 1.0
"""Real time between two readings of the memory."""
WARM = 0.2
"""First part of the run that is no part of the growth: allocators and caches fill."""
BUDGET_MB = 5.0
"""Growth of the memory for each simulated day."""


def main() -> int:
    asked = _arguments().parse_args()
    with tempfile.TemporaryDirectory() as own:
        folder = Path(asked.folder or own)
        report = soak(folder, asked.days, asked.seed, learn=asked.learn)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return int(bool(report["wrong"]))


def soak(folder: Path, days: float, seed: int, *, learn: bool) -> dict[str, object]:
    """Run it, then add the log up again by other means."""
    home = Home.open({"TRADE_CONSOLE_HOME": str(folder)})
    windows = max(1, round(days * DAY_WINDOWS))
    plan = Plan(SimRun(windows=windows, fresh=True), Settings(), seed=seed, learn=learn)
    begun = time.monotonic()
    with ExitStack() as held:
        thread = open_session(plan, home, held)
        thread.start()
        memory = _watched(thread)
    if thread.summary is None:
        return {"wrong": [thread.failure or "no summary"], "seed": seed}
    report = {
        "seed": seed,
        "windows": windows,
        "real_s": round(time.monotonic() - begun, 1),
        "memory": _growth(memory, windows),
        **_added_up(_log_of(home)),
        "summary": asdict(thread.summary),
    }
    return {"wrong": _wrong(report, thread.summary), **report}


def _watched(thread: EngineThread) -> list[float]:
    """Megabytes held, once a `LOOK_S` until the run is over."""
    seen = []
    while not thread.wait_ended(LOOK_S):
        seen.append(_rss_mb())
    return [*seen, _rss_mb()]


def _growth(memory: list[float], windows: int) -> dict[str, float]:
    warm = memory[int(len(memory) * WARM) :]
    days = max(1.0, windows / DAY_WINDOWS * (1 - WARM))  # a shorter run's growth counts as a day's
    grown = warm[-1] - warm[0]
    return {
        "warm_mb": round(warm[0], 1),
        "end_mb": round(warm[-1], 1),
        "peak_mb": round(max(memory), 1),
        "mb_per_day": round(grown / days, 2),
    }


def _added_up(path: Path) -> dict[str, object]:
    """The log's money by the ledger and by an account that knows only what was exchanged."""
    ledger, account = Ledger(), Account()
    with closing(EventLog(path)) as log:
        for recorded in log.replay():
            ledger.apply(recorded.t_ms, recorded.event)
            account.happened(recorded.event)
    held = {token: h.shares for token, h in ledger.holdings.items()}
    cost = sum(h.cost for h in ledger.holdings.values())
    return {
        "cash_micro": ledger.cash,
        "cash_by_account_micro": account.cash(),
        "conserved": ledger.cash == account.cash()
        and held == account.shares()
        and ledger.cash + cost == ledger.realised,
        "realised_micro": ledger.realised,
        "orders_without_end": len(ledger.working),
        "log_mb": round(path.stat().st_size / 2**20, 1),
    }


def _wrong(report: dict[str, object], summary: Summary) -> list[str]:
    memory = report["memory"]
    assert isinstance(memory, dict)
    found = {
        "money is not conserved": not report["conserved"],
        "the log does not add up to what the run said": (
            abs(float(str(report["realised_micro"])) / 1e6 - summary.pnl_executable) > 1e-6
        ),
        "a window ended that no rule tried to sell": summary.unmanaged_expiries > 0,
        "an order has no end": bool(report["orders_without_end"]),
        f"memory grows by more than {BUDGET_MB} MB a day": memory["mb_per_day"] > BUDGET_MB,
    }
    return [sentence for sentence, holds in found.items() if holds]


def _log_of(home: Home) -> Path:
    (path,) = (p for p in home.ledger.iterdir() if p.suffix == ".sqlite")
    return path


def _rss_mb() -> float:
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 2**20


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m tests.benchmarks.soak")
    parser.add_argument("--days", type=float, default=7.0, help="of market time (7)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--learn", action="store_true", help="a challenger learns beside it")
    parser.add_argument("--folder", help="home of the run, to be kept; else one that is removed")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
