"""The tables of an event log, whose it is, and the way of older logs to the present version.

Owns the schema and its version. A log of an older version is backed up beside itself and changed
in one transaction, so that a process killed at any step leaves either version whole and the next
start begins again. What is in the rows is `engine.eventlog`'s.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from engine.errors import LedgerError
from engine.home import private

SCHEMA_VERSION = 2

_EVENTS = """
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
"""

_LEDGER = """
CREATE TABLE ledger (
  one INTEGER PRIMARY KEY CHECK (one = 1), mode TEXT NOT NULL, account TEXT NOT NULL
) STRICT;
CREATE TRIGGER ledger_keep BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'a ledger never changes hands'); END;
CREATE TRIGGER ledger_stay BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'a ledger never changes hands'); END;
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose money a log tells of. A log is opened for its owner and for nobody else (F35)."""

    mode: str
    """paper or live."""
    account: str
    """``paper``, or the public address of a wallet."""

    def __str__(self) -> str:
        return (
            "the paper account" if self.mode == "paper" else f"{self.mode} account {self.account}"
        )


PAPER = Owner("paper", "paper")


def prepare(db: sqlite3.Connection, path: Path | None, name: str, owner: Owner) -> None:
    """Bring an open log to the present schema, and see that it is `owner`'s; None: in memory.

    Raises LedgerError for a newer version and for another's log, sqlite3.Error for no log at all.
    """
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise LedgerError(
            f"{name}: written by a newer trade-console (schema {version}, this one reads "
            f"{SCHEMA_VERSION}); update the program"
        )
    if version == 0:
        _change(db, _EVENTS + _LEDGER, owner)
    elif version == 1:
        if path is not None:
            _back_up(db, path.with_name(f"{path.stem}.v1-backup{path.suffix}"))
        _change(db, _LEDGER, _first_owner(db))
    _see_whose(db, name, owner)


def _change(db: sqlite3.Connection, tables: str, owner: Owner) -> None:
    """Add tables and the owner, all or nothing."""
    db.execute("BEGIN IMMEDIATE")
    for statement in _statements(tables):
        db.execute(statement)
    db.execute("INSERT INTO ledger VALUES (1, ?, ?)", (owner.mode, owner.account))
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.execute("COMMIT")


def _statements(script: str) -> list[str]:
    """The statements one by one: `executescript` would commit before the first."""
    found, begun = [], ""
    for line in script.splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def _back_up(db: sqlite3.Connection, kept: Path) -> None:
    """Copy the log as SQLite sees it, its WAL included; under `kept` it is whole or not there."""
    begun = kept.with_name(f"{kept.name}.part")
    try:
        begun.unlink(missing_ok=True)
        with open(begun, "wb", opener=private):
            pass  # SQLite keeps the mode of the file it finds
        with closing(sqlite3.connect(begun)) as copy:
            db.backup(copy)
        durably(begun, kept)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(
            f"{kept}: the backup before an update of the log cannot be made ({error}); free space "
            "or mend the folder"
        ) from None


def durably(begun: Path, kept: Path) -> None:
    """Give a finished file its name, so that neither can be lost to a power cut.

    Raises OSError.
    """
    _sync(begun)
    begun.replace(kept)
    _sync(kept.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _first_owner(db: sqlite3.Connection) -> Owner:
    """Whom a version-1 log belonged to, by its first session; there were only paper ones."""
    row = db.execute(
        "SELECT payload FROM events WHERE kind = 'SessionOpened' ORDER BY seq LIMIT 1"
    ).fetchone()
    if row is None:
        return PAPER
    try:
        mode = orjson.loads(row[0])["mode"]
    except (KeyError, TypeError, orjson.JSONDecodeError):
        return PAPER  # a damaged event, which the chain will tell of
    return PAPER if mode == PAPER.mode else Owner(str(mode), "unknown")


def _see_whose(db: sqlite3.Connection, name: str, owner: Owner) -> None:
    row = db.execute("SELECT mode, account FROM ledger").fetchone()
    if row is None:
        raise LedgerError(f"{name}: does not say whose ledger it is; move the file away")
    found = Owner(*row)
    if found != owner:
        raise LedgerError(
            f"{name}: the ledger of {found}, and this run is of {owner}; it is left as it is: "
            "move the file away, or set TRADE_CONSOLE_HOME to another folder"
        )
