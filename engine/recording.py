"""Recordings of real markets: a gzip file of JSON lines, read as a stream.

Owns the file: opening it, its header, and turning lines into rows. What a row means is the
replay feed's business (`engine.feeds.replay`), and how the files of a session follow each other is
`engine.recording_parts`. The file is never held in memory, since an hour of full-depth books
unpacks to hundreds of megabytes.

The first line is the header, ``{"format": "trade-console-recording", "version": 1, ...}``; every
other line is ``{"t": unix milliseconds of receipt, "src": source, "data": raw message}``. A line
with ``"carried": true`` repeats what was known when its part of a session began.
"""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, cast

import orjson

from engine.errors import RecordingError
from engine.market import ASSETS

FORMAT = "trade-console-recording"
"""What the header must say of itself."""

VERSION = 1
"""Newest version of the format that is understood."""

SOURCES = ("mid", "book", "binance")
"""Sources that a header may promise or disclaim; other words in it are ignored."""

LINE_LIMIT = 8 << 20
"""Bytes of the longest line read in one piece; a longer one comes apart into bad rows."""

TIME_RANGE_MS = range(1_000_000_000_000, 4_102_444_800_000)
"""Times that can be unix milliseconds (2001 to 2100): seconds and microseconds fall outside."""

NO_SRC = "row"
"""Source of a fault in a line that names none."""

_DAMAGE = (EOFError, zlib.error, OSError)


class Row(NamedTuple):
    """One line of a recording."""

    t_ms: int
    """Time of receipt, unix milliseconds."""
    src: str
    """Which kind of row: ``market``, ``polymarket.market``, ``mid`` ..."""
    data: Any
    """The raw message, not yet looked at."""


class Carried(Row):
    """A row that repeats what earlier parts of its session said, for whoever has not read them."""

    __slots__ = ()


class Fault(NamedTuple):
    """A line that cannot be used."""

    src: str
    """Its source, `NO_SRC` where it names none."""
    reason: str
    """What is wrong, with the line's number."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a recording."""

    name: str
    assets: tuple[str, ...]
    """Assets recorded, in the order of `ASSETS`."""
    has: frozenset[str]
    """Sources out of `SOURCES` that the recording promises."""
    lacks: frozenset[str]
    """Sources out of `SOURCES` that it says it lacks."""
    session: str = ""
    """Name of the session that it is a part of; empty: it stands alone."""

    def line(self, part: int) -> bytes:
        """The first line of part `part` (from 1) of the session."""
        fields = {
            "format": FORMAT,
            "version": VERSION,
            "name": self.name,
            "assets": self.assets,
            "has": sorted(self.has),
            "lacks": sorted(self.lacks),
            "session": self.session,
            "part": part,
        }
        return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


class Recording:
    """One open recording. Read `rows` once, then `close`.

    Raises RecordingError, one sentence, where the file or its header cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warning: str | None = None
        """Set when the file turns out to be damaged: the rows before the damage were good."""
        self._file = _open(path)
        self._line = 1
        try:
            self.header = _header(path, self._first_line())
        except RecordingError:
            self.close()
            raise

    def rows(self) -> Iterator[Row | Fault]:
        """Every line after the header that is not blank, in the order of the file.

        Ends early, with `warning` set, where the compressed stream is cut or damaged.
        """
        while line := self._next_line():
            self._line += 1
            if not line.isspace():
                yield self._row(line)

    def close(self) -> None:
        self._file.close()

    def _first_line(self) -> bytes:
        try:
            line = self._file.readline(LINE_LIMIT)
        except gzip.BadGzipFile:
            raise RecordingError(
                f"{self.path}: not a gzip file; a recording ends in .jsonl.gz"
            ) from None
        except _DAMAGE:
            raise RecordingError(f"{self.path}: cut off inside its header; copy it again") from None
        if not line:
            raise RecordingError(f"{self.path}: empty; copy or record it again")
        return line

    def _next_line(self) -> bytes:
        try:
            return self._file.readline(LINE_LIMIT)
        except _DAMAGE:
            self.warning = (
                f"{self.path.name}: damaged or cut off after line {self._line}; "
                "replayed up to there"
            )
            return b""

    def _row(self, line: bytes) -> Row | Fault:
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            return self._fault(NO_SRC, "not JSON")
        if not isinstance(row, dict):
            return self._fault(NO_SRC, "not a JSON object")
        t_ms, src = row.get("t"), row.get("src")
        if not isinstance(src, str) or not src:
            return self._fault(NO_SRC, "no src")
        if not isinstance(t_ms, int) or t_ms not in TIME_RANGE_MS:
            return self._fault(plain(src), "t is not a time in unix milliseconds")
        kind = Carried if row.get("carried") is True else Row
        return kind(t_ms, src, row.get("data"))

    def _fault(self, src: str, what: str) -> Fault:
        return Fault(src, f"line {self._line}: {what}")


def plain(text: str) -> str:
    """Text from a file made fit for a terminal: printable, at most 60 characters."""
    return "".join(c for c in text[:60] if c.isprintable())


def _open(path: Path) -> BinaryIO:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise RecordingError(f"{path}: a directory; name one recording in it")
        if not stat.S_ISREG(mode):  # opening a named pipe would wait for a writer
            raise RecordingError(f"{path}: not a regular file; save the recording to one")
        return cast(BinaryIO, gzip.open(path, "rb"))
    except FileNotFoundError:
        raise RecordingError(f"{path}: no such file; check the path of the recording") from None
    except OSError as error:
        raise RecordingError(f"{path}: cannot be opened ({error.strerror})") from None


def _header(path: Path, line: bytes) -> Header:
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict) or "format" not in fields:
        raise RecordingError(f"{path}: no header in its first line; it is not a recording")
    if fields["format"] != FORMAT:
        raise RecordingError(
            f"{path}: its format is {plain(str(fields['format']))!r}, not {FORMAT!r}"
        )
    _check_version(path, fields.get("version"))
    name, session = fields.get("name"), fields.get("session")
    return Header(
        name=plain(name) if isinstance(name, str) and plain(name) else plain(path.stem),
        assets=_assets(path, _words(path, fields, "assets")),
        has=_words(path, fields, "has").intersection(SOURCES),
        lacks=_disclaimed(path, fields),
        session=plain(session) if isinstance(session, str) else "",
    )


def _check_version(path: Path, version: object) -> None:
    if type(version) is not int or version < 1:
        raise RecordingError(f"{path}: its header gives no version; it is not a recording")
    if version > VERSION:
        raise RecordingError(
            f"{path}: written in version {version} of the format and only {VERSION} is "
            "understood here; update trade-console"
        )


def _words(path: Path, fields: dict[str, Any], key: str) -> frozenset[str]:
    words = fields.get(key)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise RecordingError(f"{path}: its header's {key!r} is not a list of names")
    return frozenset(words)


def _assets(path: Path, words: frozenset[str]) -> tuple[str, ...]:
    assets = tuple(asset for asset in ASSETS if asset in words)
    if not assets:
        raise RecordingError(f"{path}: its header names none of {', '.join(ASSETS)}")
    return assets


def _disclaimed(path: Path, fields: dict[str, Any]) -> frozenset[str]:
    lacks = _words(path, fields, "lacks").intersection(SOURCES)
    both = lacks & _words(path, fields, "has")
    if both:
        raise RecordingError(f"{path}: its header both has and lacks {', '.join(sorted(both))}")
    return lacks
