"""What is held at the end of a window: paid out on the venue's word from wherever it comes, and
kept open, for any time, where nobody says anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import events as ev
from engine.decision import Action
from tests.engine.live import account
from tests.engine.live.drive import Drive
from tests.venues.outcome_book import empty
from tests.venues.town import Town
from tests.venues.world import SOURCES, START_MS, Plan

RATE = 40.0
WINDOW_S = 300
START_S = START_MS // 1000 + 120
END_MS = (START_S + WINDOW_S) * 1000
BEGINS_MS = END_MS - 140_000
SLUG = f"btc-updown-5m-{START_S}"


def town_that_tells(**after_s: float) -> Town:
    """One where only these sources know outcomes, so long after the end."""
    known: dict[str, float | None] = dict.fromkeys(SOURCES)
    plan = Plan(assets=("BTC",), window_seconds=WINDOW_S, resolve_after_s={**known, **after_s})
    return Town(7, plan, RATE, BEGINS_MS, step_ms=500)


async def hold_to_the_end(drive: Drive) -> None:
    drive.want = Action.BUY
    await drive.until(drive.holds, 70)
    drive.want = Action.HOLD
    drive.bend(empty)
    await drive.until(lambda: drive.engine.t_ms > END_MS + 5_000, 200)
    ledger = drive.engine.journal.ledger
    assert ledger.open_slugs() == [SLUG]
    assert ledger.awaiting[SLUG]


@pytest.mark.parametrize("source", SOURCES)
async def test_each_source_alone_pays_out(source: str) -> None:
    town = town_that_tells(**{source: 20.0})
    async with town, Drive(town) as drive:
        await hold_to_the_end(drive)
        ledger = drive.engine.journal.ledger
        await drive.until(lambda: SLUG in ledger.verdicts, 200)
        (verdict,) = account.happened(drive.engine, ev.WindowResolved)
        assert verdict.slug == SLUG
        assert not ledger.open_slugs()
        account.is_conserved(drive.engine, town.world)


async def test_a_late_outcome_is_waited_for() -> None:
    town = town_that_tells(gamma=310.0)
    async with town, Drive(town) as drive:
        await hold_to_the_end(drive)
        ledger = drive.engine.journal.ledger
        await drive.until(lambda: drive.engine.t_ms > END_MS + 300_000, 350)
        assert ledger.awaiting.keys() == {SLUG}
        await drive.until(lambda: SLUG in ledger.verdicts, 120)
        account.is_conserved(drive.engine, town.world)


async def test_a_missing_outcome_books_nothing_and_is_found_by_a_later_run(tmp_path: Path) -> None:
    town, log = town_that_tells(), tmp_path / "log.sqlite"
    async with town:
        async with Drive(town, log=log) as first:
            await hold_to_the_end(first)
            before = first.engine.journal.ledger.realised
            await first.until(lambda: first.engine.t_ms > END_MS + 200_000, 300)
            ledger = first.engine.journal.ledger
            assert ledger.awaiting.keys() == {SLUG}
            assert ledger.realised == before
            assert not ledger.verdicts
        town.world.plan.resolve_after_s = {"gamma": 10.0}

        async with Drive(town, log=log) as second:
            ledger = second.engine.journal.ledger
            assert ledger.open_slugs() == [SLUG]
            await second.until(lambda: SLUG in ledger.verdicts, 100)
            assert not ledger.open_slugs()
            assert not ledger.awaiting
            account.is_conserved(second.engine, town.world)
