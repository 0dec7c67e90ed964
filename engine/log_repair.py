"""A log whose hash chain is broken: the damaged file kept as evidence, the verified part gone on.

Owns the mending. Nothing is thrown away: the damaged file stays beside the new one, under a name
that says what it is. The new log's last event says HALTED, so that no kill between the mending and
the latch can bring a damaged past to trade unseen.

A process killed at any step is gone on with by the next start: until the new log is whole, the
damaged file has its name; after that, a log without a file of its name is the new one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import tee
from pathlib import Path
from typing import Any

import orjson

from engine.errors import LedgerError
from engine.events import StateChanged
from engine.home import private
from engine.log_chain import COLUMNS, GENESIS, BrokenChain, link, verified
from engine.log_migrations import SCHEMA_VERSION, Owner, durably, prepare
from engine.trading_state import TradingState

CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_IOERR_SHORT_READ}
"""What SQLite answers where a page is torn or gone; a file that is no database is another's."""

_DECISIONS = (
    "t_ms, asset, slug, observation, history_length, mask, probs, value, action, policy_id, outcome"
)


@dataclass(slots=True)
class _Tip:
    """How far the new log has come."""

    seq: int = 0
    t_ms: int = 0
    hash: bytes = GENESIS


def mend(path: Path, owner: Owner, wall_ms: int) -> str | None:
    """See that the log at `path` is one unbroken chain, and begin a new one where it is not.

    `wall_ms` is now, by the wall clock: no RESUME before it counts. Returns the sentence that tells
    of it; None: nothing was amiss. Leaves to whoever opens the log what is no log or of another
    version. Raises LedgerError where the new one cannot be written.
    """
    begun = path.with_name(f"{path.name}.mended")
    try:
        if not path.exists():
            return _finish(path, begun) if begun.exists() else None
        seq = _broken_at(path, owner)
        if seq is None:
            return None
        kept = _free(path)
        sentence = (
            f"the hash chain of {path} breaks at event {seq}; kept as {kept}; "
            "everything before it was verified and is kept"
        )
        _begin_again(path, begun, owner, sentence, wall_ms)
        path.rename(kept)
        _follow(path, kept)
        durably(begun, path)
    except (OSError, sqlite3.Error) as error:
        raise LedgerError(
            f"{path}: its hash chain is broken and a new log cannot be begun ({error}); "
            "free space or mend the folder"
        ) from None
    return sentence


def _broken_at(path: Path, owner: Owner) -> int | None:
    """The first event that is not what was written; None: the chain is whole, or is no chain."""
    seq = 0
    try:
        with closing(sqlite3.connect(path)) as db:
            if not _ours(db, owner):
                return None
            for row in verified(_rows(db), str(path)):
                seq = row[0]
    except BrokenChain as broken:
        return broken.seq
    except sqlite3.Error as error:
        return seq + 1 if _torn(error) else None
    return None


def _ours(db: sqlite3.Connection, owner: Owner) -> bool:
    """Whether the log is this program's to mend and this account's, as far as can be read."""
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        return bool(version == 1)
    try:
        row = db.execute("SELECT mode, account FROM ledger").fetchone()
    except sqlite3.DatabaseError as error:
        return _torn(error)
    return row is None or Owner(*row) == owner


def _torn(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", None)  # errors of the module itself have none
    return code is not None and (code in CORRUPT or code & 0xFF in CORRUPT)


def _rows(db: sqlite3.Connection, columns: str = COLUMNS) -> Iterator[Any]:
    """Every event as it lies in the file, in one scan: an index that is torn too is not asked. Text
    that is no text is read as nothing, and breaks."""
    db.text_factory = _text
    return db.execute(f"SELECT {columns} FROM events ORDER BY seq")  # noqa: S608 - constant


def _text(raw: bytes) -> str | None:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return None  # its bytes might be those of the hash, which they must not stand for


def _begin_again(path: Path, begun: Path, owner: Owner, sentence: str, wall_ms: int) -> None:
    """Write the verified events, the decisions that can be read, and a last word: HALTED."""
    for old in (begun, *_beside(begun)):
        old.unlink(missing_ok=True)
    with open(begun, "wb", opener=private):
        pass  # SQLite keeps the mode of the file it finds
    with (
        closing(sqlite3.connect(path)) as damaged,
        closing(sqlite3.connect(begun, isolation_level=None)) as db,
    ):
        prepare(db, begun, str(begun), owner)
        db.execute("BEGIN")
        tip = _copy_events(damaged, db, str(path))
        _copy_decisions(damaged, db)
        _halt(db, tip, sentence, wall_ms)
        db.execute("COMMIT")


def _copy_events(damaged: sqlite3.Connection, db: sqlite3.Connection, name: str) -> _Tip:
    tip = _Tip()
    for seq, t_ms, wall_ms, kind, payload, stored in _whole_events(damaged, name):
        row = (seq, t_ms, wall_ms, kind, payload, stored)
        db.execute("INSERT INTO events VALUES (?,?,?,?,?,?)", row)
        tip = _Tip(seq, t_ms, stored)
    return tip


def _whole_events(
    damaged: sqlite3.Connection, name: str
) -> Iterator[tuple[int, int, int, str, bytes, bytes]]:
    """The events before the break, which ends them; errors of whoever writes them are theirs."""
    with suppress(BrokenChain, sqlite3.DatabaseError):
        rows, again = tee(_rows(damaged, f"{COLUMNS}, wall_ms"))
        events = verified((row[:5] for row in rows), name)
        for (seq, t_ms, kind, payload, stored), (*_, wall_ms) in zip(events, again, strict=True):
            known = wall_ms if isinstance(wall_ms, int) else 0  # the chain says nothing of it
            yield seq, t_ms, known, kind, payload, stored


def _copy_decisions(damaged: sqlite3.Connection, db: sqlite3.Connection) -> None:
    with suppress(sqlite3.IntegrityError):  # a torn page may also read as rows of nothing
        for row in _whole_decisions(damaged):
            marks = ",".join("?" * len(row))
            db.execute(f"INSERT INTO decisions (id, {_DECISIONS}) VALUES ({marks})", row)  # noqa: S608 - constant


def _whole_decisions(damaged: sqlite3.Connection) -> Iterator[tuple[object, ...]]:
    """As many as can be read, from the first; they lie outside the chain and move no money."""
    damaged.text_factory = str
    with suppress(sqlite3.DatabaseError):
        yield from damaged.execute(f"SELECT id, {_DECISIONS} FROM decisions ORDER BY id")  # noqa: S608 - constant


def _halt(db: sqlite3.Connection, tip: _Tip, sentence: str, wall_ms: int) -> None:
    event = StateChanged(TradingState.STARTING.value, TradingState.HALTED.value, sentence)
    kind, payload = type(event).__name__, orjson.dumps(event)
    stored = link(tip.hash, tip.seq + 1, tip.t_ms, kind, payload)
    row = (tip.seq + 1, tip.t_ms, wall_ms, kind, payload, stored)
    db.execute("INSERT INTO events VALUES (?,?,?,?,?,?)", row)


def _finish(path: Path, begun: Path) -> str:
    """Go on where a process was killed after the damaged file had been renamed."""
    with closing(sqlite3.connect(begun)) as db:
        (payload,) = db.execute("SELECT payload FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    _follow(path, _newest(path))
    durably(begun, path)
    return str(orjson.loads(payload)["reason"])


def _follow(path: Path, kept: Path) -> None:
    """Have the side files go after the file: they must never meet the new one of its name."""
    for side, moved in zip(_beside(path), _beside(kept), strict=True):
        if side.exists():
            side.rename(moved)


def _beside(path: Path) -> tuple[Path, Path]:
    """SQLite's side files; without its WAL a log is not the log it was."""
    return path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")


def _free(path: Path) -> Path:
    number = 1
    while (kept := _broken_name(path, number)).exists():
        number += 1
    return kept


def _newest(path: Path) -> Path:
    number = 1
    while _broken_name(path, number + 1).exists():
        number += 1
    return _broken_name(path, number)


def _broken_name(path: Path, number: int) -> Path:
    """Not ending like a log, so that nobody takes it for one."""
    return path.with_name(f"{path.name}.broken-{number}")
