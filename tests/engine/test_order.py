from __future__ import annotations

from itertools import product

import pytest

from engine.order import TRANSITIONS, InvalidTransition, Order, OrderState
from tests.engine.build import NOW, buy

TERMINAL = {OrderState.MATCHED, OrderState.KILLED, OrderState.REJECTED, OrderState.ABSENT}


def order(state: OrderState) -> Order:
    return Order("o1", buy(), NOW, state)


@pytest.mark.parametrize(("before", "after"), list(product(OrderState, OrderState)))
def test_a_step_is_defined_or_refused_and_never_guessed(
    before: OrderState, after: OrderState
) -> None:
    if after in TRANSITIONS[before]:
        assert order(before).to(after).state is after
    else:
        with pytest.raises(InvalidTransition, match=f"{before} cannot become {after}"):
            order(before).to(after)


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_nothing_follows_on_the_end(state: OrderState) -> None:
    assert TRANSITIONS[state] == frozenset()


def test_an_order_whose_answer_was_lost_is_never_sent_again() -> None:
    assert OrderState.SENT not in TRANSITIONS[OrderState.AMBIGUOUS]
    assert OrderState.REJECTED not in TRANSITIONS[OrderState.AMBIGUOUS]


def test_a_fill_that_was_on_its_way_when_the_order_was_cancelled_is_no_error() -> None:
    cancelled = order(OrderState.SENT).to(OrderState.CANCELLED)
    assert cancelled.to(OrderState.MATCHED).state is OrderState.MATCHED
    assert TRANSITIONS[OrderState.CANCELLED] == {OrderState.MATCHED}


def test_a_step_makes_a_new_order_and_leaves_the_old_as_it_was() -> None:
    sent = order(OrderState.SENT)
    sent.to(OrderState.MATCHED)
    assert sent.state is OrderState.SENT
