"""The hash chain of an event log: how each event is tied to the one before it, and where it breaks.

Owns the hash of a row and the verification of rows. Opens nothing for writing and mends nothing;
that is `engine.log_repair`'s.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

from engine.errors import LedgerError

GENESIS = b"\x00" * 32
"""What the first event is tied to."""

COLUMNS = "seq, t_ms, kind, payload, hash"

Row = tuple[int, int, str, bytes, bytes]
"""`COLUMNS` of one event."""


class BrokenChain(LedgerError):  # noqa: N818 - the field's name for it
    """An event was changed, lost, moved or made unreadable outside the program."""

    def __init__(self, name: str, seq: int) -> None:
        """`seq`: the first event that is not what was written."""
        self.seq = seq
        super().__init__(
            f"{name}: the hash chain breaks at event {seq}; the log was changed outside the "
            "program: keep the file as evidence and move it away"
        )


def link(previous: bytes, seq: int, t_ms: int, kind: str, payload: bytes) -> bytes:
    """The hash of an event that follows the one whose hash is `previous`."""
    row = b"%d %d %s " % (seq, t_ms, kind.encode())
    return hashlib.sha256(previous + row + payload).digest()


def verified(
    rows: Iterable[Row], name: str, before: tuple[int, bytes] = (0, GENESIS)
) -> Iterator[Row]:
    """The rows, each as soon as it is verified; `before` is the event they follow, and its hash.

    Raises BrokenChain at the first that is not what was written, `name` being the log's.
    """
    seq, previous = before
    for row in rows:
        seq += 1
        found, t_ms, kind, payload, stored = row
        if not _typed(t_ms, kind, payload):  # a torn page
            raise BrokenChain(name, seq)
        previous = link(previous, found, t_ms, kind, payload)
        if found != seq or previous != stored:
            raise BrokenChain(name, seq)
        yield row


def _typed(t_ms: object, kind: object, payload: object) -> bool:
    """Whether a row holds what its table promises, which is looked at where it is written alone."""
    return isinstance(t_ms, int) and isinstance(kind, str) and isinstance(payload, bytes)


def check_chain(path: Path, most: int) -> int:
    """Verify the newest `most` events of the log at `path`, which is opened for reading only.

    Returns how many there were. Raises LedgerError where the log is unreadable or its chain broken.
    """
    try:
        with closing(sqlite3.connect(_read_only(path), uri=True)) as db:
            rows = db.execute(
                f"SELECT {COLUMNS} FROM events ORDER BY seq DESC LIMIT ?",  # noqa: S608 - constant
                (most + 1,),
            ).fetchall()
    except sqlite3.Error as error:
        raise LedgerError(
            f"{path}: the event log cannot be read ({error}); move the file away to start a new one"
        ) from None
    rows.reverse()
    before = (0, GENESIS)
    if len(rows) > most:
        first = rows.pop(0)
        before = (first[0], first[4])
    return sum(1 for _ in verified(rows, str(path), before))


def _read_only(path: Path) -> str:
    """Without a WAL file nobody writes, and SQLite would leave one behind unless it is told so."""
    written = path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro" + ("" if written else "&immutable=1")
