from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.live import inbox as module
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.inbox import Arrival, Inbox
from tests.engine.feeds.live.test_clock import START_MS, SetClock

SRC = "polymarket.market"
EVER = 2**62


@pytest.fixture
def hands() -> SetClock:
    return SetClock()


@pytest.fixture
def inbox(hands: SetClock) -> Inbox:
    return Inbox(MarketClock(hands), 2_000)


def taken(inbox: Inbox) -> list[Arrival]:
    return list(inbox.take(EVER))


def replayed(arrival: Arrival) -> Any:
    """The row's data as a recording gives it back."""
    line = b'{"t":%d,"src":"x","data":%b}' % (arrival.row.t_ms, arrival.raw)
    assert b"\n" not in line
    assert b"\r" not in line
    return orjson.loads(line)["data"]


def test_what_comes_is_stamped_and_given_in_order(hands: SetClock, inbox: Inbox) -> None:
    inbox.put(SRC, b'{"n":1}')
    hands.run(2)
    inbox.put(SRC, b'{"n":2}')
    assert inbox.next_ms() == START_MS
    assert [(a.row.t_ms, a.row.data) for a in inbox.take(START_MS + 1_999)] == [
        (START_MS, {"n": 1})
    ]
    assert inbox.next_ms() == START_MS + 2_000
    assert [a.row.data for a in inbox.take(START_MS + 2_000)] == [{"n": 2}]
    assert inbox.next_ms() is None


def test_what_is_said_of_an_instant_stands_there_and_never_before_what_was_taken(
    hands: SetClock, inbox: Inbox
) -> None:
    list(inbox.take(START_MS + 100))
    hands.run(60)
    inbox.say_at(START_MS, "stream", {"state": "lost"})
    inbox.say_at(START_MS + 900, "stream", {"state": "lost"})
    inbox.put(SRC, b"{}")
    assert [a.row.t_ms for a in taken(inbox)] == [
        START_MS + 101,
        START_MS + 900,
        START_MS + 60_000,
    ]


def test_nothing_is_stamped_at_or_before_what_was_taken(inbox: Inbox) -> None:
    list(inbox.take(START_MS + 5_000))
    inbox.put(SRC, b"{}")
    assert inbox.next_ms() == START_MS + 5_001


def test_taking_counts_before_the_first_row_is_read(inbox: Inbox) -> None:
    rows = inbox.take(START_MS + 5_000)
    inbox.put(SRC, b"{}")
    assert list(rows) == []


def test_stamps_never_fall(hands: SetClock, inbox: Inbox) -> None:
    for until in (0, START_MS + 10, START_MS - 10, START_MS + 3_000, 5):
        inbox.put(SRC, b"{}")
        hands.run(0.001)
        inbox.say("stream", {})
        list(inbox.take(until))
    inbox.put(SRC, b"{}")
    stamps = [a.row.t_ms for a in taken(inbox)]
    assert stamps == sorted(stamps)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'{"a":',
        b'{"a":1}{"b":2}',
        b"\xff\xfe",
        b"\x00" * 50,
        b'{"a":NaN}',
        b"PONG",
        b'"word"',
        b'"\\ud800"',
        b"[" * 1_500 + b"]" * 1_500,
        b"x" * 2_001,
        b'1,"t":5',
    ],
)
def test_what_cannot_be_read_becomes_a_sentence_and_replays_as_it(inbox: Inbox, raw: bytes) -> None:
    row = inbox.put(SRC, raw)
    assert row is not None
    assert isinstance(row.data, str)
    [arrival] = taken(inbox)
    assert arrival.row == row
    assert replayed(arrival) == row.data


@pytest.mark.parametrize("depth", [198, 199, 200, 201, 1_023, 1_024])
def test_a_message_nested_too_deeply_for_a_recording_is_not_read_live_either(
    hands: SetClock, depth: int
) -> None:
    inbox = Inbox(MarketClock(hands), 100_000)
    inbox.put(SRC, b"[" * depth + b"]" * depth)
    inbox.put_answer(SRC, b"[" * depth + b"]" * depth, slug="x")
    for arrival in taken(inbox):
        assert replayed(arrival) == arrival.row.data


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(json_values, st.sampled_from([None, 2]))
def test_what_is_recorded_is_what_was_decoded(value: Any, indent: int | None) -> None:
    inbox = Inbox(MarketClock(SetClock()), 100_000)
    raw = json.dumps(value, indent=indent).encode()
    inbox.put(SRC, raw)
    inbox.put_answer("clob.market", raw, slug='a"b', asked_ms=5)
    for arrival in taken(inbox):
        assert replayed(arrival) == arrival.row.data


def test_an_answer_carries_what_is_needed_to_read_it(inbox: Inbox) -> None:
    row = inbox.put_answer("clob.market", b'{\n "tokens": []\r\n}', slug="btc-1", asked_ms=7)
    assert row.data == {"slug": "btc-1", "asked_ms": 7, "answer": {"tokens": []}}
    [arrival] = taken(inbox)
    assert replayed(arrival) == row.data


def test_an_answer_needs_no_context(inbox: Inbox) -> None:
    assert inbox.put_answer("x", b"[]").data == {"answer": []}
    [arrival] = taken(inbox)
    assert replayed(arrival) == {"answer": []}


def test_frames_of_one_batch_have_one_stamp(hands: SetClock, inbox: Inbox) -> None:
    frames = [(b"1", 1), (b"2", 2)]
    inbox.add(SRC, frames)
    first, second = taken(inbox)
    assert first.row.t_ms == second.row.t_ms


def test_an_inbox_that_nobody_empties_refuses_and_tells_the_stream_lost_once(
    hands: SetClock, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    accepted = [inbox.put(SRC, b"{}") for _ in range(15)]
    assert [row is None for row in accepted] == [False] * 10 + [True] * 5
    assert inbox.refused[SRC] == 5
    arrivals = taken(inbox)
    assert [a.row.src for a in arrivals] == [SRC] * 10 + ["stream"]
    assert arrivals[-1].row.data["name"] == SRC
    assert arrivals[-1].row.data["state"] == "lost"


def test_a_stream_that_was_lost_to_a_full_inbox_is_told_lost_again_the_next_time(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    for until in (START_MS + 10, START_MS + 20):
        for _ in range(12):
            inbox.put(SRC, b"{}")
        assert [a.row.src for a in inbox.take(until)].count("stream") == 1
    assert inbox.put(SRC, b"{}") is not None


def test_what_we_say_ourselves_is_never_refused(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    inbox.put(SRC, b"{}")
    inbox.say("reference", {"venue": "okx-swap", "reason": "451"})
    inbox.put_answer("okx.bars", b"{}", instId="BTC-USDT-SWAP")
    assert [a.row.src for a in taken(inbox)] == [SRC, "reference", "okx.bars"]
