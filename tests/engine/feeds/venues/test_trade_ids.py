"""Ids that grow by one: each counts once, and what is skipped is known to be missing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.venues.trade_ids import MOST_MISSING, RESTART_MS, Heard, TradeIds

T0 = 1_767_600_000_000


def heard(*numbers: int, ids: TradeIds | None = None) -> list[Heard]:
    ids = ids or TradeIds()
    return [ids.hear(T0, number) for number in numbers]


def test_the_first_id_leaves_nothing_missing() -> None:
    assert heard(9_999_999) == [Heard.NEXT]


def test_what_was_skipped_may_come_late_and_the_last_of_it_mends() -> None:
    ids = TradeIds()
    assert heard(1, 4, 3, 2, 2, ids=ids) == [
        Heard.NEXT,
        Heard.HOLE,
        Heard.LATE,
        Heard.MENDS,
        Heard.AGAIN,
    ]
    assert ids.hole is None


def test_the_first_id_after_a_lost_stream_tells_whether_something_is_missing() -> None:
    ids = TradeIds()
    ids.hear(T0, 1)
    ids.sever()
    assert heard(2, 3, ids=ids) == [Heard.MENDS, Heard.NEXT]


def test_an_id_that_runs_back_after_a_long_silence_begins_anew() -> None:
    ids = TradeIds()
    assert heard(500, ids=ids) == [Heard.NEXT]
    assert ids.hear(T0 + RESTART_MS, 3) is Heard.AGAIN
    assert ids.hear(T0 + RESTART_MS + 1, 3) is Heard.HOLE
    assert ids.hole is None
    assert ids.hear(T0 + RESTART_MS + 2, 4) is Heard.NEXT


@given(st.lists(st.integers(0, 60), min_size=1))
def test_whatever_the_order_no_id_counts_twice_and_none_is_forgotten(numbers: list[int]) -> None:
    ids = TradeIds()
    counted = [n for n in numbers if ids.hear(T0, n) is not Heard.AGAIN]
    assert len(counted) == len(set(counted))
    assert set(counted) == {n for n in numbers if n >= numbers[0]}
    missing = set(range(numbers[0], max(counted) + 1)) - set(counted)
    assert ids.hole == ((min(missing), max(missing)) if missing else None)


@given(st.lists(st.integers(0, 1 << 62)))
def test_what_is_missing_is_bounded(numbers: list[int]) -> None:
    ids = TradeIds()
    for number in numbers:
        ids.hear(T0, number)
    assert len(ids._missing) <= MOST_MISSING
