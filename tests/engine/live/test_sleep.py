"""The machine sleeps in the middle of a window: nobody was there, so nothing was done there."""

from __future__ import annotations

import pytest

from engine import events as ev
from engine.decision import Action
from tests.engine.live import account
from tests.engine.live.drive import Drive
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

RATE = 12.0
SLEPT_S = 100.0
LATE_MS = 3_000
"""A tick may be made so late, market time; books are good for longer than that."""
PLAN = Plan(assets=("BTC", "ETH"))
BEGINS_MS = START_MS + 150_000


async def sleep(drive: Drive) -> range:
    """The market time of a sleep, once the program has noticed it and gone on after it."""
    since = drive.feed.clock.now_ms()
    until = since + int(SLEPT_S * 1000)
    drive.town.clock.skip(SLEPT_S)
    await drive.until(lambda: drive.engine.t_ms > until)
    assert noticed(drive)
    return range(since, until - 2_000)


def noticed(drive: Drive) -> bool:
    return "slept" in drive.feed.clock.note


async def test_a_position_is_kept_over_a_sleep_and_can_be_sold_after_it() -> None:
    town = Town(7, PLAN, RATE, BEGINS_MS)
    async with town, Drive(town) as drive:
        await drive.until(drive.decides)
        drive.want = Action.BUY
        await drive.until(drive.holds)
        drive.want = Action.HOLD
        held = dict(drive.engine.journal.ledger.holdings)

        await sleep(drive)
        await drive.until(drive.decides, 240)
        assert abs(drive.engine.t_ms - town.clock.now_ms()) < 3_000
        assert drive.engine.journal.ledger.holdings == held

        drive.engine.flattening = True
        await drive.until(drive.flat)
        account.is_conserved(drive.engine, town.world)


@pytest.mark.parametrize("held", [False, True])
async def test_nothing_is_sent_or_filled_in_a_time_that_was_slept_through(held: bool) -> None:
    """Whatever the policy would have wanted there: it looked at books from before the sleep."""
    town = Town(7, PLAN, RATE, BEGINS_MS)
    async with town, Drive(town) as drive:
        await drive.until(drive.decides)
        if held:
            drive.want = Action.BUY
            await drive.until(drive.holds)
            drive.want = Action.HOLD

        awake = [drive.engine.t_ms]

        def wants(t_ms: int) -> Action:
            if not noticed(drive):
                awake.append(t_ms)
            return Action.SELL if t_ms > awake[-1] + LATE_MS else Action.HOLD

        drive.wants_at(wants)
        asleep = await sleep(drive)
        drive.engine.journal.log.commit()
        late = [
            record
            for record in drive.engine.journal.log.replay()
            if record.t_ms in asleep and isinstance(record.event, ev.OrderSent | ev.FillMatched)
        ]
        assert late == []
