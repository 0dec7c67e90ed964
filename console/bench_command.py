"""``trade-console bench``: how fast this machine is, beside what the program needs.

Owns the list of numbers, their budgets and the table. The measuring is `models.bench`,
`engine.learning.bench` and `engine.bench`; everything is measured anew, in well under two minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.bench import feed_messages_per_s, replay_x_realtime
from engine.learning.bench import epoch_pair_ms, slice_times
from engine.learning.step import let_go
from models.architecture import PHASE5
from models.bench import decision_pair_us
from models.policy import load_policy
from models.shipped import shipped


@dataclass(frozen=True, slots=True)
class Bench:
    """One run of all measurements; the names are those of the JSON."""

    decision_us: float
    """One decision for four assets, from features to actions; median, microseconds."""
    decision_eager_us: float
    """The same as four actor and four critic calls that are not compiled; median."""
    ppo_epoch_ms: float
    """An epoch of PPO on 256 rows; median, milliseconds."""
    ppo_epoch_eager_ms: float
    """The same arithmetic not compiled, one network and one tensor at a time; median."""
    slice_ms_p99: float
    """How long a slice of learning holds the engine's loop, milliseconds, 99th percentile."""
    slice_ms_max: float
    feed_messages_per_s: float
    """Book and trade messages through parsing, books, signals and features on one core, each
    second; of the embedded market, from memory."""
    replay_x_realtime: float
    """Market seconds each second in a replay of four assets with a log, decisions and paper
    trades; the recording is made from the embedded market."""
    device: str
    """Where MLX computes: ``cpu`` or ``gpu``."""


Row = tuple[str, float, str, str]
"""What, the number, its unit, and the budget beside it."""


def bench_command(options: argparse.Namespace) -> int:
    """Measure and print. Returns 0, whether the budgets are met or not: they are no errors."""
    found = measure()
    if options.json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE).decode())
    else:
        sys.stdout.write(table(found))
    return 0


def measure() -> Bench:
    """All numbers, one after the other, on an otherwise idle thread."""
    device = load_policy(shipped(PHASE5)).device
    try:
        decision, decision_eager = decision_pair_us()
        epoch, epoch_eager = epoch_pair_ms()
        slices = slice_times()
    finally:
        let_go()
    with tempfile.TemporaryDirectory(prefix="trade-console-") as folder:
        speed = replay_x_realtime(Path(folder))
    return Bench(
        decision_us=decision,
        decision_eager_us=decision_eager,
        ppo_epoch_ms=epoch,
        ppo_epoch_eager_ms=epoch_eager,
        slice_ms_p99=slices.p99_ms,
        slice_ms_max=slices.max_ms,
        feed_messages_per_s=feed_messages_per_s(),
        replay_x_realtime=speed,
        device=device,
    )


def table(found: Bench) -> str:
    """Each number, and beside it the budget and whether it is met."""
    quicker = found.decision_eager_us / found.decision_us
    sooner = found.ppo_epoch_eager_ms / found.ppo_epoch_ms
    rows = (
        ("decision for 4 assets", found.decision_us, "us", _most(found.decision_us, 250)),
        ("  eager, one at a time", found.decision_eager_us, "us", ""),
        ("  times faster", quicker, "x", _least(quicker, 8)),
        ("PPO epoch on 256 rows", found.ppo_epoch_ms, "ms", ""),
        ("  eager, per network", found.ppo_epoch_eager_ms, "ms", ""),
        ("  times faster", sooner, "x", _least(sooner, 1.5)),
        ("slice of learning, p99", found.slice_ms_p99, "ms", _most(found.slice_ms_p99, 15)),
        ("  longest", found.slice_ms_max, "ms", _most(found.slice_ms_max, 50)),
        ("book and trade messages", found.feed_messages_per_s, "/s",
         _least(found.feed_messages_per_s, 20_000)),
        ("replay, times real time", found.replay_x_realtime, "x",
         _least(found.replay_x_realtime, 200)),
    )  # fmt: skip
    return "".join(map(_line, rows)) + f"MLX computes on the {found.device}\n"


def _line(row: Row) -> str:
    what, number, unit, budget = row
    digits = 0 if number >= 1_000 else 2
    return f"{what:<25}{number:>10,.{digits}f} {unit:<3} {budget}".rstrip() + "\n"


def _most(number: float, limit: float) -> str:
    return f"at most {limit:,g}: {_word(number <= limit)}"


def _least(number: float, limit: float) -> str:
    return f"at least {limit:,g}: {_word(number >= limit)}"


def _word(met: bool) -> str:  # noqa: FBT001 - what it turns into a word
    return "met" if met else "NOT met"
