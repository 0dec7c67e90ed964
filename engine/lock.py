"""One engine per home and per account: the locks that a second one finds taken.

Owns the lock files. The lock is the kernel's (`flock`), not the file's existence: it ends with
the process that holds it, however that ends, and what a killed process left behind blocks
nobody. The file is never deleted, since two engines could then lock two files of one name.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from platformdirs import PlatformDirs

from engine.errors import HomeError
from engine.log_migrations import PAPER, Owner

LONGEST_WORDS = 5_000
"""Bytes of a lock file that are read: a line of words and the path of a home."""

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
            os.pwrite(descriptor, self._words().encode(), 0)
        except BlockingIOError:
            raise HomeError(self._taken(_read(descriptor))) from None
        except OSError as error:
            raise HomeError(
                f"{self._path} cannot be locked ({error.strerror}); mend that, or set"
                " TRADE_CONSOLE_HOME to a folder on a local disk"
            ) from None

    def _words(self) -> str:
        """What a second engine is told of this one."""
        return f"{os.getpid()} {self._now():%H:%M on %Y-%m-%d}\n"

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


class AccountLock(HomeLock):
    """Context manager that holds a real account for this process, whatever its home.

    Two homes of one user with one wallet would each trade the whole of it. Entering raises
    HomeError if another engine trades the account, naming its home.
    """

    def __init__(
        self, folder: Path, account: str, home: Path, now: Callable[[], datetime] = local_now
    ) -> None:
        """`folder` is one for all homes of the user; `home` is told to whoever finds it taken."""
        name = hashlib.sha256(account.lower().encode()).hexdigest()[:16]
        super().__init__(folder / f"{name}.lock", now)
        self._account = account
        self._home = home

    def __enter__(self) -> Self:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise HomeError(
                f"{self._path.parent} cannot be made ({error.strerror}); mend that: it keeps two"
                " engines from trading one account"
            ) from None
        return super().__enter__()

    def _words(self) -> str:
        return f"{super()._words()}{self._home}\n"

    def _taken(self, holder: str) -> str:
        words, _, home = holder.partition("\n")
        pid, _, since = words.partition(" ")
        who = f" (pid {pid}, since {since}, home {home})" if home else ""
        return (
            f"another trade-console{who} trades the account {self._account}; stop it: one account"
            " has one engine"
        )


def account_lock(owner: Owner, home: Path) -> AbstractContextManager[object]:
    """The lock of a real account. Paper money is its home's own, whose lock is enough.

    Raises HomeError if this user has no folder for it.
    """
    if owner.mode == PAPER.mode:
        return nullcontext()
    try:
        folder = PlatformDirs("trade-console", appauthor=False).user_state_path / "accounts"
    except RuntimeError:  # neither HOME nor the system's user list names a home folder
        raise HomeError("this user has no home folder, which keeps account locks") from None
    return AccountLock(folder, owner.account, home)


def holder(path: Path) -> int | None:
    """The process that holds the home with this lock file; None: nobody does, or none can be told.

    The lock is tried only where the process that wrote the file lives: trying it takes it for an
    instant, and an engine that starts in that instant would find its home taken.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        pid = _pid(_read(descriptor))
        return pid if pid is not None and _lives(pid) and _taken(descriptor) else None
    finally:
        os.close(descriptor)


def _pid(text: str) -> int | None:
    word = text.partition(" ")[0]
    return int(word) if word.isascii() and word.isdigit() and int(word) > 0 else None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a disk that knows no locks holds no engine either
    return False


def _read(descriptor: int) -> str:
    return os.pread(descriptor, LONGEST_WORDS, 0).decode("utf-8", "replace").strip()


def _forget_in_child() -> None:
    """A child that outlives a killed engine must not go on holding its home."""
    for lock in tuple(_held):
        lock._forget()


os.register_at_fork(after_in_child=_forget_in_child)
