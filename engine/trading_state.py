"""The trading state and the latch that survives everything.

Owns who may trade: STARTING -> RECONCILING -> ACTIVE <-> REDUCING, and HALTED from anywhere
(DESIGN 5). HALTED is latched in memory first (one assignment, any thread, no lock), then in a file
that is fsynced; a latch file that cannot be read counts as halted. Only a typed RESUME leaves it.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path

from engine.errors import UsageError


class TradingState(StrEnum):
    """What the gate admits."""

    STARTING = "STARTING"
    RECONCILING = "RECONCILING"
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


RESUME_WORD = "RESUME"


class Latch:
    """Halted or not, in memory and in a file. Setting it never waits and never fails."""

    def __init__(self, path: Path | None) -> None:
        """`path` None keeps the latch in memory only (a replay has nothing to protect)."""
        self._path = path
        self.reason: str | None = self._found()

    @property
    def shut(self) -> bool:
        return self.reason is not None

    def shut_now(self, reason: str) -> None:
        """Memory only: safe from any thread and from a signal handler."""
        if self.reason is None:
            self.reason = reason

    def keep(self) -> str | None:
        """Write the latch file. Returns what went wrong, if anything; memory holds regardless."""
        if self._path is None or self.reason is None:
            return None
        try:
            _write_durably(self._path, self.reason)
        except OSError as error:
            return f"the halt could not be written to {self._path} ({error}); it holds in memory"
        return None

    def release(self, typed: str) -> None:
        """Leave HALTED. Raises UsageError unless the exact word was typed and the file is gone."""
        if typed != RESUME_WORD:
            raise UsageError(f"type {RESUME_WORD} to leave HALTED; {typed!r} was typed")
        if self._path is not None:
            try:
                self._path.unlink(missing_ok=True)
            except OSError as error:
                raise UsageError(
                    f"{self._path}: cannot be removed ({error}); still HALTED"
                ) from None
        self.reason = None

    def _found(self) -> str | None:
        if self._path is None:
            return None
        try:
            return self._path.read_text("utf-8").strip() or "halt latch without a reason"
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            return f"the halt latch cannot be read ({error})"


def _write_durably(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, text.encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
