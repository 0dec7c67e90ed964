from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from engine import bench
from engine.feeds.feed import FeedInfo
from engine.feeds.replay import ReplayFeed
from engine.feeds.rows import RowReader
from engine.messages import BookSnapshot, MarketListed, Message, Resolution, VenueQuote

FOREVER = 1 << 62
MINUTES = 2


@pytest.fixture(autouse=True)
def _a_short_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two minutes of the market and its resolution, instead of a whole window."""
    info, messages = bench._window()
    until = info.start_ms + MINUTES * 60_000
    kept = [m for m in messages if m.t_ms <= until or isinstance(m, Resolution)]

    def window() -> tuple[FeedInfo, list[Message]]:
        return info, kept

    monkeypatch.setattr(bench, "_window", window)


def test_the_recording_says_what_the_market_said(tmp_path: Path) -> None:
    path = tmp_path / "bench.jsonl.gz"
    bench._write(path)
    feed = ReplayFeed(path)
    read = list(feed.poll(FOREVER))
    said = bench._window()[1]
    for kind in (MarketListed, BookSnapshot, VenueQuote, Resolution):
        ours = [m for m in said if isinstance(m, kind)]
        theirs = [m for m in read if isinstance(m, kind)]
        assert len(ours) == len(theirs) > 0
    books = [m for m in said if isinstance(m, BookSnapshot)]
    replayed = [m for m in read if isinstance(m, BookSnapshot)]
    assert [(b.token_id, b.bids, b.asks) for b in books] == [
        (b.token_id, b.bids, b.asks) for b in replayed
    ]
    assert {type(m).__name__ for m in read} <= {type(m).__name__ for m in said}
    feed.close()


def test_messages_are_parsed_counted_and_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a recording can say is parsed, as it is when it is replayed."""
    parsed: list[bytes] = []
    parse = bench._parsed

    def noted(reader: RowReader, line: bytes) -> Iterable[Message]:
        parsed.append(line)
        return parse(reader, line)

    monkeypatch.setattr(bench, "_parsed", noted)
    assert bench.feed_messages_per_s() > 0
    said = bench._window()[1]
    assert len(parsed) == sum(bench._recorded(m) is not None for m in said)
    assert len(parsed) > sum(isinstance(m, BookSnapshot) for m in said) > 0


def test_a_replay_decides_and_is_timed(tmp_path: Path) -> None:
    assert bench.replay_x_realtime(tmp_path) > 0
    assert (tmp_path / "bench.sqlite").stat().st_size > 0
