"""The outcome books: valid, mirrored, thinning, late, and priced so that they come true."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.book import book_from
from engine.feeds.sim import SimFeed
from engine.feeds.sim_book import CENTS, Books, fraction_left, window_books
from engine.feeds.sim_fair import fair_probability
from engine.feeds.sim_levels import Levels, window_start_ms
from engine.feeds.sim_params import DEFAULT_START_MS, STEP_MS, WINDOW_MS, SimParams
from engine.feeds.sim_path import window_path
from engine.market import Market
from engine.messages import BookSnapshot, MarketListed
from engine.units import BP, SELLABLE_STEP

PARAMS = SimParams()
SEED = 17
WINDOWS = 150


@dataclass(frozen=True, slots=True)
class Told:
    """The books of one window and how it ended."""

    books: Books
    index: int
    up: NDArray[np.bool_]

    @property
    def left(self) -> NDArray[np.float64]:
        """Fraction of the window left at each message."""
        return 1 - (self.books.t_ms - window_start_ms(self.index)) / WINDOW_MS

    @property
    def mid(self) -> NDArray[np.float64]:
        """Mid of UP in dollars, a missing side counted as 0 or 1."""
        return (self.books.bid + self.books.ask) / (2 * CENTS)


@pytest.fixture(scope="module")
def levels() -> Levels:
    return Levels(SEED, PARAMS)


@pytest.fixture(scope="module")
def told(levels: Levels) -> list[Told]:
    made = []
    for index in range(WINDOWS):
        start, end = levels.official_prices(index), levels.official_prices(index + 1)
        up = np.array(end) >= np.array(start)
        made.append(Told(window_books(SEED, levels, PARAMS, index), index, up))
    return made


def test_books_of_both_tokens_are_valid_or_one_sided_where_they_may_be() -> None:
    feed, markets = SimFeed(SEED, windows=1), dict[str, Market]()
    for message in feed.poll(DEFAULT_START_MS + WINDOW_MS):
        if isinstance(message, MarketListed):
            markets[message.market.up_token] = markets[message.market.down_token] = message.market
        if isinstance(message, BookSnapshot):
            market = markets[message.token_id]
            fault = book_from(message, market.tick_bp).invalid
            if fault is not None:
                assert fault.startswith("one-sided book: no ")
                assert market.fraction_left(message.t_ms) < PARAMS.one_sided_from


def test_one_sided_books_happen_only_where_the_outcome_is_nearly_certain(
    told: list[Told],
) -> None:
    seen = 0
    for window in told:
        missing = (window.books.bid == 0) | (window.books.ask == CENTS)
        seen += missing.sum()
        assert (window.left[missing] < PARAMS.one_sided_from + 0.001).all()
        assert (np.abs(window.mid[missing] - 0.5) > 0.45).all()
    assert seen / sum(w.left.size for w in told) == pytest.approx(0.025, abs=0.015)


def test_the_down_book_is_the_up_book_seen_from_the_other_side() -> None:
    feed = SimFeed(SEED, start_ms=DEFAULT_START_MS + 700_000)
    books = [m for m in feed.poll(DEFAULT_START_MS + 760_000) if isinstance(m, BookSnapshot)]
    for up, down in zip(books[::2], books[1::2], strict=True):
        assert (up.token_id, up.t_ms) == (down.token_id.replace(":down", ":up"), down.t_ms)
        assert down.bids == tuple((BP - price, size) for price, size in up.asks)
        assert down.asks == tuple((BP - price, size) for price, size in up.bids)


def test_levels_are_ticks_apart_best_first_inside_the_dollar() -> None:
    feed = SimFeed(SEED, start_ms=DEFAULT_START_MS + 800_000)
    for message in feed.poll(DEFAULT_START_MS + 890_000):
        if not isinstance(message, BookSnapshot):
            continue
        for levels, away in ((message.bids, -100), (message.asks, 100)):
            prices = [price for price, _ in levels]
            assert prices == [prices[0] + away * k for k in range(len(prices))] if prices else True
            assert all(0 < price < BP for price in prices)
            assert all(size > 0 and size % SELLABLE_STEP == 0 for _, size in levels)
            assert len(levels) <= PARAMS.levels


def test_the_spread_is_never_less_than_a_tick(told: list[Told]) -> None:
    assert min((w.books.ask - w.books.bid).min() for w in told) >= 1


def test_depth_thins_and_the_spread_widens_towards_the_end(told: list[Told]) -> None:
    early: list[NDArray[np.int64]] = []
    late: list[NDArray[np.int64]] = []
    for window in told[:60]:
        fair_game = (window.mid > 0.2) & (window.mid < 0.8)
        for chosen, into in ((window.left > 0.5, early), (window.left < 0.05, late)):
            rows = chosen & fair_game
            depth = window.books.bid_sizes[rows, :5].sum(axis=1)
            into.append(np.column_stack([depth, (window.books.ask - window.books.bid)[rows]]))
    before, after = np.vstack(early), np.vstack(late)
    assert np.median(after[:, 0]) < 0.5 * np.median(before[:, 0])
    assert after[:, 1].mean() > 1.5 * before[:, 1].mean()


def test_mids_follow_the_fair_probability_late(levels: Levels, told: list[Told]) -> None:
    follows, leads, errors = [], [], []
    for window in told[:20]:
        path = window_path(SEED, levels, PARAMS, window.index)
        fair = fair_probability(path, levels.window(window.index), PARAMS)[0]
        shown = _shown(window, asset=0)
        fair_move, shown_move = np.diff(fair[25:3600:5]), np.diff(shown[25:3600:5])
        follows.append(np.corrcoef(fair_move[:-1], shown_move[1:])[0, 1])
        leads.append(np.corrcoef(shown_move[:-1], fair_move[1:])[0, 1])
        errors.append(np.abs(shown - fair)[25:3600].mean())
    assert np.mean(follows) > 0.25
    assert abs(np.mean(leads)) < 0.05, "the books may not know what the price will do"
    assert np.mean(errors) < 0.02


def _shown(window: Told, asset: int) -> NDArray[np.float64]:
    """Mid of UP as last shown at the end of each grid step."""
    mine = window.books.asset == asset
    grid = window_start_ms(window.index) + (np.arange(fraction_left().size) + 1) * STEP_MS
    row = np.searchsorted(window.books.t_ms[mine], grid, side="right") - 1
    mid: NDArray[np.float64] = window.mid[mine][np.maximum(row, 0)]
    return mid


def test_tokens_priced_p_resolve_up_with_frequency_p(told: list[Told]) -> None:
    rng = np.random.default_rng(3)
    priced, came = [], []
    for window in told:
        for asset in range(4):
            rows = np.flatnonzero(window.books.asset == asset)
            row = rng.choice(rows)
            priced.append(window.mid[row])
            came.append(window.up[asset])
    p, up = np.array(priced), np.array(came)
    correlated = 1.6  # the assets of one window share a factor: about 230 independent draws
    for low, high in ((0, 0.1), (0.1, 0.35), (0.35, 0.65), (0.65, 0.9), (0.9, 1.01)):
        chosen = (p >= low) & (p < high)
        error = correlated * np.sqrt((p[chosen] * (1 - p[chosen])).sum()) / chosen.sum()
        gap = up[chosen].mean() - p[chosen].mean()
        assert abs(gap) < 3 * error + 0.01, f"{low} to {high}: off by {gap:.3f}, error {error:.3f}"


def test_size_leans_to_where_the_price_is_going(told: list[Told]) -> None:
    leans: list[NDArray[np.float64]] = []
    for window in told[:30]:
        mine = (window.books.asset == 1) & (window.left > 0.2)
        bids = window.books.bid_sizes[mine, :5].sum(axis=1)
        asks = window.books.ask_sizes[mine, :5].sum(axis=1)
        mid = window.mid[mine]
        pairs = np.column_stack([(bids - asks) / (bids + asks), np.roll(mid, -8) - mid])[:-8]
        leans.append(pairs[np.abs(mid[:-8] - 0.5) < 0.3])
    imbalance, move = np.vstack(leans).T
    assert np.corrcoef(imbalance, move)[0, 1] > 0.08


def test_even_knowing_the_fair_price_taking_seldom_beats_the_fee(
    levels: Levels, told: list[Told]
) -> None:
    edges: list[NDArray[np.float64]] = []
    for window in told[:20]:
        path = window_path(SEED, levels, PARAMS, window.index)
        fair = fair_probability(path, levels.window(window.index), PARAMS)
        step = (window.books.t_ms - window_start_ms(window.index)) // STEP_MS
        ask = window.books.ask / CENTS
        edge = fair[window.books.asset, step] - ask - 0.07 * ask * (1 - ask)
        edges.append(edge[(window.left > 0.2) & (window.books.bid > 0) & (ask < 1)])
    edge = np.concatenate(edges)
    assert edge.mean() < -0.01, "dollars per share of a taker who crosses blindly"
    assert (edge > 0).mean() < 0.1, "share of books that are late by more than the fee"
