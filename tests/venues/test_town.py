"""The town as a whole: its settings point at it, in a loop or a thread, and it is one world."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import httpx

from tests.venues.happenings import BookChanged, Listed, TickChanged
from tests.venues.outcome_book import TokenBook, crossed, one_sided
from tests.venues.raw_client import get, told
from tests.venues.town import Town, town_thread
from tests.venues.world import START_MS, Plan, World

ONE = Plan(assets=("BTC",), window_seconds=300)


def facts(seed: int, seconds: int = 120) -> list[str]:
    world = World(seed, plan=Plan(assets=("BTC",)))
    end_ms = START_MS + seconds * 1000
    return [f"{h.t_ms} {h.changes}" for h in world.advance(end_ms) if isinstance(h, BookChanged)]


def test_the_same_seed_gives_the_same_world() -> None:
    assert facts(3) == facts(3)


def test_another_seed_gives_another_world() -> None:
    assert facts(3) != facts(4)


def test_changes_laid_over_a_book_give_the_next_one() -> None:
    world = World(5, plan=Plan(assets=("BTC",)))
    window = world.current("BTC")
    known = {t: TokenBook(dict(b.bids), dict(b.asks)) for t, b in window.books.items()}
    for happening in world.advance(START_MS + 110_000):
        if isinstance(happening, BookChanged) and happening.window is window:
            for change in happening.changes:
                side = getattr(known[change.token], {"BUY": "bids", "SELL": "asks"}[change.side])
                side[change.price] = change.size
                if not change.size:
                    del side[change.price]
    assert known == window.books
    assert (
        sum(len(side) for side in (window.books[window.up].bids, window.books[window.up].asks))
        >= 20
    )


def test_each_window_settles_by_its_average_and_the_next_begins_where_it_ended() -> None:
    world = World(6, plan=Plan(assets=("BTC", "ETH"), window_seconds=300))
    for _ in world.advance(START_MS + 1_000_000):
        pass
    over = [w for w in world.windows("BTC") if w.outcome is not None]
    assert len(over) >= 3
    for one, following in pairwise(over):
        assert one.final_price == following.price_to_beat
    assert all((w.final_price >= w.price_to_beat) == (w.outcome == "UP") for w in over)  # type: ignore[operator] # both are known once there is an outcome


def test_prices_near_the_edge_refine_the_tick_once() -> None:
    world = World(6, plan=Plan(assets=("BTC",), window_seconds=300))
    world.underlyings["BTC"].drift = 2e-5
    told = [h for h in world.advance(START_MS + 600_000) if isinstance(h, TickChanged)]
    assert told
    assert {(h.old, h.new) for h in told} == {(100, 10)}
    assert len({h.window.slug for h in told}) == len(told)


def test_a_late_window_is_listed_after_it_began() -> None:
    world = World(6, plan=Plan(assets=("BTC",), window_seconds=300, listed_before_s=-20))
    listed = [h for h in world.advance(START_MS + 900_000) if isinstance(h, Listed)]
    assert listed
    assert all(h.t_ms == (h.window.start + 20) * 1000 for h in listed)


def test_a_bent_book_is_one_sided_or_crossed_until_it_is_straightened() -> None:
    world = World(6, plan=Plan(assets=("BTC",)))
    window = world.current("BTC")
    world.bend(window.up, one_sided)
    world.bend(window.down, crossed)
    list(world.step())
    assert not window.books[window.up].asks
    down = window.books[window.down]
    assert down.best_bid is not None
    assert down.best_ask is not None
    assert down.best_bid > down.best_ask
    world.straighten(window.up)
    world.straighten(window.down)
    list(world.step())
    assert window.books[window.up].asks
    assert max(window.books[window.down].bids) < min(window.books[window.down].asks)


async def test_the_settings_point_at_every_host() -> None:
    async with Town(plan=ONE, rate=20) as town:
        venues = town.settings.venues
        assert await told(f"{venues.polymarket_clob}/ok") == "OK"
        assert (await told(f"{venues.binance_futures}/fapi/v1/time"))["serverTime"]
        assert (await told(f"{venues.binance_spot}/api/v3/ping")) == {}
        assert (await told(f"{venues.okx}/api/v5/public/time"))["code"] == "0"
        assert len({host.port for host in town.hosts}) == len(town.hosts) == 12
        assert town.settings.feeds.window_seconds == 300


def test_the_town_lives_in_a_thread_of_its_own() -> None:
    with town_thread(Town(plan=ONE, rate=20)) as town:
        slug = town.world.current("BTC").slug
        event = httpx.get(f"{town.gamma.http_url}/events/slug/{slug}", trust_env=False).json()
    assert event["slug"] == slug
    assert town.gamma.paths() == [f"/events/slug/{slug}"]


async def test_a_skipped_hour_moves_the_venues_and_the_wall_together() -> None:
    async with Town(plan=ONE, rate=20) as town:
        before = town.machine.mono()
        town.clock.skip(60)
        assert town.machine.wall_ms() >= START_MS + 60_000
        assert town.machine.mono() - before < 30
        while town.world.t_ms < START_MS + 60_000:
            await asyncio.sleep(0.01)


async def test_a_machine_with_a_wrong_clock_does_not_move_the_venues() -> None:
    async with Town(plan=ONE, rate=1) as town:
        town.machine.wrong_s = 100
        assert town.machine.wall_ms() - town.clock.now_ms() >= 99_000
        assert (await get(f"{town.clob.http_url}/time")).status_code == 200
