"""Everything that arrives, stamped with market time and queued until the engine asks.

Owns the stamps and the queue. What is handed over is exactly what will be recorded: `Arrival.raw`
is the JSON of `Arrival.row.data`, so a recording replays what was decoded here. What a row means
is not looked at.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import orjson

from engine.feeds.live.clock import MarketClock
from engine.recording import LINE_LIMIT, Row

MOST_WAITING = 100_000
"""Rows that may wait. Beyond it frames are refused, and their streams are told lost."""

DEEP = 200
"""Deepest nesting that is read; no venue's message comes near. The parser alone would allow 1024
and a recording, whose line lies deeper than the message, would then not give it back."""

_SHELL = 1024 - DEEP


class Arrival(NamedTuple):
    """One row, and the bytes to record for it."""

    row: Row
    raw: bytes
    """The JSON of the row's data, on one line."""


class Inbox:
    """Rows in the order of their arrival. Stamps never fall, and never lie at or before what was
    already taken."""

    def __init__(self, clock: MarketClock, most_frame: int) -> None:
        self.refused: Counter[str] = Counter()
        """Frames that were not accepted because too many rows waited, by source."""
        self._clock = clock
        self._most_frame = min(most_frame, LINE_LIMIT - 4096)
        self._waiting: deque[Arrival] = deque()
        self._stamp_ms = 0
        self._lost: set[str] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, src: str, raw: bytes) -> Row | None:
        """One frame of a stream, or one whole answer; None: refused, too many rows wait.

        What cannot be read becomes a row whose data is a sentence saying so.
        """
        return self.add(src, [(raw, self.read(raw))])

    def read(self, raw: bytes) -> Any:
        """The parsed frame; a sentence (str) where it cannot be read."""
        if len(raw) > self._most_frame:
            return f"a message of {len(raw)} bytes; more than {self._most_frame} are not read"
        try:
            data = orjson.loads(raw)
            if raw.count(b"[") + raw.count(b"{") > DEEP:
                orjson.loads(b"[" * _SHELL + raw + b"]" * _SHELL)
        except orjson.JSONDecodeError as error:
            return f"not JSON: {error}"
        # A sentence of the venue's own would pass for one of ours.
        return f"only a text: {data:.60}" if isinstance(data, str) else data

    def add(self, src: str, frames: Iterable[tuple[bytes, Any]]) -> Row | None:
        """Frames with what `read` gave for them, all under one stamp; the last one's row.

        None: refused, too many rows wait.
        """
        row = None
        stamp = self._stamp()
        if self._lost and len(self._waiting) < MOST_WAITING // 2:
            self._lost.clear()
        for raw, data in frames:
            if len(self._waiting) >= MOST_WAITING:
                self._refuse(src)
                return None
            row = Row(stamp, src, data)
            self._waiting.append(Arrival(row, _line(raw, data)))
        return row

    def put_answer(self, src: str, raw: bytes, **context: object) -> Row:
        """An answer with what is needed to read it: ``{**context, "answer": parsed}``."""
        answer = self.read(raw)
        if isinstance(answer, str):
            return self._push(src, answer, orjson.dumps(answer))
        head = orjson.dumps(context)[:-1] + (b"," if context else b"")
        spliced = b'%b"answer":%b}' % (head, _line(raw, answer))
        return self._push(src, {**context, "answer": answer}, spliced)

    def say(self, src: str, data: dict[str, Any]) -> None:
        """A row of our own, of plain JSON values."""
        self._push(src, data, orjson.dumps(data))

    def say_at(self, t_ms: int, src: str, data: dict[str, Any]) -> None:
        """The same of an instant that has just passed: the machine slept from then until now."""
        self._stamp_ms = max(self._stamp_ms, t_ms)
        self._waiting.append(Arrival(Row(self._stamp_ms, src, data), orjson.dumps(data)))

    def take(self, until_ms: int) -> Iterator[Arrival]:
        """What was stamped at or before `until_ms`; whatever arrives later is stamped later."""
        self._stamp_ms = max(self._stamp_ms, until_ms + 1)
        return self._taken(until_ms)

    def next_ms(self) -> int | None:
        """Stamp of the next row; None: none waits."""
        return self._waiting[0].row.t_ms if self._waiting else None

    def _taken(self, until_ms: int) -> Iterator[Arrival]:
        while self._waiting and self._waiting[0].row.t_ms <= until_ms:
            yield self._waiting.popleft()

    def _push(self, src: str, data: Any, raw: bytes) -> Row:
        row = Row(self._stamp(), src, data)
        self._waiting.append(Arrival(row, raw))
        return row

    def _stamp(self) -> int:
        self._stamp_ms = max(self._stamp_ms, self._clock.now_ms())
        return self._stamp_ms

    def _refuse(self, src: str) -> None:
        self.refused[src] += 1
        if src not in self._lost:
            self._lost.add(src)
            why = f"{len(self._waiting)} messages wait; no more are taken"
            self.say("stream", {"name": src, "state": "lost", "why": why})


def is_readable(row: Row | None) -> bool:
    """Whether what was put was taken, and is more than a sentence on why it cannot be read."""
    return row is not None and not isinstance(row.data, str)


def _line(raw: bytes, data: Any) -> bytes:
    """`raw` as it may stand in a recording: a sentence in its place, or on one line.

    Within JSON a line break can only be space between tokens.
    """
    if isinstance(data, str):
        return orjson.dumps(data)
    return raw.replace(b"\n", b" ").replace(b"\r", b" ")
