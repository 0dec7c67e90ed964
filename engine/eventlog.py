"""The append-only event log: SQLite in WAL mode, one writer, a hash chain over the events.

Owns the file and its integrity. Knows nothing of what events mean. Two tables:

* ``events``: everything that changes money, state or model. Each row's hash covers the row before
  it, so a changed, missing or reordered row is found when the log is opened.
* ``decisions``: one narrow row per decision, binary, outside the chain so that old ones may be
  pruned. The five-state history of a decision is the observations of the decisions before it in the
  same window (`history_of`), which is why it is not stored again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from engine.decision import Decision
from engine.errors import LedgerError
from engine.events import (
    KINDS,
    BreakerCleared,
    BreakerTripped,
    Event,
    Learned,
    LearningNoted,
    SessionClosed,
    SessionOpened,
    StopReported,
)

SCHEMA_VERSION = 1
GENESIS = b"\x00" * 32

NOT_HASHED = (
    Learned,
    LearningNoted,
    SessionOpened,
    SessionClosed,
    BreakerTripped,
    BreakerCleared,
    StopReported,
)
"""Left out of `event_hash`: what was learnt changes nothing that was done, a recorded market has
the same decisions live and replayed, under two names, and what is measured in real time is the
machine's. What a breaker or a stop did to trading is in the hash, as a change of state."""

_SCHEMA = """
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


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as read back."""

    seq: int
    t_ms: int
    """Market time, unix milliseconds."""
    event: Event


class EventLog:
    """One writer of one log file. Use from one thread only."""

    def __init__(self, path: Path | None, synchronous: str = "FULL") -> None:
        """Open or create the log at `path` (None: in memory).

        `synchronous` is SQLite's: FULL survives power loss, NORMAL survives the death of the
        process. Raises LedgerError with one sentence for a file that is not this program's log,
        is from a newer version, or has a broken chain.
        """
        self.path = path
        self._name = str(path or "memory")
        self._digest = hashlib.sha256()
        self._open = False
        try:
            self._db = sqlite3.connect(str(path or ":memory:"), isolation_level=None)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            self._prepare()
            self._seq, self._hash = self._tip()
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from None
        except LedgerError:
            self._db.close()
            raise

    def append(self, t_ms: int, wall_ms: int, event: Event) -> int:
        """Add one event; durable after the next `commit`. Returns its sequence number."""
        payload = orjson.dumps(event)
        kind = type(event).__name__
        self._begin()
        self._seq += 1
        self._hash = _link(self._hash, self._seq, t_ms, kind, payload)
        self._write(
            "INSERT INTO events VALUES (?,?,?,?,?,?)",
            (self._seq, t_ms, wall_ms, kind, payload, self._hash),
        )
        if not isinstance(event, NOT_HASHED):
            self._digest.update(b"%d %s " % (t_ms, kind.encode()) + payload)
        return self._seq

    def decide(self, decision: Decision) -> None:
        """Add one decision row."""
        self._begin()
        observation = decision.observation.tobytes()
        self._write(
            "INSERT INTO decisions (t_ms, asset, slug, observation, history_length, mask, probs,"
            " value, action, policy_id, outcome) VALUES (?,?,?,?,?,?,?,?,?,?,?)",
            (
                decision.t_ms,
                decision.asset,
                decision.slug,
                observation,
                len(decision.history),
                decision.mask_bits,
                np.asarray(decision.probs, np.float32).tobytes(),
                decision.value,
                decision.action,
                decision.policy_id,
                decision.outcome,
            ),
        )
        self._digest.update(b"%d %d " % (decision.t_ms, decision.action) + observation)

    def commit(self) -> None:
        if self._open:
            self._write("COMMIT")
            self._open = False

    def replay(self) -> Iterator[Recorded]:
        """Every event from the first, verified against the chain."""
        previous = GENESIS
        rows = self._db.execute("SELECT seq, t_ms, kind, payload, hash FROM events ORDER BY seq")
        for expected, (seq, t_ms, kind, payload, stored) in enumerate(rows, start=1):
            previous = _link(previous, seq, t_ms, kind, payload)
            if seq != expected or previous != stored:
                raise _broken(self._name, expected)
            yield Recorded(seq, t_ms, self._decode(seq, kind, payload))

    def newest_ms(self) -> int | None:
        """Market time that an earlier process had reached; None for a new log."""
        found: int | None = self._db.execute(
            "SELECT max(t) FROM (SELECT max(t_ms) AS t FROM events UNION ALL"
            " SELECT t_ms FROM (SELECT t_ms FROM decisions ORDER BY id DESC LIMIT 1))"
        ).fetchone()[0]
        return found

    def decided(self) -> int:
        """How many decisions the log holds, of every session."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM decisions").fetchone()[0])

    def history_of(self, decision_id: int) -> tuple[bytes, ...]:
        """The float32 observations behind a decision's history, oldest first, itself last."""
        row = self._db.execute(
            "SELECT slug, history_length FROM decisions WHERE id = ?", (decision_id,)
        ).fetchone()
        if row is None:
            raise KeyError(decision_id)
        found = self._db.execute(
            "SELECT observation FROM decisions WHERE slug = ? AND id <= ? ORDER BY id DESC LIMIT ?",
            (row[0], decision_id, row[1]),
        ).fetchall()
        return tuple(observation for (observation,) in reversed(found))

    def digest(self) -> str:
        """Hash of what this process decided and did, free of wall clock and of earlier sessions.

        The challenger's updates and files are left out: they change nothing that decides, and
        where they stand between two ticks depends on the machine's pace.
        """
        return self._digest.hexdigest()

    def close(self) -> None:
        self.commit()
        self._db.close()

    def _begin(self) -> None:
        if not self._open:
            self._write("BEGIN")
            self._open = True

    def _write(self, sql: str, values: tuple[object, ...] = ()) -> None:
        """Raises LedgerError where the disk refuses; the log then ends with its last commit."""
        try:
            self._db.execute(sql, values)
        except sqlite3.Error as error:
            self._open = False  # what was not committed is lost, and closing must not commit it
            raise LedgerError(
                f"{self._name}: cannot be written ({error}); free space or check the folder, and "
                "start again: everything up to the last commit is kept"
            ) from None

    def _unusable(self, error: sqlite3.Error) -> LedgerError:
        return LedgerError(
            f"{self._name}: the event log cannot be opened ({error}); "
            "move the file away to start a new one"
        )

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"{self._name}: written by a newer trade-console (schema {version}, this one reads "
                f"{SCHEMA_VERSION}); update the program"
            )
        if version == 0:
            self._db.executescript(
                f"BEGIN; {_SCHEMA} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

    def _tip(self) -> tuple[int, bytes]:
        row = self._db.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return (0, GENESIS) if row is None else (row[0], row[1])

    def _decode(self, seq: int, kind: str, payload: bytes) -> Event:
        try:
            return KINDS[kind](**orjson.loads(payload))
        except (KeyError, TypeError, orjson.JSONDecodeError) as error:
            raise LedgerError(
                f"{self._name}: event {seq} ({kind}) cannot be read ({error}); update the program"
            ) from None


def check_chain(path: Path, most: int) -> int:
    """Verify the newest `most` events of the log at `path`, which is opened for reading only.

    Returns how many there were. Raises LedgerError where the log is unreadable or its chain broken.
    """
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True)) as db:
            rows = db.execute(
                "SELECT seq, t_ms, kind, payload, hash FROM events ORDER BY seq DESC LIMIT ?",
                (most + 1,),
            ).fetchall()
    except sqlite3.Error as error:
        raise LedgerError(
            f"{path}: the event log cannot be read ({error}); move the file away to start a new one"
        ) from None
    rows.reverse()
    before = rows.pop(0) if len(rows) > most else (0, 0, "", b"", GENESIS)
    for row in rows:
        seq, t_ms, kind, payload, stored = row
        if seq != before[0] + 1 or _link(before[4], seq, t_ms, kind, payload) != stored:
            raise _broken(str(path), before[0] + 1)
        before = row
    return len(rows)


def _read_only(path: Path) -> str:
    """Without a WAL file nobody writes, and SQLite would leave one behind unless it is told so."""
    written = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro" + ("" if written else "&immutable=1")


def _broken(name: str, seq: int) -> LedgerError:
    return LedgerError(
        f"{name}: the hash chain breaks at event {seq}; the log was changed outside the program: "
        "keep the file as evidence and move it away"
    )


def _link(previous: bytes, seq: int, t_ms: int, kind: str, payload: bytes) -> bytes:
    row = b"%d %d %s " % (seq, t_ms, kind.encode())
    return hashlib.sha256(previous + row + payload).digest()
