"""Windows that begin and end, and days: what market time alone brings about.

Owns which window runs for each asset, when a position of one that ended is written down as awaiting
its outcome, and when a UTC day begins. It sells nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from engine import events as ev
from engine.desk import Desk
from engine.journal import Journal
from engine.market import Market
from engine.meters import Meters
from engine.trader import Trader
from engine.venue import Venue

UNMANAGED = "no rule tried to sell it before the window ended"
RETURNED = "its sale failed to settle after the window had ended"


class Windows:
    """The windows of one engine."""

    def __init__(
        self,
        desks: Mapping[str, Desk],
        journal: Journal,
        trader: Trader,
        venue: Venue,
        meters: Meters,
    ) -> None:
        self._desks = desks
        self._journal = journal
        self._trader = trader
        self._venue = venue
        self._meters = meters

    @property
    def running(self) -> tuple[Desk, ...]:
        """The desks whose window runs."""
        return tuple(desk for desk in self._desks.values() if desk.market is not None)

    def open_day(self, t_ms: int) -> None:
        """Write down that a UTC day begins, and from which equity it counts."""
        day = datetime.fromtimestamp(t_ms / 1000, UTC).date().isoformat()
        ledger = self._journal.ledger
        if ledger.day is None or ledger.day.day < day:
            self._journal.record(t_ms, ev.DayOpened(day, ledger.settled_equity))

    def roll(self, t_ms: int) -> None:
        """End and begin the windows whose time it is."""
        for desk in self._desks.values():
            ended = desk.end_window(t_ms)
            if ended is not None:
                self._ended(t_ms, ended)
            begun = desk.market if desk.begin_window(t_ms) else None
            if begun is not None and begun.slug not in self._journal.ledger.markets:
                self._meters.windows += 1
                self._journal.record(t_ms, ev.MarketSeen.of(begun))
        for slug in self._journal.ledger.open_slugs():
            self.note_awaiting(t_ms, self._journal.ledger.markets[slug], RETURNED)

    def note_awaiting(self, t_ms: int, market: Market, reason: str) -> None:
        """Write down, once, that a window is over and what is held of it waits for the outcome."""
        if t_ms >= market.end_ms and market.slug not in self._journal.ledger.awaiting:
            self._journal.record(t_ms, ev.WindowAwaiting(market.slug, reason))

    def _ended(self, t_ms: int, market: Market) -> None:
        for token in (market.up_token, market.down_token):
            self._venue.forget(token)
        reason = self._trader.forget(market) or UNMANAGED
        if any(True for _ in self._journal.ledger.held(market.slug)):
            self._meters.unmanaged += reason == UNMANAGED
            self.note_awaiting(t_ms, market, reason)
