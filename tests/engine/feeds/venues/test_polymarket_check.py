"""The venue's answer to a request confirms a book, or refutes it at the second difference."""

from __future__ import annotations

from typing import Any

import pytest

from engine.feeds.rows import RowReader
from engine.messages import BadMessage, BookSnapshot, Message
from engine.recording import Row
from tests.engine import recordings as rec

T0 = rec.T0
BIDS, ASKS = (("0.48", "10"), ("0.49", "20")), (("0.52", "10"), ("0.51", "30"))
WHY = "the venue's answer to a request differs"


class Reader:
    """A reader that has a book of UP, stamped `T0`."""

    def __init__(self, book: bool = True) -> None:
        self.reader = RowReader()
        self._see(rec.market(T0))
        if book:
            self._see(rec.book(T0, BIDS, ASKS, timestamp=str(T0)))

    def change(self, t_ms: int, size: str) -> None:
        """The best bid has another size."""
        line = rec.deltas(t_ms, (rec.UP, "BUY", "0.49", size))
        self._see({**line, "data": {**line["data"], "timestamp": str(t_ms)}})

    def answer(self, t_ms: int, bids: Any = BIDS, asks: Any = ASKS, **fields: Any) -> list[Message]:
        answer = {
            "asset_id": rec.UP,
            "timestamp": str(t_ms),
            "bids": rec.levels(*bids),
            "asks": rec.levels(*asks),
            **fields.pop("answer", {}),
        }
        data = {"asked_ms": t_ms - 100, "token": rec.UP, "answer": answer, **fields}
        return self._see(rec.row(t_ms, "polymarket.book", data))

    def _see(self, line: dict[str, Any]) -> list[Message]:
        return list(self.reader.messages(Row(line["t"], line["src"], line["data"])))


def fault(messages: list[Message]) -> str | None:
    (message,) = messages
    assert isinstance(message, BookSnapshot)
    return message.fault


def test_a_book_that_is_confirmed_is_fresh() -> None:
    (message,) = Reader().answer(T0 + 60_000)
    assert isinstance(message, BookSnapshot)
    assert (message.t_ms, message.fault) == (T0 + 60_000, None)
    assert message.bids[0] == (4_900, 20_000_000)


def test_the_first_difference_is_remembered_and_the_second_voids_the_book() -> None:
    reader = Reader()
    other = (("0.48", "10"), ("0.49", "21"))
    assert reader.answer(T0 + 4_000, other) == []
    assert fault(reader.answer(T0 + 8_000, other)) == WHY
    assert reader.reader.lacking([rec.UP]) == {rec.UP}
    assert reader.answer(T0 + 12_000, other) == []


def test_an_agreement_between_two_differences_acquits() -> None:
    reader = Reader()
    other = (("0.48", "10"), ("0.49", "21"))
    assert reader.answer(T0 + 4_000, other) == []
    assert fault(reader.answer(T0 + 8_000)) is None
    assert reader.answer(T0 + 12_000, other) == []


def test_an_answer_may_be_a_little_behind_the_channel() -> None:
    reader = Reader()
    reader.change(T0 + 9_000, "7")
    assert fault(reader.answer(T0 + 9_500, answer={"timestamp": str(T0 + 8_000)})) is None
    for seconds in (12, 13):  # the old state is too long ago by now
        told = reader.answer(T0 + seconds * 1_000, answer={"timestamp": str(T0 + 8_000)})
    assert fault(told) == WHY


def test_an_answer_from_a_stale_cache_proves_nothing() -> None:
    reader = Reader()
    reader.change(T0 + 60_000, "7")
    for seconds in range(70, 90):
        told = reader.answer(T0 + seconds * 1_000, answer={"timestamp": str(T0 + 57_999)})
        assert told == []
    assert reader.reader.lacking([rec.UP]) == frozenset()


def test_an_answer_never_makes_a_book() -> None:
    assert Reader(book=False).answer(T0 + 1_000) == []
    reader = Reader()
    list(reader.reader.messages(Row(T0, "polymarket.market", "too large")))
    assert reader.answer(T0 + 1_000) == []
    assert reader.reader.lacking([rec.UP]) == {rec.UP}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"token": 7}, "token is not a name"),
        ({"asked_ms": "soon"}, "asked_ms is not a whole number"),
        ({"answer": {"asset_id": rec.DOWN}}, "the answer is about another token"),
        ({"answer": {"bids": None}}, "a side is NoneType, not a list of levels"),
        ({"answer": {"asks": [{}]}}, "a field is missing or of the wrong type"),
        ({"answer": {"timestamp": "later"}}, "timestamp is not a time in unix milliseconds"),
    ],
)
def test_an_answer_that_cannot_be_read_leaves_the_book_as_it_is(fields: Any, why: str) -> None:
    reader = Reader()
    (message,) = reader.answer(T0 + 1_000, **fields)
    assert isinstance(message, BadMessage)
    assert message.reason.startswith(why)
    assert fault(reader.answer(T0 + 2_000)) is None
