from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision import HOLD_ONLY, Action, Decision, Floats, Mask, drawn, masked, most_likely
from engine.market import Outcome

LOGITS = st.tuples(*[st.floats(-20, 20)] * 3)
MASKS = st.tuples(st.just(True), st.booleans(), st.booleans())
EVERYTHING: Mask = (True, True, True)


def softmax(logits: tuple[float, ...]) -> Floats:
    exponents = np.exp(np.array(logits) - max(logits))
    return np.asarray(exponents / exponents.sum(), np.float32)


def test_buy_goes_up_sell_goes_down_and_hold_nowhere() -> None:
    assert [action.outcome for action in Action] == [None, Outcome.UP, Outcome.DOWN]


@given(LOGITS, MASKS)
def test_the_masked_distribution_is_one_and_gives_nothing_to_what_is_illegal(
    logits: tuple[float, float, float], mask: Mask
) -> None:
    legal = masked(softmax(logits), mask)
    assert sum(legal) == pytest.approx(1.0)
    assert all(p == 0.0 for p, allowed in zip(legal, mask, strict=True) if not allowed)
    assert all(0.0 <= p <= 1.0 for p in legal)


@given(LOGITS, MASKS)
def test_masking_is_a_softmax_over_the_legal_logits(
    logits: tuple[float, float, float], mask: Mask
) -> None:
    kept = tuple(x if legal else -math.inf for x, legal in zip(logits, mask, strict=True))
    assert masked(softmax(logits), mask) == pytest.approx(tuple(softmax(kept)), abs=1e-5)


def test_no_mass_on_anything_legal_is_a_certain_hold() -> None:
    assert masked(np.array([0.0, 1.0, 0.0], np.float32), HOLD_ONLY) == (1.0, 0.0, 0.0)


@given(LOGITS)
def test_with_everything_legal_the_mask_changes_nothing(
    logits: tuple[float, float, float],
) -> None:
    probs = softmax(logits)
    assert masked(probs, EVERYTHING) == pytest.approx(tuple(probs), abs=1e-6)


@pytest.mark.parametrize(
    ("probs", "action"),
    [
        ((0.2, 0.5, 0.3), Action.BUY),
        ((0.2, 0.3, 0.5), Action.SELL),
        ((0.4, 0.4, 0.2), Action.HOLD),
        ((0.2, 0.4, 0.4), Action.BUY),
        ((1 / 3, 1 / 3, 1 / 3), Action.HOLD),
    ],
)
def test_the_most_likely_action_wins_and_a_tie_goes_to_the_earlier(
    probs: tuple[float, float, float], action: Action
) -> None:
    assert most_likely(probs) is action


@given(LOGITS, MASKS, st.floats(0, 1, exclude_max=True))
def test_nothing_illegal_is_ever_drawn(
    logits: tuple[float, float, float], mask: Mask, uniform: float
) -> None:
    assert mask[drawn(masked(softmax(logits), mask), uniform)]


def test_a_draw_follows_the_cumulative_distribution() -> None:
    probs = (0.25, 0.5, 0.25)
    drawn_at = [drawn(probs, u) for u in (0.0, 0.2499, 0.25, 0.7499, 0.75, 0.9999)]
    hold, buy, sell = Action
    assert drawn_at == [hold, hold, buy, buy, sell, sell]


def test_a_distribution_that_sums_to_a_little_less_than_one_still_draws_a_legal_action() -> None:
    assert drawn((0.5, 0.4999999, 0.0), 0.99999999) is Action.BUY


@given(MASKS)
def test_the_bits_of_a_mask_name_its_legal_actions(mask: Mask) -> None:
    row = np.zeros(18, np.float32)
    made = Decision(0, "BTC", "w", row, (), mask, (1.0, 0.0, 0.0), 0.0, 0.0, 0, "p")
    assert tuple(bool(made.mask_bits >> i & 1) for i in range(3)) == mask
