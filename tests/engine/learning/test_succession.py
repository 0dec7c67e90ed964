"""Who is champion is written down, watched and taken back, whatever ends the program meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.errors import ConsoleError
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.journal import Journal
from engine.learning.learner import Learner
from engine.learning.promotion import promote
from engine.learning.succession import Slots, Succession
from engine.operator import obey
from engine.order import Side
from engine.settings import Settings
from engine.trading_state import Latch
from models.architecture import PRE_PHASE5
from models.catalog import import_model, slot_file
from models.ladder import Ladder, default_rungs
from models.policy import Policy
from tests.engine.build import MARKET, fill
from tests.engine.learning.builders import learning
from tests.models.files import saved

LOSING = Settings()
"""Rolled back at $150."""


@dataclass(frozen=True, slots=True)
class House:
    """A champion in a folder of models, with nobody who learns."""

    champion: Engine
    succession: Succession
    models: Path
    log: EventLog

    @property
    def deciding(self) -> str:
        return self.champion.ladder.policy.policy_id

    def promote(self, learner: Learner) -> None:
        self.succession.promote(learner, cast("Policy", self.champion.ladder.policy), "operator")

    def lose(self, dollars: float) -> None:
        """So much, in two fills."""
        shares = dollars * 2
        for event in (
            ev.MarketSeen.of(MARKET),
            fill(f"x{dollars}.0", shares=shares, price_bp=6_000, fee=0),
            fill(f"y{dollars}.0", Side.SELL, shares=shares, price_bp=1_000, fee=0),
        ):
            self.champion.journal.record(self.champion.t_ms, event)

    def changes(self) -> list[tuple[str, str, str]]:
        found = [r.event for r in self.log.replay() if isinstance(r.event, ev.ChampionChanged)]
        return [(e.how, e.before, e.after) for e in found]

    def notes(self) -> list[str]:
        return [r.event.text for r in self.log.replay() if isinstance(r.event, ev.Noted)]


def house(models: Path, log: EventLog | None = None, obstacle: str = "") -> House:
    """Started as a run is, on the log of an earlier one if it is given."""
    kept = log or EventLog(None)
    ladder = Ladder(default_rungs(models))
    falls = ladder.start()
    feed = SimFeed(7)
    champion = Engine(feed, Journal(kept, lambda: 0), ladder, LOSING, Latch(None), 7)
    slots = Slots(models, lambda: default_rungs(models), obstacle, "script")
    succession = Succession(champion, slots)
    policy_id = ladder.policy.policy_id
    champion.start(ev.SessionOpened("paper", "sim", 7, policy_id, "", ""), falls)
    succession.start()
    return House(champion, succession, models, kept)


def test_a_promotion_is_watched_in_a_later_run_in_which_nothing_learns(tmp_path: Path) -> None:
    with learning() as learner:
        first = house(tmp_path)
        former = first.deciding
        first.promote(learner)
    later = house(tmp_path, first.log)
    assert later.deciding != former
    later.lose(149)
    later.succession.watch()
    assert later.deciding != former
    later.lose(2)
    later.succession.watch()
    assert (later.deciding, later.changes()[-1][0]) == (former, "rolled back")


def test_what_the_former_champion_still_loses_is_not_the_promoted_ones(tmp_path: Path) -> None:
    with learning() as learner:
        of = house(tmp_path)
        of.champion.journal.record(of.champion.t_ms, ev.MarketSeen.of(MARKET))
        of.champion.journal.record(of.champion.t_ms, fill("a.0", shares=1_000, price_bp=6_000))
        of.promote(learner)
        of.succession.watch()
        assert of.deciding != learner.policy_id
        of.champion.journal.record(
            of.champion.t_ms, fill("b.0", Side.SELL, shares=1_000, price_bp=1_000)
        )
        of.succession.watch()
        of.succession.watch()
        assert of.deciding == learner.policy_id
        assert [how for how, _, _ in of.changes()] == ["promoted"]


def test_a_promotion_that_a_crash_left_unwritten_is_written_at_the_next_start(
    tmp_path: Path,
) -> None:
    with learning() as learner:
        first = house(tmp_path)
        former = first.champion.ladder.policy
        assert isinstance(former, Policy)
        promote(tmp_path, learner, former, "script")  # and the power fails
        coming = learner.policy_id
    later = house(tmp_path, first.log)
    assert later.changes() == [("promoted", former.policy_id, coming)]
    later.lose(151)
    later.succession.watch()
    assert later.deciding == former.policy_id
    assert house(tmp_path, first.log).changes() == later.changes()


def test_a_roll_back_that_a_crash_left_unwritten_ends_the_probation(tmp_path: Path) -> None:
    with learning() as learner:
        first = house(tmp_path)
        former = first.deciding
        first.promote(learner)
        coming = learner.policy_id
    import_model(slot_file(tmp_path, "checkpoint"), tmp_path, "champion")  # and the power fails
    later = house(tmp_path, first.log)
    assert later.changes()[-1] == ("replaced", coming, former)
    assert not later.champion.journal.ledger.probation.active


def test_the_second_roll_back_in_a_row_is_refused_and_keeps_what_was_demoted(
    tmp_path: Path,
) -> None:
    with learning() as learner:
        of = house(tmp_path)
        of.promote(learner)
        of.succession.watch()
        coming = of.deciding
    for _ in range(2):
        obey(of.champion, rq.RollBack(), succession=of.succession)
    assert len(of.changes()) == 2
    assert of.notes() == ["not rolled back: the former champion is back already"]
    demoted = tmp_path / "champion.previous" / "rl_model.safetensors"
    assert Ladder(default_rungs(tmp_path)).start() == ()
    assert import_model(demoted, tmp_path / "x", "champion").sha256[:12] == coming


def test_a_roll_back_before_the_promoted_one_took_its_seat_leaves_the_former_deciding(
    tmp_path: Path,
) -> None:
    with learning() as learner:
        of = house(tmp_path)
        former = of.deciding
        of.promote(learner)
        of.succession.roll_back("operator")
        of.succession.watch()
        assert (of.deciding, of.succession.obstacle) == (former, "")
        assert [how for how, _, _ in of.changes()] == ["promoted", "rolled back"]


def test_a_roll_back_that_cannot_be_done_is_told_once_a_slot_and_not_every_turn(
    tmp_path: Path,
) -> None:
    with learning() as learner:
        of = house(tmp_path)
        of.promote(learner)
        of.succession.watch()
    slot_file(tmp_path, "checkpoint").unlink()
    of.lose(151)
    for _ in range(50):
        of.succession.watch()
    assert len(of.notes()) == 1
    assert of.notes()[0].startswith("not rolled back: ")


def test_a_rung_that_a_person_picked_goes_on_deciding_when_the_champion_changes(
    tmp_path: Path,
) -> None:
    with learning() as learner:
        of = house(tmp_path)
        of.promote(learner)
        of.succession.watch()
    obey(of.champion, rq.PickModel(3))
    of.succession.roll_back("operator")
    assert of.champion.ladder.name == "hold"
    obey(of.champion, rq.PickModel(0))
    assert of.deciding == of.changes()[-1][2]


def test_weights_named_for_one_run_are_neither_watched_nor_taken_back(tmp_path: Path) -> None:
    with learning() as learner:
        first = house(tmp_path)
        first.promote(learner)
    by_hand = house(tmp_path, first.log, obstacle="the champion was named by --model")
    by_hand.champion.fell(by_hand.champion.ladder.fall("NaN"))
    for _ in range(3):
        by_hand.succession.watch()
    assert (len(by_hand.changes()), by_hand.notes()) == (1, [])


def test_a_former_champion_of_another_architecture_comes_back(tmp_path: Path) -> None:
    with learning() as learner:
        of = house(tmp_path)
        of.promote(learner)
        of.succession.watch()
    other = saved(tmp_path / "other", PRE_PHASE5)
    import_model(other, tmp_path, "checkpoint")
    of.succession.roll_back("operator")
    assert of.champion.ladder.policy.architecture == "pre_phase5"


@pytest.mark.parametrize("request_", [rq.RollBack(), rq.Promote(), rq.SetLearning(True)])
def test_where_nothing_can_change_a_request_leaves_a_sentence(
    tmp_path: Path, request_: rq.Request
) -> None:
    of = house(tmp_path)
    obey(of.champion, request_)
    assert len(of.notes()) == 1


def test_a_folder_that_refuses_costs_the_promotion_and_not_the_run(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").write_text("in the way")
    with learning() as learner:
        of = house(tmp_path)
        try:
            of.promote(learner)
        except ConsoleError as error:
            raise AssertionError("it is told in the log") from error
    assert of.changes() == []
    assert of.notes()[0].startswith("not promoted: ")
