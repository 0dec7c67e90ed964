"""Five rows, oldest first, zeros in front, nothing kept from the window before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features import Row
from engine.history import History


def row(value: float) -> Row:
    return np.full(18, value, dtype=np.float32)


def test_an_empty_history_is_ninety_zeros() -> None:
    temporal = History().temporal()
    assert temporal.shape == (90,)
    assert temporal.dtype == np.float32
    assert not temporal.any()


def test_missing_rows_are_zeros_in_front_and_the_current_row_is_last() -> None:
    history = History()
    history.push(row(1))
    history.push(row(2))
    np.testing.assert_array_equal(history.temporal().reshape(5, 18)[:, 0], [0, 0, 0, 1, 2])


@given(st.lists(st.integers(0, 100), max_size=12))
def test_it_holds_the_last_five_in_order(values: list[int]) -> None:
    history = History()
    for value in values:
        history.push(row(value))
    last = values[-5:]
    expected = [0] * (5 - len(last)) + last
    np.testing.assert_array_equal(history.temporal().reshape(5, 18)[:, 7], expected)
    assert history.rows() == tuple((float(v),) * 18 for v in last)
    assert len(history) == len(last)
    assert history.nbytes == len(last) * 18 * 4


def test_nothing_is_left_after_the_window_closes() -> None:
    history = History()
    history.push(row(1))
    history.clear()
    assert history.rows() == ()
    assert not history.temporal().any()


def test_a_pushed_row_cannot_be_changed_from_outside() -> None:
    history, mine = History(), row(1)
    history.push(mine)
    mine[:] = 9
    assert history.rows()[0][0] == 1.0


def test_what_was_read_does_not_change_with_the_next_push() -> None:
    history = History()
    history.push(row(1))
    before = history.temporal()
    history.push(row(2))
    np.testing.assert_array_equal(before[-18:], row(1))


def test_a_row_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"shape \(18,\), not \(17,\)"):
        History().push(np.zeros(17, dtype=np.float32))
