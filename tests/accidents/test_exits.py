"""Exits that were not, and positions that got lost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine import events as ev
from engine import requests as rq
from engine.decision import Action
from engine.market import Outcome
from engine.messages import BookSnapshot, MarketListed, Message
from engine.operator import obey
from engine.order import Purpose, Side
from engine.safety.breakers import Breaker
from engine.settings import Settings
from engine.trading_state import TradingState
from engine.units import MICRO, SELLABLE_STEP, shares_for
from engine.venue import Unknown
from tests.accidents.stage import END, falls_to, fills, held, priced, scene, steady, told
from tests.engine.build import MARKET, START_MS, market
from tests.engine.fakes import ORDINARY, SURE, always, events_of

UP = always(Action.BUY)
CODES = ("not enough balance / allowance", "INVALID_ORDER", "MARKET_NOT_READY", "503", "425")


def no_sale(code: str) -> object:
    return lambda intent: code if intent.side is Side.SELL else None


def small(trade: int) -> Settings:
    return ORDINARY.model_copy(update={"trade_size": Decimal(trade)})


def test_F03_shares_that_have_not_settled_are_never_offered_for_sale() -> None:
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"settle_ms": 40_000})})
    engine, venue = scene(told(steady), lambda c: Action.BUY if c < 10 else Action.SELL, slow)
    engine.advance(START_MS + 30_000)
    assert held(engine) > 0
    assert [intent.side for _, intent in venue.calls] == [Side.BUY]
    engine.advance(START_MS + 60_000)
    sold = next(intent for _, intent in venue.calls if intent.side is Side.SELL)
    assert sold.t_ms >= START_MS + 40_000


def test_F04_an_account_that_cannot_be_read_clears_no_position() -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    before, realised = held(engine), engine.journal.ledger.realised
    venue.account = lambda _: Unknown("the node does not answer")
    engine.advance(START_MS + 200_000)
    assert (held(engine), engine.journal.ledger.realised) == (before, realised)
    assert engine.state() is TradingState.REDUCING
    assert not events_of(engine, ev.BreakerTripped)


@pytest.mark.parametrize("code", CODES)
def test_F05_a_sale_that_is_refused_clears_nothing_and_is_tried_again(code: str) -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    venue.refuses = no_sale(code)  # type: ignore[assignment]  # the builder's type is the field's
    before = held(engine)
    engine.advance(END - 1)
    tries = [intent for _, intent in venue.calls if intent.side is Side.SELL]
    assert len(tries) > 10
    assert {intent.amount for intent in tries} == {before - before % SELLABLE_STEP}
    assert (held(engine), engine.journal.ledger.realised) == (before, 0)


def test_F06_an_emergency_sale_that_fails_books_no_result() -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    before, cash = held(engine), engine.journal.ledger.cash
    venue.refuses = no_sale("503")  # type: ignore[assignment]  # as above
    obey(engine, rq.Flatten("key"))
    engine.advance(START_MS + 120_000)
    assert len(venue.calls) > 5
    assert (held(engine), engine.journal.ledger.cash) == (before, cash)
    assert engine.journal.ledger.realised == 0
    assert engine.stop is not None
    assert not engine.stop.done(engine.t_ms)
    venue.refuses = lambda _: None
    engine.advance(START_MS + 150_000)
    assert held(engine) < SELLABLE_STEP
    assert engine.stop.done(engine.t_ms)


def test_F07_a_position_whose_window_is_over_is_not_closed_at_its_entry() -> None:
    later = market(start=MARKET.window_start + 900)
    messages = [*told(lambda s: 4_900 if s < 600 else None), *told(steady, later)]
    messages = [m for m in messages if getattr(m, "slug", "") != MARKET.slug]  # no verdict yet
    engine, _ = scene(messages, lambda c: Action.BUY if c < 100 else Action.HOLD)
    engine.advance(later.end_ms - 200_000)
    assert held(engine) > 0
    assert engine.journal.ledger.realised == 0
    assert engine.journal.ledger.awaiting[MARKET.slug]


def test_F08_flatten_sells_a_position_by_its_token_while_other_windows_run() -> None:
    both = [*told(steady), *told(steady, market("ETH"))]
    engine, venue = scene(both, UP, small(200), assets=("BTC", "ETH"))
    engine.advance(START_MS + 60_000)
    assert len(engine.journal.ledger.open_slugs()) == 2
    obey(engine, rq.Flatten("key"))
    engine.advance(START_MS + 90_000)
    sales = [intent for _, intent in venue.calls if intent.side is Side.SELL]
    assert {intent.market.asset for intent in sales} == {"BTC", "ETH"}
    assert len({intent.t_ms for intent in sales[:2]}) == 1  # neither waits for the other
    assert engine.journal.ledger.open_slugs() == []


@pytest.mark.parametrize("wrong", [Breaker.REJECTS, Breaker.MISMATCH, Breaker.DATA_GAP])
def test_F09_closes_go_on_while_the_engine_is_unhealthy(wrong: Breaker) -> None:
    engine, _ = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    engine.trip(wrong, "unhealthy")
    engine.advance(END - 1)
    assert engine.journal.ledger.open_slugs() == []


def test_F10_no_limit_and_no_rate_keeps_a_position_from_being_sold() -> None:
    tight = ORDINARY.limits.model_copy(update={"opens_per_minute": 1})
    settings = ORDINARY.model_copy(update={"limits": tight})
    engine, venue = scene(told(steady), lambda c: Action(1 + c // 8 % 2), settings)
    engine.advance(START_MS + 55_000)
    assert [intent.purpose for _, intent in venue.calls] == [Purpose.OPEN, Purpose.CLOSE]
    assert engine.journal.denials["ORDER_RATE"] > 0


def test_F11_failed_close_books_nothing() -> None:
    engine, venue = scene(told(steady), lambda c: Action.BUY if c < 60 else Action.SELL)
    venue.refuses = no_sale("CLOB down")  # type: ignore[assignment]  # as above
    engine.advance(START_MS + 30_000)
    cash = engine.journal.ledger.cash
    engine.advance(START_MS + 100_000)
    assert engine.journal.ledger.cash == cash < 0
    assert any(intent.purpose is Purpose.CLOSE for _, intent in venue.calls)
    assert engine.journal.ledger.realised == 0
    assert not fills(engine, "SELL")
    assert held(engine) > 0


def test_F12_a_kill_ends_orders_and_sells_through_the_venue() -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    before = len(venue.calls)
    obey(engine, rq.Flatten("key"))
    engine.advance(START_MS + 90_000)
    assert venue.cancels == 1
    sold = [intent for _, intent in venue.calls[before:]]
    matches = fills(engine, "SELL")
    assert sum(f.shares for f in matches) == sum(intent.amount for intent in sold)


@pytest.mark.parametrize("bid", [1_900, 7_900])
def test_F13_a_sale_is_of_the_shares_that_are_held_whatever_they_are_worth(bid: int) -> None:
    engine, venue = scene(told(falls_to(bid, 60)), lambda c: Action(1 + (c > 150)))
    engine.advance(START_MS + 70_000)
    bought = held(engine)
    engine.advance(START_MS + 80_000)
    first = next(intent for _, intent in venue.calls if intent.side is Side.SELL)
    assert bought - first.amount < SELLABLE_STEP
    assert held(engine) == 0 or engine.journal.ledger.held(MARKET.slug)


def test_F14_an_order_that_found_nothing_is_no_position() -> None:
    jumps = told(lambda s: 4_900 if s < 5 else 6_900, every_ms=100)
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"taker_delay_ms": 900})})
    engine, venue = scene(jumps, lambda c: Action.BUY if c == 9 else Action.HOLD, slow)
    engine.advance(START_MS + 60_000)
    assert len(venue.calls) == 1
    (done,) = events_of(engine, ev.OrderDone)
    assert done.how.startswith("killed")  # type: ignore[union-attr]  # as above
    assert (held(engine), engine.journal.ledger.cash) == (0, 0)
    assert engine.journal.ledger.working == {}


def test_F15_an_empty_account_proves_no_close_and_stops_opening() -> None:
    engine, venue = scene(told(steady), UP)
    engine.advance(START_MS + 60_000)
    before = held(engine)
    venue.account = lambda s: replace(s, shares=(), orders=(), fills=())
    engine.advance(START_MS + 100_000)
    assert (held(engine), engine.journal.ledger.realised) == (before, 0)
    assert [t.breaker for t in engine.breakers.tripped] == [Breaker.MISMATCH]


def test_F17_a_match_after_the_cancel_and_a_rest_below_the_minimum_are_both_tracked() -> None:
    engine, _ = scene(told(steady, shares=3), UP)
    engine.advance(START_MS + 200)  # it arrives 40 ms from now
    assert engine.journal.ledger.working
    obey(engine, rq.Halt("key"))  # and the cancel 90 ms from now
    engine.advance(END - 1)
    shares = held(engine)
    assert 0 < shares < MARKET.min_shares
    engine.advance(END + 120_000)
    matches = fills(engine)
    cost = sum(f.shares * f.price_bp // 10_000 + f.fee for f in matches)
    assert engine.journal.ledger.realised == pytest.approx(shares - cost, abs=2)


def test_F18_and_a_down_position_is_valued_on_its_own_book_once() -> None:
    """Entry of DOWN at about 0.50, DOWN now at 0.05: a loss, and the sale books a loss."""
    crash = told(falls_to(9_400, 60), verdict=Outcome.UP)
    engine, _ = scene(crash, lambda c: Action.SELL if c < 150 else Action.BUY)
    engine.advance(START_MS + 100_000)
    sold = fills(engine, "SELL")
    assert sold
    assert {f.outcome for f in sold} == {"DOWN"}
    assert engine.journal.ledger.realised < -100 * MICRO


def test_F20_a_policy_that_wants_up_a_thousand_times_buys_once() -> None:
    engine, venue = scene(told(steady), UP, small(40))  # no limit is near
    engine.advance(START_MS + 500_000)
    assert not engine.journal.denials
    assert len(venue.calls) == 1


def test_F21_a_fill_is_noticed_though_the_order_it_is_of_is_kept() -> None:
    engine, _ = scene(told(steady), UP)
    engine.advance(START_MS + 100)
    order = next(iter(engine.journal.ledger.working.values()))
    with pytest.raises(AttributeError):
        order.amount = 0  # type: ignore[misc]  # frozen: that is the point
    engine.advance(START_MS + 10_000)
    assert engine.journal.ledger.working == {}
    assert held(engine) == sum(f.shares for f in fills(engine))


def test_F22_an_entry_costs_what_all_its_fills_cost() -> None:
    asks = ((5_000, 100 * MICRO), (5_100, 100_000 * MICRO))
    messages: list[Message] = [MarketListed(START_MS, MARKET)]
    for t in range(START_MS, END, 1_000):
        messages.append(BookSnapshot(t, MARKET.up_token, priced(4_900)[0], asks))
        messages.append(BookSnapshot(t, MARKET.down_token, *priced(4_900)))
    engine, _ = scene(messages, UP)
    engine.advance(START_MS + 10_000)
    matches = fills(engine)
    assert {f.price_bp for f in matches} == {5_000, 5_100}
    (holding,) = engine.journal.ledger.held(MARKET.slug)
    assert holding.cost == -engine.journal.ledger.cash


def test_F23_a_position_at_97_cents_that_loses_is_worth_nothing() -> None:
    nearly = told(lambda s: min(9_600, 4_900 + 10 * s) // 100 * 100, verdict=Outcome.DOWN)
    silent = [m for m in nearly if not isinstance(m, BookSnapshot) or m.t_ms < END - 200_000]
    engine, _ = scene(silent, lambda c: Action.BUY if c < 20 else Action.HOLD)
    engine.advance(END - 1)
    spent = engine.journal.ledger.cash
    assert held(engine) > 0
    engine.advance(END + 120_000)
    assert engine.journal.ledger.realised == spent < 0


def test_F26_an_order_below_the_venues_minimum_never_leaves() -> None:
    engine, venue = scene(told(steady), UP, small(8))  # a quarter of it is 4 shares at 0.50
    engine.advance(START_MS + 60_000)
    assert venue.calls == []
    assert engine.journal.denials["MIN_SIZE"] > 0
    bigger = replace(MARKET, min_shares=2 * MICRO)
    assert shares_for(2 * MICRO, 5_000) >= bigger.min_shares
    engine, venue = scene(told(steady, bigger), UP, small(8))
    engine.advance(START_MS + 60_000)
    assert len(venue.calls) == 1
