"""How fast market data go through the engine: messages in memory, and a recording on disk.

Owns the two measurements and the data for them, both made here from the embedded market, so that
they need no file and no network. Making them is not counted.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson

from engine import events as ev
from engine.core import Engine
from engine.desk import Desk
from engine.eventlog import EventLog
from engine.features import to_features
from engine.feeds.feed import FeedInfo
from engine.feeds.replay import ReplayFeed
from engine.feeds.rows import RowReader
from engine.feeds.sim import SimFeed
from engine.intake import Intake
from engine.journal import Journal
from engine.learning.unlogged import Unlogged
from engine.market import Market, Outcome
from engine.messages import (
    BookSnapshot,
    Level,
    MarketListed,
    Message,
    Resolution,
    TradePrint,
    VenueQuote,
)
from engine.position_input import FLAT
from engine.recording import Row
from engine.settings import Settings
from engine.trading_state import Latch
from engine.units import BP, MICRO
from models.ladder import Ladder, default_rungs

SEED: Final = 7

COUNTED: Final = (BookSnapshot, TradePrint)
"""Messages of the rate; the quotes among them are work that is not counted."""


def feed_messages_per_s() -> float:
    """Book and trade messages a second of one core: a window of the embedded market.

    Four assets, from memory: books and quotes as the lines of a recording, which are parsed; trades
    as that market gives them, because no recorded source has single ones. All of it through
    routing, books, signals, and the 18 features at every decision tick.
    """
    info, messages = _window()
    lines = [_line(message) for message in messages]
    settings = Settings()
    desks = {asset: Desk(asset, info, settings) for asset in info.assets}
    intake, reader = Intake(desks, Journal(Unlogged(), lambda: 0)), RowReader()
    start, tick_ms = time.perf_counter(), info.start_ms
    for message, line in zip(messages, lines, strict=True):
        while message.t_ms > tick_ms:
            _tick(desks, tick_ms)
            tick_ms += settings.decision_ms
        for said in (message,) if line is None else _parsed(reader, line):
            intake.take(said, message.t_ms)
    seconds = time.perf_counter() - start
    return sum(isinstance(message, COUNTED) for message in messages) / seconds


def _line(message: Message) -> bytes | None:
    """What a recording says of it; None: no recording says it."""
    row = _recorded(message)
    return None if row is None else orjson.dumps(row)


def _parsed(reader: RowReader, line: bytes) -> Iterable[Message]:
    said = orjson.loads(line)
    return reader.messages(Row(said["t"], said["src"], said["data"]))


def replay_x_realtime(folder: Path) -> float:
    """Market seconds a second: a recorded window of four assets through the whole engine.

    The recording is written to `folder` from the embedded market, with raw books and quotes as in
    the recordings of real markets; it is read, parsed, decided on and traded on paper, and every
    event is written to a log beside it.
    """
    path = folder / "bench.jsonl.gz"
    _write(path)
    with (
        closing(ReplayFeed(path)) as feed,
        closing(EventLog(folder / "bench.sqlite")) as log,
    ):
        ladder = Ladder(default_rungs(folder / "models"))
        try:
            return _replayed(feed, log, ladder)
        finally:
            ladder.close()


def _replayed(feed: ReplayFeed, log: EventLog, ladder: Ladder) -> float:
    falls = ladder.start()
    journal = Journal(log, lambda: 0)
    engine = Engine(feed, journal, ladder, Settings(), Latch(None), SEED)
    policy_id = ladder.policy.policy_id
    session = ev.SessionOpened("paper", feed.info.name, SEED, policy_id, "", "")
    engine.start(session, falls)
    begun, now = time.perf_counter(), feed.info.start_ms
    while feed.next_ms() is not None:
        now += engine.settings.decision_ms
        engine.advance(now)
    return (now - feed.info.start_ms) / 1000 / (time.perf_counter() - begun)


def _window() -> tuple[FeedInfo, list[Message]]:
    feed = SimFeed(SEED, windows=1)
    end_ms = feed.info.end_ms
    assert end_ms is not None  # noqa: S101 - a market of one window ends
    return feed.info, list(feed.poll(end_ms))


def _tick(desks: dict[str, Desk], t_ms: int) -> None:
    """What the engine does of a decision tick up to the features."""
    for desk in desks.values():
        desk.end_window(t_ms)
        desk.begin_window(t_ms)
        if desk.market is None:
            continue
        book, quote = desk.book(Outcome.UP), desk.mid_quote()
        reading = desk.signals.reading(t_ms, desk.market, book, quote, FLAT)
        if reading.state is not None:
            desk.history.push(to_features(reading.state))


def _write(path: Path) -> None:
    info, messages = _window()
    header = {
        "format": "trade-console-recording", "version": 1, "name": "bench",
        "assets": info.assets, "has": sorted(info.has), "lacks": sorted(info.lacks),
    }  # fmt: skip
    with gzip.open(path, "wb", compresslevel=1) as file:
        for line in (header, *_rows(messages)):
            file.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))


def _rows(messages: list[Message]) -> Iterator[dict[str, Any]]:
    """Rows of the kinds that the recordings of real markets have; they hold no single trades."""
    return (row for message in messages if (row := _recorded(message)) is not None)


def _recorded(message: Message) -> dict[str, Any] | None:
    said = _row(message)
    return None if said is None else {"t": message.t_ms, "src": said[0], "data": said[1]}


def _row(message: Message) -> tuple[str, dict[str, Any]] | None:
    match message:
        case MarketListed(market=market):
            return "market", _listing(market)
        case BookSnapshot(token_id=token, bids=bids, asks=asks):
            sides = {"bids": _levels(bids), "asks": _levels(asks)}
            return "polymarket.market", {"event_type": "book", "asset_id": token, **sides}
        case VenueQuote(venue=venue, asset=asset, bid=bid, ask=ask):
            return "quote", {"venue": venue, "asset": asset, "bid": bid, "ask": ask}
        case Resolution(slug=slug, outcome=outcome, evidence=evidence):
            return "resolution", {"slug": slug, "outcome": outcome, "evidence": evidence}
        case _:
            return None


def _listing(market: Market) -> dict[str, Any]:
    return {
        "slug": market.slug, "asset": market.asset, "condition_id": market.condition_id,
        "window_start": market.window_start, "window_seconds": market.window_seconds,
        "up_token": market.up_token, "down_token": market.down_token,
        "tick_size": str(Decimal(market.tick_bp) / BP), "min_size": _shares(market.min_shares),
        "fee": {"rate": str(market.fee.rate), "exponent": market.fee.exponent, "taker_only": True},
    }  # fmt: skip


def _levels(levels: tuple[Level, ...]) -> list[dict[str, str]]:
    """Best last, as the venue sends them."""
    return [{"price": str(Decimal(p) / BP), "size": _shares(size)} for p, size in levels[::-1]]


def _shares(micro: int) -> str:
    return str(Decimal(micro) / MICRO)
