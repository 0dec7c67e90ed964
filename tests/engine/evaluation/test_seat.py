from __future__ import annotations

import numpy as np
import pytest

from engine.decision import Action
from engine.evaluation.rules import always_hold
from engine.evaluation.seat import RuleLadder, Seen
from tests.engine.evaluation.tapes import arm, drifting, run_engine, verdicts


def test_a_rule_that_watches_nothing_holds() -> None:
    probs, values, falls = RuleLadder(lambda _: Action.BUY).forward(
        np.zeros((4, 18), np.float32), np.zeros((4, 90), np.float32)
    )
    assert probs.tolist() == [[1, 0, 0]] * 4
    assert (values.tolist(), falls) == ([0] * 4, ())


def test_a_rule_sees_the_window_and_state_of_its_own_row() -> None:
    found: list[Seen] = []

    def note(seen: Seen) -> Action:
        found.append(seen)
        return Action.HOLD

    run_engine(drifting(verdicts(2, 1)), arm("note", note))
    assert len({seen.market.slug for seen in found}) == 2
    assert all(seen.state.prob == seen.state.prob_history[-1] for seen in found)
    assert all(0.0 < seen.state.time_remaining <= 1.0 for seen in found)


def test_rows_that_are_not_those_of_the_desks_are_refused() -> None:
    engine = run_engine(drifting(verdicts(1, 1)), arm("hold", always_hold), until_s=60)
    with pytest.raises(AssertionError, match="not that of BTC"):
        engine.ladder.forward(np.ones((4, 18), np.float32), np.zeros((4, 90), np.float32))
