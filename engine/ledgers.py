"""Which file a run writes its events to.

Owns the naming of logs in the home and the rule of going on: a log that was left or killed is gone
on with by the next run on the same feed and seed; a sealed one (its feed reached the end) is kept
under a number, and a new one begins. Nothing recorded is ever deleted.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson

from engine.clock import Clock, SystemClock
from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.home import private
from engine.log_migrations import PAPER, Owner
from engine.log_repair import mend
from engine.log_reserve import Reserve

RESERVE = "reserve"
"""Room for a full disk, one for all logs of a folder: one process writes to it."""


def log_to_go_on(
    folder: Path, name: str, owner: Owner = PAPER, clock: Clock | None = None
) -> EventLog:
    """The log `name` in `folder`, gone on with unless it is sealed.

    One whose hash chain is broken is gone on with up to the break, and `EventLog.mended` tells of
    it: such a run must start HALTED, as the log's last event says.
    """
    path = folder / f"{name}.sqlite"
    mended = mend(path, owner, (clock or SystemClock()).wall_ms())
    if path.exists() and _sealed(path):
        put_aside(path)
    log = _open(path, "FULL", owner, Reserve(folder / RESERVE))
    log.mended = mended
    return log


def fresh_log(folder: Path, name: str, owner: Owner = PAPER) -> EventLog:
    """A new log `name`; an earlier one is kept under a number."""
    path = folder / f"{name}.sqlite"
    if path.exists():
        put_aside(path)
    return _open(path, "FULL", owner, Reserve(folder / RESERVE))


def numbered_log(folder: Path, name: str) -> EventLog:
    """A new log of its own for a replay; losing it to a power cut costs only a repetition."""
    return _open(_free(folder, name), "NORMAL", PAPER, None)


def put_aside(path: Path) -> Path:
    """Rename a log to the first free number. Raises LedgerError where it cannot be."""
    kept = _free(path.parent, path.stem)
    try:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        path.rename(kept)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(f"{path}: cannot be put aside ({error}); move it away") from None
    return kept


def _free(folder: Path, name: str) -> Path:
    number = 1
    while (path := folder / f"{name}.{number}.sqlite").exists():
        number += 1
    return path


def _open(path: Path, synchronous: str, owner: Owner, reserve: Reserve | None) -> EventLog:
    try:
        with open(path, "ab", opener=private):
            pass  # SQLite gives its side files the mode of the file it finds
    except OSError as error:
        raise LedgerError(f"{path}: cannot be written ({error.strerror})") from None
    return EventLog(path, synchronous, owner, reserve)


def _sealed(path: Path) -> bool:
    """Whether the last event says that the feed reached its end; unreadable is not sealed."""
    try:
        db = sqlite3.connect(path)
        try:
            row = db.execute(
                "SELECT kind, payload FROM events ORDER BY seq DESC LIMIT 1"
            ).fetchone()
        finally:
            db.close()
    except sqlite3.Error:
        return False  # opening it for writing will say what is wrong with it
    if row is None or row[0] != "SessionClosed":
        return False
    return bool(orjson.loads(row[1]).get("how") == "complete")
