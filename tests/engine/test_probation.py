"""After a promotion every realised dollar is watched, over restarts too, until it is taken back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine import events as ev
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.ledger import Ledger
from engine.order import Side
from engine.probation import Probation
from tests.engine.build import MARKET, NOW, fill

PROMOTED = ev.ChampionChanged("promoted", "a", "b", "operator")
ROLLED_BACK = ev.ChampionChanged("rolled back", "b", "a", "operator")
SEATED = ev.ModelChanged("champion", "champion", "b", "promoted")
NOTE = ev.Noted("info", "money")


def after(*amounts: int) -> Probation:
    probation = Probation()
    probation.apply(PROMOTED, 0)
    probation.apply(SEATED, 0)
    for amount in amounts:
        probation.apply(NOTE, amount)
    return probation


@given(st.lists(st.integers(-1_000, 1_000)))
def test_the_drawdown_is_what_was_lost_since_the_best_moment(amounts: list[int]) -> None:
    sums = [sum(amounts[:n]) for n in range(len(amounts) + 1)]
    assert after(*amounts).drawdown == max(sums) - sums[-1]


def test_nothing_is_watched_before_a_promotion() -> None:
    probation = Probation()
    probation.apply(NOTE, -500)
    assert (probation.active, probation.drawdown) == (False, 0)


def test_a_roll_back_ends_it_and_a_second_promotion_begins_anew() -> None:
    probation = after(-500)
    probation.apply(ROLLED_BACK, 0)
    assert (probation.active, probation.drawdown) == (False, 0)
    probation.apply(PROMOTED, 0)
    assert (probation.active, probation.drawdown) == (True, 0)


def test_slots_are_counted_by_their_start_and_not_by_asset() -> None:
    probation = after()
    probation.apply(ev.MarketSeen.of(MARKET), 0)
    probation.apply(ev.MarketSeen.of(MARKET), 0)
    assert probation.slots == {MARKET.window_start}


def test_a_restart_forgets_nothing_of_it() -> None:
    log = EventLog(None)
    journal = Journal(log, lambda: 0)
    for event in (
        ev.MarketSeen.of(MARKET),
        fill("a.0"),
        PROMOTED,
        SEATED,
        fill("b.0", Side.SELL, price_bp=4_000),
    ):
        journal.record(NOW, event)
    lost = journal.ledger.probation.drawdown
    assert lost > 0
    again = Ledger()
    for recorded in log.replay():
        again.apply(recorded.t_ms, recorded.event)
    assert again.probation.drawdown == lost
    log.close()
