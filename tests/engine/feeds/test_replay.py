"""A recording as a feed: the same stream however it is asked for, and real files to their end."""

from __future__ import annotations

import gzip
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.book import book_from
from engine.feeds.feed import Feed
from engine.feeds.replay import ReplayFeed
from engine.messages import (
    BadMessage,
    BookSnapshot,
    MarketListed,
    Message,
    MidQuote,
    Resolution,
    VenueQuote,
)
from tests.engine import recordings as rec
from tests.shared import SHARED, needs_shared

FOREVER = 10**15
T0 = rec.T0
REAL = sorted(SHARED.glob("recordings/*.jsonl.gz"))
WHOLE_BYTES = 1_000_000
"""Real files up to this size are read whole, of the others only the beginning."""


def mixed() -> list[rec.Line]:
    return [
        rec.market(T0 + 1),
        rec.book(T0 + 130),
        rec.resolution(T0 + 2_500),
        b"rubbish",
        rec.deltas(T0 + 700, (rec.UP, "BUY", "0.5", "1")),
        rec.quote(T0 + 1_000),
        rec.quote(T0 + 1_000, bid=-1),
        rec.book(T0 + 1_000, (("0.4", "NaN"),)),
        rec.deltas(T0 + 2_000, (rec.UP, "BUY", "0.5", "1")),
        rec.book(T0 + 3_000, ()),
        rec.row(T0 + 3_000, "weather", 1),
        rec.mid(T0 + 9_000, 0.4),
    ]


@cache
def mixed_file() -> Path:
    return rec.write(Path(tempfile.mkdtemp()), *mixed())


def test_a_replay_is_a_feed(tmp_path: Path) -> None:
    feed: Feed = ReplayFeed(rec.write(tmp_path, rec.market(T0 + 1)))
    assert feed.info.name == "replay test"
    assert feed.info.assets == ("BTC",)
    assert feed.info.has == {"book"}
    assert feed.info.lacks == {"binance"}
    assert feed.info.end_ms is None


@pytest.mark.parametrize(("first", "start"), [(T0, T0), (T0 + 1, T0 + 500), (T0 + 500, T0 + 500)])
def test_the_first_tick_is_the_first_row_rounded_up_to_the_grid(
    tmp_path: Path, first: int, start: int
) -> None:
    assert ReplayFeed(rec.write(tmp_path, rec.market(first))).info.start_ms == start


def test_nothing_is_given_before_its_time(tmp_path: Path) -> None:
    feed = ReplayFeed(rec.write(tmp_path, rec.market(T0), rec.book(T0 + 10)))
    assert [m.t_ms for m in feed.poll(T0 + 9)] == [T0]
    assert feed.next_ms() == T0 + 10
    assert [m.t_ms for m in feed.poll(T0 + 10)] == [T0 + 10]
    assert feed.next_ms() is None
    assert list(feed.poll(FOREVER)) == []


@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_how_often_it_is_polled_does_not_change_the_stream(steps: list[int]) -> None:
    at_once = list(ReplayFeed(mixed_file()).poll(FOREVER))
    feed = ReplayFeed(mixed_file())
    pieces: list[Message] = []
    for until in sorted(steps):
        pieces += feed.poll(T0 + until)
        assert all(m.t_ms <= T0 + until for m in pieces)
    assert pieces + list(feed.poll(FOREVER)) == at_once


def test_bad_rows_are_counted_where_they_happen() -> None:
    bad = [m for m in ReplayFeed(mixed_file()).poll(FOREVER) if isinstance(m, BadMessage)]
    assert [(m.t_ms - T0, m.reason) for m in bad] == [
        (130, "line 5: not JSON"),
        (700, "a delta with no whole book before it"),
        (1_000, "bid is not a number in [0, 1e+12]"),
        (1_000, "size 'NaN' is not finite"),
        (2_000, "a delta with no whole book before it"),
        (3_000, "unknown kind of row; all of them are ignored"),
    ]


def test_unknown_kinds_are_counted_by_name() -> None:
    feed = ReplayFeed(mixed_file())
    list(feed.poll(FOREVER))
    assert feed.ignored == {"weather": 1}


def test_a_cut_recording_ends_with_a_warning_and_no_error(tmp_path: Path) -> None:
    path = rec.write(tmp_path, *(rec.book(T0 + i, (("0.4", str(i * 7919)),)) for i in range(3000)))
    path.write_bytes(path.read_bytes()[:-4000])
    feed = ReplayFeed(path)
    before = feed.warning
    assert list(feed.poll(FOREVER))
    assert feed.next_ms() is None
    assert before is None
    assert "cut off after line" in (feed.warning or "")


def beginning(path: Path, folder: Path) -> Path:
    """The file itself, or its first 6,000 rows where it is large."""
    if path.stat().st_size <= WHOLE_BYTES:
        return path
    short = folder / path.name
    with gzip.open(path) as whole, gzip.open(short, "wb", compresslevel=1) as part:
        part.writelines(line for line, _ in zip(whole, range(6000), strict=False))
    return short


@needs_shared
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_real_recording_is_read_without_one_bad_message(path: Path, tmp_path: Path) -> None:
    feed = ReplayFeed(beginning(path, tmp_path))
    kinds: Counter[type[Message]] = Counter()
    last = 0
    for message in feed.poll(FOREVER):
        assert message.t_ms >= last
        last = message.t_ms
        kinds[type(message)] += 1
    assert kinds[BadMessage] == 0
    assert kinds[MarketListed] > 0
    assert feed.warning is None
    assert not feed.ignored
    promised = {"mid": MidQuote, "book": BookSnapshot, "binance": VenueQuote}
    assert all(bool(kinds[kind]) == (word in feed.info.has) for word, kind in promised.items())


@needs_shared
def test_real_fine_ticks_are_inferred_where_the_market_row_says_a_cent() -> None:
    feed = ReplayFeed(SHARED / "recordings" / "btc-15m-quotes-2026-04-01.jsonl.gz")
    books = [m for m in feed.poll(FOREVER) if isinstance(m, BookSnapshot)]
    fine = [book for book in books if book.tick_bp == 10]
    assert fine
    assert not any("tick" in (book_from(b, 100).invalid or "") for b in books)


@needs_shared
def test_real_verdicts_come_after_their_windows_ends_and_may_be_unknown() -> None:
    feed = ReplayFeed(SHARED / "recordings" / "4assets-15m-mids-2026-01-02.jsonl.gz")
    messages = list(feed.poll(FOREVER))
    ends = {m.market.slug: m.market.end_ms for m in messages if isinstance(m, MarketListed)}
    verdicts = [m for m in messages if isinstance(m, Resolution)]
    assert all(m.t_ms >= ends[m.slug] for m in verdicts)
    assert sum(m.outcome is None for m in verdicts) == 52
