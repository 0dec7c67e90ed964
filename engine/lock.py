"""One engine per home: the lock that a second one finds taken.

Owns the lock file. The lock is the kernel's (`flock`), not the file's existence: it ends with
the process that holds it, however that ends, and what a killed process left behind blocks
nobody. The file is never deleted, since two engines could then lock two files of one name.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from engine.errors import HomeError

_held: set[HomeLock] = set()


def local_now() -> datetime:
    """The wall clock, in the local time that a person compares with their own."""
    return datetime.now().astimezone()


class HomeLock:
    """Context manager that holds a home for this process.

    Entering raises HomeError if another engine holds it, naming that engine, or if the file
    cannot be locked at all. Children made by fork do not inherit it.
    """

    def __init__(self, path: Path, now: Callable[[], datetime] = local_now) -> None:
        self._path = path
        self._now = now
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise HomeError(
                f"{self._path} cannot be opened ({error.strerror}); mend or remove it"
            ) from None
        try:
            self._take(descriptor)
        except BaseException:  # also Ctrl-C: a descriptor left open would go on holding the lock
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        _held.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._forget()

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{os.getpid()} {self._now():%H:%M on %Y-%m-%d}\n".encode(), 0)
        except BlockingIOError:
            raise HomeError(self._taken(_read(descriptor))) from None
        except OSError as error:
            raise HomeError(
                f"{self._path} cannot be locked ({error.strerror}); mend that, or set"
                " TRADE_CONSOLE_HOME to a folder on a local disk"
            ) from None

    def _taken(self, holder: str) -> str:
        pid, _, since = holder.partition(" ")
        who = f" (pid {pid}, since {since})" if since else ""
        return (
            f"another trade-console{who} uses {self._path.parent}; stop it, or set"
            " TRADE_CONSOLE_HOME to another folder"
        )

    def _forget(self) -> None:
        """Close our descriptor; the lock itself ends when the last process closes its own."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None
        _held.discard(self)


def _read(descriptor: int) -> str:
    return os.pread(descriptor, 100, 0).decode("utf-8", "replace").strip()


def _forget_in_child() -> None:
    """A child that outlives a killed engine must not go on holding its home."""
    for lock in tuple(_held):
        lock._forget()


os.register_at_fork(after_in_child=_forget_in_child)
