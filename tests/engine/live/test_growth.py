"""Two hundred windows one after another: what is over is let go of, and so is what was asked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Literal

from engine.feeds.live.polymarket_windows import Windows, slug_of
from engine.feeds.rows import RowReader
from engine.recording import Row
from engine.settings import Feeds
from tests.venues.outcome_book import CENT
from tests.venues.polymarket_papers import book, gamma_event
from tests.venues.window import Window
from tests.venues.world import Plan, World

WINDOWS = 200
SECONDS: Literal[300] = 300
START_S = 1_791_241_200
WORLD = World(7, START_S * 1000, Plan(assets=("BTC",), window_seconds=SECONDS))


def windows() -> Iterator[Window]:
    for number in range(WINDOWS):
        made = WORLD.current("BTC")
        yield Window("BTC", START_S + number * SECONDS, SECONDS, "v1", made.makers, 100.0, 101.0)


def rows(window: Window) -> Iterator[Row]:
    t_ms = window.start * 1000
    yield Row(t_ms, "gamma.event", gamma_event(WORLD, window))
    for token in (window.up, window.down):
        window.books[token].bids[50 * CENT] = window.books[token].asks[51 * CENT] = 1_000_000
        frame = {**book(window, token, t_ms), "event_type": "book"}
        yield Row(t_ms + 1, "polymarket.market", [frame])


def size(thing: object, seen: set[int]) -> int:
    """Bytes of everything that hangs on it."""
    if id(thing) in seen or isinstance(thing, type) or callable(thing):
        return 0
    seen.add(id(thing))
    inner: list[object] = [getattr(thing, name, None) for name in _names(thing)]
    if isinstance(thing, dict):
        inner += [*thing.keys(), *thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        inner += thing
    return sys.getsizeof(thing) + sum(size(one, seen) for one in inner)


def _names(thing: object) -> list[str]:
    slots = [name for kind in type(thing).__mro__ for name in getattr(kind, "__slots__", ())]
    return [*slots, *getattr(thing, "__dict__", ())]


def test_a_reader_of_two_hundred_windows_is_no_larger_than_one_of_twenty() -> None:
    reader, sizes = RowReader(), list[int]()
    for window in windows():
        told = [message for row in rows(window) for message in reader.messages(row)]
        assert any(type(message).__name__ == "BookSnapshot" for message in told)
        sizes.append(size(reader, set()))
    assert sizes[-1] < 1.3 * sizes[20]
    assert sizes[20] > 2_000
    assert len(reader.carried(window.start * 1000 + 2)) < 20


def test_windows_that_are_settled_are_forgotten_and_only_the_running_ones_are_subscribed() -> None:
    known, reader = Windows(Feeds(assets=("BTC",), window_seconds=SECONDS)), RowReader()
    for window in windows():
        now_ms = window.start * 1000 + 1_000
        for row in rows(window):
            for message in reader.messages(row):
                if type(message).__name__ == "MarketListed":
                    known.add(message.market)  # type: ignore[union-attr]  # it is one
        known.forget(now_ms)
        for over in known.unsettled(now_ms):
            over.settled = True
        assert len(known.subscribed_tokens(now_ms)) <= 4
    first = known.find(slug_of("BTC", START_S, SECONDS))
    assert first is None
    kept = [w for w in windows() if known.find(w.slug) is not None]
    assert len(kept) <= 6
