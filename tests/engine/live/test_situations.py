"""What markets and machines do that is nobody's fault, met by the whole engine."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest

from engine import events as ev
from engine.decision import Action
from engine.settings import Settings
from tests.engine.live import account
from tests.engine.live.drive import SURE, Drive
from tests.venues.outcome_book import CENT, FINE, Makers
from tests.venues.town import Town
from tests.venues.world import START_MS, Plan

RATE = 20.0
BEGINS_MS = START_MS + 150_000
BTC = ("BTC",)
NAME = "venue.test"


class Quotes(Makers):
    """Makers whose tick a test sets."""

    def __init__(self) -> None:
        super().__init__(random.Random(1))
        self.wanted = CENT

    def quote(self, fair: float) -> None:
        self.tick = self._finest_tick = self.wanted
        super().quote(fair)


async def test_a_market_that_is_listed_late_is_traded_from_then_on() -> None:
    plan = Plan(assets=BTC, listed_before_s=-90.0)
    town = Town(7, plan, RATE, BEGINS_MS)
    async with town, Drive(town) as drive:
        drive.want = Action.BUY
        await drive.during(30)
        assert drive.engine.desks["BTC"].market is None
        assert drive.watch.opened == []
        await drive.until(drive.holds, 120)
        (seen,) = account.happened(drive.engine, ev.MarketSeen)
        assert seen.slug == town.world.current("BTC").slug


async def test_the_price_to_beat_is_shown() -> None:
    town = Town(7, Plan(assets=BTC), RATE, BEGINS_MS)
    async with town, Drive(town) as drive:
        truth = town.world.current("BTC").price_to_beat
        desk = drive.engine.desks["BTC"]
        await drive.until(lambda: bool(desk.price_to_beat), 120)
        assert desk.price_to_beat == {town.world.current("BTC").slug: pytest.approx(truth)}


async def test_a_tick_that_changes_both_ways_while_holding_is_followed() -> None:
    town = Town(7, Plan(assets=BTC), RATE, BEGINS_MS)
    quotes = Quotes()
    town.world.current("BTC").makers = quotes
    async with town, Drive(town) as drive:
        drive.want = Action.BUY
        await drive.until(drive.holds)
        drive.want = Action.HOLD
        (held,) = drive.engine.journal.ledger.holdings
        for tick in (FINE, CENT, FINE):
            quotes.wanted = tick
            await drive.until(lambda: tick_of(drive, held) == tick)  # noqa: B023 - awaited here
            await drive.until(drive.decides)
        drive.engine.flattening = True
        await drive.until(drive.flat)
        account.is_conserved(drive.engine, town.world)


def tick_of(drive: Drive, token: str) -> int | None:
    """By the prices of a book that is valid; None: it is not."""
    book = drive.engine.intake.book(token)
    if book is None or book.invalid is not None:
        return None
    return FINE if any(price % CENT for price, _ in (*book.bids, *book.asks)) else CENT


@pytest.mark.parametrize("offset_s", [30.0, -30.0])
async def test_a_venue_with_a_wrong_clock_is_shown_and_breaks_nothing(offset_s: float) -> None:
    town = Town(7, Plan(assets=BTC), RATE, BEGINS_MS)
    for host in town.hosts:
        host.clock_offset_s = offset_s
    async with town, Drive(town) as drive:
        drive.want = Action.BUY
        await drive.until(drive.holds)
        drive.want = Action.HOLD
        await drive.during(20)
        assert drive.decides()
        seen = drive.feed.view()
        assert seen.skew_ms == pytest.approx(offset_s * 1000, abs=3_000)
        assert seen.skewed


class Names:
    """Resolves the town's name to this machine, and no other; or nothing at all."""

    def __init__(self) -> None:
        self.known = True

    async def look_up(self, host: str | bytes, port: int, **_: object) -> list[tuple[object, ...]]:
        if host not in (NAME, NAME.encode()) or not self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def named(town: Town) -> Settings:
    venues = town.venues.model_dump()
    by_name = {key: url.replace("127.0.0.1", NAME) for key, url in venues.items()}
    return with_venues(town, by_name)


def with_venues(town: Town, places: dict[str, str]) -> Settings:
    venues = town.venues.model_copy(update=places)
    return town.settings.model_copy(update={"venues": venues, "paper": SURE})


async def test_names_that_cannot_be_resolved_are_told_and_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    town, names = Town(7, Plan(assets=BTC), RATE, BEGINS_MS), Names()
    async with town:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", names.look_up)
        async with Drive(town, named(town)) as drive:
            await drive.until(drive.decides)
            names.known = False
            for host in town.hosts:
                host.disconnect()
            await drive.until(drive.blind)
            await drive.during(20)
            for name in ("polymarket books", "binance futures trades"):
                found = drive.connection(name)
                assert found is not None
                assert "Name or service not known" in found.last_error, found
            names.known = True
            await drive.until(drive.decides, 240)


async def test_tls_that_fails_is_told_and_trades_nothing() -> None:
    """The venue answers, but not in TLS."""
    town = Town(7, Plan(assets=BTC), RATE, BEGINS_MS)
    async with town:
        secure = {
            "polymarket_gamma": town.gamma.http_url.replace("http:", "https:"),
            "binance_futures_stream": town.futures_stream.socket_url.replace("ws:", "wss:"),
        }
        async with Drive(town, with_venues(town, secure)) as drive:
            drive.want = Action.BUY
            await drive.during(60)
            assert drive.blind()
            asked, streamed = (
                drive.connection(name) for name in ("polymarket windows", "binance futures trades")
            )
            assert asked is not None
            assert "TLS failed" in asked.last_error
            assert streamed is not None
            assert streamed.last_error
            assert drive.watch.opened == []
