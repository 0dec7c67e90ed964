"""The doctor in a town of venues: each fault is found where it is, and nowhere else."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace

import pytest

from engine.clock import SystemClock
from engine.doctor.examine import over_network
from engine.doctor.findings import Finding
from engine.settings import Settings, Venues
from tests.engine.doctor.parts import BITCOIN, HURRIED, IMPATIENT, QUICK, amiss, by_check, seen
from tests.venues.town import Town

BINANCE_FUTURES = {
    "binance: futures requests",
    "binance: futures trades",
    "binance: futures quotes",
}
SPOT = {"binance: spot requests", "binance: spot stream"}


def town() -> Town:
    return Town(plan=BITCOIN)


async def test_a_healthy_town_is_well_and_its_questions_are_answered() -> None:
    async with town() as there:
        found = await seen(there)
    assert amiss(found) == set()
    assert found["reference: choice"].detail == "binance-futures"
    assert "v1 and v2" in found["question: market version"].detail
    assert "fee 0.07" in found["polymarket: BTC windows"].detail
    assert found["question: taker delay"].detail.startswith("orders that take are held: yes")
    assert found["question: unknown stream"].detail == "acknowledged all the same"
    assert found["question: binance frames"].detail.endswith("new: none")
    assert "BTC 0.01" in found["question: okx contracts"].detail


async def test_blocked_futures_are_said_plainly_and_spot_would_be_taken() -> None:
    async with town() as there:
        there.block_futures()
        found = await seen(there)
    assert amiss(found) == BINANCE_FUTURES
    assert all("HTTP 451" in found[check].detail for check in BINANCE_FUTURES)
    assert found["reference: choice"].detail.startswith("binance-spot; not binance-futures")


async def test_with_all_of_binance_blocked_okx_would_be_taken() -> None:
    async with town() as there:
        there.block_binance()
        found = await seen(there)
    assert amiss(found) == BINANCE_FUTURES | SPOT
    assert found["reference: choice"].detail.startswith("okx-swap")


async def test_contracts_worth_something_else_rule_okx_out() -> None:
    async with town() as there:
        there.block_binance()
        there.okx.contracts["BTC"] = 1.0
        found = await seen(there, IMPATIENT)
    assert {"question: okx contracts", "reference: choice"} <= amiss(found)
    assert "not okx-swap: question: okx contracts" in found["reference: choice"].detail


async def test_a_silent_stream_on_an_open_socket_is_named() -> None:
    async with town() as there:
        there.futures_stream.faults.silent("btcusdt@aggTrade")
        there.market.faults.silent("*")
        found = await seen(there, replace(QUICK, first_s=2.0))
    assert "btcusdt@aggTrade" in found["binance: futures trades"].detail
    assert found["binance: futures quotes"].ok
    assert not found["polymarket: books' stream"].ok


async def test_a_blocked_country_trades_on_paper_only() -> None:
    async with town() as there:
        there.site.blocked = True
        found = await seen(there, IMPATIENT)
    assert not found["polymarket: country"].ok
    assert found["polymarket: country"].detail == "blocked (US)"
    assert "paper trading goes on" in found["polymarket: country"].advice
    assert "in September 2026 it was closed" in found["question: country tiers"].detail


async def test_a_wrong_clock_of_this_machine_is_found_at_every_venue() -> None:
    async with town() as there:
        there.machine.wrong_s = 30
        found = await seen(there, IMPATIENT)
    clocks = {"polymarket: order book's clock", "binance: futures requests",
              "binance: spot requests", "okx: requests"}  # fmt: skip
    assert clocks <= amiss(found)
    assert all(re.search(r"-(29|30)\d{3} ms", found[check].detail) for check in clocks)


async def test_a_window_that_is_not_listed_is_named() -> None:
    async with town() as there:
        there.gamma.faults.http("*", 404)
        found = await seen(there, IMPATIENT)
    windows = found["polymarket: BTC windows"]
    assert "btc-updown-15m-" in windows.detail
    assert "whether the series is listed" in windows.advice
    assert "not looked at" in found["polymarket: book"].detail
    assert found["question: fee rate"].ok


async def test_where_discovery_does_not_answer_nobody_is_sent_to_look_for_a_series() -> None:
    async with town() as there:
        there.gamma.faults.http("*", 451)
        found = await seen(there, IMPATIENT)
    assert found["polymarket: BTC windows"].advice == "mend the line about discovery first"


@pytest.mark.parametrize(
    "body",
    ["[]", "null", '"x"', "7", "{", "", "[" * 5_000, '{"data": [7]}', '{"data": {"data": null}}',
     '{"serverTime": "soon"}', '{"markets": [[]], "slug": 7}', "<html>busy</html>"],
)  # fmt: skip
async def test_whatever_a_server_answers_every_check_has_one_finding(body: str) -> None:
    async with town() as there:
        for host in there.hosts:
            host.faults.answer("*", body)
        found = await seen(there, IMPATIENT)
    assert "polymarket: BTC windows" in amiss(found)
    assert {"binance: futures requests", "okx: requests"} <= amiss(found)
    assert all(finding.advice for finding in found.values() if not finding.ok)


@pytest.mark.parametrize(
    "frame", ["[]", "7", "null", "{", '{"stream": 7, "data": []}', '{"topic": {}, "arg": 1}', "\0"]
)
async def test_whatever_a_socket_says_every_check_has_one_finding(frame: str) -> None:
    async with town() as there:
        for host in there.hosts:
            host.faults.garbage_next(frame, times=10_000)
        found = await seen(there, IMPATIENT)
    assert {"binance: futures trades", "okx: public stream"} <= amiss(found)
    assert "polymarket: books' stream" in amiss(found)


async def test_servers_that_never_answer_cost_no_more_than_the_patience() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with asyncio.timeout(60):
            found = by_check(await over_network(everywhere(address), SystemClock(), HURRIED))
    assert_all_amiss(found)


async def test_with_no_server_at_all_every_venue_is_amiss_and_no_question_is() -> None:
    found = by_check(await over_network(everywhere("127.0.0.1:9"), SystemClock(), IMPATIENT))
    assert_all_amiss(found)


async def test_the_same_checks_are_made_with_and_without_a_network() -> None:
    async with town() as there:
        well = await seen(there, IMPATIENT)
    settings = everywhere("127.0.0.1:9").model_copy(update={"feeds": there.settings.feeds})
    without = by_check(await over_network(settings, SystemClock(), IMPATIENT))
    assert set(well) == set(without)


def everywhere(address: str) -> Settings:
    """Settings in which every venue is at one address."""
    hosts = {
        name: f"{'ws' if 'stream' in name or 'prices' in name else 'http'}://{address}"
        for name in Venues.model_fields
        if name != "proxy"
    }
    return Settings(venues=Venues.model_validate(hosts))


def assert_all_amiss(found: dict[str, Finding]) -> None:
    questions = {check for check in found if check.startswith("question: ")}
    assert amiss(found) == set(found) - questions
    assert all(found[check].detail.startswith("not answered") for check in questions)
