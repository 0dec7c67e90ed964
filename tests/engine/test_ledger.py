from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.exposure import exposure_of
from engine.ledger import Ledger
from engine.market import Outcome
from engine.order import Side
from engine.units import FEE_STEP, MICRO, cost_micro
from tests.engine.build import MARKET, NOW, fill, market


def ledger_with(*events: ev.Event) -> Ledger:
    ledger = Ledger()
    ledger.apply(NOW, ev.MarketSeen.of(MARKET))
    for event in events:
        ledger.apply(NOW, event)
    return ledger


def resolved(outcome: Outcome | None) -> ev.WindowResolved:
    return ev.WindowResolved(MARKET.slug, None if outcome is None else outcome.value, "test")


def held(ledger: Ledger) -> int:
    return sum(h.shares for h in ledger.holdings.values())


def test_a_buy_costs_price_and_fee_and_books_no_profit() -> None:
    ledger = ledger_with(fill())
    assert ledger.cash == -(50 * MICRO + 1_750_000)
    assert ledger.realised == 0
    assert held(ledger) == 100 * MICRO


def test_a_sale_realises_proceeds_less_cost_and_both_fees() -> None:
    ledger = ledger_with(fill(), ev.FillSettled("o1.0"), fill("o2.0", Side.SELL, price_bp=6_000))
    assert ledger.realised == ledger.cash
    assert ledger.realised == 10 * MICRO - 1_750_000 - 1_680_000
    assert held(ledger) == 0


def test_the_winning_token_pays_a_dollar_and_the_losing_nothing() -> None:
    won, lost = (
        ledger_with(fill(), resolved(Outcome.UP)),
        ledger_with(fill(), resolved(Outcome.DOWN)),
    )
    cost = 50 * MICRO + 1_750_000
    assert won.realised == 100 * MICRO - cost
    assert lost.realised == -cost
    assert not won.holdings
    assert not lost.holdings


def test_F23_a_window_is_settled_by_its_verdict_not_by_the_last_mid() -> None:
    ledger = ledger_with(fill(price_bp=9_700), resolved(Outcome.DOWN))
    assert ledger.realised < -97 * MICRO


def test_an_outcome_that_nobody_knows_leaves_the_position_awaiting() -> None:
    ledger = ledger_with(fill(), ev.WindowAwaiting(MARKET.slug, "no bids"), resolved(None))
    assert held(ledger) == 100 * MICRO
    assert ledger.awaiting == {MARKET.slug: "no bids"}
    assert ledger.realised == 0


def test_a_voided_buy_gives_back_exactly_what_it_took() -> None:
    before = ledger_with(fill("o1.0"), ev.FillSettled("o1.0"))
    after = ledger_with(
        fill("o1.0"), ev.FillSettled("o1.0"), fill("o2.0", price_bp=5_100), ev.FillVoided("o2.0")
    )
    assert (after.cash, held(after), after.realised) == (before.cash, held(before), 0)
    assert after.fees == before.fees


def test_a_voided_sale_brings_the_shares_and_their_cost_back() -> None:
    before = ledger_with(fill("o1.0"), ev.FillSettled("o1.0"))
    after = ledger_with(
        fill("o1.0"),
        ev.FillSettled("o1.0"),
        fill("o2.0", Side.SELL, shares=33.33, price_bp=6_000),
        ev.FillVoided("o2.0"),
    )
    assert after.cash == before.cash
    assert after.equity_at_cost == before.equity_at_cost
    assert held(after) == held(before)
    assert after.realised == 0


def test_a_voided_buy_leaves_no_cost_behind_when_the_rest_was_sold_beside_it() -> None:
    ledger = ledger_with(
        fill("o1.0", shares=10, price_bp=4_000, fee=0),
        ev.FillSettled("o1.0"),
        fill("o2.0", shares=10, price_bp=6_000, fee=0),
        fill("o3.0", Side.SELL, shares=10, price_bp=5_000, fee=0),
        ev.FillVoided("o2.0"),
    )
    assert (held(ledger), ledger.realised) == (0, MICRO)
    assert exposure_of(ledger).of("BTC") == 0


@pytest.mark.parametrize("verdict", list(Outcome))
def test_a_void_that_comes_after_the_payout_takes_the_payout_back(verdict: Outcome) -> None:
    ledger = ledger_with(fill(), resolved(verdict), ev.FillVoided("o1.0"))
    assert ledger.cash == 0
    assert ledger.realised == 0
    assert not ledger.holdings


def test_F22_the_entry_is_the_average_of_all_partial_fills() -> None:
    ledger = ledger_with(
        fill("o1.0", shares=10, price_bp=4_000), fill("o1.1", shares=30, price_bp=6_000)
    )
    holding = ledger.holdings[MARKET.up_token]
    assert holding.paid / holding.shares == pytest.approx(0.55)


def test_unsettled_shares_cannot_be_sold() -> None:
    ledger = ledger_with(fill("o1.0", shares=10.128))
    assert ledger.holdings[MARKET.up_token].sellable == 0
    ledger.apply(NOW, ev.FillSettled("o1.0"))
    assert ledger.holdings[MARKET.up_token].sellable == 10_120_000


def test_a_sale_of_more_than_is_held_is_an_error_not_a_short() -> None:
    ledger = ledger_with(fill(shares=5))
    with pytest.raises(ValueError, match="more than is held"):
        ledger.apply(NOW, fill("o2.0", Side.SELL, shares=6))


def test_the_same_fill_seen_twice_counts_once() -> None:
    assert ledger_with(fill(), fill()).cash == ledger_with(fill()).cash


def test_both_outcomes_held_together_are_worth_a_certain_dollar() -> None:
    pair = ledger_with(
        fill("o1.0", shares=10, price_bp=4_500),
        ev.FillSettled("o1.0"),
        fill("o2.0", shares=10, price_bp=5_000, outcome=Outcome.DOWN),
        ev.FillSettled("o2.0"),
    )
    fees = pair.fees
    assert exposure_of(pair).worst_day == 10 * MICRO - 9_500_000 - fees


def test_the_proceeds_of_a_sale_are_not_counted_on_before_it_is_settled() -> None:
    sold = ledger_with(
        fill("o1.0", fee=0), ev.FillSettled("o1.0"), fill("o2.0", Side.SELL, price_bp=6_000, fee=0)
    )
    assert exposure_of(sold).worst_day == -50 * MICRO
    sold.apply(NOW, ev.FillSettled("o2.0"))
    assert exposure_of(sold).worst_day == 10 * MICRO


def test_a_pair_of_which_one_leg_is_being_sold_is_no_certain_dollar() -> None:
    pair = ledger_with(
        fill("o1.0", shares=10, fee=0),
        ev.FillSettled("o1.0"),
        fill("o2.0", shares=10, fee=0, outcome=Outcome.DOWN),
        ev.FillSettled("o2.0"),
        ev.OrderSent(
            "o3",
            MARKET.slug,
            "BTC",
            "UP",
            MARKET.up_token,
            "SELL",
            10 * MICRO,
            4_000,
            0,
            "close",
            None,
        ),
    )
    sold_for, fee = 4 * MICRO, MARKET.fee.taker_fee_micro(10 * MICRO, 4_000) + FEE_STEP
    assert exposure_of(pair).worst_day == sold_for - fee - 10 * MICRO


sides = st.sampled_from(list(Side))
steps = st.lists(
    st.tuples(
        sides,
        st.sampled_from(list(Outcome)),
        st.integers(min_value=1, max_value=300 * MICRO),
        st.integers(min_value=100, max_value=9_900),
        st.sampled_from(["settle", "void", "leave"]),
    ),
    max_size=25,
)


def run(steps_: list[tuple[Side, Outcome, int, int, str]]) -> Ledger:
    """A ledger after random trades in which nothing is sold that is not settled."""
    ledger = ledger_with()
    for i, (side, outcome, wanted, price_bp, end) in enumerate(steps_, start=1):
        holding = ledger.holdings.get(MARKET.token(outcome))
        sellable = 0 if holding is None else holding.sellable
        shares = min(wanted, sellable) if side is Side.SELL else wanted
        if shares <= 0:
            continue
        one = fill(f"o{i}.0", side, shares / MICRO, price_bp, outcome=outcome)
        ledger.apply(NOW, one)
        if end == "settle":
            ledger.apply(NOW, ev.FillSettled(one.fill_id))
        elif end == "void":
            ledger.apply(NOW, ev.FillVoided(one.fill_id))
    return ledger


@given(steps, st.sampled_from(list(Outcome)))
def test_cash_is_conserved_whatever_happens(
    trades: list[tuple[Side, Outcome, int, int, str]], verdict: Outcome
) -> None:
    ledger = run(trades)
    assert ledger.cash + sum(h.cost for h in ledger.holdings.values()) == ledger.realised
    ledger.apply(NOW, resolved(verdict))
    assert ledger.cash == ledger.realised
    assert not ledger.open_slugs()


@given(steps, st.sampled_from(list(Outcome)))
def test_the_day_never_ends_worse_than_the_worst_case_said(
    trades: list[tuple[Side, Outcome, int, int, str]], verdict: Outcome
) -> None:
    ledger = run(trades)
    worst = exposure_of(ledger).worst_day
    for fill_id in list(ledger.pending):
        ledger.apply(NOW, ev.FillVoided(fill_id))
    ledger.apply(NOW, resolved(verdict))
    assert ledger.realised >= worst


@given(steps)
def test_a_ledger_folded_twice_is_the_same_ledger(
    trades: list[tuple[Side, Outcome, int, int, str]],
) -> None:
    assert run(trades) == run(trades)


def test_an_order_in_flight_reserves_its_cost_until_it_ends() -> None:
    sent = ev.OrderSent(
        "o1", MARKET.slug, "BTC", "UP", MARKET.up_token, "BUY", 100, 5_000, 107, "open", None
    )
    ledger = ledger_with(sent)
    assert exposure_of(ledger).of("BTC") == 107
    assert exposure_of(ledger).worst_day == -107
    ledger.apply(NOW, ev.OrderDone("o1", "killed"))
    assert exposure_of(ledger).total == 0


def test_F08_a_position_is_found_by_its_token_whatever_window_runs() -> None:
    later = market(start=MARKET.window_start + 900)
    ledger = ledger_with(fill("o1.0"), fill("o2.0", of=later))
    assert ledger.open_slugs() == [MARKET.slug, later.slug]


def test_the_day_counts_from_its_opening_equity() -> None:
    ledger = ledger_with(fill("o1.0"), ev.FillSettled("o1.0"))
    ledger.apply(NOW, ev.DayOpened("2026-01-06", ledger.equity_at_cost))
    lost = cost_micro(100 * MICRO, 5_000) + 1_750_000
    assert exposure_of(ledger).worst_day == -lost
