from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.denial import Code, Denial
from engine.exposure import Exposure, reserve_for
from engine.gate import Gate, Situation
from engine.market import FeeSchedule
from engine.order import Intent, Purpose
from engine.settings import Limits
from engine.trading_state import TradingState
from engine.units import MICRO, cost_micro, shares_for
from tests.engine.build import LIMITS, MARKET, NOW, START_MS, book, buy, market, sell, situation

HELD = 20 * MICRO


def limits_with(**changes: object) -> Limits:
    return LIMITS.model_copy(update=changes)


def denied(intent: Intent, now: Situation | None = None, limits: Limits | None = None) -> Denial:
    found = Gate(limits or LIMITS).check(intent, now or situation())
    assert found is not None
    return found


def test_an_ordinary_order_passes() -> None:
    assert Gate(LIMITS).check(buy(), situation()) is None


OPEN_CASES = [
    (buy(), situation(TradingState.HALTED), Code.HALTED),
    (buy(), situation(TradingState.REDUCING, net=(0, MICRO)), Code.NET_EXPOSURE),
    (buy(), situation(TradingState.REDUCING, after=Exposure((), 0, 0, -1)), Code.WORST_CASE),
    (buy(), situation(TradingState.STARTING), Code.NOT_ACTIVE),
    (buy(), situation(TradingState.RECONCILING), Code.NOT_ACTIVE),
    (buy(), situation(has_books=False), Code.NO_BOOK),
    (buy(), situation(of=book(invalid="one-sided book: no asks")), Code.BOOK_INVALID),
    (buy(), situation(of=book(t_ms=NOW - 5_001)), Code.BOOK_AGE),
    (buy(), situation(of=book(asks=((5_500, MICRO),))), Code.SPREAD),
    (buy(t_ms=START_MS + 720_000), situation(of=book(t_ms=START_MS + 720_000)), Code.ENTRY_CUTOFF),
    (buy(t_ms=START_MS + 900_000), situation(), Code.WINDOW_OVER),
    (buy(t_ms=START_MS - 1), situation(), Code.WINDOW_OVER),
    (buy(), situation(in_flight=True), Code.ORDER_IN_FLIGHT),
    (buy(500.01), situation(), Code.ORDER_SIZE),
    (buy(2.4), situation(), Code.MIN_SIZE),
    (buy(0.99, limit_bp=100), situation(), Code.MIN_SIZE),
    (buy(limit_bp=5_050), situation(), Code.TICK),
    (buy(limit_bp=0), situation(), Code.TICK),
    (buy(), situation(after=Exposure((("BTC", 551 * MICRO),), 0)), Code.ASSET_EXPOSURE),
    (buy(), situation(after=Exposure((("ETH", 2_201 * MICRO),), 0)), Code.TOTAL_EXPOSURE),
    (buy(), situation(after=Exposure((), -2_001 * MICRO)), Code.DAILY_LOSS),
    (buy(), situation(after=Exposure((), 0, -2_001 * MICRO)), Code.DAILY_LOSS),
]


@pytest.mark.parametrize(
    ("intent", "now", "code"), OPEN_CASES, ids=lambda v: getattr(v, "name", "")
)
def test_each_rule_refuses_with_its_own_code(intent: Intent, now: Situation, code: Code) -> None:
    found = denied(intent, now)
    assert found.code is code
    assert found.measured
    assert found.limit


def test_a_refusal_names_the_measured_value_and_the_limit() -> None:
    found = denied(buy(), situation(of=book(t_ms=NOW - 7_000)))
    assert str(found) == "BOOK_AGE: book 7.0 s old, max 5.0 s"


@pytest.mark.parametrize("state", list(TradingState))
@pytest.mark.parametrize("purpose", [Purpose.CLOSE, Purpose.CUTOFF, Purpose.FLATTEN])
def test_F09_F10_an_exit_passes_in_every_trading_state(
    state: TradingState, purpose: Purpose
) -> None:
    now = situation(state, held=HELD, sellable=HELD)
    assert Gate(limits_with(opens_per_minute=0)).check(sell(purpose=purpose), now) is None


@pytest.mark.parametrize("state", [s for s in TradingState if s is not TradingState.ACTIVE])
def test_an_opening_order_passes_in_active_only(state: TradingState) -> None:
    opening = situation(state, net=(0, 200 * MICRO))
    codes = (Code.HALTED, Code.NOT_ACTIVE, Code.NET_EXPOSURE)
    assert denied(buy(), opening).code in codes


FALLS = {"exposure": Exposure((), 0, 0, 10), "after": Exposure((), 0, 0, 4)}
BREAKS: dict[str, Any] = {**FALLS, "held": HELD, "sellable": HELD, "net": (0, -10 * MICRO)}


@pytest.mark.parametrize("state", [s for s in TradingState if s is not TradingState.ACTIVE])
def test_a_leg_of_a_locked_pair_is_not_sold_outside_active(state: TradingState) -> None:
    found = denied(sell(purpose=Purpose.FLATTEN), situation(state, **BREAKS))
    assert found.code is Code.LOCKED_PAIR


def test_a_leg_of_a_locked_pair_is_sold_in_active_inside_the_daily_limit_only() -> None:
    assert Gate(LIMITS).check(sell(), situation(**BREAKS)) is None
    beyond = {**BREAKS, "after": Exposure((), -2_001 * MICRO, 0, 4)}
    assert denied(sell(), situation(**beyond)).code is Code.DAILY_LOSS


def test_a_plain_exit_is_never_refused_for_its_worst_case() -> None:
    plain = {**BREAKS, "net": (20 * MICRO, 10 * MICRO)}
    assert Gate(LIMITS).check(sell(), situation(TradingState.REDUCING, **plain)) is None


@pytest.mark.parametrize(
    ("net", "passes"),
    [((100, 40), True), ((100, 0), True), ((100, -1), False), ((100, 101), False), ((0, 1), False)],
)
def test_reducing_admits_an_order_that_locks_a_pair_and_no_other(
    net: tuple[int, int], passes: bool
) -> None:
    found = Gate(LIMITS).check(buy(), situation(TradingState.REDUCING, net=net))
    assert (found is None) is passes
    if found is not None:
        assert found.code is Code.NET_EXPOSURE


@pytest.mark.parametrize(
    ("held", "sellable", "shares", "code"),
    [
        (0, 0, 10, Code.NOTHING_TO_SELL),
        (HELD, 0, 20, Code.NOT_SETTLED),
        (HELD, HELD, 21, Code.NOT_SETTLED),
        (4 * MICRO, 4 * MICRO, 4, Code.MIN_SIZE),
    ],
)
def test_F19_nothing_is_sold_that_is_not_held_and_settled(
    held: int, sellable: int, shares: float, code: Code
) -> None:
    assert denied(sell(shares), situation(held=held, sellable=sellable)).code is code


def test_a_five_minute_window_has_its_own_cut_off() -> None:
    short = market(seconds=300)
    intent = buy(t_ms=short.end_ms - 59_000, of=short)
    found = denied(intent, situation(of=book(t_ms=intent.t_ms, token=short.up_token)))
    assert (found.code, found.measured) == (Code.ENTRY_CUTOFF, "59 s left")


def test_F20_a_policy_that_always_buys_is_stopped_by_the_rate() -> None:
    gate = Gate(limits_with(opens_per_minute=3))
    passed = 0
    for i in range(1_000):
        intent = buy(5, t_ms=NOW + i)
        if gate.check(intent, situation(of=book(t_ms=NOW + i))) is None:
            gate.left(intent)
            passed += 1
    assert passed == 3


def test_the_rate_forgets_what_is_older_than_a_minute() -> None:
    gate = Gate(limits_with(opens_per_minute=1))
    gate.left(buy(t_ms=NOW))
    assert denied_by(gate, NOW + 59_999) is Code.ORDER_RATE
    assert denied_by(gate, NOW + 60_000) is None


def denied_by(gate: Gate, t_ms: int) -> Code | None:
    found = gate.check(buy(t_ms=t_ms), situation(of=book(t_ms=t_ms)))
    return None if found is None else found.code


def test_a_limit_of_zero_is_a_limit_not_unlimited() -> None:
    assert denied(buy(), limits=limits_with(order=Decimal(0))).code is Code.ORDER_SIZE
    any_loss = situation(after=Exposure((), -1))
    assert denied(buy(), any_loss, limits_with(daily_loss=Decimal(0))).code is Code.DAILY_LOSS


@given(
    st.integers(min_value=MICRO, max_value=500 * MICRO),
    st.integers(min_value=1, max_value=99),
    st.integers(min_value=0, max_value=2),
)
def test_no_fill_of_an_order_costs_more_than_was_reserved(
    amount: int, price: int, exponent: int
) -> None:
    fee = FeeSchedule(Decimal("0.25"), exponent)
    intent = buy(amount / MICRO, limit_bp=9_900, of=market(fee=fee))
    shares = shares_for(intent.amount, price * 100)
    spent = cost_micro(shares, price * 100) + fee.taker_fee_micro(shares, price * 100)
    assert spent <= reserve_for(intent)


def test_a_sale_reserves_nothing() -> None:
    assert reserve_for(sell()) == 0


def test_the_market_of_the_tests_is_an_ordinary_one() -> None:
    assert (MARKET.tick_bp, MARKET.min_shares, MARKET.window_seconds) == (100, 5 * MICRO, 900)
