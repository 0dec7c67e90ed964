"""One source of market data for several engines.

Owns the dealing out: the source is read once, by whichever branch asks first, and every branch gets
every message in its own time. What the messages say is the feeds' business.
"""

from __future__ import annotations

from collections import deque

from engine.feeds.feed import Feed, FeedInfo
from engine.messages import Message


class Tee:
    """A source with branches. Make every branch before the first is read."""

    def __init__(self, source: Feed) -> None:
        self._source = source
        self._branches: list[Branch] = []

    def branch(self) -> Branch:
        """A feed that gives all of the source's messages."""
        made = Branch(self._source, self)
        self._branches.append(made)
        return made

    def drop(self, branch: Branch) -> None:
        """Nobody reads `branch` any more, so nothing is kept for it."""
        if branch in self._branches:
            self._branches.remove(branch)

    def read(self, until_ms: int) -> None:
        """Have every message up to `until_ms` of market time waiting in every branch."""
        for message in self._source.poll(until_ms):
            for branch in self._branches:
                branch.waiting.append(message)


class Branch:
    """One reader's feed (`engine.feeds.feed.Feed`)."""

    def __init__(self, source: Feed, tee: Tee) -> None:
        self._source = source
        self._tee = tee
        self.waiting: deque[Message] = deque()
        """Read from the source and not yet taken here."""

    @property
    def info(self) -> FeedInfo:
        return self._source.info

    def poll(self, until_ms: int) -> list[Message]:
        """As `engine.feeds.feed.Feed.poll`."""
        self._tee.read(until_ms)
        given = []
        while self.waiting and self.waiting[0].t_ms <= until_ms:
            given.append(self.waiting.popleft())
        return given

    def next_ms(self) -> int | None:
        return self.waiting[0].t_ms if self.waiting else self._source.next_ms()

    def close(self) -> None:
        """Let go of what waits; nothing more comes from here."""
        self._tee.drop(self)
        self.waiting.clear()
