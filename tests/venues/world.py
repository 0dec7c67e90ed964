"""A seeded little market world: prices of the underlying, windows, books, prices to beat, outcomes.

It moves in steps of `step_ms` and tells what happened in each; the same seed, start and step give
the same world at any speed. It knows no venue's format and no socket.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.venues.happenings import (
    BookChanged,
    Happening,
    Listed,
    MinuteClosed,
    Moved,
    Resolved,
    SecondPassed,
    SharesTraded,
    TickChanged,
    Traded,
)
from tests.venues.outcome_book import FINE, Bend, LevelChange, Makers, TokenBook, differences
from tests.venues.underlying import SIGMA, Underlying
from tests.venues.window import Window

START_MS = 1_791_241_200_000 - 120_000
"""Two minutes before a quarter of an hour."""

SOURCES = ("stream", "gamma", "clob", "data")
"""Where an outcome can be learnt."""

KEEP_WINDOWS = 16
"""Windows of an asset that are remembered."""


@dataclass(slots=True)
class Plan:
    """What a test wants of the world; may be changed while it runs."""

    assets: tuple[str, ...] = ("BTC", "ETH", "SOL", "XRP")
    window_seconds: int = 900
    versions: tuple[str, ...] = ("v1",)
    """Protocol of one window after the other, over and over."""
    listed_before_s: float = 86_000.0
    """A window can be discovered so long before it begins; negative: so long after it began."""
    hydrated_before_s: float = 1_000.0
    """It has a book so long before it begins."""
    resolve_after_s: dict[str, float | None] = field(
        default_factory=lambda: {"stream": 8.0, "gamma": 10.0, "clob": 12.0, "data": 14.0}
    )
    """Seconds after the end at which each source knows the outcome; None: never."""
    priced_after_s: float | None = 60.0
    """Seconds after the start at which discovery tells the price to beat; None: never."""
    finest_tick: int = FINE
    """Tick near 0 and 1, basis points."""


class World:
    """All assets and windows."""

    def __init__(
        self, seed: int, start_ms: int = START_MS, plan: Plan | None = None, step_ms: int = 250
    ) -> None:
        if 1000 % step_ms:
            raise ValueError(f"a step of {step_ms} ms does not divide a second")
        self.plan = plan or Plan()
        self.step_ms = step_ms
        self.t_ms = start_ms // 1000 * 1000
        self._seed = seed
        self.underlyings = {
            asset: Underlying(asset, random.Random(f"{seed} {asset}"), self.t_ms)
            for asset in self.plan.assets
        }
        self._windows: dict[str, Window] = {}
        for asset in self.plan.assets:
            self._open_windows(asset)
        self._quiet_start()

    @property
    def second(self) -> int:
        return self.t_ms // 1000

    def advance(self, until_ms: int) -> Iterator[Happening]:
        """Every step up to this time, in order."""
        while self.t_ms + self.step_ms <= until_ms:
            yield from self.step()

    def step(self) -> Iterator[Happening]:
        """One step of all assets."""
        self.t_ms += self.step_ms
        for asset, underlying in self.underlyings.items():
            yield from self._underlying(asset, underlying)
        if self.t_ms % (self.plan.window_seconds * 1000) == 0:
            for asset in self.underlyings:
                self._open_windows(asset)
        for window in list(self._windows.values()):
            yield from self._window(window)

    # ---- what servers ask ----

    def window_of_slug(self, slug: str) -> Window | None:
        """A window that can be discovered by now."""
        window = self._windows.get(slug)
        return window if window is not None and self.is_listed(window) else None

    def window_of_token(self, token: str) -> Window | None:
        return next((w for w in self._windows.values() if token in w.books), None)

    def window_of_condition(self, condition_id: str) -> Window | None:
        return next((w for w in self._windows.values() if w.condition_id == condition_id), None)

    def windows(self, asset: str) -> list[Window]:
        """All that are remembered, oldest first."""
        return sorted((w for w in self._windows.values() if w.asset == asset), key=_start)

    def current(self, asset: str) -> Window:
        """The window that runs now."""
        seconds = self.plan.window_seconds
        return self._made(asset, self.second // seconds * seconds)

    def is_listed(self, window: Window) -> bool:
        return self.t_ms >= (window.start - self.plan.listed_before_s) * 1000

    def has_book(self, window: Window) -> bool:
        """The order book knows the window: hydrated, and not yet resolved there."""
        early = self.t_ms < (window.start - self.plan.hydrated_before_s) * 1000
        return not early and not self.knows(window, "clob")

    def knows(self, window: Window, source: str) -> bool:
        """Whether this source tells the outcome by now."""
        after = self.plan.resolve_after_s.get(source)
        if after is None or window.outcome is None:
            return False
        return self.t_ms >= (window.end + after) * 1000

    def tells_price(self, window: Window) -> bool:
        """Whether discovery gives the price to beat by now."""
        after = self.plan.priced_after_s
        if after is None or window.price_to_beat is None:
            return False
        return self.t_ms >= (window.start + after) * 1000

    # ---- what tests do ----

    def bend(self, token: str, bend: Bend) -> None:
        """From the next step on the token's book is what `bend` makes of it."""
        self._known(token).bends[token] = bend

    def straighten(self, token: str) -> None:
        self._known(token).bends.pop(token, None)

    def _known(self, token: str) -> Window:
        window = self.window_of_token(token)
        if window is None:
            raise KeyError(f"no window has the token {token[:12]}")
        return window

    # ---- how it moves ----

    def _underlying(self, asset: str, underlying: Underlying) -> Iterator[Happening]:
        closing = underlying.minutes[-1]
        trades = underlying.step(self.step_ms)
        if underlying.minutes[-1] is not closing:
            yield MinuteClosed(asset, self.t_ms, closing)
        for trade in trades:
            yield Traded(asset, trade)
        yield Moved(asset, self.t_ms, underlying.price)
        if self.t_ms % 1000 == 0:
            twap = underlying.twap(self.second)
            yield SecondPassed(asset, self.second, underlying.price, twap, underlying.minutes[-1])

    def _open_windows(self, asset: str) -> None:
        seconds = self.plan.window_seconds
        now = self.second // seconds * seconds
        for start in (now - seconds, now, now + seconds, now + 2 * seconds):
            self._made(asset, start)
        old = self.windows(asset)[:-KEEP_WINDOWS]
        for window in old:
            del self._windows[window.slug]

    def _made(self, asset: str, start: int) -> Window:
        seconds = self.plan.window_seconds
        version = self.plan.versions[start // seconds % len(self.plan.versions)]
        makers = Makers(random.Random(f"{self._seed} {asset} {start}"), self.plan.finest_tick)
        window = Window(asset, start, seconds, version, makers)
        return self._windows.setdefault(window.slug, window)

    def _quiet_start(self) -> None:
        """What was so before the first step is told to nobody, but it is known to all."""
        for window in self._windows.values():
            for _ in self._window(window):
                window.told.add("shown")

    def _window(self, window: Window) -> Iterator[Happening]:
        self._take_prices(window)
        if self.is_listed(window) and window.first_time("listed"):
            yield Listed(window, self.t_ms)
        if self.second < window.end and self.has_book(window):
            yield from self._quoted(window)
        if self.knows(window, "stream") and window.first_time("resolved"):
            yield Resolved(window, self.t_ms)

    def _take_prices(self, window: Window) -> None:
        underlying = self.underlyings[window.asset]
        if window.price_to_beat is None and self.second >= window.start:
            window.price_to_beat = underlying.twap(window.start)
        if window.final_price is None and self.second >= window.end:
            window.final_price = underlying.twap(window.end)

    def _quoted(self, window: Window) -> Iterator[Happening]:
        tick = window.tick
        window.makers.quote(self._fair(window))
        if window.tick != tick:
            yield TickChanged(window, self.t_ms, tick, window.tick)
        changes = [
            change
            for token, book in (
                (window.up, window.makers.book),
                (window.down, window.makers.mirrored()),
            )
            for change in self._published(window, token, book)
        ]
        if changes:
            yield BookChanged(window, self.t_ms, tuple(changes))
        if self.t_ms % 3_000 == 0 and window.start <= self.second:
            yield from self._shares_traded(window)

    def _published(self, window: Window, token: str, book: TokenBook) -> list[LevelChange]:
        bend = window.bends.get(token)
        new = book if bend is None else bend(book)
        changes = differences(token, window.books[token], new)
        window.books[token] = new
        return changes

    def _shares_traded(self, window: Window) -> Iterator[Happening]:
        price = window.books[window.up].best_ask
        if price is not None:
            window.last_trade[window.up] = price
            yield SharesTraded(window, self.t_ms, window.up, price, 7_500_000, "BUY")

    def _fair(self, window: Window) -> float:
        underlying = self.underlyings[window.asset]
        if window.price_to_beat is None:
            return 0.5
        left = max(1.0, window.end - self.t_ms / 1000)
        spread = underlying.price * SIGMA * math.sqrt(left)
        z = (underlying.price - window.price_to_beat) / spread
        return min(0.995, max(0.005, 0.5 * (1 + math.erf(z / math.sqrt(2)))))


def _start(window: Window) -> int:
    return window.start
