"""The running model's verdict rests on complete slots that it traded alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from engine import events as ev
from engine.decision import Action
from engine.evaluation.verdict import MIN_SLOTS
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.market import Market
from engine.order import Side
from engine.scorecard import Scorecard, compare
from engine.settings import PaperVenue
from engine.units import MICRO
from tests.engine.build import FREE, NOW, START, fill, market
from tests.engine.evaluation.tapes import QUICK, drifting, verdicts
from tests.engine.fakes import always, engine_on

SECONDS = 900


def window(slot: int, asset: str = "BTC") -> Market:
    return market(asset, START + SECONDS * slot, fee=FREE)


class Run:
    """A journal with a scorecard that follows it, told what happens."""

    def __init__(self, policy_id: str = "a") -> None:
        self.log = EventLog(None)
        self.journal = Journal(self.log, lambda: 0)
        self.card = Scorecard()
        self.journal.listeners.append(self.card.happened)
        self.tell(ev.SessionOpened("paper", "made up", 1, policy_id, "", ""))
        self._fills = 0

    def tell(self, *events: ev.Event) -> None:
        for event in events:
            self.journal.record(NOW, event)

    def begin(self, slot: int, *assets: str) -> None:
        self.tell(*(ev.MarketSeen.of(window(slot, asset)) for asset in assets or ("BTC",)))

    def trade(self, slot: int, side: Side, price_bp: int, asset: str = "BTC") -> str:
        """Ten shares of UP, settled; gives the fill's name."""
        fill_id = self.match(slot, side, price_bp, asset)
        self.tell(ev.FillSettled(fill_id))
        return fill_id

    def match(self, slot: int, side: Side, price_bp: int, asset: str = "BTC") -> str:
        self._fills += 1
        fill_id = f"o{self._fills}.0"
        self.tell(fill(fill_id, side, 10, price_bp, window(slot, asset)))
        return fill_id

    def resolve(self, slot: int, outcome: str | None = "UP", asset: str = "BTC") -> None:
        self.tell(ev.WindowResolved(window(slot, asset).slug, outcome, "made up"))

    def gain(self, slot: int, cents: int) -> None:
        """A whole slot in which ten shares gain so many cents each."""
        self.begin(slot)
        self.trade(slot, Side.BUY, 4_000)
        self.trade(slot, Side.SELL, 4_000 + 100 * cents)
        self.resolve(slot)

    @property
    def dollars(self) -> list[float]:
        return [micro / MICRO for micro in self.card.results().values()]


def slots(run: Run) -> list[int]:
    return [(start - START) // SECONDS for start in run.card.results()]


def test_before_anything_is_complete_there_is_nothing_to_say() -> None:
    found = Run().card.verdict()
    assert (found.verdict, found.slots, found.mean) == ("not shown", 0, None)
    assert found.why


def test_a_slot_counts_once_all_its_windows_are_resolved() -> None:
    run = Run()
    run.begin(0, "BTC", "ETH")
    run.trade(0, Side.BUY, 4_000, "BTC")
    run.trade(0, Side.BUY, 3_000, "ETH")
    run.resolve(0, "UP", "BTC")
    assert slots(run) == []
    run.resolve(0, "DOWN", "ETH")
    assert run.dollars == [6.0 - 3.0]


def test_a_slot_that_still_runs_does_not_count_however_much_it_made() -> None:
    run = Run()
    run.begin(0)
    run.trade(0, Side.BUY, 4_000)
    run.trade(0, Side.SELL, 9_000)
    assert slots(run) == []


def test_a_window_left_flat_needs_no_verdict_once_the_next_one_runs() -> None:
    run = Run()
    run.begin(0)
    run.trade(0, Side.BUY, 4_000)
    run.trade(0, Side.SELL, 4_500)
    run.begin(1)
    assert run.dollars == [0.5]


def test_an_unknown_outcome_of_something_held_is_no_result() -> None:
    run = Run()
    run.begin(0)
    run.trade(0, Side.BUY, 4_000)
    run.resolve(0, None)
    run.begin(1)
    assert slots(run) == []
    run.resolve(0, "UP")
    assert run.dollars == [6.0]


def test_a_match_that_may_still_be_taken_back_keeps_the_slot_open() -> None:
    run = Run()
    run.begin(0)
    run.trade(0, Side.BUY, 4_000)
    sold = run.match(0, Side.SELL, 9_000)
    run.begin(1)
    run.resolve(0, "DOWN")
    assert slots(run) == []
    run.tell(ev.FillVoided(sold))
    assert run.dollars == [-4.0]


def test_a_window_left_with_a_position_is_not_flat() -> None:
    run = Run()
    run.begin(0)
    sold = run.trade(0, Side.BUY, 4_000)
    assert sold
    run.begin(1)
    assert slots(run) == []


def test_other_weights_begin_with_the_first_slot_that_is_all_theirs() -> None:
    run = Run("a")
    run.gain(0, 5)
    run.begin(1, "BTC")
    run.tell(ev.ModelChanged("champion", "checkpoint", "b", "picked"))
    assert (run.card.policy_id, slots(run)) == ("b", [])
    run.begin(1, "ETH")  # listed late, in the slot that was shared
    run.resolve(1)
    run.resolve(1, asset="ETH")
    assert slots(run) == []
    run.gain(2, 7)
    assert (slots(run), run.dollars) == ([2], [0.7])


def test_the_same_weights_on_another_rung_go_on() -> None:
    run = Run("a")
    run.gain(0, 5)
    run.tell(ev.ModelChanged("champion", "champion", "a", "picked"))
    run.gain(1, 5)
    assert slots(run) == [0, 1]


def test_a_card_made_from_the_log_is_the_one_that_followed_it() -> None:
    run = Run("a")
    run.gain(0, 5)
    run.tell(ev.ModelChanged("champion", "checkpoint", "b", "picked"))
    for slot in range(1, 6):
        run.gain(slot, slot)
    run.begin(6)
    run.trade(6, Side.BUY, 4_000)
    again = Scorecard.of_log(run.log)
    assert (again.results(), again.policy_id) == (run.card.results(), "b")
    again_resolved = ev.WindowResolved(window(6).slug, "UP", "made up")
    run.journal.listeners.append(again.happened)
    run.tell(again_resolved)
    assert again.results() == run.card.results()
    assert len(again.results()) == 6


def test_the_verdict_is_against_doing_nothing() -> None:
    run = Run()
    for slot in range(MIN_SLOTS + 2):
        run.gain(slot, 3 + slot % 4)
    found = run.card.verdict()
    assert (found.verdict, found.slots, found.differing) == ("better", 32, 32)
    assert found.mean == pytest.approx(0.45)
    assert found.low is not None
    assert found.low > 0


def test_a_verdict_is_judged_anew_only_when_a_slot_changed() -> None:
    run = Run()
    for slot in range(10):
        run.gain(slot, slot)
    found = run.card.verdict()
    run.begin(10)
    run.trade(10, Side.BUY, 4_000)
    assert run.card.verdict() is found
    run.resolve(10)
    assert run.card.verdict() is not found


def test_rivals_are_compared_over_the_slots_that_both_completed() -> None:
    ours, theirs = Run("a"), Run("b")
    for slot in range(12):
        ours.gain(slot, 5)
    for slot in range(3, 20):
        theirs.gain(slot, 2)
    found = compare(ours.card, theirs.card)
    assert found.slots == 9
    assert found.mean == pytest.approx(0.3)
    assert compare(theirs.card, ours.card).mean == pytest.approx(-0.3)


def test_results_add_up_to_the_ledger_of_a_whole_run_voids_and_all() -> None:
    tape = drifting(verdicts(12, 3), 3)
    rough = PaperVenue(settle_failure_rate=0.3, reject_rate=0.1)
    settings = QUICK.model_copy(update={"paper": rough, "trade_size": Decimal(50)})
    engine = engine_on(tape.messages, always(Action.BUY), settings)
    card = Scorecard()
    engine.journal.listeners.append(card.happened)
    card.happened("", ev.SessionOpened("paper", "x", 1, "fake", "", ""), 0)
    engine.advance(tape.end_ms)
    assert engine.journal.ledger.counts["FillVoided"] > 0
    assert len(card.results()) == 12
    assert sum(card.results().values()) == engine.journal.ledger.realised


def test_a_long_series_is_judged_as_a_short_one_is() -> None:
    run = Run()
    for slot in range(700):
        run.gain(slot, 1 - 2 * (slot % 2))
    found = run.card.verdict()
    assert (found.verdict, found.slots, found.differing) == ("not shown", 700, 700)
    assert found.mean == pytest.approx(0.0)


def test_begin_forgets_and_starts_with_the_next_slot() -> None:
    run = Run()
    run.gain(0, 5)
    run.begin(1)
    run.card.begin()
    run.resolve(1)
    run.gain(2, 5)
    assert slots(run) == [2]
    assert replace(run.card.verdict(), why="").slots == 1


def test_only_fills_of_the_slots_followed_are_counted() -> None:
    run = Run()
    run.begin(0)
    run.trade(0, Side.BUY, 4_000)
    assert run.card.fills == 1
    run.card.begin()
    run.trade(0, Side.SELL, 5_000)
    assert run.card.fills == 0, "other weights traded in this slot"
    run.begin(1)
    run.trade(1, Side.BUY, 4_000)
    assert run.card.fills == 1
