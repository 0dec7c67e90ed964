"""Where an evaluation's market comes from.

Owns what can be said of a tape before it is played: its name, its beginning, whether it has books,
whether it is a copy. What its messages say is the feeds' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.errors import UsageError
from engine.feeds.feed import Feed
from engine.feeds.replay import ReplayFeed
from engine.feeds.sim import SimFeed
from engine.recording_parts import fingerprint


class Tape(Protocol):
    """A market that can be read from its beginning, as often as asked."""

    @property
    def name(self) -> str: ...

    def open(self) -> Feed: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording."""

    path: Path
    """A file, or the folder of a recorded session."""

    @property
    def name(self) -> str:
        return self.path.name

    def open(self) -> Feed:
        """Raises RecordingError, one sentence, where the file cannot be used."""
        return ReplayFeed(self.path)


@dataclass(frozen=True, slots=True)
class Embedded:
    """The embedded market."""

    seed: int
    windows: int
    """Window slots; each has one window of every asset."""

    @property
    def name(self) -> str:
        return f"embedded market, seed {self.seed}"

    def open(self) -> Feed:
        """Raises UsageError for a seed or a count that cannot be meant."""
        return SimFeed(self.seed, windows=self.windows)


def in_time_order(tapes: Sequence[Tape]) -> tuple[Tape, ...]:
    """`tapes`, the one that begins first first.

    Raises RecordingError or UsageError, one sentence, where one cannot be read.
    """
    return tuple(sorted(tapes, key=_start_ms))


def refuse_copies(tapes: Sequence[Tape]) -> None:
    """UsageError, one sentence, where two tapes are the same recording, by whatever name."""
    known: dict[str, Path] = {}
    for tape in tapes:
        if isinstance(tape, Recorded):
            other = known.setdefault(fingerprint(tape.path), tape.path)
            if other is not tape.path:
                raise UsageError(f"{tape.path}: the same recording as {other}; name each once")


def has_books(tape: Tape) -> bool:
    """Whether anything can be executed on `tape`. RecordingError where it cannot be opened."""
    with closing(tape.open()) as feed:
        return "book" in feed.info.has


def _start_ms(tape: Tape) -> int:
    with closing(tape.open()) as feed:
        return feed.info.start_ms
