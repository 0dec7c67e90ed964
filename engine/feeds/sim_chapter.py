"""Everything the feed says during one window's fifteen minutes, in time order.

Owns the merging of the clerk's facts, the tape and the books. They stay arrays and become
messages only for the span asked for: a whole window as objects would take a hundred megabytes.
Chapters share no instant, so they can be read one after the other.
"""

from __future__ import annotations

from functools import cached_property
from operator import attrgetter

import numpy as np

from engine.feeds.sim_book import Books, no_books, window_books
from engine.feeds.sim_clerk import Clerk, market_of
from engine.feeds.sim_levels import Levels
from engine.feeds.sim_messages import (
    book_messages,
    first_after,
    quote_messages,
    span,
    trade_messages,
)
from engine.feeds.sim_params import SimParams
from engine.feeds.sim_tape import Tape, window_tape
from engine.market import ASSETS
from engine.messages import Message, VenueQuote

THIN_MS = 1000
"""Warm-up keeps one quote per asset and this many milliseconds."""


class World:
    """What chapters are made from, and how many windows of it trade."""

    def __init__(self, seed: int, params: SimParams, last: int | None) -> None:
        self.seed = seed
        self.params = params
        self.last = last
        """Index of the last window that trades; None: there is none."""
        self.levels = Levels(seed, params)
        self.clerk = Clerk(seed, self.levels, params)

    def trades(self, index: int) -> bool:
        return self.last is None or index <= self.last


class Chapter:
    """One window's fifteen minutes. Parts are made when first needed, each only once."""

    def __init__(self, world: World, index: int) -> None:
        self.index = index
        self._world = world

    @cached_property
    def tape(self) -> Tape:
        world = self._world
        return window_tape(world.seed, world.levels, world.params, self.index)

    @cached_property
    def books(self) -> Books:
        world = self._world
        if not world.trades(self.index):
            return no_books(world.params)
        return window_books(world.seed, world.levels, world.params, self.index)

    @cached_property
    def facts(self) -> tuple[Message, ...]:
        """What the clerk says meanwhile, in time order."""
        clerk = self._world.clerk
        facts: list[Message] = [*clerk.resolutions(self.index - 1)]
        if self._world.trades(self.index):
            facts += clerk.prices_to_beat(self.index)
        if self._world.trades(self.index + 1):
            facts += clerk.listings(self.index + 1)
        return tuple(sorted(facts, key=attrgetter("t_ms")))

    @cached_property
    def tokens(self) -> tuple[tuple[str, str], ...]:
        """(UP token, DOWN token) by asset."""
        markets = (market_of(self.index, asset) for asset in ASSETS)
        return tuple((m.up_token, m.down_token) for m in markets)

    def prepare(self) -> None:
        """Make one missing part, so that entering the chapter need not make them all."""
        missing = [part for part in ("tape", "books", "facts") if part not in self.__dict__]
        if missing:
            getattr(self, missing[0])

    def between(self, after_ms: int, until_ms: int) -> list[Message]:
        """Messages with ``after_ms < t_ms <= until_ms`` in time order."""
        quotes, trades, books = self.tape.quotes, self.tape.trades, self.books
        made: list[Message] = [f for f in self.facts if after_ms < f.t_ms <= until_ms]
        made += quote_messages(quotes, span(quotes.t_ms, after_ms, until_ms))
        made += trade_messages(trades, span(trades.t_ms, after_ms, until_ms))
        made += book_messages(books, self.tokens, span(books.t_ms, after_ms, until_ms))
        made.sort(key=attrgetter("t_ms"))
        return made

    def next_after(self, after_ms: int) -> int | None:
        """Time of the first message later than `after_ms`; None: there is none."""
        series = (self.tape.quotes.t_ms, self.tape.trades.t_ms, self.books.t_ms)
        firsts = [first_after(t_ms, after_ms) for t_ms in series]
        firsts += [f.t_ms for f in self.facts if f.t_ms > after_ms][:1]
        return min((t_ms for t_ms in firsts if t_ms is not None), default=None)

    def thin_quotes(self, from_ms: int, before_ms: int) -> list[VenueQuote]:
        """About one quote per second and asset with ``from_ms <= t_ms < before_ms``."""
        quotes = self.tape.quotes
        rows = span(quotes.t_ms, from_ms - 1, before_ms - 1)
        second = quotes.t_ms[rows] // THIN_MS * len(ASSETS) + quotes.asset[rows]
        _, first = np.unique(second, return_index=True)
        return quote_messages(quotes, np.sort(first) + rows.start)
