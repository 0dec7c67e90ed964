"""Sessions recorded for tests: rows in, a folder of parts out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from engine.feeds_view import RecorderView
from engine.recorder import Recorder, State
from engine.recorder_thread import Disk
from engine.recording import Carried, Fault, Header, Row
from engine.recording_parts import Session

WINDOW_MS = 900_000

HEADER = Header(
    name="live test",
    assets=("BTC", "ETH"),
    has=frozenset({"book", "binance"}),
    lacks=frozenset({"mid"}),
    session="test",
)


def nothing(_t_ms: int) -> list[tuple[str, object]]:
    """What a reader knows that never heard anything."""
    return []


def recorder(
    folder: Path, carried: State = nothing, floor: int = 0, disk: Disk | None = None
) -> Recorder:
    folder.mkdir(exist_ok=True)
    return Recorder(folder, HEADER, WINDOW_MS, carried, floor, disk)


def raw(data: object) -> bytes:
    return json.dumps(data).encode()


def record(folder: Path, rows: Iterable[Row], carried: State = nothing) -> RecorderView:
    """A session of these rows in `folder`."""
    with closing(recorder(folder, carried)) as writing:
        for row in rows:
            writing.row(row.t_ms, row.src, raw(row.data))
    return writing.view()


def read(path: Path) -> list[Row | Fault]:
    """Every row of a part or session, as plain rows."""
    with closing(Session(path)) as session:
        return [Row(*row) if isinstance(row, Carried) else row for row in session.rows()]
