"""A recorded session replays as it was decoded live: whole, part by part, and around a hole."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine.errors import UsageError
from engine.evaluation.tape import Recorded, refuse_copies
from engine.feeds.replay import ReplayFeed
from engine.feeds.rows import RowReader
from engine.messages import BadMessage, BookSnapshot, MarketListed, Message, SessionEnded
from engine.recording import Row
from engine.training.plan import refuse_unusable
from tests.engine import recordings as rec
from tests.engine.recorders import WINDOW_MS, raw, recorder
from tests.engine.recordings import DOWN, T0, UP

FOREVER = 10**15
NEXT_UP, NEXT_DOWN = "next:up", "next:down"


def row(line: dict[str, Any]) -> Row:
    return Row(line["t"], line["src"], line["data"])


def second_window(t_ms: int) -> dict[str, Any]:
    return rec.market(
        t_ms,
        slug=f"btc-updown-15m-{rec.START + 900}",
        condition_id="0xc1",
        window_start=rec.START + 900,
        up_token=NEXT_UP,
        down_token=NEXT_DOWN,
    )


def heard() -> list[Row]:
    """Three windows of time; the second window's books are heard long before it begins."""
    end = T0 + WINDOW_MS
    lines = [
        rec.row(T0 + 3, "session", {"state": "begun"}),
        rec.row(T0 + 4, "reference", {"venue": "binance-spot", "reason": "futures are blocked"}),
        rec.market(T0 + 5),
        rec.book(T0 + 6),
        rec.book(T0 + 6, token=DOWN),
        second_window(T0 + 600_000),
        rec.book(T0 + 600_010, token=NEXT_UP),
        rec.book(T0 + 600_010, token=NEXT_DOWN),
        rec.deltas(end - 20, (UP, "BUY", "0.50", "7"), (NEXT_UP, "BUY", "0.50", "9")),
        rec.deltas(end, (NEXT_UP, "SELL", "0.51", "0")),
        rec.row(end + 5, "polymarket.market", "a message of 9999999 bytes"),
        rec.deltas(end + 6, (NEXT_UP, "BUY", "0.49", "1")),
        rec.book(end + 10, token=NEXT_UP),
        rec.deltas(end + 20, (NEXT_UP, "BUY", "0.49", "3")),
        rec.deltas(end + 800_000, (NEXT_UP, "BUY", "0.49", "4")),
        rec.deltas(end + WINDOW_MS, (NEXT_UP, "BUY", "0.49", "5")),
        rec.row(end + WINDOW_MS + 1, "session", {"state": "ended"}),
    ]
    return [row(line) for line in lines]


def recorded(folder: Path, rows: Iterable[Row]) -> list[Message]:
    """Record rows as a live feed does; returns what it decoded."""
    reader, messages = RowReader(), list[Message]()
    with closing(recorder(folder, reader.carried)) as writing:
        for one in rows:
            writing.row(one.t_ms, one.src, raw(one.data))
            messages += reader.messages(one)
    return messages


def replayed(path: Path) -> list[Message]:
    with closing(ReplayFeed(path)) as feed:
        return list(feed.poll(FOREVER))


def part(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04}.jsonl.gz"


@pytest.fixture
def live(tmp_path: Path) -> list[Message]:
    return recorded(tmp_path, heard())


def test_a_session_replays_what_was_decoded(tmp_path: Path, live: list[Message]) -> None:
    assert replayed(tmp_path) == live
    assert live[-1] == SessionEnded(T0 + 2 * WINDOW_MS + 1)


def test_a_session_begins_where_it_began_live(tmp_path: Path, live: list[Message]) -> None:
    with closing(ReplayFeed(tmp_path)) as feed:
        assert feed.info.start_ms == T0 + 500
        assert feed.info.name == "replay live test"
        assert feed.info.has == {"book", "binance"}
        assert feed.info.lacks == {"mid"}


def test_a_part_alone_replays_what_was_decoded_of_windows_that_were_not_over(
    tmp_path: Path, live: list[Message]
) -> None:
    """After the carried rows, which all have the time of the part's first row."""
    here = range(T0 + WINDOW_MS, T0 + 2 * WINDOW_MS)
    over = (UP, DOWN)
    expected = [m for m in live if m.t_ms in here and getattr(m, "token_id", "") not in over]
    alone = replayed(part(tmp_path, 2))
    assert len(expected) > 5
    assert alone[len(alone) - len(expected) :] == expected


def test_a_part_alone_knows_its_window_and_books_at_once(
    tmp_path: Path, live: list[Message]
) -> None:
    first = [m for m in replayed(part(tmp_path, 2)) if m.t_ms == T0 + WINDOW_MS]
    listed = [m.market.up_token for m in first if isinstance(m, MarketListed)]
    assert listed == [NEXT_UP]
    told = {m.token_id: m.bids for m in first if isinstance(m, BookSnapshot)}
    assert told[NEXT_UP][0] == (5000, 9_000_000)
    assert told[NEXT_DOWN]


def books(messages: Iterable[Message], token: str) -> list[tuple[int, bool]]:
    """When a token's book was told, and whether anything was in it."""
    return [
        (m.t_ms, bool(m.bids))
        for m in messages
        if isinstance(m, BookSnapshot) and m.token_id == token
    ]


def test_no_book_outlives_a_missing_part(tmp_path: Path, live: list[Message]) -> None:
    part(tmp_path, 2).unlink()
    before = [one for one in books(replayed(tmp_path), NEXT_UP) if one[0] < T0 + WINDOW_MS]
    assert before[-2:] == [(T0 + WINDOW_MS - 20, True), (T0 + WINDOW_MS - 20, False)]


def test_no_book_outlives_the_cut_of_a_part(tmp_path: Path, live: list[Message]) -> None:
    whole = part(tmp_path, 1).read_bytes()
    part(tmp_path, 1).write_bytes(whole[:-9])
    messages = replayed(tmp_path)
    before = [one for one in books(messages, NEXT_UP) if one[0] < T0 + WINDOW_MS]
    assert before[-1] == (T0 + WINDOW_MS - 20, False)
    assert messages[-1] == live[-1]


@pytest.mark.parametrize("line", [b"rubbish", b'{"t": 1, "src": "polymarket.market"}'])
def test_no_book_outlives_a_line_that_cannot_be_read(tmp_path: Path, line: bytes) -> None:
    path = rec.write(tmp_path, rec.market(), rec.book(T0 + 1), line, rec.mid(T0 + 2, 0.5))
    assert books(replayed(path), UP) == [(T0 + 1, True), (T0 + 1, False)]


def test_a_line_of_another_source_that_cannot_be_read_voids_no_book(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(), rec.book(T0 + 1), {"t": 1, "src": "mid"})
    messages = replayed(path)
    assert books(messages, UP) == [(T0 + 1, True)]
    assert isinstance(messages[-1], BadMessage)


def test_a_session_can_be_evaluated_and_learnt_from(tmp_path: Path, live: list[Message]) -> None:
    refuse_unusable([tmp_path])
    refuse_copies([Recorded(tmp_path), Recorded(part(tmp_path, 1))])
    with pytest.raises(UsageError, match="the same recording"):
        refuse_copies([Recorded(tmp_path), Recorded(Path(f"{tmp_path}/."))])
