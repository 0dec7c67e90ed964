"""The embedded market: four correlated assets and their 15-minute windows, without a network.

Owns the reading position: what was given, what comes next, and the warm-up before the first
tick. Everything said is a function of (seed, parameters, window), so a feed that starts in the
middle says from there on exactly what one that started earlier says. The parts, from the
outside in: ``sim_chapter`` merges a window's messages, ``sim_messages`` makes them,
``sim_clerk`` lists and resolves windows, ``sim_book`` and ``sim_tape`` are the two markets,
``sim_fair`` prices one from the other, ``sim_path`` and ``sim_levels`` move the underlying,
``sim_random`` seeds, ``sim_params`` holds every number.

Deliberate departures from the venue: the price to beat and the end are official spot prices, not
60-second averages, and the tick stays at one cent near 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter

from engine.errors import UsageError
from engine.feeds.feed import FeedInfo
from engine.feeds.sim_chapter import Chapter, World
from engine.feeds.sim_levels import window_index, window_start_ms
from engine.feeds.sim_params import DEFAULT_START_MS, EPOCH_MS, WINDOW_MS, SimParams
from engine.market import ASSETS
from engine.messages import Message, Resolution

WARM_UP_MS = WINDOW_MS
"""Past given before the first tick: the longest look-back of the features, with a margin."""

TAIL_MS = 2_000
"""Market time between the latest possible resolution of the last window and the end."""

LATEST_START_MS = EPOCH_MS + 10 * 365 * 86_400_000
"""A later start is a slip of the unit; walking there would take many seconds."""


class SimFeed:
    """The embedded market as a feed (`engine.feeds.feed.Feed`)."""

    def __init__(
        self,
        seed: int,
        windows: int | None = None,
        start_ms: int | None = None,
        params: SimParams | None = None,
    ) -> None:
        """`windows` trade, counting the one running at `start_ms`; None: no end.

        Raises UsageError for a seed, a count or a start that cannot be meant.
        """
        start = DEFAULT_START_MS if start_ms is None else start_ms
        _check(seed, windows, start)
        first = window_index(start)
        last = None if windows is None else first + windows - 1
        self._world = World(seed, params or SimParams(), last)
        self._info = _info(start, last, self._world.params)
        self._given_ms = start - 2 * WARM_UP_MS
        self._chapter = Chapter(self._world, first)
        self._ahead = Chapter(self._world, first + 1)

    @property
    def info(self) -> FeedInfo:
        return self._info

    def poll(self, until_ms: int) -> Iterable[Message]:
        """Messages with ``t_ms <= until_ms`` not yet given, in time order.

        The first call gives the warm-up too, whose times lie before ``info.start_ms``.
        """
        until = until_ms if self._info.end_ms is None else min(until_ms, self._info.end_ms)
        made = [m for m in self._pending_past() if m.t_ms <= until]
        while window_start_ms(self._chapter.index + 1) <= until:
            made += self._chapter.between(self._from_ms(), until)
            self._turn_page()
        made += self._chapter.between(self._from_ms(), until)
        self._given_ms = max(self._given_ms, until)
        self._prepare_ahead()
        return made

    def next_ms(self) -> int | None:
        """Market time of the next message; None when there will never be one."""
        for message in self._pending_past():
            return message.t_ms
        after = self._from_ms()
        upcoming = self._chapter.next_after(after)
        if upcoming is None:
            upcoming = self._ahead.next_after(after)
        end_ms = self._info.end_ms
        if upcoming is None or (end_ms is not None and upcoming > end_ms):
            return None
        return upcoming

    def close(self) -> None:
        """Nothing is held open."""

    def resolution_of(self, slug: str) -> Resolution | None:
        """The verdict on a window that is resolved by now; None: not yet, or no such window.

        "Now" is the latest time polled, or the start before the first poll. This serves a
        program that was killed while it held a position.
        """
        now_ms = max(self._given_ms, self._info.start_ms)
        return self._world.clerk.resolution_of(slug, now_ms)

    def _from_ms(self) -> int:
        """What is later than this is still to be given out of the chapters."""
        return max(self._given_ms, self._info.start_ms - 1)

    def _pending_past(self) -> list[Message]:
        """Warm-up messages not yet given, in time order."""
        if self._given_ms >= self._info.start_ms - 1:
            return []
        return [m for m in self._past if m.t_ms > self._given_ms]

    @cached_property
    def _past(self) -> list[Message]:
        """What a longer-running program would know at the start: thinned quotes, the window."""
        start, now = self._info.start_ms, self._chapter
        past: list[Message] = [*self._world.clerk.listings(now.index)]
        past += [f for f in now.facts if f.t_ms < start and not isinstance(f, Resolution)]
        if now.index > 0:
            before = Chapter(self._world, now.index - 1)
            past += before.thin_quotes(start - WARM_UP_MS, start)
        past += now.thin_quotes(start - WARM_UP_MS, start)
        return sorted(past, key=attrgetter("t_ms"))

    def _turn_page(self) -> None:
        self._chapter = self._ahead
        self._ahead = Chapter(self._world, self._chapter.index + 1)

    def _prepare_ahead(self) -> None:
        """Make a part of the next chapter per poll once this one is half told."""
        if self._given_ms > window_start_ms(self._chapter.index) + WINDOW_MS // 2:
            self._ahead.prepare()


def _info(start_ms: int, last: int | None, params: SimParams) -> FeedInfo:
    return FeedInfo(
        name="sim",
        assets=ASSETS,
        has=frozenset({"book", "binance"}),
        lacks=frozenset(),
        start_ms=start_ms,
        end_ms=None if last is None else _end_ms(last, params),
    )


def _end_ms(last: int, params: SimParams) -> int:
    latest = params.resolution_delay_ms + params.resolution_jitter_ms
    return window_start_ms(last + 1) + latest + TAIL_MS


def _check(seed: int, windows: int | None, start_ms: int) -> None:
    if seed < 0:
        raise UsageError(f"sim: the seed is {seed}; give a whole number of 0 or more")
    if windows is not None and windows < 1:
        raise UsageError(f"sim: {windows} windows asked for; give 1 or more, or leave it out")
    if not EPOCH_MS <= start_ms <= LATEST_START_MS:
        raise UsageError(
            f"sim: start {start_ms} is outside the embedded market; give unix milliseconds "
            f"from {EPOCH_MS} to {LATEST_START_MS}"
        )
