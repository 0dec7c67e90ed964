"""The fault matrix: whatever a venue does, while flat, while holding and while selling off.

In no case does a task end, an order leave on a book that is not valid, or an outcome get booked
that the world does not have (`watch`); and when the venue is well again, so is the engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from engine.decision import Action
from tests.engine.live.drive import Drive
from tests.venues.outcome_book import crossed, empty, one_sided
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

RATE = 12.0
BEGINS_MS = START_MS + 150_000
"""Half a minute into a window."""

Act = Callable[[Drive], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a venue does wrong."""

    name: str
    begin: Act
    end: Act
    lasts_s: float = 15.0
    """The town's seconds."""
    blinds: bool = True
    """Nothing can be decided while it lasts."""


def heal(drive: Drive) -> None:
    drive.town.clear()


def refuse(drive: Drive) -> None:
    drive.town.market.refuse_connections()
    drive.town.market.disconnect()


def accept(drive: Drive) -> None:
    drive.town.market.accept_connections()


def status(code: int) -> Act:
    def begin(drive: Drive) -> None:
        for host in (drive.town.market, drive.town.clob, drive.town.gamma):
            host.faults.http("*", code)
        drive.town.market.disconnect()

    return begin


def freeze(drive: Drive) -> None:
    drive.town.market.faults.freeze()


def everything_down(drive: Drive) -> None:
    for host in drive.town.hosts:
        host.refuse_connections()
        host.disconnect()


def everything_up(drive: Drive) -> None:
    for host in drive.town.hosts:
        host.accept_connections()


def bent(bend: Callable[..., object]) -> Act:
    def begin(drive: Drive) -> None:
        for asset in drive.town.world.plan.assets:
            window = drive.town.world.current(asset)
            drive.town.world.bend(window.up, bend)  # type: ignore[arg-type]  # a Bend
            drive.town.world.bend(window.down, bend)  # type: ignore[arg-type]  # a Bend

    return begin


def straight(drive: Drive) -> None:
    for asset in drive.town.world.plan.assets:
        window = drive.town.world.current(asset)
        drive.town.world.straighten(window.up)
        drive.town.world.straighten(window.down)


def next_frames(spoil: str, *arguments: object) -> Act:
    """The next frames of the market channel are spoilt in this way, and then some more."""

    def begin(drive: Drive) -> None:
        getattr(drive.town.market.faults, spoil)(*arguments)

    return begin


def break_off(drive: Drive) -> None:
    drive.town.market.disconnect_mid_frame("book*")
    drive.town.market.disconnect()


def cut_after_a_day(drive: Drive) -> None:
    drive.town.market.close_sockets(1001)
    drive.town.futures_stream.close_sockets(1001)


def quotes_stop(drive: Drive) -> None:
    drive.town.futures_stream.faults.silent("*@bookTicker")
    drive.town.spot_stream.faults.silent("*")
    drive.town.okx_stream.faults.silent("*")


def set_clock(hours: float) -> Act:
    def begin(drive: Drive) -> None:
        drive.machine.wrong_s = hours * 3600

    return begin


def clock_right(drive: Drive) -> None:
    drive.machine.wrong_s = 0.0


FAULTS = (
    Fault("connections refused", refuse, accept),
    *(Fault(f"HTTP {code}", status(code), heal) for code in (403, 404, 425, 429, 451, 500)),
    Fault("socket frozen", freeze, heal, 30.0),
    Fault("disconnected amid a snapshot", break_off, heal, blinds=False),
    Fault("closed as after a day", cut_after_a_day, heal, blinds=False),
    Fault("delta dropped", next_frames("drop_next", 1, "price_change*"), heal, blinds=False),
    Fault("deltas doubled", next_frames("duplicate_next", 40, "price_change*"), heal, blinds=False),
    Fault("deltas out of order", next_frames("reorder_next", "price_change*"), heal, blinds=False),
    Fault("JSON cut", next_frames("cut_json_next", 3, "*"), heal, blinds=False),
    Fault("10 MB", next_frames("huge_next", 10_000_000, 2, "*"), heal, blinds=False),
    Fault("binary", next_frames("garbage_next", b"\x00\xff\xfe", 5, "*"), heal, blinds=False),
    Fault("null", next_frames("garbage_next", "null", 5, "*"), heal, blinds=False),
    Fault(
        "wrong types",
        next_frames("garbage_next", '[{"event_type":"price_change","price_changes":7}]', 5, "*"),
        heal,
        blinds=False,
    ),
    Fault("books one-sided", bent(one_sided), straight),
    Fault("books crossed", bent(crossed), straight),
    Fault("books empty", bent(empty), straight),
    Fault("no quotes of the underlying", quotes_stop, heal, 20.0),
    Fault("both venues down", everything_down, everything_up),
    Fault("clock set an hour ahead", set_clock(1.0), clock_right, blinds=False),
    Fault("clock set an hour back", set_clock(-1.0), clock_right, blinds=False),
)


async def suffer(drive: Drive, fault: Fault) -> None:
    fault.begin(drive)
    if fault.blinds:
        await drive.until(drive.blind)
    await drive.during(fault.lasts_s)
    fault.end(drive)
    await drive.until(drive.decides, 240)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_it_is_lived_through_flat_holding_and_selling_off(fault: Fault) -> None:
    town = Town(7, Plan(assets=("BTC", "ETH")), RATE, BEGINS_MS)
    async with town, Drive(town) as drive:
        await drive.until(drive.decides)
        await suffer(drive, fault)
        assert drive.watch.opened == []

        drive.want = Action.BUY
        await drive.until(drive.holds)
        drive.want = Action.HOLD
        held = dict(drive.engine.journal.ledger.holdings)
        await suffer(drive, fault)
        assert drive.engine.journal.ledger.holdings.keys() == held.keys()

        fault.begin(drive)
        drive.engine.flattening = True
        await drive.during(fault.lasts_s)
        fault.end(drive)
        await drive.until(drive.flat, 240)
