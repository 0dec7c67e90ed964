"""The rows of a recording in time order, or a refusal.

Owns time: rows are promised in order of receipt and mostly come so. One kind does not. A
`resolution` row is stamped with the moment its verdict is known, and may be written right after
its window's last message, ahead of the next window's rows: such a verdict waits here until its
time comes, so that nobody learns an outcome early. What a row says is not looked at.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from itertools import chain, count, islice

from engine.errors import RecordingError
from engine.recording import Fault, Row, plain

SLACK_MS = 1_000
"""A row up to this much older than its predecessor is kept, at its predecessor's time: two
sockets of one recorder may be written a little out of turn. An older one is dropped."""

LEAP_MS = 7 * 86_400_000
"""A row or verdict further ahead than this is dropped: recorders sleep for hours, not weeks, and
one bad stamp must not carry the clock where every later row looks old."""

STRAY_LIMIT = 40
"""Rows dropped for their time in unbroken succession after which the file is refused."""

HEAD = 100
"""Rows judged before any is used; a file in which more than half of them are bad is refused."""


def in_time_order(rows: Iterable[Row | Fault], name: str) -> Iterator[Row | Fault]:
    """The same rows with times that never fall; verdicts wait for theirs.

    A row out of time (`SLACK_MS`, `LEAP_MS`) becomes a Fault. Raises RecordingError where
    `STRAY_LIMIT` of them follow each other.
    """
    now, strays = 0, 0
    arrival = count()
    verdicts: list[tuple[int, int, Row]] = []
    for row in rows:
        if isinstance(row, Fault):
            yield row
        elif now and _is_stray(row, now):
            strays += 1
            _refuse_unordered(strays, name)
            yield _stray(row, now)
        elif row.src == "resolution":
            heapq.heappush(verdicts, (max(row.t_ms, now), next(arrival), row))
        else:
            now, strays = max(now, row.t_ms), 0
            yield from _due(verdicts, now)
            yield row if row.t_ms == now else row._replace(t_ms=now)
    yield from _due(verdicts, None)


def opened(rows: Iterable[Row | Fault], name: str) -> tuple[int, Iterator[Row | Fault]]:
    """Time of the first good row, unix milliseconds, and all rows, the first ones included.

    Raises RecordingError where there is no row, or where most of the first ones are bad.
    """
    stream = iter(rows)
    head = list(islice(stream, HEAD))
    if not head:
        raise RecordingError(f"{name}: holds a header and nothing else; record it again")
    faults = [row for row in head if isinstance(row, Fault)]
    if 2 * len(faults) > len(head):
        raise RecordingError(
            f"{name}: {len(faults)} of its first {len(head)} rows cannot be used "
            f"(first: {faults[0].reason})"
        )
    start_ms = next(row.t_ms for row in head if isinstance(row, Row))
    return start_ms, chain(head, stream)


def _due(verdicts: list[tuple[int, int, Row]], until_ms: int | None) -> Iterator[Row]:
    while verdicts and (until_ms is None or verdicts[0][0] <= until_ms):
        t_ms, _, row = heapq.heappop(verdicts)
        yield row._replace(t_ms=t_ms)


def _is_stray(row: Row, now: int) -> bool:
    """A late verdict is a verdict all the same: only its lead is limited."""
    if row.t_ms > now + LEAP_MS:
        return True
    return row.src != "resolution" and row.t_ms < now - SLACK_MS


def _stray(row: Row, now: int) -> Fault:
    apart = (row.t_ms - now) / 1000
    way = "after" if apart > 0 else "before"
    return Fault(plain(row.src), f"its time is {abs(apart):.3f} s {way} that of the last row")


def _refuse_unordered(strays: int, name: str) -> None:
    if strays >= STRAY_LIMIT:
        raise RecordingError(
            f"{name}: its rows are not in time order; sort them by t below the header"
        )
