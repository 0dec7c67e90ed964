"""One part of a recording on its way to the disk: compressed, and readable up to any instant.

Owns the folder of a session and the bytes of a part. Everything here may wait for the disk, so only
the recorder's own thread calls it once a session has begun. Knows no row's meaning.
"""

from __future__ import annotations

import os
import shutil
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

from engine.errors import RecordingError
from engine.home import private

LEVEL = 6
"""Of compression. Level 9 makes a stream of books 2 % smaller in three times the time."""

GZIP = 16 + zlib.MAX_WBITS
"""Tells zlib to write gzip's own header and checksum."""


def session_folder(folder: Path, begun_ms: int) -> Path:
    """A new folder in `folder` named after its beginning, never one that is there already.

    Raises RecordingError, one sentence, where it cannot be made.
    """
    name = datetime.fromtimestamp(begun_ms / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _made(folder, name)
    except OSError as error:
        raise RecordingError(
            f"{folder}: nothing can be recorded there ({error.strerror}); name another folder"
            " with --out"
        ) from None


def _made(folder: Path, name: str) -> Path:
    for number in count(1):
        path = folder / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):
            path.mkdir(mode=0o700)
            return path
    raise AssertionError("counting has no end")


def open_part(path: Path) -> BinaryIO:
    """A new file that only its owner can read. FileExistsError where there is one."""
    return cast(BinaryIO, open(path, "xb", opener=private))


def free_bytes(folder: Path) -> int:
    """Bytes that this user may still write in `folder`."""
    return shutil.disk_usage(folder).free


class PartFile:
    """One gzip file being written. OSError from any call means that it has ended where it is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._gzip = zlib.compressobj(LEVEL, zlib.DEFLATED, GZIP)

    def write(self, data: bytes) -> int:
        """Hand `data` to the system whole: a process killed after this has lost none of it.

        Returns the bytes that it took on disk.
        """
        return self._put(self._gzip.compress(data) + self._gzip.flush(zlib.Z_SYNC_FLUSH))

    def finish(self) -> int:
        """The end of the file, durable. Returns its bytes."""
        written = self._put(self._gzip.flush(zlib.Z_FINISH))
        os.fsync(self._file.fileno())
        self._file.close()
        return written

    def abandon(self) -> None:
        """Let go of the file as it is; finished ones are left alone."""
        with suppress(OSError):  # the disk already refused what is still buffered
            self._file.close()

    def _put(self, packed: bytes) -> int:
        self._file.write(packed)
        self._file.flush()
        return len(packed)
