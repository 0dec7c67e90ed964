"""The underlying's venue is lost while something is held: another one is measured on, and back."""

from __future__ import annotations

from engine import events as ev
from engine.decision import Action
from tests.engine.live import account
from tests.engine.live.drive import Drive
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

RATE = 12.0


async def test_a_blocked_venue_is_replaced_and_taken_back_while_a_position_is_held() -> None:
    town = Town(7, Plan(assets=("BTC",)), RATE, START_MS + 150_000)
    async with town, Drive(town) as drive:
        drive.want = Action.BUY
        await drive.until(drive.holds)
        drive.want = Action.HOLD
        held = dict(drive.engine.journal.ledger.holdings)

        for venue, change in (
            ("binance-spot", town.block_futures),
            ("okx-swap", town.block_binance),
            ("binance-futures", town.clear),
        ):
            change()
            await drive.until(lambda: followed(drive) == venue, 240)  # noqa: B023 - awaited here
            await drive.until(drive.decides, 240)
            assert drive.feed.view().reference == venue

        changes = account.happened(drive.engine, ev.ReferenceChanged)
        assert changes[-1].venue == "binance-futures"
        assert {"binance-spot", "okx-swap"} < {change.venue for change in changes}
        assert "this place (451)" in changes[0].reason
        assert drive.engine.journal.ledger.holdings == held

        drive.engine.flattening = True
        await drive.until(drive.flat)
        account.is_conserved(drive.engine, town.world)


def followed(drive: Drive) -> str | None:
    """The venue that features are made of now."""
    return drive.engine.desks["BTC"].signals.venue
