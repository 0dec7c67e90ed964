"""One asset's desk: its windows, books, signals and five-state history.

Owns what is known *now* about one asset and the moment at which a window begins and ends for it.
It reads messages and never trades.
"""

from __future__ import annotations

from dataclasses import replace

from engine.book import Book, book_from
from engine.decision import Decision
from engine.feeds.feed import FeedInfo
from engine.history import History
from engine.market import Market, Outcome
from engine.messages import BookSnapshot, MidQuote
from engine.settings import Settings
from engine.signals import AssetSignals, Reading
from engine.snapshot import known


class Desk:
    """State of one asset."""

    def __init__(self, asset: str, info: FeedInfo, settings: Settings) -> None:
        self.asset = asset
        self.signals = AssetSignals(asset, info, settings)
        self.history = History()
        self.market: Market | None = None
        """The running window."""
        self.listed: dict[str, Market] = {}
        """Windows discovered and not begun, by slug."""
        self.books: dict[str, Book] = {}
        """By outcome token."""
        self.mids: dict[str, MidQuote] = {}
        """By window, of sources without books."""
        self.price_to_beat: dict[str, float] = {}
        self.reading: Reading | None = None
        self.features: tuple[float, ...] | None = None
        self.neutral = self.signals.absent
        """Most features that were neutral for want of a source, so far."""
        self.row_invalid: str | None = None
        """Why no row could be made at the last tick."""
        self.decision: Decision | None = None
        self.denial: str | None = None
        """Why the last decision was not carried out, in words; None: it was, or asked nothing."""
        self.told_denials: set[str] = set()
        """Codes already written down in this window."""

    @property
    def spot(self) -> float | None:
        """Mid of the underlying on its reference venue, dollars; None: not quoted yet."""
        return self.signals.spot

    def follow(self, venue: str) -> None:
        """Measure the underlying on `venue`. Rows measured on another one say nothing about it."""
        if self.signals.venue not in (None, venue):
            self.history.clear()
        self.signals.choose(venue)

    def list_market(self, market: Market) -> None:
        self.listed.setdefault(market.slug, market)

    def take_book(self, message: BookSnapshot, market: Market) -> None:
        """Replace a token's book; a finer tick than the market's own is believed and kept."""
        self.books[message.token_id] = book_from(message, market.tick_bp)
        if message.tick_bp is not None and message.tick_bp != market.tick_bp:
            self._retick(market, message.tick_bp)

    def take_mid(self, message: MidQuote) -> None:
        self.mids[message.slug] = message

    def book(self, outcome: Outcome) -> Book | None:
        """The running window's book of one outcome."""
        return None if self.market is None else self.books.get(self.market.token(outcome))

    def mid_quote(self) -> MidQuote | None:
        return None if self.market is None else self.mids.get(self.market.slug)

    def begin_window(self, t_ms: int) -> bool:
        """Start the listed window that runs at `t_ms`, if none runs. True if one began."""
        if self.market is not None:
            return False
        running = [m for m in self.listed.values() if m.start_ms <= t_ms < m.end_ms]
        if not running:
            return False
        self.market = min(running, key=lambda m: m.end_ms)
        self.listed = {s: m for s, m in self.listed.items() if m.end_ms > self.market.end_ms}
        self._clear()
        return True

    def end_window(self, t_ms: int) -> Market | None:
        """The window that has just ended, or None. History is cleared (DESIGN 3)."""
        market = self.market
        if market is None or t_ms < market.end_ms:
            return None
        self.market = None
        self._clear()
        self.drop(market)
        return market

    def drop(self, market: Market) -> None:
        """Forget the prices of a window that is over."""
        for token in (market.up_token, market.down_token):
            self.books.pop(token, None)
        self.mids.pop(market.slug, None)
        self.price_to_beat.pop(market.slug, None)

    def prob(self) -> float | None:
        """Mid of UP in [0, 1] at the last tick; None: unknown."""
        return None if self.reading is None else known(self.reading.prob)

    def _clear(self) -> None:
        self.history.clear()
        self.signals.open_window()
        self.reading = self.features = self.decision = self.denial = self.row_invalid = None
        self.told_denials.clear()

    def _retick(self, market: Market, tick_bp: int) -> None:
        changed = replace(market, tick_bp=tick_bp)
        if self.market is not None and self.market.slug == market.slug:
            self.market = changed
        elif market.slug in self.listed:
            self.listed[market.slug] = changed
