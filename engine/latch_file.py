"""The file that keeps a halt over restarts, crashes and full disks.

Owns what it looks like on disk: its first line says why, its second since when, and whatever else
lies under its name halts too, since a latch that cannot be read counts as shut (accident F41).
Beside it lies the time of the last RESUME, so that a missing latch can be told from a removed one.
Several processes may write it: each writes a file of its own and renames it.
"""

from __future__ import annotations

import errno
import os
import stat
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

MOST_BYTES = 4_096
"""Read of a latch file; nobody writes more."""

NO_REASON = "halt latch without a reason"

_FULL = {errno.ENOSPC, errno.EDQUOT}


def read(path: Path) -> str | None:
    """Why trading is halted; None: there is nothing under this name. Never waits."""
    found = _content(path)
    if isinstance(found, _Fault):
        return f"the halt latch {found.why}"
    if found is None:
        return None
    try:
        lines = found.decode().strip().splitlines()
    except UnicodeDecodeError as error:
        return f"the halt latch cannot be read ({error})"
    return lines[0] if lines else NO_REASON


def fault(path: Path) -> str | None:
    """Why nobody can know what the latch says, ``is no file``; None: it can be read, or is not
    there. A file without a sensible word in it is no fault: a full disk leaves such."""
    found = _content(path)
    return found.why if isinstance(found, _Fault) else None


def present(path: Path) -> bool:
    """Whether anything lies under this name; what cannot be told counts as there."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True


def write(path: Path, reason: str, wall_ms: int) -> str | None:
    """Make the latch file say `reason`, in one step and durably; `wall_ms` in unix milliseconds.

    Returns what went wrong, if anything. On a full disk a file without words is left, which halts
    as well.
    """
    first = " ".join(reason.split())
    try:
        lost = _replace(path, f"{first}\nsince {_at(wall_ms)}\n")
    except OSError as error:
        return f"the halt could not be written to {path} ({error}); it holds in memory"
    return None if lost is None else f"the halt's reason could not be written to {path} ({lost})"


def remove(path: Path, wall_ms: int) -> None:
    """Open the latch: note the time of this RESUME, then remove the file, both durably.

    Raises OSError where the file cannot be removed; it halts on then.
    """
    with suppress(OSError):  # unnoted, a log that ends HALTED asks for the word once more
        _replace(_resumed(path), f"{wall_ms}\nresumed {_at(wall_ms)}\n")
    path.unlink(missing_ok=True)
    with suppress(FileNotFoundError):
        _sync_folder(path.parent)


def resumed_ms(path: Path) -> int | None:
    """Wall time of the last RESUME of this latch, unix milliseconds; None: unknown."""
    found = _content(_resumed(path))
    if not isinstance(found, bytes):
        return None
    first, _, _ = found.partition(b"\n")
    return int(first) if first.isdigit() else None


class _Fault:
    """Something lies under the name and cannot be read."""

    def __init__(self, why: str) -> None:
        self.why = why


def _content(path: Path) -> bytes | _Fault | None:
    try:
        # no link is followed (a dangling one would look like no latch) and no fifo waited for
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _Fault(f"cannot be read ({error.strerror})")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return _Fault("cannot be read (it is no ordinary file)")
        return os.read(descriptor, MOST_BYTES)
    except OSError as error:
        return _Fault(f"cannot be read ({error.strerror})")
    finally:
        os.close(descriptor)


def _replace(path: Path, text: str) -> OSError | None:
    """Put a file in place in one step; returns what kept its words from the disk, if anything.

    Raises OSError where not even an empty file could be put there.
    """
    own = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        lost = _written(own, text)
        own.replace(path)
    except OSError:
        with suppress(OSError):
            own.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return lost


def _written(path: Path, text: str) -> OSError | None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, text.encode(errors="replace"))
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        return error
    finally:
        os.close(descriptor)
    return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _resumed(path: Path) -> Path:
    return path.with_name("RESUMED")


def _at(wall_ms: int) -> str:
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
