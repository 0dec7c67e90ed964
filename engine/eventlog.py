"""The append-only event log: SQLite in WAL mode, one writer, a hash chain over the events.

Owns the file, what is written to it and when it is durable. Knows nothing of what events mean.
Three tables (`engine.log_migrations`):

* ``events``: everything that changes money, state or model. Each row's hash covers the row before
  it, so a changed, missing or reordered row is found (`engine.log_chain`).
* ``decisions``: one narrow row per decision, binary, outside the chain so that old ones may be
  pruned. The five-state history of a decision is the observations of the decisions before it in the
  same window (`history_of`), which is why it is not stored again.
* ``ledger``: one row that says whose log it is.

Rows wait in memory for the next `commit`. A disk that refuses them loses none: they go on waiting,
and `trouble` says so until it takes them.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
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
    GuardNoted,
    Learned,
    LearningNoted,
    SessionClosed,
    SessionOpened,
    StopReported,
)
from engine.log_chain import COLUMNS, GENESIS, link, verified
from engine.log_migrations import PAPER, Owner, prepare
from engine.log_reserve import Reserve

NEVER = 2**63 - 1
"""A wall time that never comes, unix milliseconds."""

NOT_HASHED = (
    Learned,
    LearningNoted,
    SessionOpened,
    SessionClosed,
    BreakerTripped,
    BreakerCleared,
    StopReported,
    GuardNoted,
)
"""Left out of `event_hash`: what was learnt changes nothing that was done, a recorded market has
the same decisions live and replayed, under two names, and what is measured in real time is the
machine's. What a breaker or a stop did to trading is in the hash, as a change of state."""

MOST_DECISIONS = 50_000
"""Decisions that may wait in memory while the disk refuses them; later ones are left out."""

_ADD_EVENT = "INSERT INTO events VALUES (?,?,?,?,?,?)"
_ADD_DECISION = (
    "INSERT INTO decisions (t_ms, asset, slug, observation, history_length, mask, probs,"
    " value, action, policy_id, outcome) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One event as read back."""

    seq: int
    t_ms: int
    """Market time, unix milliseconds."""
    event: Event


class EventLog:
    """One writer of one log file. Use from one thread only."""

    def __init__(
        self,
        path: Path | None,
        synchronous: str = "FULL",
        owner: Owner = PAPER,
        reserve: Reserve | None = None,
    ) -> None:
        """Open or create the log of `owner` at `path` (None: in memory).

        `synchronous` is SQLite's: FULL survives power loss, NORMAL survives the death of the
        process. `reserve` is room to be given up on a full disk. Raises LedgerError with one
        sentence for a file that is not this program's log, another's, or from a newer version.
        """
        self.path = path
        self.mended: str | None = None
        """What was amiss with the file and was mended before it was opened (`engine.ledgers`)."""
        self.trouble: str | None = None
        """Why the disk is not to be relied on now; nothing may be opened meanwhile."""
        self._name = str(path or "memory")
        self._digest = hashlib.sha256()
        self._reserve = reserve
        self._events: list[tuple[object, ...]] = []
        self._decisions: list[tuple[object, ...]] = []
        try:
            self._db = sqlite3.connect(str(path or ":memory:"), isolation_level=None)
        except sqlite3.Error as error:
            raise self._unusable(error) from None
        try:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute(f"PRAGMA synchronous = {synchronous}")
            prepare(self._db, path, self._name, owner)
            self._seq, self._hash = self._tip()
        except sqlite3.Error as error:
            self._db.close()
            raise self._unusable(error) from None
        except LedgerError:
            self._db.close()
            raise

    @property
    def waiting(self) -> int:
        """Events that are recorded and not durable: those since the last `commit`, and on a disk
        that refuses them, those before it too."""
        return len(self._events)

    def append(self, t_ms: int, wall_ms: int, event: Event) -> int:
        """Add one event; durable after the next `commit` that the disk takes. Returns its sequence
        number."""
        payload = orjson.dumps(event)
        kind = type(event).__name__
        self._seq += 1
        self._hash = link(self._hash, self._seq, t_ms, kind, payload)
        self._events.append((self._seq, t_ms, wall_ms, kind, payload, self._hash))
        if not isinstance(event, NOT_HASHED):
            self._digest.update(b"%d %s " % (t_ms, kind.encode()) + payload)
        return self._seq

    def decide(self, decision: Decision) -> None:
        """Add one decision row."""
        observation = decision.observation.tobytes()
        self._digest.update(b"%d %d " % (decision.t_ms, decision.action) + observation)
        if len(self._decisions) >= MOST_DECISIONS:
            return
        self._decisions.append(
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
            )
        )

    def commit(self) -> None:
        """Make durable what waits. Where the disk refuses, everything goes on waiting, and
        `trouble` says why; the reserve is then given up for the events alone."""
        if self._reserve is None or self._reserve.restore():
            refusal = self._store(self._events, self._decisions)
            self.trouble = refusal
            if refusal is None or self._reserve is None or not self._reserve.give_up():
                return
        elif self.trouble is None:
            self.trouble = f"the disk of {self._name} has no room left for a reserve"
        self._store(self._events, [])

    def replay(self) -> Iterator[Recorded]:
        """Every event from the first, verified against the chain."""
        self.commit()
        rows = self._db.execute(f"SELECT {COLUMNS} FROM events ORDER BY seq")  # noqa: S608 - constant
        for seq, t_ms, kind, payload, _ in verified(rows, self._name):
            yield Recorded(seq, t_ms, self._decode(seq, kind, payload))

    def newest_ms(self) -> int | None:
        """Market time that an earlier process had reached; None for a new log."""
        self.commit()
        found: int | None = self._db.execute(
            "SELECT max(t) FROM (SELECT max(t_ms) AS t FROM events UNION ALL"
            " SELECT t_ms FROM (SELECT t_ms FROM decisions ORDER BY id DESC LIMIT 1))"
        ).fetchone()[0]
        return found

    def halted_ms(self) -> int | None:
        """Wall time, unix milliseconds, at which this log's last word on the trading state was
        HALTED; None where it was another, or there is none. A time that a damaged page does not
        tell counts as `NEVER`: no RESUME came after it."""
        self.commit()
        last = self._db.execute(
            "SELECT CASE typeof(wall_ms) WHEN 'integer' THEN wall_ms END,"
            " json_extract(CAST(payload AS TEXT), '$.after')"
            " FROM events WHERE kind = 'StateChanged' ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if last is None or last[1] != "HALTED":
            return None
        return NEVER if last[0] is None else int(last[0])

    def decided(self) -> int:
        """How many decisions the log holds, of every session."""
        return int(self._db.execute("SELECT coalesce(max(id), 0) FROM decisions").fetchone()[0])

    def history_of(self, decision_id: int) -> tuple[bytes, ...]:
        """The float32 observations behind a decision's history, oldest first, itself last."""
        self.commit()
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
        """Commit and close. Raises LedgerError where events could not be kept after all."""
        self.commit()
        lost, self._events, self._decisions = len(self._events), [], []
        self._db.close()
        if lost:
            raise LedgerError(
                f"{self.trouble}: {lost} events since the last commit are lost; free space or mend "
                "the folder before the next start, which asks the venue what became of them"
            )

    def _store(
        self, events: list[tuple[object, ...]], decisions: list[tuple[object, ...]]
    ) -> str | None:
        """Write rows in one transaction and take them off the waiting. Returns why the disk
        refused; the file then holds what it held before."""
        if not events and not decisions:
            return None
        try:
            if self.trouble is not None:  # a COMMIT whose answer was an error may have been kept
                kept = self._tip()[0]
                events[:] = [row for row in events if row[0] > kept]  # type: ignore[operator]  # a sequence number
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(_ADD_EVENT, events)
            self._db.executemany(_ADD_DECISION, decisions)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")
            return f"{self._name} cannot be written ({error})"
        events.clear()
        decisions.clear()
        return None

    def _unusable(self, error: sqlite3.Error) -> LedgerError:
        return LedgerError(
            f"{self._name}: the event log cannot be opened ({error}); "
            "move the file away to start a new one"
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
