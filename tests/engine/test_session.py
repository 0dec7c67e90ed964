from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from engine import events as ev
from engine.clock import SystemClock
from engine.errors import HomeError, LedgerError
from engine.eventlog import EventLog
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.feed import LiveFeed
from engine.home import VARIABLE, Home
from engine.journal import Journal
from engine.ledger import Ledger
from engine.session import Plan, open_session
from engine.settings import Feeds, Settings, Venues
from engine.sources import LiveRun, ReplayRun, SimRun, open_source, warnings
from engine.units import dollars
from tests.engine import recordings as rec
from tests.engine.build import NOW
from tests.shared import SHARED, needs_shared

PROGRAM = [sys.executable, "-m", "console"]


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        env=os.environ | {"TRADE_CONSOLE_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def begun(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        env=os.environ | {"TRADE_CONSOLE_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def ledger_of(home: Path, name: str) -> Ledger:
    log = EventLog(home / "data" / "ledger" / f"{name}.sqlite")
    ledger = Journal(log, lambda: 0).ledger
    log.close()
    return ledger


def has_fills(home: Path, name: str, count: int) -> bool:
    path = home / "data" / "ledger" / f"{name}.sqlite"
    return path.exists() and path.stat().st_size > 0 and _fills(path) >= count


def _fills(path: Path) -> int:
    import sqlite3

    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        row = db.execute("SELECT count(*) FROM events WHERE kind = 'FillMatched'").fetchone()
    except sqlite3.OperationalError:
        return 0  # the tables are not there yet
    finally:
        db.close()
    return int(row[0])


def killed_after(home: Path, fills: int) -> Ledger:
    """The ledger that a killed run of the embedded market left behind."""
    restless = ("--speed", "60", "--windows", "40", "--rule", "sample")
    process = begun(home, "--feed", "sim", "--headless", *restless)
    deadline = time.monotonic() + 60
    while not has_fills(home, "sim-7", fills) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return ledger_of(home, "sim-7")


def test_a_killed_run_shows_the_same_positions_and_result_when_it_starts_again(
    tmp_path: Path,
) -> None:
    for round_ in (1, 2):
        before = killed_after(tmp_path, fills=6 * round_)
        again = ledger_of(tmp_path, "sim-7")
        assert again == before
    ended = run(tmp_path, "--feed", "sim", "--headless", "--json", "--windows", "1", "--no-learn")
    summary = json.loads(ended.stdout)
    after = ledger_of(tmp_path, "sim-7")
    assert summary["unmanaged_expiries"] == 0
    assert summary["pnl_executable"] == pytest.approx(dollars(after.realised))
    assert after.cash + sum(h.cost for h in after.holdings.values()) == after.realised


def test_a_run_goes_on_after_the_newest_instant_of_its_log_and_decides_nothing_twice(
    tmp_path: Path,
) -> None:
    plan, clock = Plan(SimRun(), Settings()), MarketClock(SystemClock())
    with ExitStack() as opened:
        _, log = open_source(plan.run, plan.seed, plan.settings, tmp_path, clock, opened)
        log.append(NOW, 0, ev.Noted("info", "reached"))
    with ExitStack() as opened:
        feed, _ = open_source(plan.run, plan.seed, plan.settings, tmp_path, clock, opened)
        assert feed.info.start_ms == NOW + 1


def test_a_live_run_does_not_go_on_in_a_log_from_the_future(tmp_path: Path) -> None:
    plan, clock = Plan(LiveRun(), Settings()), MarketClock(SystemClock())
    with ExitStack() as opened:
        _, log = open_source(plan.run, plan.seed, plan.settings, tmp_path, clock, opened)
        log.append(clock.now_ms() + 60_000, 0, ev.Noted("info", "reached"))
    with ExitStack() as opened, pytest.raises(LedgerError, match="ahead of this machine's clock"):
        open_source(plan.run, plan.seed, plan.settings, tmp_path, clock, opened)


def test_a_live_run_whose_recording_ended_says_so_in_its_summary(tmp_path: Path) -> None:
    tiny = Settings(feeds=Feeds(disk_floor_mb=10_000_000))
    plan, clock = Plan(LiveRun(record=tmp_path / "tapes"), tiny), MarketClock(SystemClock())
    with ExitStack() as opened:
        feed, _ = open_source(plan.run, plan.seed, plan.settings, tmp_path, clock, opened)
        assert warnings(feed) == ()
        list(feed.poll(clock.now_ms()))
    (why,) = warnings(feed)
    assert why.startswith("recording ended: ")


async def test_a_live_run_that_reached_nobody_says_so_in_its_summary(tmp_path: Path) -> None:
    clock = MarketClock(SystemClock())
    with ExitStack() as opened:
        feed, _ = open_source(LiveRun(), 7, Settings(venues=nobody()), tmp_path, clock, opened)
        assert isinstance(feed, LiveFeed)
        assert warnings(feed) == ()
        running = asyncio.create_task(feed.run())
        async with asyncio.timeout(10):
            while not warnings(feed):
                await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.wait({running})
        assert all(": nothing usable came; " in told for told in warnings(feed))


def nobody() -> Venues:
    """Every venue at a port where nobody listens."""
    hosts = {name: value for name, value in Venues().model_dump().items() if name != "proxy"}
    return Venues(
        **{name: f"{h.partition(':')[0][:-1]}://127.0.0.1:1" for name, h in hosts.items()}
    )


def test_only_a_recording_is_not_learned_from_by_default() -> None:
    learns = [Plan(run, Settings()).learns for run in (SimRun(), LiveRun())]
    assert learns == [True, True]
    assert not Plan(ReplayRun(Path("tape.jsonl.gz")), Settings()).learns


def test_the_same_seed_gives_the_same_events_and_another_seed_others(tmp_path: Path) -> None:
    """Whether anything learns beside it or not."""
    arguments = ["--feed", "sim", "--headless", "--json", "--windows", "1", "--seed"]
    first, second, other = (
        json.loads(run(tmp_path, *arguments, *more).stdout)
        for more in (("3", "--learn"), ("3", "--no-learn"), ("4", "--no-learn"))
    )
    assert first["event_hash"] == second["event_hash"]
    assert first["event_hash"] != other["event_hash"]
    assert first["open_positions"] == 0


def test_a_second_engine_on_the_same_home_refuses(tmp_path: Path) -> None:
    first = begun(tmp_path, "--feed", "sim", "--headless", "--speed", "1")
    deadline = time.monotonic() + 30
    lock = tmp_path / "state" / "engine.lock"
    while not (lock.exists() and lock.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    second = run(tmp_path, "--feed", "sim", "--headless")
    first.terminate()
    assert first.wait(10) == 128 + signal.SIGTERM
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"pid {first.pid}" in second.stderr


def test_a_home_whose_state_was_moved_away_under_its_engine_gets_no_second_one(
    tmp_path: Path,
) -> None:
    home, plan = Home.open({VARIABLE: str(tmp_path)}), Plan(SimRun(), Settings())
    with ExitStack() as first, ExitStack() as second:
        open_session(plan, home, first)
        home.state.rename(tmp_path / "moved")
        Home.open({VARIABLE: str(tmp_path)})
        with pytest.raises(HomeError, match="another trade-console"):
            open_session(plan, home, second)


def test_a_halt_survives_the_restart(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state" / "HALTED").write_text("halt by key")
    summary = json.loads(
        run(
            tmp_path, "--feed", "sim", "--headless", "--json", "--windows", "1", "--no-learn"
        ).stdout
    )
    assert summary["decisions"] > 0
    assert summary["orders"] == 0


def test_a_recording_that_is_cut_is_replayed_up_to_the_cut(tmp_path: Path) -> None:
    rows = [rec.market(), *(rec.book(rec.T0 + i * 500) for i in range(200))]
    path = rec.write(tmp_path, *rows)
    path.write_bytes(path.read_bytes()[:-40])
    done = run(tmp_path, "replay", str(path), "--headless", "--json")
    summary = json.loads(done.stdout)
    assert done.returncode == 0
    assert summary["warnings"]
    assert summary["decisions"] > 0


@pytest.mark.parametrize("path", ["absent.jsonl.gz", "empty.jsonl.gz"])
def test_a_recording_that_cannot_be_read_leaves_no_log_behind(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty.jsonl.gz").touch()
    done = run(tmp_path, "replay", str(tmp_path / path), "--headless")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert list((tmp_path / "data" / "ledger").glob("*.sqlite*")) == []


def test_a_mistyped_model_neither_halts_the_next_run_nor_leaves_a_log(tmp_path: Path) -> None:
    done = run(tmp_path, "--feed", "sim", "--headless", "--model", str(tmp_path / "nothing"))
    assert done.returncode == 1
    assert list((tmp_path / "data" / "ledger").glob("*.sqlite*")) == []
    assert not (tmp_path / "state" / "HALTED").exists()


RECORDINGS = sorted(p.name for p in (SHARED / "recordings").glob("*.jsonl.gz"))
WEIGHTS = ("phase5", "pre_phase5")


def shortened(source: Path, folder: Path, lines: int) -> Path:
    """The first rows of a recording, as a recording that ends there."""
    import gzip

    target = folder / source.name
    with gzip.open(source, "rt") as whole, gzip.open(target, "wt") as part:
        for _, line in zip(range(lines), whole, strict=False):
            part.write(line)
    return target


@needs_shared
@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_real_recording_replays_twice_alike_and_leaves_nothing_unexplained(
    tmp_path: Path, name: str, weights: str
) -> None:
    # A row of mids is minutes of market time, a row of books a fraction of a second.
    tape = shortened(SHARED / "recordings" / name, tmp_path, 1_000 if "mids" in name else 3_000)
    model = str(SHARED / "weights" / weights / "rl_model.safetensors")
    arguments = ["replay", str(tape), "--headless", "--json", "--model", model]
    first, second = (json.loads(run(tmp_path, *arguments).stdout) for _ in range(2))
    assert first["event_hash"] == second["event_hash"]
    assert first["decisions"] > 0
    assert first["unmanaged_expiries"] == 0
    assert all(position["why"] for position in first["open_position_details"])
    if "mids" in name:
        assert (first["orders"], first["pnl_executable"]) == (0, 0.0)
        assert first["neutral_features"] == "13 of 18 features neutral"
