"""The reference venue's tape: quotes, bursts of trades, sizes, sides."""

from __future__ import annotations

import numpy as np
import pytest

from engine.feeds.sim_levels import Levels, window_start_ms
from engine.feeds.sim_params import WINDOW_MS, WINDOW_SECONDS, SimParams
from engine.feeds.sim_random import Floats, Ints
from engine.feeds.sim_tape import Quotes, Tape, window_tape

PARAMS = SimParams()
WINDOWS = 4
FIRST = 96


@pytest.fixture(scope="module")
def tapes() -> list[Tape]:
    levels = Levels(8, PARAMS)
    return [window_tape(8, levels, PARAMS, FIRST + k) for k in range(WINDOWS)]


def quoted(quotes: Quotes, asset: int, at_ms: Ints) -> Floats:
    """Log mid of an asset as last quoted at each time."""
    mine = quotes.asset == asset
    row = np.searchsorted(quotes.t_ms[mine], at_ms, side="right") - 1
    mid: Floats = np.log((quotes.bid[mine] + quotes.ask[mine]) / 2)[np.maximum(row, 0)]
    return mid


def test_everything_lies_in_its_window_in_time_order(tapes: list[Tape]) -> None:
    for k, tape in enumerate(tapes):
        start = window_start_ms(FIRST + k)
        for t_ms in (tape.quotes.t_ms, tape.trades.t_ms):
            assert (np.diff(t_ms) >= 0).all()
            assert start <= t_ms[0]
            assert t_ms[-1] < start + WINDOW_MS


def test_quotes_are_one_tick_wide_and_on_the_tick(tapes: list[Tape]) -> None:
    quotes = tapes[0].quotes
    tick = np.array([a.tick for a in PARAMS.assets])[quotes.asset]
    assert (quotes.ask - quotes.bid) / tick == pytest.approx(np.ones(quotes.bid.size), abs=1e-3)
    assert quotes.bid / tick == pytest.approx(np.round(quotes.bid / tick), abs=1e-3)


def test_rates_are_those_of_the_table(tapes: list[Tape]) -> None:
    for asset, row in enumerate(PARAMS.assets):
        quotes = sum((tape.quotes.asset == asset).sum() for tape in tapes)
        trades = sum((tape.trades.asset == asset).sum() for tape in tapes)
        seconds = WINDOWS * WINDOW_SECONDS
        assert quotes / seconds == pytest.approx(PARAMS.quotes_per_s, rel=0.05)
        whole = row.clusters_per_s / (1 - PARAMS.burst_size)
        assert trades / seconds == pytest.approx(whole, rel=0.8)


def test_trades_come_in_bursts(tapes: list[Tape]) -> None:
    for asset in range(4):
        times = [(t.trades.t_ms - t.quotes.t_ms[0])[t.trades.asset == asset] for t in tapes]
        counts = np.concatenate([np.bincount(np.maximum(x, 0) // 2000) for x in times])
        assert counts.var() / counts.mean() > 2.0, "a Poisson process would give 1"


def test_takers_lean_to_where_the_quote_is_going(tapes: list[Tape]) -> None:
    for asset in range(4):
        gains = []
        for tape in tapes:
            mine = tape.trades.asset == asset
            at = tape.trades.t_ms[mine]
            move = quoted(tape.quotes, asset, at + 1500) - quoted(tape.quotes, asset, at)
            gains.append(tape.trades.side[mine] * move)
        assert np.concatenate(gains).mean() > 0


def test_trades_print_at_the_quote_they_take(tapes: list[Tape]) -> None:
    tape = tapes[0]
    for asset, row in enumerate(PARAMS.assets):
        mine = tape.trades.asset == asset
        mid = np.exp(quoted(tape.quotes, asset, tape.trades.t_ms[mine]))
        assert np.abs(tape.trades.price[mine] / mid - 1).max() < 50 * row.tick / row.price + 2e-3
        assert set(np.unique(tape.trades.side[mine])) == {-1, 1}


def test_sizes_are_heavy_tailed_whole_lots(tapes: list[Tape]) -> None:
    for asset, row in enumerate(PARAMS.assets):
        qty = np.concatenate([t.trades.qty[t.trades.asset == asset] for t in tapes])
        assert qty.min() >= row.lot
        assert qty / row.lot == pytest.approx(np.round(qty / row.lot), rel=1e-6)
        assert np.quantile(qty, 0.99) > 12 * np.median(qty)


def test_quotes_show_short_momentum_and_nothing_beyond(tapes: list[Tape]) -> None:
    short: list[float] = []
    long: list[float] = []
    for k, tape in enumerate(tapes):
        start = window_start_ms(FIRST + k) + 2_000
        for step, into in ((400, short), (10_000, long)):
            grid = start + np.arange(0, WINDOW_MS - 4_000, step)
            for asset in (0, 1):
                moves = np.diff(quoted(tape.quotes, asset, grid))
                into.append(np.corrcoef(moves[:-1], moves[1:])[0, 1])
    assert np.mean(short) > 0.03
    assert abs(np.mean(long)) < 0.12
