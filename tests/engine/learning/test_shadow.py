"""A shadow's account is nobody's, starts from whoever decides, and moves by whole ticks."""

from __future__ import annotations

from decimal import Decimal

import pytest

from engine.learning.shadow import SEAT, Shadow, acting, learner_from, nobodys, shadow_engine
from engine.learning_view import UpdateView
from engine.settings import Settings
from engine.trading_state import Latch
from models.architecture import PHASE5, PRE_PHASE5, Architecture
from models.ladder import Decides, HoldPolicy
from models.policy import load_policy
from models.shipped import shipped
from tests.engine.build import START_MS
from tests.engine.fakes import ScriptedFeed, window
from tests.engine.learning.builders import learning


def decides(architecture: Architecture | None) -> Decides:
    return HoldPolicy() if architecture is None else load_policy(shipped(architecture))


@pytest.mark.parametrize(
    ("deciding", "begins_as"), [(PHASE5, PHASE5), (PRE_PHASE5, PRE_PHASE5), (None, PHASE5)]
)
def test_a_learner_starts_from_whatever_decides_and_where_hold_does_from_the_shipped_weights(
    deciding: Architecture | None, begins_as: Architecture
) -> None:
    learner = learner_from(decides(deciding), Settings(), seed=1)
    try:
        assert learner.policy_id == load_policy(shipped(begins_as)).policy_id
        assert learner.architecture is begins_as
    finally:
        learner.close()


def test_nobodys_money_has_no_daily_limit_and_its_actions_are_drawn() -> None:
    mine = Settings(trade_size=Decimal(7))
    theirs = nobodys(mine)
    assert theirs.limits.daily_loss > 1_000 * mine.limits.daily_loss
    assert theirs.decision_rule == "sample"
    rest = {"limits", "decision_rule"}
    assert theirs.model_dump(exclude=rest) == mine.model_dump(exclude=rest)


def test_a_shadow_keeps_no_log_and_decides_by_the_learner() -> None:
    with learning() as learner:
        engine = shadow_engine(
            ScriptedFeed(window()), acting(learner), Settings(), Latch(None), seed=1
        )
        engine.advance(START_MS + 5_000)
        assert engine.ladder.name == SEAT
        assert engine.ladder.policy.policy_id == learner.policy_id
        assert engine.journal.decisions > 0
        assert list(engine.journal.log.replay()) == []
        engine.ladder.close()


def test_a_shadow_moves_by_whole_ticks_however_often_it_is_asked() -> None:
    with learning() as learner:
        engine = shadow_engine(
            ScriptedFeed(window()), acting(learner), Settings(), Latch(None), seed=1
        )
        shadow = Shadow(engine, learner)
        reached = []
        for until in range(START_MS, START_MS + 2_000, 130):
            while shadow.behind(until):
                shadow.work(until)
                reached.append(engine.t_ms - START_MS)
        assert sorted(set(reached)) == [500, 1_000, 1_500]
        engine.ladder.close()


def test_a_halt_lets_no_slice_of_learning_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    latch, asked = Latch(None), list[int]()

    def counted(t_ms: int) -> UpdateView | None:
        asked.append(t_ms)
        return None

    with learning() as learner:
        monkeypatch.setattr(learner, "slice", counted)
        engine = shadow_engine(ScriptedFeed(window()), acting(learner), Settings(), latch, seed=1)
        shadow = Shadow(engine, learner)
        latch.shut_now("halt by key")
        while shadow.behind(START_MS + 5_000):
            shadow.work(START_MS + 5_000)
        assert (asked, engine.t_ms) == ([], START_MS + 5_000)
        engine.ladder.close()
