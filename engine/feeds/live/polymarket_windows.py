"""Which windows of the market's venue are of interest, and what is known of each.

Owns the arithmetic of windows: when one is looked for, subscribed, asked after and forgotten. Pure:
every question is asked at a market time. What is known of prices and books is kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.market import Market
from engine.settings import Feeds

SETTLED_MS = 60_000
"""A window whose outcome is known stays subscribed so long after its end: late frames come."""

UNSETTLED_MS = 300_000
"""One without an outcome stays subscribed so long: the channel sends verdicts too."""

FORGET_MS = 900_000
"""A window whose outcome is known is forgotten so long after its end."""


@dataclass(slots=True)
class Window:
    """One listed window."""

    market: Market
    priced: bool = False
    """Its price to beat came."""
    settled: bool = False
    """Its outcome came."""
    followed: bool = False
    """An earlier run's: only its outcome is of interest, and no stream tells of it."""


class Windows:
    """Every window that was found, from its listing until its outcome is known."""

    def __init__(self, feeds: Feeds) -> None:
        self._feeds = feeds
        self._by_slug: dict[str, Window] = {}

    def add(self, market: Market) -> None:
        self._by_slug.setdefault(market.slug, Window(market))

    def follow(self, market: Market, now_ms: int) -> None:
        """Ask for the outcome of an earlier run's window. One that still runs is left to be listed
        anew, which brings its book and its outcome alike."""
        if market.slug not in self.unlisted(now_ms):
            self._by_slug.setdefault(market.slug, Window(market, followed=True))

    def clashes(self, market: Market) -> bool:
        """Whether another window has one of its tokens: one of both listings is wrong then."""
        others = (w.market for w in self._by_slug.values() if w.market.slug != market.slug)
        return not _tokens(others).isdisjoint(_tokens((market,)))

    def find(self, slug: str) -> Window | None:
        return self._by_slug.get(slug)

    def unlisted(self, now_ms: int) -> tuple[str, ...]:
        """Slugs of running and coming windows that were not found yet, the running ones first."""
        slugs = (
            slug_of(asset, start_s, self._feeds.window_seconds)
            for start_s in _starts(now_ms, self._feeds)
            for asset in self._feeds.assets
        )
        return tuple(slug for slug in slugs if slug not in self._by_slug)

    def running(self, now_ms: int) -> tuple[Market, ...]:
        """Windows that are open now."""
        markets = (w.market for w in self._by_slug.values() if not w.followed)
        return tuple(m for m in markets if m.start_ms <= now_ms < m.end_ms)

    def unpriced(self, now_ms: int) -> tuple[Window, ...]:
        """Open windows without a price to beat."""
        open_now = (self._by_slug[market.slug] for market in self.running(now_ms))
        return tuple(window for window in open_now if not window.priced)

    def unsettled(self, now_ms: int) -> tuple[Window, ...]:
        """Windows that are over and whose outcome is not known."""
        windows = self._by_slug.values()
        return tuple(w for w in windows if not w.settled and w.market.end_ms <= now_ms)

    def running_tokens(self, now_ms: int) -> frozenset[str]:
        return _tokens(self.running(now_ms))

    def coming_tokens(self, now_ms: int) -> frozenset[str]:
        """Of windows that are listed and not open yet."""
        markets = (w.market for w in self._by_slug.values() if not w.followed)
        return _tokens(market for market in markets if now_ms < market.start_ms)

    def subscribed_tokens(self, now_ms: int) -> frozenset[str]:
        """Tokens that the market channel is asked for."""
        return _tokens(
            window.market
            for window in self._by_slug.values()
            if not window.followed and now_ms < _unsubscribed_ms(window)
        )

    def starting(self, asset: str, t_ms: int) -> Window | None:
        """The window of an asset that begins at exactly this time."""
        slug = slug_of(asset, t_ms // 1000, self._feeds.window_seconds)
        return self._by_slug.get(slug) if t_ms % 1000 == 0 else None

    def forget(self, now_ms: int) -> None:
        """Let go of windows that need nothing any more. One without an outcome stays for ever."""
        for slug, window in list(self._by_slug.items()):
            if window.settled and window.market.end_ms + FORGET_MS <= now_ms:
                del self._by_slug[slug]


def slug_of(asset: str, start_s: int, window_seconds: int) -> str:
    """The venue's name of a window (reference: polymarket 3.1)."""
    return f"{asset.lower()}-updown-{window_seconds // 60}m-{start_s}"


def _starts(now_ms: int, feeds: Feeds) -> tuple[int, ...]:
    """Unix seconds at which the running window began and, when it is time, the next begins."""
    length = feeds.window_seconds
    running = now_ms // 1000 // length * length
    coming = running + length
    if now_ms < coming * 1000 - feeds.lead_s * 1000:
        return (running,)
    return (running, coming)


def _unsubscribed_ms(window: Window) -> int:
    return window.market.end_ms + (SETTLED_MS if window.settled else UNSETTLED_MS)


def _tokens(markets: Iterable[Market]) -> frozenset[str]:
    return frozenset(token for market in markets for token in (market.up_token, market.down_token))
