from __future__ import annotations

import numpy as np
import pytest

from engine.decision import Action, Decision, Mask
from engine.evaluation.pace import Pace, Rates, pooled
from engine.features import FEATURE_NAMES

FLAT: Mask = (True, True, True)
UP_HELD: Mask = (True, False, True)
BUSY: Mask = (True, False, False)


def decision(mask: Mask, action: Action, outcome: str = "", left: float = 0.9) -> Decision:
    row = np.zeros(18, np.float32)
    row[FEATURE_NAMES.index("time_remaining")] = left
    return Decision(0, "BTC", "w", row, (), mask, (1.0, 0.0, 0.0), 0.0, 0.0, action, "", outcome)


def counted(*decisions: Decision) -> Pace:
    pace = Pace(entry_cutoff=0.2)
    for one in decisions:
        pace.add(one)
    return pace


def test_rates_are_acts_over_opportunities() -> None:
    pace = counted(
        *[decision(FLAT, Action.HOLD)] * 3,
        decision(FLAT, Action.BUY, "o1"),
        *[decision(UP_HELD, Action.HOLD)] * 9,
        decision(UP_HELD, Action.SELL, "o2"),
    )
    assert pace.rates() == Rates(opening=0.25, leaving=0.1)


@pytest.mark.parametrize(
    "ignored",
    [
        decision(FLAT, Action.BUY, "SPREAD"),
        decision(FLAT, Action.HOLD, left=0.2),
        decision(BUSY, Action.HOLD),
        decision(UP_HELD, Action.SELL, "NOT_SETTLED"),
    ],
    ids=["refused", "too late to open", "order in flight", "not settled"],
)
def test_what_was_no_opportunity_does_not_count(ignored: Decision) -> None:
    assert counted(ignored) == counted()


def test_without_books_the_mid_account_is_what_trades() -> None:
    assert counted(decision(FLAT, Action.BUY, "NO_BOOK")).rates().opening == 1.0


def test_several_tapes_are_pooled_by_opportunity_not_averaged() -> None:
    one = counted(*[decision(FLAT, Action.HOLD)] * 9, decision(FLAT, Action.BUY, "o1"))
    other = counted(*[decision(FLAT, Action.HOLD)] * 90)
    assert pooled([one, other]) == Rates(0.01, 0.0)
    assert pooled([]) == Rates(0.0, 0.0)
