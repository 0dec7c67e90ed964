"""A log that keeps nothing, for an account that is nobody's.

The challenger's shadow account exists to learn from: its positions are flat again when the program
ends, and what was learnt is kept by checkpoints. Days of its events would only fill the memory.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.decision import Decision
from engine.eventlog import Recorded
from engine.events import Event


class Unlogged:
    """Takes everything (`engine.journal.Log`) and gives nothing back."""

    trouble: str | None = None
    waiting = 0

    def append(self, _t_ms: int, _wall_ms: int, _event: Event) -> int:
        return 0

    def decide(self, decision: Decision) -> None:
        pass

    def commit(self) -> None:
        pass

    def replay(self) -> Iterator[Recorded]:
        return iter(())

    def decided(self) -> int:
        return 0

    def digest(self) -> str:
        return ""

    def close(self) -> None:
        pass
