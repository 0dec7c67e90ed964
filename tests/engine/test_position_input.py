from __future__ import annotations

import math

import pytest

from engine.decision import Action
from engine.market import Outcome
from engine.messages import BookSnapshot, MarketListed, Message, MidQuote
from engine.position_input import FLAT, position_input
from engine.units import MICRO
from tests.engine.build import MARKET, START_MS
from tests.engine.fakes import DEEP, always, engine_on, window

UP = always(Action.BUY)
BTC = "BTC"


def mids(*values: float) -> list[Message]:
    """A window without books: one mid of UP each second."""
    quotes = [MidQuote(START_MS + i * 1_000, MARKET.slug, v) for i, v in enumerate(values)]
    return [MarketListed(START_MS, MARKET), *quotes]


def test_nothing_held_is_flat() -> None:
    engine = engine_on(window())
    engine.advance(START_MS + 5_000)
    assert position_input(engine.trader, engine.desks[BTC]) == FLAT


def test_a_position_is_marked_at_the_mid_of_its_own_token_without_fees() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 10_000)
    holding = engine.journal.ledger.holdings[MARKET.up_token]
    seen = position_input(engine.trader, engine.desks[BTC])
    assert (seen.has, seen.side) == (True, Outcome.UP)
    assert seen.pnl == pytest.approx(holding.shares / MICRO * 0.495 - holding.paid / MICRO)


def test_a_position_without_a_valid_book_of_its_token_is_unknown_and_not_flat() -> None:
    at = START_MS + 20_000
    gone = [m for m in window() if not isinstance(m, BookSnapshot) or m.t_ms < at]
    one_sided = BookSnapshot(at, MARKET.up_token, (), DEEP[1])
    engine = engine_on([*gone, one_sided], UP)
    engine.advance(at)
    seen = position_input(engine.trader, engine.desks[BTC])
    assert seen.has
    assert math.isnan(seen.pnl)


def test_without_books_the_position_is_marked_at_the_mid_of_now_and_not_of_the_last_tick() -> None:
    engine = engine_on(mids(0.5, 0.5, 0.5, 0.6), UP, has=frozenset({"mid"}))
    engine.advance(START_MS + 2_900)
    for message in engine.feed.poll(START_MS + 3_000):
        engine.intake.take(message, START_MS + 3_000)
    held = engine.journal.ledger.mid.open[MARKET.slug]
    seen = position_input(engine.trader, engine.desks[BTC])
    assert seen.pnl == pytest.approx(held.shares / MICRO * 0.1)


def test_without_books_or_a_mid_the_position_is_unknown_and_not_zero() -> None:
    engine = engine_on(mids(0.5, 0.5), UP, has=frozenset({"mid"}))
    engine.advance(START_MS + 2_000)
    engine.desks[BTC].mids.clear()
    seen = position_input(engine.trader, engine.desks[BTC])
    assert seen.has
    assert math.isnan(seen.pnl)
