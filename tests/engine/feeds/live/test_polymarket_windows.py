"""Which windows are looked for, subscribed, asked after and forgotten, by the time."""

from __future__ import annotations

import pytest

from engine.feeds.live.polymarket_windows import (
    FORGET_MS,
    SETTLED_MS,
    UNSETTLED_MS,
    Windows,
    slug_of,
)
from engine.market import Market
from engine.settings import Feeds

START = 1_791_241_200
BTC = Feeds(assets=("BTC",))


def market(start_s: int = START, asset: str = "BTC") -> Market:
    name = f"{asset}{start_s}"
    slug = slug_of(asset, start_s, 900)
    return Market(slug, asset, f"0x{start_s:064x}", start_s, 900, f"{name}up", f"{name}down")


def known(*markets: Market, feeds: Feeds = BTC) -> Windows:
    windows = Windows(feeds)
    for each in markets:
        windows.add(each)
    return windows


def at(second: float) -> int:
    """Unix milliseconds, `second` after the window's start."""
    return int((START + second) * 1000)


@pytest.mark.parametrize(
    ("second", "starts"),
    [(0, [0]), (599, [0]), (600, [0, 900]), (899.999, [0, 900]), (900, [900])],
)
def test_a_window_is_looked_for_from_a_lead_before_it_opens_until_it_is_over(
    second: float, starts: list[int]
) -> None:
    slugs = Windows(BTC).unlisted(at(second))
    assert slugs == tuple(f"btc-updown-15m-{START + start}" for start in starts)


def test_the_running_windows_of_all_assets_are_looked_for_before_the_coming_ones() -> None:
    slugs = Windows(Feeds(assets=("BTC", "XRP"))).unlisted(at(700))
    assert [slug[:3] for slug in slugs] == ["btc", "xrp", "btc", "xrp"]
    assert [slug.endswith(str(START)) for slug in slugs] == [True, True, False, False]


def test_five_minute_windows_have_their_own_name() -> None:
    feeds = Feeds(assets=("ETH",), window_seconds=300, lead_s=0)
    assert Windows(feeds).unlisted(at(310)) == (f"eth-updown-5m-{START + 300}",)


def test_a_listed_window_is_not_looked_for() -> None:
    assert known(market()).unlisted(at(10)) == ()


@pytest.mark.parametrize(("second", "running"), [(-1, False), (0, True), (899, True), (900, False)])
def test_a_window_runs_from_its_start_up_to_its_end(second: int, running: bool) -> None:
    assert bool(known(market()).running_tokens(at(second))) is running


def test_tokens_stay_subscribed_while_a_verdict_may_come_by_the_channel() -> None:
    windows, end = known(market()), at(900)
    assert windows.subscribed_tokens(end + UNSETTLED_MS - 1)
    assert not windows.subscribed_tokens(end + UNSETTLED_MS)


def test_tokens_of_a_known_outcome_are_let_go_soon() -> None:
    windows, end = known(market()), at(900)
    windows.unsettled(end)[0].settled = True
    assert windows.subscribed_tokens(end + SETTLED_MS - 1)
    assert not windows.subscribed_tokens(end + SETTLED_MS)


def test_a_window_without_an_outcome_is_never_forgotten() -> None:
    windows = known(market())
    windows.forget(at(10_000_000))
    assert [w.market for w in windows.unsettled(at(10_000_000))] == [market()]


def test_a_window_with_an_outcome_is_forgotten() -> None:
    windows = known(market())
    windows.unsettled(at(900))[0].settled = True
    windows.forget(at(900) + FORGET_MS)
    assert windows.find(market().slug) is None


def test_a_window_of_an_earlier_run_is_asked_after_and_never_subscribed() -> None:
    windows = Windows(BTC)
    windows.follow(market(START - 9000), at(0))
    assert [w.market for w in windows.unsettled(at(0))] == [market(START - 9000)]
    assert not windows.subscribed_tokens(at(-9000))
    assert not windows.running_tokens(at(-9000))


def test_a_window_of_an_earlier_run_that_still_runs_is_left_to_be_listed() -> None:
    windows = Windows(BTC)
    windows.follow(market(), at(10))
    assert windows.unlisted(at(10)) == (market().slug,)


def test_only_a_price_of_the_very_second_belongs_to_a_window() -> None:
    windows = known(market())
    assert windows.starting("btc", at(0)) is not None
    assert windows.starting("btc", at(0) + 1) is None
    assert windows.starting("eth", at(0)) is None
