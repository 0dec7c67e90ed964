from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.events import MidTraded, WindowResolved
from engine.market import Outcome
from engine.mid_account import MidAccount, leave, step
from engine.units import MICRO

STAKE = 100 * MICRO


def going(account: MidAccount, towards: Outcome, mid: float) -> MidTraded | None:
    event = step(account, "w", "BTC", towards, round(mid * MICRO), STAKE)
    if event is not None:
        account.apply(event)
    return event


def test_a_round_trip_at_mid_is_free() -> None:
    account = MidAccount()
    going(account, Outcome.UP, 0.5)
    going(account, Outcome.DOWN, 0.5)
    assert account.total() == 0
    assert not account.open


def test_shares_are_dollars_over_the_entry_price() -> None:
    account = MidAccount()
    going(account, Outcome.UP, 0.4)
    going(account, Outcome.DOWN, 0.5)
    assert account.total() == 25 * MICRO


def test_going_the_way_one_holds_changes_nothing() -> None:
    account = MidAccount()
    going(account, Outcome.UP, 0.4)
    assert going(account, Outcome.UP, 0.9) is None


def test_a_down_position_gains_when_up_falls() -> None:
    account = MidAccount()
    going(account, Outcome.DOWN, 0.5)
    going(account, Outcome.UP, 0.25)
    assert account.total() == 50 * MICRO


def test_F18_a_down_position_loses_when_up_rises() -> None:
    account = MidAccount()
    going(account, Outcome.DOWN, 0.7)
    going(account, Outcome.UP, 0.95)
    assert account.total() < -80 * MICRO


def test_a_position_held_to_the_end_earns_the_official_payout() -> None:
    for verdict, pnl in (("UP", 150), ("DOWN", -100)):
        account = MidAccount()
        going(account, Outcome.UP, 0.4)
        account.resolve(WindowResolved("w", verdict, "test"))
        assert account.total() == pnl * MICRO


def test_an_unknown_outcome_books_nothing() -> None:
    account = MidAccount()
    going(account, Outcome.UP, 0.4)
    account.resolve(WindowResolved("w", None, "test"))
    assert account.total() == 0
    assert account.open


@given(st.floats(0.01, 0.99), st.floats(0.01, 0.99), st.sampled_from(list(Outcome)))
def test_relabelling_the_outcomes_changes_no_profit(
    entry: float, leaving: float, side: Outcome
) -> None:
    one, other = MidAccount(), MidAccount()
    going(one, side, entry)
    going(other, side.opposite, 1 - entry)
    one.apply(leave("w", one.open["w"], round(leaving * MICRO)))
    other.apply(leave("w", other.open["w"], MICRO - round(leaving * MICRO)))
    assert abs(one.total() - other.total()) <= 300  # a micro-dollar of price on the most shares


def test_an_open_position_without_a_mid_makes_the_result_unknown_not_flat() -> None:
    account = MidAccount()
    going(account, Outcome.UP, 0.4)
    assert account.marked("BTC", {}) is None
    assert account.marked("BTC", {"w": MICRO // 2}) == 25 * MICRO
    assert account.marked("ETH", {}) == 0
