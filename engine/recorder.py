"""Writes down what real venues send, in parts of one window each, ready to be replayed.

Owns the lines and where a part begins. The engine hands over bytes and goes on: writing is
`engine.recorder_thread`. Knows no row's meaning; what a part must begin with is asked of whoever
reads the rows.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson

from engine.feeds.live.clock import MarketClock
from engine.feeds.rows import RowReader
from engine.feeds_view import RecorderView
from engine.market import ASSETS
from engine.recorder_file import session_folder
from engine.recorder_thread import MB, Disk, Head, Writer
from engine.recording import Header
from engine.recording_parts import part_name
from engine.settings import Settings

HAS = frozenset({"book", "binance"})
"""Sources that a live market promises (`engine.recording.SOURCES`)."""

LACKS = frozenset({"mid"})
"""Sources that do not exist there."""

State = Callable[[int], list[tuple[str, object]]]
"""Rows (src, data) that tell a fresh reader all that is known at that market time."""


class Recorder:
    """One session being recorded. To be called from one thread."""

    def __init__(
        self,
        folder: Path,
        header: Header,
        window_ms: int,
        carried: State,
        floor_bytes: int,
        disk: Disk | None = None,
    ) -> None:
        """Record into `folder`, which exists and holds no part yet.

        A part ends where market time is a multiple of `window_ms`; recording ends when less than
        `floor_bytes` are free.
        """
        self._folder = folder
        self._header = header
        self._window_ms = window_ms
        self._carried = carried
        self._window = -1
        self._parts = 0
        self._writer = Writer(folder, floor_bytes, disk)

    def row(self, t_ms: int, src: str, raw: bytes) -> None:
        """Write a row down, before it is decoded: a part's first row is not part of what is known.

        `raw` is the JSON of its data on one line. It is written as it is.
        """
        if not self._writer.writes:
            return
        window = t_ms // self._window_ms
        if window != self._window:
            self._window = window
            self._begin_part(t_ms)
        self._writer.line(b'{"t":%d,"src":"%b","data":%b}\n' % (t_ms, src.encode(), raw))

    def view(self) -> RecorderView:
        """What is on disk by now, and why no more is written."""
        writer = self._writer
        return RecorderView(
            on=writer.writes,
            path=str(self._path) if self._parts else str(self._folder),
            rows=writer.rows,
            written=writer.written,
            parts=self._parts,
            why=writer.why,
        )

    def close(self) -> None:
        """Finish the last part; the disk has a bounded time for it."""
        self._writer.close()

    @property
    def _path(self) -> Path:
        return self._folder / part_name(self._parts)

    def _begin_part(self, t_ms: int) -> None:
        self._parts += 1
        known = (_carried_line(t_ms, src, data) for src, data in self._carried(t_ms))
        self._writer.begin(Head(self._path, b"".join([self._header.line(self._parts), *known])))


def live_recorder(
    folder: Path, settings: Settings, clock: MarketClock, reader: RowReader
) -> Recorder:
    """The recorder of a live run that begins now, in a session folder of its own in `folder`.

    Raises RecordingError, one sentence, where the folder cannot be made.
    """
    session = session_folder(folder, clock.now_ms())
    header = Header(
        name=f"live {session.name}",
        assets=tuple(asset for asset in ASSETS if asset in settings.feeds.assets),
        has=HAS,
        lacks=LACKS,
        session=session.name,
    )
    window_ms = settings.feeds.window_seconds * 1000
    return Recorder(session, header, window_ms, reader.carried, settings.feeds.disk_floor_mb * MB)


def _carried_line(t_ms: int, src: str, data: object) -> bytes:
    row = {"t": t_ms, "src": src, "data": data, "carried": True}
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
