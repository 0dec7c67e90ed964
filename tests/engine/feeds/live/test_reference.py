"""The underlying's venue, chosen and changed against servers that refuse this place and return."""

from __future__ import annotations

import asyncio

from engine.feeds.live.reference import Reference
from engine.messages import Bars, TradesMended, VenueQuote
from tests.engine.feeds.live.rows_heard import Listener, listening
from tests.venues.binance import GEO_BLOCK
from tests.venues.town import Town
from tests.venues.world import Plan

PLAN = Plan(assets=("BTC",))


def quoted(listener: Listener, venue: str) -> bool:
    return any(isinstance(m, VenueQuote) and m.venue == venue for m in listener.messages)


def venues(listener: Listener) -> list[str]:
    return [row["venue"] for row in listener.said("reference")]


def test_futures_are_the_first_choice_and_nothing_else_runs() -> None:
    async def live() -> None:
        async with Town(plan=PLAN, rate=8) as town, listening(town, Reference) as (heard, made):
            await heard.until(lambda: quoted(heard, "binance-futures") and history(heard))
            assert (made.venue, made.rung, made.why) == ("binance-futures", 0, "")
            assert not quoted(heard, "okx-swap")
            states = {health.name: health.state for health in made.connections}
            assert states["okx public"] == states["binance spot"] == "off"

    def history(heard: Listener) -> bool:
        return any(isinstance(m, Bars) and len(m.bars) > 1 for m in heard.messages)

    asyncio.run(live())


def test_a_place_that_futures_refuse_is_measured_on_spot_with_the_reason() -> None:
    async def live() -> None:
        async with Town(plan=PLAN, rate=8) as town:
            for host in (town.futures, town.futures_stream):
                host.faults.http("*", 451, GEO_BLOCK)
            async with listening(town, Reference) as (heard, made):
                await heard.until(lambda: quoted(heard, "binance-spot"))
                assert (made.venue, made.rung) == ("binance-spot", 1)
                assert "refuses this place (451)" in made.why
                assert heard.said("reference")[0]["reason"] == made.why

    asyncio.run(live())


def test_venues_are_given_up_one_after_another_and_the_best_is_taken_back() -> None:
    async def live() -> None:
        async with Town(plan=PLAN, rate=8) as town, listening(town, Reference) as (heard, made):
            await heard.until(lambda: quoted(heard, "binance-futures"))
            town.block_futures()
            await heard.until(lambda: made.venue == "binance-spot")
            town.block_binance()
            await heard.until(lambda: made.venue == "okx-swap" and quoted(heard, "okx-swap"))
            town.clear()
            await heard.until(lambda: made.venue == "binance-futures")
            await heard.until(lambda: venues(heard)[-1] == "binance-futures")
            assert venues(heard)[0] == "binance-futures"
            assert "okx-swap" in venues(heard)

    asyncio.run(live())


def test_contracts_worth_something_else_make_a_venue_unusable() -> None:
    wrong = '{"code":"0","data":[{"instId":"BTC-USDT-SWAP","ctVal":"1","ctMult":"1"}]}'

    async def live() -> None:
        async with Town(plan=PLAN, rate=8) as town:
            for host in (town.futures, town.futures_stream, town.spot, town.spot_stream):
                host.faults.http("*", 451, GEO_BLOCK)
            town.okx.faults.http("*/instruments*", 200, wrong)
            async with listening(town, Reference) as (heard, made):
                await heard.until(lambda: "per contract" in made.why)
                assert made.venue == ""
                assert not heard.said("reference")

    asyncio.run(live())


def test_prints_that_are_missing_are_fetched() -> None:
    async def live() -> None:
        async with Town(plan=PLAN, rate=4) as town, listening(town, Reference) as (heard, _):
            await heard.until(lambda: quoted(heard, "binance-futures"))
            town.futures_stream.faults.drop_next(2, "btcusdt@aggTrade")
            await heard.until(lambda: heard.said("binance.trades"))
            await heard.until(lambda: any(isinstance(m, TradesMended) for m in heard.messages))

    asyncio.run(live())
