"""Reading with a bound, and writing that survives a crash.

A new file is first staged beside its destination (same folder, suffix ``.new``) and made
durable, then committed by one rename. What a set of staged files means belongs to
`models.checkpoint`.
"""

from __future__ import annotations

import os
from pathlib import Path

from models.errors import WeightsError

STAGED = ".new"
"""Suffix of a file that is written but not yet committed."""


def read_bounded(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of at most `limit` bytes; WeightsError for anything else."""
    try:
        # Asked first, because opening a named pipe would wait for a writer.
        if not path.is_file():
            fault = "is not a regular file" if path.exists() else "there is no such file"
            raise WeightsError(f"{path}: {fault}; check the path")
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror}); check the path") from None
    if len(data) > limit:
        raise WeightsError(f"{path}: is larger than {limit:,} bytes, so it is no file of a model")
    return data


def staged(path: Path) -> Path:
    """Where the bytes for `path` wait to be committed."""
    return path.with_name(path.name + STAGED)


def stage(path: Path, data: bytes) -> None:
    """Write `data` durably beside `path`, readable by the owner only."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(staged(path), flags, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def commit(path: Path) -> None:
    """Put the staged bytes in the place of `path`; durable when this returns."""
    staged(path).replace(path)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove `path` if it is there; durable when this returns."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable: a rename alone may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
