"""Whole windows against local venues: rolled over, stopped, gone on with, recorded and replayed."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine import events as ev
from engine.decision import Action
from tests.engine.live import account
from tests.engine.live.drive import Drive
from tests.engine.live.replayed import replay_of, session_of
from tests.venues.outcome_book import empty
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

RATE = 50.0
WINDOW_S = 300
FIRST_S = START_MS // 1000 + 120
"""The first of three windows."""
BEGINS_MS = FIRST_S * 1000 - 10_000
PLAN = Plan(assets=("BTC", "ETH"), window_seconds=WINDOW_S)

TURN = (Action.BUY, Action.HOLD, Action.SELL, Action.HOLD)


def both_ways(call: int) -> Action:
    """Up for twenty seconds, then down, with pauses."""
    return TURN[call // 40 % 4]


def slugs(number: int) -> set[str]:
    start = FIRST_S + (number - 1) * WINDOW_S
    return {f"{asset.lower()}-updown-5m-{start}" for asset in PLAN.assets}


def left_s(drive: Drive) -> float:
    """Until the running window ends, seconds of market time."""
    return WINDOW_S - drive.engine.t_ms / 1000 % WINDOW_S


def resolved(drive: Drive, *numbers: int) -> bool:
    known = drive.engine.journal.ledger.verdicts.keys()
    return all(slugs(number) <= known for number in numbers)


async def test_three_windows_with_a_restart_amid_the_second_end_as_the_world_says(
    tmp_path: Path,
) -> None:
    log, tapes = tmp_path / "log.sqlite", tmp_path / "tapes"
    town = Town(7, PLAN, RATE, BEGINS_MS, step_ms=500)
    async with town:
        async with Drive(town, log=log, wants=both_ways, record=tapes / "a") as first:
            await first.until(lambda: resolved(first, 1), 400)
            await first.until(first.holds, 190)
            assert left_s(first) > 70
        held = dict(first.engine.journal.ledger.holdings)
        kept = shutil.copy(log, tmp_path / "kept.sqlite")
        await town.clock.sleep(20)

        async with Drive(town, log=log, wants=both_ways, record=tapes / "b") as second:
            assert second.engine.journal.ledger.holdings == held
            await second.until(lambda: resolved(second, 2), 400)
            await second.until(lambda: second.holds() and left_s(second) < 200, 280)
            second.bend(empty)  # whatever is held now is held to the end
            await second.until(lambda: resolved(second, 3), 400)

            account.is_conserved(second.engine, town.world)
            account.has_no_doubles(second.engine)
            account.is_explained(second.engine)
            account.in_time_order(second.engine)

            ledger = second.engine.journal.ledger
            assert not set(ledger.open_slugs()) & (slugs(1) | slugs(2) | slugs(3))
            assert not ledger.awaiting
            sold = {(f.outcome, f.side) for f in account.happened(second.engine, ev.FillMatched)}
            assert sold == {(o, side) for o in ("UP", "DOWN") for side in ("BUY", "SELL")}
            waited = {w.slug for w in account.happened(second.engine, ev.WindowAwaiting)}
            assert waited == slugs(3)

    before = replay_of(session_of(tapes / "a"), second.settings, both_ways)
    assert before.digest == first.digest
    after = replay_of(session_of(tapes / "b"), second.settings, both_ways, Path(kept))
    assert after.digest == second.digest


async def test_a_recording_that_was_cut_replays_up_to_the_cut(tmp_path: Path) -> None:
    town = Town(8, PLAN, RATE, BEGINS_MS + 240_000, step_ms=500)
    async with town, Drive(town, wants=both_ways, record=tmp_path) as drive:
        await drive.until(lambda: drive.engine.t_ms > (FIRST_S + WINDOW_S) * 1000 + 90_000, 250)
    tape = session_of(tmp_path)
    whole = replay_of(tape, drive.settings, both_ways)
    assert whole.digest == drive.digest

    last = max(tape.glob("part-*"))
    last.write_bytes(last.read_bytes()[: last.stat().st_size // 2])
    cut = replay_of(tape, drive.settings, both_ways)
    assert 0 < len(cut.trades) < len(whole.trades)
    assert cut.trades == whole.trades[: len(cut.trades)]
