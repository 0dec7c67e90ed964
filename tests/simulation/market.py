"""The embedded market as seen through a bad connection.

Owns what is left out, told twice, late or wrong of two assets' books, listings and verdicts. Every
message keeps its place in market time; a late one is told at the time at which it came.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from engine.feeds.feed import Feed, FeedInfo
from engine.market import Market, Outcome
from engine.messages import BadMessage, BookSnapshot, MarketListed, Message, Resolution
from tests.simulation.dice import Dice

ASSETS = ("BTC", "ETH")
THIN_MS = 1_500
"""At most one book of a token in this time: the days are about order, not about throughput."""
SILENCES = 3
"""At most so many silences of a token's books in a window."""
TICK_BP = 10
"""The finer tick that some windows change to."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How bad one day's connection is. Chances are per message."""

    lost: float
    twice: float
    late: float
    wrong: float

    @classmethod
    def of(cls, dice: Dice) -> Faults:
        return cls(
            lost=dice.one_of((0.0, 0.02, 0.2)),
            twice=dice.one_of((0.0, 0.02)),
            late=dice.one_of((0.0, 0.02, 0.2)),
            wrong=dice.one_of((0.0, 0.01, 0.1)),
        )


@dataclass(slots=True)
class _Window:
    """What was thought of for one window."""

    market: Market
    silent: tuple[tuple[str, int, int], ...]
    """(token, from, until), unix milliseconds."""
    finer_ms: int | None
    """When its tick becomes finer."""


@dataclass(slots=True)
class BadConnection:
    """A feed (`engine.feeds.feed.Feed`) over another one. Survives the engines that read it."""

    source: Feed
    dice: Dice
    faults: Faults
    now_ms: int
    """Market time up to which it was read."""
    _waiting: list[tuple[int, int, Message]] = field(default_factory=list)
    _count: int = 0
    _windows: dict[str, _Window] = field(default_factory=dict)
    """By token."""
    _told_ms: dict[str, int] = field(default_factory=dict)

    @property
    def info(self) -> FeedInfo:
        lacks = frozenset({"binance", "mid"})
        end_ms = self.source.info.end_ms
        return FeedInfo("bad sim", ASSETS, frozenset({"book"}), lacks, self.now_ms, end_ms)

    def poll(self, until_ms: int) -> list[Message]:
        self._read(until_ms)
        told = []
        while self._waiting and self._waiting[0][0] <= until_ms:
            told.append(heapq.heappop(self._waiting)[2])
        self.now_ms = max(self.now_ms, until_ms)
        return told

    def next_ms(self) -> int | None:
        return self._waiting[0][0] if self._waiting else self.source.next_ms()

    def close(self) -> None:
        """The next engine goes on reading."""

    def connect_again(self, now_ms: int) -> None:
        """Nobody listened until now: books of the past are gone, and discovery tells the windows
        and the verdicts again."""
        missed = self.poll(now_ms)
        for window in {id(w): w for w in self._windows.values()}.values():
            if window.market.end_ms > now_ms:
                self._tell(MarketListed(now_ms, window.market))
        for message in missed:
            if isinstance(message, Resolution):
                self._tell(replace(message, t_ms=now_ms))

    def _read(self, until_ms: int) -> None:
        for message in self.source.poll(until_ms):
            for bent in self._bent(message):
                self._tell(bent)

    def _tell(self, message: Message) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (message.t_ms, self._count, message))

    def _bent(self, message: Message) -> Iterator[Message]:
        match message:
            case MarketListed() if message.market.asset in ASSETS:
                self._think_of(message.market)
                yield message
            case Resolution() if message.slug.split("-")[0].upper() in ASSETS:
                yield from self._verdicts(message)
            case BookSnapshot() if message.token_id in self._windows:
                yield from self._books(message)

    def _think_of(self, market: Market) -> None:
        if market.up_token in self._windows:
            return
        dice = self.dice
        silent = []
        for _ in range(dice.between(0, SILENCES) if dice.happens(0.3) else 0):
            begins = dice.between(market.start_ms, market.end_ms)
            token = dice.one_of((market.up_token, market.down_token))
            silent.append((token, begins, begins + dice.between(3_000, 150_000)))
        finer = dice.between(market.start_ms, market.end_ms) if dice.happens(0.2) else None
        window = _Window(market, tuple(silent), finer)
        self._windows[market.up_token] = self._windows[market.down_token] = window

    def _books(self, message: BookSnapshot) -> Iterator[Message]:
        token, dice, faults = message.token_id, self.dice, self.faults
        if message.t_ms - self._told_ms.get(token, 0) < THIN_MS or self._is_silent(message):
            return
        self._told_ms[token] = message.t_ms
        if dice.happens(faults.lost):
            return
        shown = self._wrong(message) if dice.happens(faults.wrong) else self._finer(message)
        if dice.happens(faults.late):
            shown = replace(shown, t_ms=shown.t_ms + dice.between(1, 9_000))
        yield shown
        if dice.happens(faults.twice):
            yield shown
        if dice.happens(faults.wrong / 10):
            yield BadMessage(message.t_ms, "polymarket", "not JSON")

    def _is_silent(self, message: BookSnapshot) -> bool:
        window = self._windows[message.token_id]
        return any(
            token == message.token_id and begins <= message.t_ms < ends
            for token, begins, ends in window.silent
        )

    def _finer(self, message: BookSnapshot) -> BookSnapshot:
        finer_ms = self._windows[message.token_id].finer_ms
        if finer_ms is None or message.t_ms < finer_ms:
            return message
        return replace(message, tick_bp=TICK_BP)

    def _wrong(self, message: BookSnapshot) -> BookSnapshot:
        return self.dice.one_of(
            (
                replace(message, asks=()),
                replace(message, bids=()),
                replace(message, bids=(), asks=()),
                replace(message, bids=message.asks, asks=message.bids),
                replace(message, fault="a change of the book is missing"),
            )
        )

    def _verdicts(self, message: Resolution) -> Iterator[Message]:
        """Early, unknown at first, late, twice, contradicting, or never."""
        dice, kind = self.dice, self.dice.between(0, 19)
        if kind == 0:
            return
        if kind == 1:
            yield replace(message, t_ms=message.t_ms - 200_000)
        if kind == 2:
            yield replace(message, outcome=None)
        later = replace(message, t_ms=message.t_ms + dice.between(0, 900_000))
        yield later if kind in (2, 3, 4) else message
        if kind == 5 and message.outcome is not None:
            yield replace(later, outcome=Outcome(message.outcome).opposite)
        if kind == 6:
            yield later
