"""Windows found, subscribed, compared and followed to their outcome, against local servers."""

from __future__ import annotations

import asyncio

import pytest

from engine.feeds.live.polymarket import Polymarket
from engine.messages import BookSnapshot, MarketListed, PriceToBeat, Resolution
from tests.engine.feeds.live.rows_heard import Listener, listening
from tests.venues.town import Town
from tests.venues.world import Plan

RATE = 40.0

LATE_MS = 1_791_241_175_000
"""Twenty-five seconds before a window is over: its outcome is near."""


def plan(**changes: object) -> Plan:
    return Plan(assets=("BTC",), window_seconds=300, **changes)  # type: ignore[arg-type] # a test names fields of Plan


def priced(listener: Listener) -> list[str]:
    return [m.slug for m in listener.messages if isinstance(m, PriceToBeat)]


def listed(listener: Listener) -> list[str]:
    return [m.market.slug for m in listener.messages if isinstance(m, MarketListed)]


def outcomes(listener: Listener, evidence: str = "") -> list[Resolution]:
    found = (m for m in listener.messages if isinstance(m, Resolution))
    return [m for m in found if evidence in m.evidence]


def booked(listener: Listener) -> set[str]:
    books = (m for m in listener.messages if isinstance(m, BookSnapshot))
    return {book.token_id for book in books if book.bids and book.asks}


def test_the_running_and_the_next_window_are_listed_and_have_books() -> None:
    async def live() -> None:
        async with (
            Town(plan=plan(), rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, _),
        ):
            await heard.until(lambda: len(listed(heard)) == 2 and len(booked(heard)) == 4)
            await heard.until(lambda: heard.said("polymarket.book"))
            assert {"asked_ms", "token", "answer"} == heard.said("polymarket.book")[0].keys()

    asyncio.run(live())


def test_windows_roll_over_and_each_gets_its_price_and_its_outcome() -> None:
    async def live() -> None:
        async with (
            Town(plan=plan(), rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, _),
        ):
            await heard.until(lambda: outcomes(heard, "Gamma") and len(listed(heard)) == 3)
            assert [r["state"] for r in heard.said("stream")].count("lost") == 0
            await heard.until(lambda: len(priced(heard)) >= 2)

    asyncio.run(live())


def test_a_window_listed_after_its_start_is_still_found() -> None:
    async def live() -> None:
        late = plan(listed_before_s=-10.0, hydrated_before_s=-10.0)
        async with (
            Town(plan=late, rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, _),
        ):
            await heard.until(lambda: len(listed(heard)) == 2)
            second = heard.said("gamma.event")[-1]["slug"]
            start_ms = int(second.rpartition("-")[2]) * 1000
            row = next(row for row in heard.rows if row.data == heard.said("gamma.event")[-1])
            assert row.t_ms >= start_ms + 10_000

    asyncio.run(live())


def test_an_outcome_comes_by_the_order_book_where_discovery_never_tells_it() -> None:
    async def live() -> None:
        silent = plan(resolve_after_s={"stream": None, "gamma": None, "clob": 12.0, "data": None})
        async with (
            Town(plan=silent, rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, _),
        ):
            await heard.until(lambda: outcomes(heard))
            assert heard.said("clob.market")

    asyncio.run(live())


def test_an_outcome_comes_by_the_data_interface_where_nothing_else_answers() -> None:
    async def live() -> None:
        silent = plan(resolve_after_s={"stream": None, "gamma": None, "clob": None, "data": 14.0})
        async with (
            Town(plan=silent, rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, _),
        ):
            await heard.until(lambda: listed(heard))
            town.clob.faults.http("*", 500)
            await heard.until(lambda: outcomes(heard))
            assert heard.said("data.resolutions")

    asyncio.run(live())


def test_no_outcome_is_invented_while_the_venue_tells_none() -> None:
    async def live() -> None:
        never = plan(resolve_after_s={"stream": None, "gamma": None, "clob": None, "data": None})
        async with (
            Town(plan=never, rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, made),
        ):
            asked = [health for health in made.connections if "outcomes" in health.name]
            await heard.until(lambda: all(health.last_data is not None for health in asked))
            assert not outcomes(heard)

    asyncio.run(live())


def test_a_window_of_an_earlier_run_gets_its_outcome() -> None:
    async def live() -> None:
        async with Town(plan=plan(), rate=RATE, start_ms=LATE_MS) as town:
            async with listening(town, Polymarket) as (before, _):
                await before.until(lambda: listed(before))
            first = next(m.market for m in before.messages if isinstance(m, MarketListed))
            await town.clock.sleep((first.end_ms - town.clock.now_ms()) / 1000 + 1)
            async with listening(town, Polymarket) as (heard, made):
                made.follow([first])
                await heard.until(lambda: outcomes(heard))
                assert outcomes(heard)[0].slug == first.slug

    asyncio.run(live())


def test_discovery_tells_the_price_where_its_stream_is_gone() -> None:
    async def live() -> None:
        async with Town(plan=plan(), rate=RATE, start_ms=LATE_MS) as town:
            town.prices.faults.http("*", 503)
            async with listening(town, Polymarket) as (heard, _):
                await heard.until(lambda: len(listed(heard)) == 3)
                assert listed(heard)[1] not in priced(heard)
                await heard.until(lambda: listed(heard)[1] in priced(heard))
                assert not heard.said("polymarket.prices")
                assert listed(heard)[1] not in {m.slug for m in outcomes(heard)}

    asyncio.run(live())


def test_a_book_that_was_lost_comes_back() -> None:
    async def live() -> None:
        async with Town(plan=plan(), rate=8.0) as town, listening(town, Polymarket) as (heard, _):
            await heard.until(lambda: len(booked(heard)) == 4)
            before = len(heard.messages)
            town.market.faults.cut_json_next()
            await heard.until(lambda: any(emptied(m) for m in heard.messages[before:]))
            running = heard.reader.lacking(booked(heard))
            assert running
            await heard.until(lambda: not heard.reader.lacking(booked(heard)))

    def emptied(message: object) -> bool:
        return isinstance(message, BookSnapshot) and not message.bids

    asyncio.run(live())


def test_books_are_void_while_the_tasks_are_begun_again_after_a_fault_of_their_own() -> None:
    async def live() -> None:
        async with (
            Town(plan=plan(), rate=RATE, start_ms=LATE_MS) as town,
            listening(town, Polymarket) as (heard, made),
        ):
            await heard.until(lambda: booked(heard))

            async def fault() -> None:
                raise ZeroDivisionError

            made._discovery.run = fault
            with pytest.raises(ExceptionGroup):
                await made.run()
            await heard.until(lambda: {"stopped"} & {row["why"] for row in heard.said("stream")})
            assert heard.reader.lacking(booked(heard)) == booked(heard)

    asyncio.run(live())
