"""Long work in short pieces, so that nobody waits for the whole of it.

Owns how many rows a piece has and how such work is done at once where nobody waits. The work itself
is a generator that yields between two pieces and returns what it made.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Final, TypeVar

PIECE: Final = 2_048
"""Rows of a rollout that are copied, checked or traced in one slice: one to three milliseconds."""

Made = TypeVar("Made")


def pieces(rows: int) -> Iterator[slice]:
    """The places of all `rows`, a piece at a time, in order."""
    return (slice(start, min(start + PIECE, rows)) for start in range(0, rows, PIECE))


def finished(work: Generator[None, None, Made]) -> Made:
    """What `work` makes, all of it at once."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            made: Made = end.value
            return made
