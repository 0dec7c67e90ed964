"""The latch file compared with the latch in memory, while the program runs.

Owns what a latch file that vanished, changed or appeared means: a halt is never lost with its file,
and a file that somebody else wrote halts this engine too (accidents F40, F41).
"""

from __future__ import annotations

from pathlib import Path

from engine import latch_file
from engine.trading_state import Latch

APPEARED = "latch file"
"""Origin of a halt that another process wrote to the file."""


class LatchWatch:
    """Looks at one latch and its file."""

    def __init__(self, latch: Latch, path: Path) -> None:
        self._latch = latch
        self._path = path
        self._told = ""

    def appeared(self) -> bool:
        """Whether a file halts an engine whose latch is open; the latch is shut then."""
        return not self._latch.shut and self._latch.look()

    def trouble(self) -> str:
        """A sentence about a shut latch that is not on disk as it should be, once; "": none is due.

        What can be mended is mended before it is told. A file that nobody can read is left as
        it is: it halts as well, and who resumes should see it.
        """
        found = self._trouble()
        if found == self._told:
            return ""
        self._told = found
        return found

    def _trouble(self) -> str:
        if self._latch.kept is None:
            return ""  # open, or just shut: whoever asked has it written
        if self._latch.kept is False:
            return self._latch.keep() or ""
        fault = latch_file.fault(self._path)
        if fault is not None:
            return f"{self._path} {fault}; HALTED, and so is every later start"
        found = latch_file.read(self._path)
        if found == " ".join((self._latch.reason or "").split()):
            return ""
        what = "vanished" if found is None else "was changed by somebody else"
        return f"{self._path} {what} while halted; {self._latch.keep() or 'it is written again'}"
