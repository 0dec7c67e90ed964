"""Time never falls, verdicts wait for their time, and a file out of order is refused."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import RecordingError
from engine.feeds.replay import ReplayFeed
from engine.feeds.replay_order import HEAD, LEAP_MS, SLACK_MS, in_time_order, opened
from engine.messages import BadMessage, BookSnapshot, Message, Resolution
from engine.recording import Fault, Row
from tests.engine import recordings as rec

FOREVER = 10**15
T0 = rec.T0


def replayed(path: Path) -> list[Message]:
    return list(ReplayFeed(path).poll(FOREVER))


def mids(*times: int) -> list[Row]:
    return [Row(t, "mid", t) for t in times]


def bad(messages: list[Message]) -> list[str]:
    return [m.reason for m in messages if isinstance(m, BadMessage)]


def test_a_verdict_written_ahead_of_its_time_is_not_learnt_early(tmp_path: Path) -> None:
    """Real files write a window's verdict, stamped a minute after the end, before the next
    window's rows, which then lie in its past."""
    path = rec.write(
        tmp_path,
        rec.market(T0),
        rec.book(T0 + 895_000),
        rec.resolution(T0 + 960_000),
        rec.book(T0 + 905_000),
        rec.book(T0 + 959_999),
        rec.book(T0 + 960_000),
    )
    messages = replayed(path)
    assert not bad(messages)
    assert [type(m) for m in messages[1:]] == [
        BookSnapshot,
        BookSnapshot,
        BookSnapshot,
        Resolution,
        BookSnapshot,
    ]
    assert messages[4].t_ms == T0 + 960_000


def test_verdicts_after_the_last_row_still_come(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(T0), rec.resolution(T0 + 960_000))
    feed = ReplayFeed(path)
    assert len(list(feed.poll(T0))) == 1
    assert feed.next_ms() == T0 + 960_000
    assert [type(m) for m in feed.poll(FOREVER)] == [Resolution]
    assert feed.next_ms() is None


def test_a_late_verdict_is_a_verdict_at_the_time_it_is_heard(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.book(T0 + 99_000), rec.resolution(T0), rec.book(T0 + 99_500))
    messages = replayed(path)
    assert [m.t_ms for m in messages if isinstance(m, Resolution)] == [T0 + 99_000]


def test_a_verdict_that_never_comes_is_simply_missing(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(T0), rec.book(T0 + 1))
    assert not any(isinstance(m, Resolution) for m in replayed(path))


def test_a_row_a_little_out_of_turn_keeps_its_place_in_the_file() -> None:
    rows = list(in_time_order(mids(T0, T0 + 900, T0 + 900 - SLACK_MS, T0 + 901), "f"))
    assert [(row.t_ms, row.data) for row in rows if isinstance(row, Row)] == [
        (T0, T0),
        (T0 + 900, T0 + 900),
        (T0 + 900, T0 + 900 - SLACK_MS),
        (T0 + 901, T0 + 901),
    ]


def test_a_row_far_out_of_turn_is_dropped_and_counted() -> None:
    rows = list(in_time_order(mids(T0, T0 + 5000, T0 + 5000 - SLACK_MS - 1, T0 + 5001), "f"))
    assert [row for row in rows if isinstance(row, Fault)] == [
        Fault("mid", "its time is 1.001 s before that of the last row")
    ]
    assert len(rows) == 4


def test_one_wild_stamp_does_not_make_every_later_row_look_old() -> None:
    rows = list(in_time_order(mids(T0, T0 + LEAP_MS + 1, T0 + 1, T0 + 2), "f"))
    assert [isinstance(row, Fault) for row in rows] == [False, True, False, False]


def test_a_gap_of_hours_is_only_a_gap() -> None:
    rows = list(in_time_order(mids(T0, T0 + 8 * 3_600_000), "f"))
    assert not any(isinstance(row, Fault) for row in rows)


@given(st.lists(st.integers(0, 20_000), max_size=60), st.data())
def test_times_never_fall(offsets: list[int], data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(["mid", "resolution"]), min_size=60, max_size=60))
    rows = [Row(T0 + o, k, None) for o, k in zip(offsets, kinds, strict=False)]
    try:
        given_out = list(in_time_order(rows, "f"))
    except RecordingError:
        return
    times = [row.t_ms for row in given_out if isinstance(row, Row)]
    assert times == sorted(times)
    assert len(given_out) == len(rows)


@pytest.mark.parametrize("order", ["reversed", "shuffled"])
def test_a_reordered_recording_is_refused_with_a_sentence(tmp_path: Path, order: str) -> None:
    rows = [rec.book(T0 + 5_000 * i) for i in range(500)]
    rows.reverse() if order == "reversed" else random.Random(1).shuffle(rows)
    path = rec.write(tmp_path, *rows)
    with pytest.raises(RecordingError, match=r"gz: (its rows are not in time order; sort|\d+ of)"):
        ReplayFeed(path)


def test_swapped_halves_are_refused_where_the_order_breaks(tmp_path: Path) -> None:
    rows = [rec.book(T0 + 5_000 * i) for i in range(1000)]
    feed = ReplayFeed(rec.write(tmp_path, rec.market(T0), *rows[500:], *rows[:500]))
    with pytest.raises(RecordingError, match="not in time order"):
        list(feed.poll(FOREVER))


def test_a_recording_that_is_mostly_rubbish_is_refused(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(T0), *[b"rubbish"] * 60, *[rec.book(T0)] * 60)
    with pytest.raises(
        RecordingError,
        match=r"60 of its first 100 rows cannot be used \(first: line 3: not JSON\)",
    ):
        ReplayFeed(path)


def test_a_recording_with_some_rubbish_is_replayed(tmp_path: Path) -> None:
    path = rec.write(tmp_path, b"rubbish", *[rec.book(T0)] * HEAD, *[b"rubbish"] * 200)
    messages = replayed(path)
    assert bad(messages).count("line 2: not JSON") == 1
    assert len([m for m in messages if "not JSON" in getattr(m, "reason", "")]) == 201


def test_a_header_alone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds a header and nothing else"):
        ReplayFeed(rec.write(tmp_path))


def test_rubbish_before_the_first_row_takes_its_time() -> None:
    start_ms, rows = opened([Fault("row", "x"), *mids(T0, T0)], "f")
    assert start_ms == T0
    assert len(list(rows)) == 3
