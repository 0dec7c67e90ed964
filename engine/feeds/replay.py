"""Recordings of real markets as a feed: the same messages, in market time, every time.

Owns the order in which a recording is given out, and nothing of what it says: the files are
`engine.recording_parts`, time `replay_order`, meaning `rows`. It streams: at most one row is
held beside the few that wait for their time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from engine.feeds.feed import FeedInfo
from engine.feeds.replay_order import in_time_order, opened
from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_channel import SRC as CHANNEL
from engine.messages import BadMessage, Message
from engine.recording import NO_SRC, Fault, Row
from engine.recording_parts import Session


class ReplayFeed:
    """One recording, a file or a session's folder. `poll` it with rising times until `next_ms` is
    None.

    Raises RecordingError, one sentence, where it cannot be used; during a poll only where its
    rows turn out not to be in time order.
    """

    def __init__(self, path: Path, grid_ms: int = 500) -> None:
        """Open `path`; the first decision tick falls on a multiple of `grid_ms`."""
        self._recording = Session(path)
        self._reader = RowReader()
        try:
            start_ms, rows = opened(in_time_order(self._recording.rows(), str(path)), str(path))
            self._messages = self._stream(rows, start_ms)
            self._next = next(self._messages, None)
        except Exception:  # whatever it was, it is raised again once the file is closed
            self.close()
            raise
        header = self._recording.header
        self._info = FeedInfo(
            name=f"replay {header.name}",
            assets=header.assets,
            has=header.has,
            lacks=header.lacks,
            start_ms=-(-start_ms // grid_ms) * grid_ms,
            end_ms=None,
        )

    @property
    def info(self) -> FeedInfo:
        """What the header says. The end is not known before it is read: `end_ms` is None."""
        return self._info

    @property
    def warning(self) -> str | None:
        """One sentence where a file turned out to be cut, damaged or missing; None so far."""
        return self._recording.warning

    @property
    def ignored(self) -> Mapping[str, int]:
        """Rows of unknown kind so far, by kind."""
        return self._reader.ignored

    def poll(self, until_ms: int) -> Iterator[Message]:
        """Messages with ``t_ms <= until_ms`` not yet given, in time order, read as consumed."""
        while self._next is not None and self._next.t_ms <= until_ms:
            message = self._next
            self._next = next(self._messages, None)
            yield message

    def next_ms(self) -> int | None:
        """Market time of the next message, unix milliseconds; None at the end."""
        return None if self._next is None else self._next.t_ms

    def close(self) -> None:
        self._recording.close()

    def _stream(self, rows: Iterator[Row | Fault], start_ms: int) -> Iterator[Message]:
        now = start_ms
        for row in rows:
            if isinstance(row, Fault):
                yield BadMessage(now, row.src, row.reason)
                yield from self._broken(now, row)
            else:
                now = row.t_ms
                yield from self._reader.messages(row)

    def _broken(self, now: int, fault: Fault) -> Iterable[Message]:
        """A line that cannot be read may have held a change of any book."""
        if fault.src not in (CHANNEL, NO_SRC):
            return ()
        lost = {"name": CHANNEL, "state": "lost", "why": fault.reason}
        return self._reader.messages(Row(now, "stream", lost))
