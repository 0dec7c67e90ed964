"""A recording of one file or of many: the parts of a session, read as one.

Owns which files belong to a session and what follows where they do not follow each other. Each part
begins with what was known by then (`Carried` rows), so it can be read alone; in the middle of a
session those rows are passed over. Where rows are missing between two parts, every stream is told
lost at the last row before the hole and the next part's carried rows are used, so that nothing
stale is believed. What a row means is not looked at.
"""

from __future__ import annotations

import hashlib
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from engine.errors import RecordingError
from engine.recording import Carried, Fault, Header, Recording, Row

_PART = re.compile(r"part-(\d{4,9})\.jsonl\.gz")

STREAMS = (
    "polymarket.market",
    "polymarket.prices",
    "binance.futures",
    "binance.spot",
    "okx.public",
)
"""Row kinds of which one that is missing changes what later ones mean."""


def part_name(number: int) -> str:
    """Name of the file of part `number`, from 1."""
    return f"part-{number:04}.jsonl.gz"


def parts_of(path: Path) -> tuple[Path, ...]:
    """The files to read for `path`: itself, or the parts in it in their order.

    Raises RecordingError, one sentence, for a folder without any.
    """
    try:
        if not path.is_dir():
            return (path,)
        parts = sorted((p for p in path.iterdir() if _PART.fullmatch(p.name)), key=_number)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened ({error.strerror})") from None
    if not parts:
        raise RecordingError(
            f"{path}: a directory without {part_name(1)}; name one recording, or one session"
        )
    return tuple(parts)


def fingerprint(path: Path) -> str:
    """SHA-256 of the recording, hexadecimal: of the file, or of all parts' sums in their order.

    Raises RecordingError for a folder without parts, OSError for a file that cannot be read.
    """
    sums = [_sum(part) for part in parts_of(path)]
    return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()


class Session:
    """One open recording, of however many files. Read `rows` once, then `close`.

    Raises RecordingError, one sentence, where no file of it can be used.
    """

    def __init__(self, path: Path) -> None:
        self._waiting = deque(parts_of(path))
        self._troubles: list[str] = []
        self._heard: set[str] = set()
        self._last_ms = 0
        self._part = self._first()
        self.header: Header = self._part.header

    @property
    def warning(self) -> str | None:
        """One sentence where files turned out to be damaged or missing; None so far."""
        here = self._part.warning
        troubles = self._troubles if here is None else [*self._troubles, here]
        if not troubles:
            return None
        more = len(troubles) - 1
        return f"{troubles[0]} (and {more} more like it)" if more else troubles[0]

    def rows(self) -> Iterator[Row | Fault]:
        """Every row, in the order of the files."""
        yield from self._all()
        while (part := self._following()) is not None:
            hole = self._hole_before(part)
            self._turn_to(part)
            if hole:
                yield from self._lost(hole)
                yield from self._all()
            else:
                yield from (row for row in self._all() if not isinstance(row, Carried))

    def close(self) -> None:
        self._part.close()

    def _all(self) -> Iterator[Row | Fault]:
        for row in self._part.rows():
            if isinstance(row, Row):
                self._last_ms = row.t_ms
                if row.src in STREAMS:
                    self._heard.add(row.src)
            yield row

    def _first(self) -> Recording:
        while True:
            path = self._waiting.popleft()
            try:
                return Recording(path)
            except RecordingError as error:
                if not self._waiting:
                    raise
                self._troubles.append(str(error))

    def _following(self) -> Recording | None:
        """The next part that can be read; None: there is no more."""
        while self._waiting:
            path = self._waiting.popleft()
            try:
                part = Recording(path)
            except RecordingError as error:
                self._troubles.append(str(error))
                continue
            if part.header.session == self.header.session:
                return part
            part.close()
            self._troubles.append(f"{path}: a part of another session; left out")
        return None

    def _hole_before(self, part: Recording) -> str:
        """Why rows are missing between the current part and `part`; "": none are."""
        if self._part.warning is not None:
            self._troubles.append(self._part.warning)
            return self._part.warning
        before, after = _number(self._part.path), _number(part.path)
        if after == before + 1:
            return ""
        hole = f"nothing can be read between {self._part.path.name} and {part.path.name}"
        self._troubles.append(hole)
        return hole

    def _turn_to(self, part: Recording) -> None:
        self._part.close()
        self._part = part

    def _lost(self, why: str) -> Iterator[Row]:
        for name in sorted(self._heard):
            yield Row(self._last_ms, "stream", {"name": name, "state": "lost", "why": why})


def _number(part: Path) -> int:
    name = _PART.fullmatch(part.name)
    assert name is not None  # noqa: S101 - only files of that name are parts
    return int(name[1])


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
