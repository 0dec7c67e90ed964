from __future__ import annotations

import numpy as np
import pytest

from engine.desk import Desk
from engine.feeds.feed import FeedInfo
from engine.market import Market, Outcome
from engine.messages import BookSnapshot, MidQuote
from engine.settings import Settings
from tests.engine.build import MARKET, NOW, START, START_MS, market
from tests.engine.fakes import DEEP

INFO = FeedInfo("script", ("BTC",), frozenset({"book"}), frozenset(), START_MS, None)
NEXT = market(start=START + 900)


def desk(*listed: Market) -> Desk:
    made = Desk("BTC", INFO, Settings())
    for one in listed:
        made.list_market(one)
    return made


def in_window() -> Desk:
    """A desk in `MARKET` with something of everything that belongs to a window."""
    made = desk(MARKET, NEXT)
    made.begin_window(NOW)
    made.take_book(BookSnapshot(NOW, MARKET.up_token, *DEEP), MARKET)
    made.take_book(BookSnapshot(NOW, NEXT.up_token, *DEEP), NEXT)
    made.take_mid(MidQuote(NOW, MARKET.slug, 0.5))
    made.price_to_beat = {MARKET.slug: 1.0, NEXT.slug: 2.0}
    made.history.push(np.zeros(18, np.float32))
    made.denial, made.row_invalid = "SPREAD", "no book"
    made.told_denials.add("SPREAD")
    return made


def test_a_window_begins_at_its_first_instant_and_only_once() -> None:
    made = desk(MARKET)
    begun = [made.begin_window(t) for t in (START_MS - 1, START_MS, START_MS + 500)]
    assert begun == [False, True, False]
    assert made.market == MARKET


def test_a_window_ends_at_its_last_instant_and_only_once() -> None:
    made = in_window()
    assert made.end_window(MARKET.end_ms - 1) is None
    assert made.end_window(MARKET.end_ms) == MARKET
    assert made.end_window(MARKET.end_ms) is None


def test_the_end_clears_what_belongs_to_the_window_and_keeps_what_belongs_to_the_next() -> None:
    made = in_window()
    made.end_window(MARKET.end_ms)
    assert len(made.history) == 0
    assert (made.denial, made.row_invalid, made.told_denials, made.mids) == (None, None, set(), {})
    assert list(made.books) == [NEXT.up_token]
    assert made.price_to_beat == {NEXT.slug: 2.0}
    assert made.begin_window(MARKET.end_ms)
    assert made.market == NEXT


def test_a_window_that_was_missed_is_not_begun_late() -> None:
    made = desk(MARKET)
    assert not made.begin_window(MARKET.end_ms)
    assert made.market is None


def test_of_two_that_run_the_earlier_to_end_is_taken_and_the_other_is_kept() -> None:
    short, long = market(seconds=300), market(seconds=900)
    made = desk(long, short)
    made.begin_window(NOW)
    assert made.market == short
    assert list(made.listed) == [long.slug]


def test_outside_a_window_there_is_no_book_no_mid_and_no_price() -> None:
    made = desk(MARKET)
    made.take_book(BookSnapshot(NOW, MARKET.up_token, *DEEP), MARKET)
    made.take_mid(MidQuote(NOW, MARKET.slug, 0.5))
    assert made.book(Outcome.UP) is None
    assert made.mid_quote() is None
    assert made.prob() is None


@pytest.mark.parametrize("begun", [True, False])
def test_a_finer_tick_in_a_book_is_believed_and_kept(begun: bool) -> None:
    made = desk(MARKET)
    if begun:
        made.begin_window(NOW)
    fine = BookSnapshot(NOW, MARKET.up_token, ((4_905, 1),), ((4_915, 1),), tick_bp=5)
    made.take_book(fine, MARKET)
    assert made.books[MARKET.up_token].invalid is None
    kept = made.market if begun else made.listed[MARKET.slug]
    assert kept is not None
    assert kept.tick_bp == 5


def test_each_outcome_has_its_own_book() -> None:
    made = in_window()
    assert made.book(Outcome.UP) is not None
    assert made.book(Outcome.DOWN) is None
