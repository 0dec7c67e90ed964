"""The trading state and the latch that survives everything.

Owns who may trade: STARTING -> RECONCILING -> ACTIVE <-> REDUCING, and HALTED from anywhere
(DESIGN 5). HALTED is latched in memory first (one assignment, any thread, no lock), then in a file
that is fsynced; what that file is, is `engine.latch_file`. Only a typed RESUME leaves it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine import latch_file
from engine.clock import Clock, SystemClock
from engine.errors import UsageError


class TradingState(StrEnum):
    """What the gate admits."""

    STARTING = "STARTING"
    RECONCILING = "RECONCILING"
    ACTIVE = "ACTIVE"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


RESUME_WORD = "RESUME"


@dataclass(frozen=True, slots=True)
class Shut:
    """A shut latch. Made whole, then assigned."""

    reason: str
    at_mono: float | None
    """When it was shut, monotonic seconds; None: before this process."""


class Latch:
    """Halted or not, in memory and in a file. Setting it never waits and never fails."""

    def __init__(
        self, path: Path | None, clock: Clock | None = None, stop_file: Path | None = None
    ) -> None:
        """`path` None keeps the latch in memory only (a replay has nothing to protect).

        `clock`: the machine's where it is left out. `stop_file`: while it exists, RESUME is
        refused; None: there is none.
        """
        self._path, self._stop_file = path, stop_file
        self._clock = clock or SystemClock()
        self._writing = threading.Lock()  # of the file only: nothing in memory waits for it
        found = self._found()
        self._shut = None if found is None else Shut(found, None)
        self._kept = None if self._shut is None else (self._shut, True)
        self._durable = self._kept is not None

    @property
    def shut(self) -> bool:
        return self._shut is not None

    @property
    def reason(self) -> str | None:
        """Why it is shut; None: it is open."""
        shut = self._shut
        return None if shut is None else shut.reason

    @property
    def shut_mono(self) -> float | None:
        """When it was shut, monotonic seconds; None: before this process, or it is open."""
        shut = self._shut
        return None if shut is None else shut.at_mono

    @property
    def kept(self) -> bool | None:
        """Whether the halt that holds is in the file; None: nobody has tried to write it yet."""
        if self._path is None:
            return False
        kept, shut = self._kept, self._shut
        return None if kept is None or kept[0] is not shut else kept[1]

    @property
    def durable(self) -> bool | None:
        """Whether the next start would find the halt that holds: a file that a full disk left
        without words halts too. None: nobody has tried to write it yet."""
        return None if self.kept is None else self._durable

    def shut_now(self, reason: str) -> None:
        """Memory only: safe from any thread and from a signal handler."""
        if self._shut is None:
            self._shut = Shut(reason, self._clock.mono())

    def keep(self) -> str | None:
        """Write the latch file. Returns what went wrong, if anything; memory holds regardless."""
        with self._writing:
            shut = self._shut
            if self._path is None or shut is None:
                return None
            trouble = latch_file.write(self._path, shut.reason, self._clock.wall_ms())
            self._durable = trouble is None or _without_words(self._path)
            self._kept = (shut, trouble is None)
        return trouble

    def look(self) -> bool:
        """Read the file again: another process may have written it (accidents F40, F41). Shuts
        the latch in memory where the file says so. Returns whether it is shut."""
        found = self._found()
        if found is not None:
            self.shut_now(found)
        return self.shut

    def expect(self, halted_ms: int | None) -> None:
        """A log's last word was HALTED, written at `halted_ms` (wall time, unix milliseconds;
        None: it was another word). Without a latch file, and without a RESUME since, that is a
        lost latch: shut it again (accident F41)."""
        if halted_ms is None or self._path is None or self.shut:
            return
        resumed_ms = latch_file.resumed_ms(self._path)
        if resumed_ms is not None and resumed_ms >= halted_ms:
            return
        self.shut_now(
            f"the event log ends HALTED, but {self._path} is missing and nobody typed {RESUME_WORD}"
        )
        self.keep()  # the log keeps saying HALTED where this fails, so the next start finds it too

    def obstacles(self) -> list[str]:
        """What forbids RESUME, as far as files tell; empty: nothing."""
        found = []
        if self._stop_file is not None and latch_file.present(self._stop_file):
            found.append(f"the stop file {self._stop_file} is there; remove it")
        fault = None if self._path is None else latch_file.fault(self._path)
        if fault is not None:
            found.append(f"{self._path} {fault}; look into it, then remove it")
        return found

    def release(self, typed: str, unmet: Sequence[str] = ()) -> None:
        """Leave HALTED. Raises UsageError unless the exact word was typed, nothing of `unmet` or of
        the files stands against it, and the file is gone."""
        if typed != RESUME_WORD:
            raise UsageError(f"type {RESUME_WORD} to leave HALTED; {typed!r} was typed")
        against = [*unmet, *self.obstacles()]
        if against:
            raise UsageError("still HALTED: " + "; ".join(against))
        with self._writing:  # else a keep in another thread could write the file again behind us
            if self._path is not None:
                try:
                    latch_file.remove(self._path, self._clock.wall_ms())
                except OSError as error:
                    raise UsageError(
                        f"{self._path}: cannot be removed ({error}); still HALTED"
                    ) from None
            self._shut = None

    def _found(self) -> str | None:
        return None if self._path is None else latch_file.read(self._path)


def _without_words(path: Path) -> bool:
    """A latch file that could be made, but not filled."""
    return latch_file.present(path) and latch_file.fault(path) is None
