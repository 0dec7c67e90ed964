"""A log as the first version of the program wrote it, built from its own statements."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import orjson

from engine import events as ev
from tests.engine.build import MARKET, NOW, fill

TABLES = """
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, wall_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, payload BLOB NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TRIGGER events_keep BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER events_stay BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TABLE decisions (
  id INTEGER PRIMARY KEY, t_ms INTEGER NOT NULL, asset TEXT NOT NULL, slug TEXT NOT NULL,
  observation BLOB NOT NULL, history_length INTEGER NOT NULL, mask INTEGER NOT NULL,
  probs BLOB NOT NULL, value REAL, action INTEGER NOT NULL,
  policy_id TEXT NOT NULL, outcome TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_window ON decisions (slug, id);
PRAGMA user_version = 1;
"""

EVENTS: list[ev.Event] = [
    ev.SessionOpened("paper", "sim", 7, "abc", "def", "0"),
    ev.MarketSeen.of(MARKET),
    fill(),
    ev.FillSettled("o1.0"),
]


def write(path: Path, events: Iterable[ev.Event] = EVENTS) -> None:
    """A version-1 log whose rows are still in its WAL, as a killed process leaves it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(TABLES)
        previous = b"\x00" * 32
        for seq, event in enumerate(events, start=1):
            kind, payload = type(event).__name__, orjson.dumps(event)
            row = b"%d %d %s " % (seq, NOW + seq, kind.encode())
            previous = hashlib.sha256(previous + row + payload).digest()
            db.execute(
                "INSERT INTO events VALUES (?,?,?,?,?,?)",
                (seq, NOW + seq, 0, kind, payload, previous),
            )
        left = {side: side.read_bytes() for side in [path, path.with_name(f"{path.name}-wal")]}
    for side, content in left.items():
        side.write_bytes(content)
