from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.exposure import after, exposure_of, net, net_after
from engine.ledger import Ledger
from engine.market import FeeSchedule, Market, Outcome
from engine.order import Intent, Purpose, Side
from engine.units import FEE_STEP, MICRO, cost_micro, proceeds_micro
from tests.engine.build import MARKET, NOW, buy, fill, market, sell
from tests.engine.trading import WHOLE, matched, sent, told

OTHER = market("ETH")
UP, DOWN = Outcome.UP, Outcome.DOWN

Trade = tuple[Side, Outcome, int, int, str]
trades = st.lists(
    st.tuples(
        st.sampled_from(list(Side)),
        st.sampled_from(list(Outcome)),
        st.integers(5 * 100, 300 * 100),
        st.integers(1, 99),
        st.sampled_from(["settled", "unsettled", "working", "partly", "ambiguous"]),
    ),
    max_size=7,
)


def ledger_after(wanted: list[Trade]) -> Ledger:
    """A ledger in the middle of things: each trade at its own stage."""
    ledger = told([])
    for number, (side, outcome, size, cents, stage) in enumerate(wanted, start=1):
        holding = ledger.holdings.get(MARKET.token(outcome))
        sellable = 0 if holding is None else holding.sellable - selling(ledger, holding.token_id)
        shares = size * WHOLE if side is Side.BUY else min(size * WHOLE, sellable)
        if shares <= 0:
            continue
        amount = cost_micro(shares, cents * 100) if side is Side.BUY else shares
        order = sent(number, side, outcome, amount, cents * 100)
        ledger.apply(NOW, order)
        apply_stage(ledger, order, shares, stage)
    return ledger


def selling(ledger: Ledger, token: str) -> int:
    orders = [o for o in ledger.working.values() if o.side == "SELL" and o.token_id == token]
    return sum(o.amount - sum(f.shares for f in ledger.fills_of(o)) for o in orders)


def apply_stage(ledger: Ledger, order: ev.OrderSent, shares: int, stage: str) -> None:
    if stage == "working":
        return
    if stage == "ambiguous":
        ledger.apply(NOW, ev.OrderAmbiguous(order.order_id, NOW + 20_000, "lost"))
        return
    part = shares // 2 // WHOLE * WHOLE if stage == "partly" else shares
    if part:
        ledger.apply(NOW, matched(order, 0, part, order.limit_bp, NOW))
    if stage == "settled" and part:
        ledger.apply(NOW, ev.FillSettled(f"{order.order_id}.0"))
    if stage != "partly":
        ledger.apply(NOW, ev.OrderDone(order.order_id, "filled"))


def left_of(ledger: Ledger, order: ev.OrderSent) -> int:
    """Micro-shares that an order may still trade at its limit."""
    done = ledger.fills_of(order)
    if order.side == "SELL":
        return order.amount - sum(f.shares for f in done)
    spent = sum(cost_micro(f.shares, f.price_bp) for f in done)
    return (order.amount - spent) * 10_000 // order.limit_bp


def ends(ledger: Ledger) -> Iterator[int]:
    """Cash in the end, for every outcome and every way that what is open may go."""
    orders, unsettled = list(ledger.working.values()), list(ledger.pending.values())
    ways = [(0.0, 0.5, 1.0)] * len(orders) + [(False, True)] * len(unsettled)
    for outcome in Outcome:
        for chosen in product(*ways):
            cash = ledger.cash
            shares = {h.token_id: h.shares for h in ledger.holdings.values()}
            for order, part in zip(orders, chosen, strict=False):
                size = int(left_of(ledger, order) * part)
                cash += moved_by(order, size)
                sign = 1 if order.side == "BUY" else -1
                shares[order.token_id] = shares.get(order.token_id, 0) + sign * size
            for booked, voids in zip(unsettled, chosen[len(orders) :], strict=True):
                one = booked.fill
                if voids:
                    cash -= booked.moved
                    back = -one.shares if one.side == "BUY" else one.shares
                    shares[one.token_id] = shares.get(one.token_id, 0) + back
            yield cash + shares.get(MARKET.token(outcome), 0)


def moved_by(order: ev.OrderSent, shares: int) -> int:
    fee = MARKET.fee.taker_fee_micro(shares, order.limit_bp)
    if order.side == "BUY":
        return -cost_micro(shares, order.limit_bp) - fee
    return proceeds_micro(shares, order.limit_bp) - fee


@settings(max_examples=150, deadline=None)
@given(trades)
def test_the_worst_case_is_the_worst_of_every_outcome_and_every_subset(wanted: list[Trade]) -> None:
    ledger = ledger_after(wanted)
    worst = min(ends(ledger))
    said = exposure_of(ledger).worst_wealth
    assert said <= worst
    assert worst - said <= slack(ledger)


def slack(ledger: Ledger) -> int:
    """The most that fees at most and roundings put between the bound and the worst real end."""
    return sum(
        FEE_STEP * 2 + order.reserve - order.amount if order.side == "BUY" else FEE_STEP * 3
        for order in ledger.working.values()
    )


def test_the_worst_of_several_windows_is_the_sum_of_the_worst_of_each() -> None:
    ledger = told([fill("o1.0", fee=0), ev.FillSettled("o1.0")])
    ledger.apply(NOW, ev.MarketSeen.of(OTHER))
    ledger.apply(NOW, fill("o2.0", of=OTHER, outcome=DOWN, fee=0))
    assert exposure_of(ledger).worst_wealth == -100 * MICRO


def test_an_order_whose_answer_was_lost_counts_as_one_that_may_fill() -> None:
    order = sent(1, Side.BUY, UP, 50 * MICRO)
    sure, lost = told([order]), told([order, ev.OrderAmbiguous("o1", NOW + 20_000, "lost")])
    assert exposure_of(lost) == exposure_of(sure)
    assert exposure_of(lost).worst_wealth == -order.reserve


def test_what_an_order_filled_already_is_not_reserved_a_second_time() -> None:
    order = sent(1, Side.BUY, UP, 50 * MICRO, reserve=50 * MICRO)
    ledger = told([order, fill("o1.0", shares=60, fee=0)])
    assert exposure_of(ledger).worst_wealth == -50 * MICRO
    assert exposure_of(ledger).of("BTC") == 50 * MICRO


def test_a_resolved_window_has_one_end() -> None:
    won = told([fill(fee=0), ev.WindowResolved(MARKET.slug, "UP", "test")])
    assert exposure_of(won).worst_wealth == 0, "the match may still be voided"
    won.apply(NOW, ev.FillSettled("o1.0"))
    assert exposure_of(won).worst_wealth == 50 * MICRO


def test_the_exposure_after_an_intent_is_that_of_the_order_once_sent() -> None:
    intent = buy(100)
    ledger = told([fill("o9.0", shares=30, outcome=DOWN), ev.FillSettled("o9.0")])
    foreseen, net_foreseen = after(ledger, intent), net_after(ledger, intent)
    ledger.apply(NOW, sent(1, Side.BUY, UP, intent.amount, intent.limit_bp))
    assert exposure_of(ledger) == foreseen
    assert net(ledger, MARKET.slug) == net_foreseen == 170 * MICRO


def test_an_order_under_way_counts_as_filled_in_the_net_exposure() -> None:
    ledger = told([fill("o9.0", shares=100), sent(1, Side.SELL, UP, 40 * MICRO)])
    assert net(ledger, MARKET.slug) == 60 * MICRO
    assert net_after(ledger, sell(80)) == -20 * MICRO


def test_selling_a_plain_holding_never_lowers_the_worst_case() -> None:
    ledger = told([fill("o9.0", shares=100), ev.FillSettled("o9.0")])
    for cents in range(1, 100):
        worst = after(ledger, sell(100, limit_bp=cents * 100)).worst_wealth
        assert worst >= exposure_of(ledger).worst_wealth


def test_selling_one_leg_of_a_pair_gives_up_a_certain_dollar() -> None:
    pair = told(
        [
            fill("o1.0", shares=10),
            ev.FillSettled("o1.0"),
            fill("o2.0", shares=10, outcome=DOWN),
            ev.FillSettled("o2.0"),
        ]
    )
    assert after(pair, sell(10, limit_bp=9_000)).worst_wealth < exposure_of(pair).worst_wealth


def test_buying_the_other_side_locks_a_dollar_and_lowers_nothing() -> None:
    ledger = told([fill("o1.0", shares=100), ev.FillSettled("o1.0")])
    hedge = buy(40, limit_bp=4_000, outcome=DOWN)
    before, then = exposure_of(ledger), after(ledger, hedge)
    assert then.worst_wealth == before.worst_wealth
    assert then.of("BTC") > before.of("BTC")


def test_a_fee_that_eats_all_of_a_share_is_counted_where_the_share_wins() -> None:
    dear: Market = market(fee=FeeSchedule(Decimal(1), 0))
    intent = Intent(dear, UP, Side.BUY, 10 * MICRO, 9_000, Purpose.OPEN, NOW)
    worst = after(told([]), intent).worst_wealth
    assert worst < -10 * MICRO


def test_a_profit_that_a_void_can_take_back_is_no_equity_to_begin_a_day_with() -> None:
    ledger = told(
        [
            fill("o1.0", fee=0),
            ev.FillSettled("o1.0"),
            fill("o2.0", Side.SELL, price_bp=9_000, fee=0),
        ]
    )
    assert ledger.equity_at_cost == 40 * MICRO
    assert ledger.settled_equity == 0
    assert exposure_of(ledger).worst_next_day == -50 * MICRO
    ledger.apply(NOW, ev.FillSettled("o2.0"))
    assert ledger.settled_equity == 40 * MICRO
