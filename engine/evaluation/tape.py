"""Where an evaluation's market comes from, and how all arms get the very same messages.

Owns the dealing out: a tape is read once, and every arm has a feed of its own that holds what was
read and not yet taken. What the messages say is the feeds' business.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.errors import UsageError
from engine.feeds.feed import Feed, FeedInfo
from engine.feeds.replay import ReplayFeed
from engine.feeds.sim import SimFeed
from engine.messages import Message


class Tape(Protocol):
    """A market that can be read from its beginning, as often as asked."""

    @property
    def name(self) -> str: ...

    def open(self) -> Feed: ...


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recording."""

    path: Path

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
            with tape.path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            other = known.setdefault(digest, tape.path)
            if other is not tape.path:
                raise UsageError(f"{tape.path}: the same recording as {other}; name each once")


def has_books(tape: Tape) -> bool:
    """Whether anything can be executed on `tape`. RecordingError where it cannot be opened."""
    with closing(tape.open()) as feed:
        return "book" in feed.info.has


def _start_ms(tape: Tape) -> int:
    with closing(tape.open()) as feed:
        return feed.info.start_ms


class Branch:
    """One arm's feed (`engine.feeds.feed.Feed`): the source's messages, as far as dealt."""

    def __init__(self, source: Feed) -> None:
        self._source = source
        self.waiting: deque[Message] = deque()
        """Dealt and not yet taken."""

    @property
    def info(self) -> FeedInfo:
        return self._source.info

    def poll(self, until_ms: int) -> list[Message]:
        given = []
        while self.waiting and self.waiting[0].t_ms <= until_ms:
            given.append(self.waiting.popleft())
        return given

    def next_ms(self) -> int | None:
        return self.waiting[0].t_ms if self.waiting else self._source.next_ms()

    def close(self) -> None:
        self.waiting.clear()


def deal(source: Feed, branches: list[Branch], until_ms: int) -> None:
    """Read `source` up to `until_ms` of market time, for every branch."""
    messages = tuple(source.poll(until_ms))
    for branch in branches:
        branch.waiting.extend(messages)
