from __future__ import annotations

import pytest

from engine.book import book_from, unusable
from engine.messages import BookSnapshot, Level
from tests.engine.build import NOW

BID: tuple[Level, ...] = ((4_900, 1),)
ASK: tuple[Level, ...] = ((5_000, 1),)


def snapshot(
    bids: tuple[Level, ...], asks: tuple[Level, ...], tick: int | None = None
) -> BookSnapshot:
    return BookSnapshot(NOW, "token", bids, asks, tick)


@pytest.mark.parametrize(
    ("bids", "asks", "reason"),
    [
        ((), (), "empty"),
        ((), ASK, "no bids"),
        (BID, (), "no asks"),
        (((5_000, 1),), ASK, "crossed"),
        (((5_100, 1),), ASK, "crossed"),
        (((0, 1),), ASK, "outside"),
        (BID, ((10_000, 1),), "outside"),
        (((4_950, 1),), ASK, "tick"),
    ],
)
def test_a_book_that_cannot_be_traded_on_says_why_and_has_no_prices(
    bids: tuple[Level, ...], asks: tuple[Level, ...], reason: str
) -> None:
    book = book_from(snapshot(bids, asks), tick_bp=100)
    assert book.invalid is not None
    assert reason in book.invalid
    assert (book.bids, book.asks) == ((), ())
    assert book.mid_bp is None
    assert book.spread_bp is None


def test_F50_a_one_sided_book_has_no_mid() -> None:
    assert book_from(snapshot((), ((9_900, 1),)), 100).mid_bp is None


def test_a_finer_tick_in_the_message_is_believed() -> None:
    book = book_from(snapshot(((4_990, 1),), ASK, tick=10), tick_bp=100)
    assert book.invalid is None
    assert book.mid_bp == 4_995
    assert book.spread_bp == 10


def test_what_is_known_to_be_unknown_has_a_reason_and_an_age() -> None:
    book = unusable("token", NOW, "a delta was lost")
    assert book.invalid == "a delta was lost"
    assert book.age_ms(NOW + 250) == 250


def test_a_book_that_is_unknown_says_why() -> None:
    message = BookSnapshot(NOW, "token", (), (), fault="connection lost: silent")
    assert book_from(message, 100).invalid == "connection lost: silent"
