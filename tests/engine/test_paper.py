from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.book import Book
from engine.order import Intent, InvalidTransition, Order, OrderState, Side
from engine.paper import PaperVenue
from engine.settings import PaperVenue as Rates
from engine.units import MICRO, cost_micro
from engine.venue import Statement, VenueOrder
from tests.engine.build import FREE, MARKET, NOW, book, buy, market, sell

SURE = Rates(reject_rate=0, delay_rate=0, settle_failure_rate=0, lost_answer_rate=0)
FAULTS = {"reject_rate": 0.2, "delay_rate": 0.3, "settle_failure_rate": 0.25}
LATER = NOW + 60_000


def venue(rates: Rates = SURE, seed: int = 1) -> PaperVenue:
    return PaperVenue(rates, 10_000, np.random.default_rng(seed))


def outcome(
    intent: Intent, of: Book | None, rates: Rates = SURE, by: PaperVenue | None = None
) -> list[ev.Event]:
    at = by or venue(rates)
    at.send("o1", intent)
    return [event for _, event in at.due(LATER, lambda _: of)]


def fills(events: list[ev.Event]) -> list[ev.FillMatched]:
    return [e for e in events if isinstance(e, ev.FillMatched)]


def fresh(**changes: object) -> Book:
    return book(t_ms=NOW + 200, **changes)  # type: ignore[arg-type]  # forwards to the builder


def test_F57_an_order_pays_the_ask_and_the_fee_never_the_mid() -> None:
    (one,) = fills(outcome(buy(100), fresh()))
    assert one.price_bp == 5_000
    assert one.fee == MARKET.fee.taker_fee_micro(one.shares, 5_000)
    assert one.fee > 0


def test_F58_the_book_on_arrival_fills_not_the_book_of_the_decision() -> None:
    at = venue()
    order = at.send("o1", buy(100, limit_bp=6_000))
    books = {"now": fresh(asks=((5_000, 500 * MICRO),))}
    assert at.due(order.arrives_ms - 1, lambda _: books["now"]) == []
    books["now"] = fresh(asks=((5_900, 500 * MICRO),))
    (one, *_) = fills([e for _, e in at.due(order.arrives_ms, lambda _: books["now"])])
    assert one.price_bp == 5_900


def test_an_order_arrives_after_the_takers_delay_and_some_network_time() -> None:
    arrivals = [venue(seed=i).send("o1", buy()).arrives_ms - NOW for i in range(200)]
    assert min(arrivals) > 150
    assert 200 < sorted(arrivals)[100] < 300


@pytest.mark.parametrize("sigma", [0.45, 2.0])
def test_no_order_is_told_of_after_the_last_moment_that_is_counted_on(sigma: float) -> None:
    rates = Rates(delay_rate=1, lost_answer_rate=1, latency_sigma=sigma, reject_rate=0)
    rng = np.random.default_rng(1)
    at = PaperVenue(rates, 10_000, Extreme(rng.bit_generator))
    at.send("o1", buy())
    (lost, done) = [event for _, event in at.due(NOW + rates.last_ms, lambda _: None)]
    assert isinstance(lost, ev.OrderAmbiguous)
    assert isinstance(done, ev.OrderDone)
    assert lost.until_ms <= NOW + rates.last_ms


class Extreme(np.random.Generator):
    """Draws a network time that nobody has ever seen."""

    def standard_normal(self, *_args: object, **_more: object) -> float:  # type: ignore[override]  # one draw alone
        return 20.0


def test_nothing_fills_beyond_the_limit() -> None:
    (done,) = outcome(buy(100, limit_bp=4_900), fresh())
    assert isinstance(done, ev.OrderDone)
    assert done.how.startswith("killed")


def test_levels_are_walked_and_a_thin_book_fills_in_part() -> None:
    thin = fresh(asks=((5_000, 10 * MICRO), (5_100, 10 * MICRO), (5_300, 900 * MICRO)))
    events = outcome(buy(100, limit_bp=5_200), thin)
    assert [(f.price_bp, f.shares) for f in fills(events)] == [
        (5_000, 10 * MICRO),
        (5_100, 10 * MICRO),
    ]
    assert ev.OrderDone("o1", "partly filled") in events


def test_depth_that_was_eaten_is_not_eaten_twice() -> None:
    at, only = venue(), fresh(asks=((5_000, 100 * MICRO),))
    first = fills(outcome(buy(40), only, by=at))
    second = fills(outcome(buy(40), only, by=at))
    assert [f.shares for f in first] == [80 * MICRO]
    assert [f.shares for f in second] == [20 * MICRO]


def test_a_level_that_was_renewed_can_be_eaten_again() -> None:
    at = venue()
    outcome(buy(50), fresh(asks=((5_000, 100 * MICRO),)), by=at)
    again = fills(outcome(buy(50), fresh(asks=((5_000, 101 * MICRO),)), by=at))
    assert [f.shares for f in again] == [100 * MICRO]


@pytest.mark.parametrize(
    "arrival",
    [
        None,
        book(invalid="crossed book"),
        book(t_ms=NOW - 30_000),
    ],
    ids=["none", "invalid", "old"],
)
def test_a_book_that_is_not_known_on_arrival_fills_nothing(arrival: Book | None) -> None:
    (done,) = outcome(buy(), arrival)
    assert isinstance(done, ev.OrderDone)
    assert "on arrival" in done.how


def test_an_order_that_arrives_after_the_end_fills_nothing() -> None:
    late = buy(t_ms=MARKET.end_ms - 10)
    at = venue()
    at.send("o1", late)
    (done,) = [e for _, e in at.due(MARKET.end_ms + 5_000, lambda _: fresh())]
    assert isinstance(done, ev.OrderDone)
    assert "window was over" in done.how


def test_F60_orders_are_refused_delayed_and_voided_at_the_given_rates() -> None:
    at = venue(SURE.model_copy(update=FAULTS))
    deep = book(asks=((5_000, 10**9 * MICRO),), t_ms=NOW + 1_000)
    orders = [at.send(f"o{i}", buy(10)) for i in range(1_000)]
    events = [e for _, e in at.due(LATER, lambda _: deep)]
    refused = sum(isinstance(e, ev.OrderRejected) for e in events)
    voided = sum(isinstance(e, ev.FillVoided) for e in events)
    late = sum(o.arrives_ms - NOW > 2_500 for o in orders)
    assert 150 < refused < 250
    assert 240 < late < 360
    assert 140 < voided < 260


def test_a_match_settles_after_the_settlement_time() -> None:
    at = venue()
    order = at.send("o1", buy())
    matched = [e for _, e in at.due(order.arrives_ms, lambda _: fresh())]
    assert not any(isinstance(e, ev.FillSettled) for e in matched)
    settled = at.due(order.arrives_ms + SURE.settle_ms, lambda _: fresh())
    assert settled == [(order.arrives_ms + SURE.settle_ms, ev.FillSettled("o1.0"))]


def test_matches_of_a_killed_process_settle_in_the_next_one() -> None:
    before = venue()
    before.send("o1", buy())
    (one,) = fills([e for _, e in before.due(NOW + 1_500, lambda _: fresh())])
    after = venue()
    after.adopt([one])
    assert after.due(LATER, lambda _: None) == [(one.settles_ms, ev.FillSettled("o1.0"))]


def test_the_same_seed_gives_the_same_venue() -> None:
    def run(seed: int) -> list[tuple[int, ev.Event]]:
        at = venue(Rates(reject_rate=0.3, delay_rate=0.3, settle_failure_rate=0.3), seed)
        for i in range(30):
            at.send(f"o{i}", buy(10))
        return at.due(LATER, lambda _: fresh())

    assert run(3) == run(3)
    assert run(3) != run(4)


levels = st.lists(
    st.tuples(st.integers(1, 99), st.integers(1, 1_000)), min_size=1, max_size=8,
    unique_by=lambda level: level[0],
)  # fmt: skip


@settings(max_examples=200)
@given(levels, levels, st.integers(1, 400), st.integers(1, 99), st.sampled_from(list(Side)))
def test_F59_no_fill_is_better_than_the_arrival_book_and_none_exceeds_the_order(
    down: list[tuple[int, int]],
    up: list[tuple[int, int]],
    size: int,
    limit: int,
    side: Side,
) -> None:
    asks = tuple(sorted((p * 100, s * MICRO) for p, s in up))
    bids = tuple(sorted(((p * 100, s * MICRO) for p, s in down), reverse=True))
    shown = fresh(bids=bids, asks=asks)
    intent = buy(size, limit * 100) if side is Side.BUY else sell(size, limit * 100)
    done = fills(outcome(intent, shown))
    for one in done:
        if side is Side.BUY:
            assert asks[0][0] <= one.price_bp <= intent.limit_bp
        else:
            assert bids[0][0] >= one.price_bp >= intent.limit_bp
        assert one.fee >= 0
    if side is Side.BUY:
        assert sum(cost_micro(f.shares, f.price_bp) for f in done) <= intent.amount
    else:
        assert sum(f.shares for f in done) <= intent.amount
    by_price = {f.price_bp: f.shares for f in done}
    shown_side = dict(asks if side is Side.BUY else bids)
    assert all(shares <= shown_side[price] for price, shares in by_price.items())


def test_a_market_without_fees_charges_none() -> None:
    free = market(fee=FREE)
    at = venue()
    at.send("o1", buy(of=free))
    (one,) = fills([e for _, e in at.due(LATER, lambda _: fresh())])
    assert one.fee == 0


@pytest.mark.parametrize("state", [s for s in OrderState if s is not OrderState.SENT])
def test_an_order_ends_once(state: OrderState) -> None:
    ended = Order("o1", buy(), NOW).to(state)
    if state in (OrderState.AMBIGUOUS, OrderState.CANCELLED):  # a match may have been on its way
        assert ended.to(OrderState.MATCHED).state is OrderState.MATCHED
        return
    with pytest.raises(InvalidTransition, match="cannot become"):
        ended.to(OrderState.MATCHED)


def test_a_lost_answer_never_becomes_a_new_order() -> None:
    lost = Order("o1", buy(), NOW).to(OrderState.AMBIGUOUS)
    with pytest.raises(InvalidTransition):
        lost.to(OrderState.SENT)


LOST = SURE.model_copy(update={"lost_answer_rate": 1.0, "latency_sigma": 0.0})
CALM = SURE.model_copy(update={"latency_sigma": 0.0})


def told_until(at: PaperVenue, t_ms: int, of: Book | None = None) -> list[ev.Event]:
    shown = fresh() if of is None else of
    return [event for _, event in at.due(t_ms, lambda _: shown)]


def test_a_cancel_ends_what_has_not_matched_when_it_arrives() -> None:
    at = venue(CALM)
    at.send("o1", buy())
    at.cancel_all(NOW + 100)
    assert told_until(at, LATER) == [ev.OrderDone("o1", "cancelled")]


def test_F17_a_fill_comes_after_the_cancel_that_it_outran() -> None:
    at = venue(CALM)
    order = at.send("o1", buy())
    at.cancel_all(order.arrives_ms - 1)
    assert len(fills(told_until(at, LATER))) == 1


def test_a_cancel_is_a_request_and_proves_nothing_before_it_is_answered() -> None:
    at = venue(CALM)
    at.send("o1", buy())
    at.cancel_all(NOW)
    assert told_until(at, NOW + CALM.latency_ms - 1) == []
    (one,) = at.statement(NOW).orders
    assert one.working


def test_an_order_sent_after_a_cancel_is_not_ended_by_it() -> None:
    at = venue(CALM)
    at.cancel_all(NOW)
    at.send("o1", buy())
    assert len(fills(told_until(at, LATER))) == 1


def test_F28_a_lost_answer_is_not_a_rejection_and_is_known_after_a_while() -> None:
    known: set[ev.OrderDone] = set()
    for seed in range(20):
        at = venue(LOST, seed)
        order = at.send("o1", buy())
        until_ms = order.arrives_ms + LOST.unknown_ms
        (lost,) = told_until(at, until_ms - 1)
        assert lost == ev.OrderAmbiguous("o1", until_ms, "the answer was lost")
        assert at.statement(until_ms - 1) == Statement(until_ms - 1, (), (), ())
        known |= {e for e in told_until(at, until_ms) if isinstance(e, ev.OrderDone)}
    assert known == {ev.OrderDone("o1", "filled"), ev.OrderDone("o1", "absent")}


def test_a_lost_order_fills_on_the_book_of_its_arrival_and_settles_after_it_was_told() -> None:
    at = next(v for v in (venue(LOST, seed) for seed in range(20)) if reaches(v))
    (one,) = fills(told_until(at, LATER, fresh(asks=((100, MICRO),))))
    assert one.price_bp == 5_000
    assert at.statement(LATER).shares == ((MARKET.up_token, one.shares),)
    assert at.next_ms() is None


def reaches(at: PaperVenue) -> bool:
    """Sends the order, lets it meet an ordinary book, and says whether it reached it."""
    order = at.send("o1", buy())
    shown = []
    at.due(order.arrives_ms, lambda _: shown.append(1) or fresh())  # type: ignore[func-returns-value]
    return bool(shown)


def test_the_statement_tells_orders_matches_and_shares() -> None:
    at = venue(CALM)
    at.send("o1", buy(50))
    before, (one,) = at.statement(NOW), fills(told_until(at, NOW + 1_000))
    after = at.statement(NOW + 1_000)
    assert before.orders == (VenueOrder("o1", working=True, filled=0),)
    assert after.orders == (VenueOrder("o1", working=False, filled=one.shares),)
    assert (after.fills, after.shares) == ((one,), ((MARKET.up_token, one.shares),))


def test_a_voided_match_is_no_longer_held() -> None:
    at = venue(CALM.model_copy(update={"settle_failure_rate": 1.0}))
    at.send("o1", buy())
    assert isinstance(told_until(at, LATER)[-1], ev.FillVoided)
    assert at.statement(LATER).shares == ()


def test_what_an_earlier_process_left_is_taken_over() -> None:
    at = venue()
    at.adopt((), {MARKET.up_token: 5 * MICRO})
    assert at.statement(NOW).shares == ((MARKET.up_token, 5 * MICRO),)


def test_orders_of_a_window_that_is_over_are_told_no_more_but_shares_are() -> None:
    at = venue(CALM)
    at.send("o1", buy())
    told_until(at, LATER)
    at.forget(MARKET.up_token)
    found = at.statement(LATER)
    assert (found.orders, found.fills) == ((), ())
    assert found.shares
