"""Feeds of fewer assets than four, or without an order book: nothing pretends to be there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.views.dashboard import arrange
from console.widgets.asset import AssetPanel
from engine.snapshot import AssetView, BookView, Snapshot
from tests.console.fakes import FakeEngine, sample_snapshot
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of

BTC, ETH, SOL, XRP = sample_snapshot().assets
SIZES = [SMALL, (99, 40), (100, 30), MEDIUM, LARGE]
MID_ONLY = ("absent",) * 10 + ("live", "absent") + ("live",) * 4 + ("absent",) * 2


def bookless(asset: AssetView, side: float = 0.0) -> AssetView:
    """`asset` as a recording of mids alone shows it, its mid account holding `side`."""
    row = (0.0,) * 12 + (abs(side), side, 0.1, 0.5, 0.0, 0.0)
    return replace(
        asset, up=BookView(), down=BookView(), spot=None, price_to_beat=None, neutral=13,
        features=row, feature_status=MID_ONLY, position=None, denial=None,
    )  # fmt: skip


def with_assets(*assets: AssetView) -> Snapshot:
    return sample_snapshot(assets=assets)


@pytest.mark.parametrize("size", SIZES)
async def test_assets_that_the_feed_lacks_take_no_room(size: tuple[int, int]) -> None:
    async with running(FakeEngine(with_assets(BTC)), size) as (app, _):
        shown = text_of(app)
        assert "waiting for the engine" not in shown
        assert "2 ETH" not in shown
        for fact in ("1 BTC", "62.5% ▲", "506.45"):
            assert fact in shown
        (panel,) = [panel for panel in app.screen.query(AssetPanel) if panel.display]
        assert panel.size.width >= size[0] - 4


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
async def test_an_asset_keeps_its_number_where_others_are_absent(size: tuple[int, int]) -> None:
    engine = FakeEngine(with_assets(ETH, XRP))
    async with running(engine, size) as (app, pilot):
        assert app.selected == 1, "BTC is not there to stand on"
        shown = text_of(app)
        assert "2 ETH" in shown
        assert "4 XRP" in shown
        await pilot.press("4", "a")
        await pilot.pause()
        assert "4 XRP" in text_of(app)
        await pilot.press("tab")
        assert app.selected == 1


async def test_selecting_an_absent_asset_says_that_it_is_absent() -> None:
    async with running(FakeEngine(with_assets(BTC)), MEDIUM) as (app, pilot):
        await pilot.press("3")
        await pilot.pause()
        assert app.selected == 0
        assert "SOL is not in this feed" in text_of(app)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_cards_are_as_wide_as_the_screen_and_leave_no_hole(count: int) -> None:
    plan = arrange(120, 32, 36, 0, count)
    assert plan.columns == min(2, count)
    assert len(plan.heights) == count
    assert plan.above + plan.tail == 32


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_without_a_book_the_screen_says_so_and_counts_the_neutral_inputs(
    size: tuple[int, int],
) -> None:
    assets = [bookless(asset, side=1.0) for asset in (BTC, ETH, SOL)]
    async with running(FakeEngine(with_assets(*assets)), size) as (app, pilot):
        shown = text_of(app)
        assert "no order book in this feed" in shown
        assert "13 of 18 features neutral" in shown
        assert "the mid account holds UP" in shown, "an input says held while nothing is"
        assert "no book yet" not in shown
        for view in ("a", "b"):
            await pilot.press(view)
            await pilot.pause()
            assert "INVALID" not in text_of(app)
            assert "only mid PnL moves" in text_of(app)


async def test_a_book_that_is_only_late_is_not_called_absent() -> None:
    late = replace(BTC, up=BookView(), down=BookView())
    async with running(FakeEngine(with_assets(late)), MEDIUM) as (app, _):
        assert "no book yet" in text_of(app)


async def test_a_halted_card_at_100x30_still_says_what_is_held() -> None:
    halted = sample_snapshot(state="HALTED", state_reason="halt by key")
    async with running(FakeEngine(halted), (100, 30)) as (app, _):
        assert "UP 506.45" in text_of(app)


async def test_the_tails_of_a_narrow_screen_do_not_cut_a_trade() -> None:
    async with running(FakeEngine(with_assets(BTC)), SMALL) as (app, _):
        assert "+$4.12" in text_of(app)
        assert "awaiting resolution" in text_of(app)
