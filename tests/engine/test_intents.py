from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.intents import CENT, closing, opening
from engine.ledger import Holding
from engine.market import Outcome
from engine.order import Purpose, Side
from engine.units import BP, MICRO, SELLABLE_STEP
from tests.engine.build import MARKET, NOW, book

TICKS = st.integers(0, 200)


def holding(shares: int, unsettled: int = 0) -> Holding:
    return Holding(MARKET.slug, "BTC", Outcome.UP, MARKET.up_token, shares, unsettled)


@given(st.integers(0, 10**10), TICKS)
def test_a_buy_is_in_whole_cents_and_never_more_than_the_stake(stake: int, ticks: int) -> None:
    made = opening(MARKET, Outcome.UP, book(), stake, ticks, NOW)
    assert made.amount % CENT == 0
    assert stake - CENT < made.amount <= stake


@given(st.integers(1, 98), TICKS)
def test_a_limit_lies_on_the_tick_and_inside_the_prices_there_are(bid: int, ticks: int) -> None:
    shown = book(bids=((bid * 100, MICRO),), asks=((bid * 100 + 100, MICRO),))
    bought = opening(MARKET, Outcome.UP, shown, MICRO, ticks, NOW)
    sold = closing(MARKET, holding(MICRO), shown, Purpose.CLOSE, ticks, NOW)
    for made in (bought, sold):
        assert made.limit_bp % MARKET.tick_bp == 0
        assert 0 < made.limit_bp < BP
    assert bought.limit_bp >= bid * 100 + 100 or bought.limit_bp == BP - MARKET.tick_bp
    assert sold.limit_bp <= bid * 100


@given(st.integers(SELLABLE_STEP, 10**9), st.integers(0, 10**9))
def test_a_sale_never_asks_for_more_than_is_held(shares: int, unsettled: int) -> None:
    held = holding(shares, min(unsettled, shares))
    made = closing(MARKET, held, book(), Purpose.CUTOFF, 5, NOW)
    assert made.side is Side.SELL
    assert made.amount % SELLABLE_STEP == 0
    assert made.amount <= shares
    assert made.amount == held.sellable or held.sellable == 0


def test_without_a_valid_book_a_buy_has_no_price_and_a_sale_the_lowest() -> None:
    for shown in (None, book(invalid="empty book")):
        assert opening(MARKET, Outcome.UP, shown, MICRO, 1, NOW).limit_bp == 0
        sold = closing(MARKET, holding(MICRO), shown, Purpose.FLATTEN, 5, NOW)
        assert sold.limit_bp == MARKET.tick_bp
        assert sold.mid_bp is None
