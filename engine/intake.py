"""Where messages are believed: each goes to the desk it concerns, or is counted as bad.

Owns the index from token and window to desk, which venue the underlying is measured on, and the
counts per source. A message about something unknown is never fatal (DESIGN 4.1): it is counted, and
its first occurrence is written down.
"""

from __future__ import annotations

from collections import Counter

from engine import events as ev
from engine.book import Book
from engine.contracts import Contracts
from engine.desk import Desk
from engine.feeds_view import ContractView
from engine.journal import Journal
from engine.market import Market
from engine.messages import (
    BadMessage,
    Bars,
    BookSnapshot,
    Derivative,
    Liquidation,
    MarketListed,
    Message,
    MidQuote,
    PriceToBeat,
    ReferenceChosen,
    Resolution,
    TradePrint,
    TradesMended,
    TradesMissed,
    VenueQuote,
)

OfUnderlying = (
    VenueQuote | TradePrint | Bars | TradesMissed | TradesMended | Derivative | Liquidation
)
"""Messages about an asset, whichever its windows are."""

LATE_MS = 3_600_000
"""Market time for which an ended window is remembered, for messages that come late."""

TOLD_REASONS = 20
"""Distinct bad-message reasons written to the log; the rest are only counted."""


class Intake:
    """Routes the messages of one feed."""

    def __init__(self, desks: dict[str, Desk], journal: Journal) -> None:
        self._desks = desks
        self._journal = journal
        self._markets: dict[str, Market] = {}
        self._tokens: dict[str, Market] = {}
        self._told: set[tuple[str, str]] = set()
        self._contracts = Contracts()
        self._reference: str | None = None
        self._now_ms = 0
        self.newest_ms: dict[str, int] = {}
        """Source -> market time of its newest message."""
        self.counts: Counter[str] = Counter()
        """Messages by source."""
        self.bad: Counter[str] = Counter()
        """Unusable messages by source."""

    @property
    def contracts(self) -> dict[str, ContractView]:
        """What the reference venue says of its contracts, by asset, as of the newest message."""
        return self._contracts.views(self._now_ms)

    def remember(self, market: Market) -> None:
        """Know a window again after a restart, so that its resolution is understood."""
        self._index(market)
        desk = self._desks.get(market.asset)
        if desk is not None:
            desk.list_market(market)

    def book(self, token_id: str) -> Book | None:
        """The newest book of a token, whichever desk holds it."""
        market = self._tokens.get(token_id)
        if market is None:
            return None
        return self._desks[market.asset].books.get(token_id)

    def take(self, message: Message, t_ms: int) -> None:
        """Believe one message, at `t_ms` at the earliest: time in the log never runs back."""
        at = self._now_ms = max(t_ms, message.t_ms)
        match message:
            case BookSnapshot():
                self._take_book(message, at)
            case _ if isinstance(message, OfUnderlying):
                self._take_underlying(message, at)
            case MidQuote():
                self._take_mid(message, at)
            case MarketListed():
                self._take_market(message, at)
            case ReferenceChosen():
                self._take_reference(message, at)
            case PriceToBeat():
                self._take_price_to_beat(message)
            case Resolution():
                self._take_resolution(message, at)
            case BadMessage():
                self._refuse(message.src, message.reason, at)

    def _take_book(self, message: BookSnapshot, at: int) -> None:
        market = self._tokens.get(message.token_id)
        if market is None:
            self._refuse("book", "a book of a token of no known window", at)
            return
        self._heard("book", message.t_ms)
        if message.t_ms < market.end_ms:  # real feeds go on for a while after the end
            self._desks[market.asset].take_book(message, market)

    def _take_underlying(self, message: OfUnderlying, at: int) -> None:
        desk = self._desks.get(message.asset)
        if desk is None:
            self._refuse("binance", f"unknown asset {message.asset!r}", at)
            return
        if isinstance(message, Derivative | Liquidation):
            self._contracts.take(message)
            return
        desk.signals.on_message(message)
        followed = desk.signals.venue in (None, message.venue)  # others are kept ready beside it
        if followed and isinstance(message, VenueQuote | TradePrint):
            self._heard("binance", message.t_ms)

    def _take_reference(self, message: ReferenceChosen, at: int) -> None:
        """Follow the venue named. It is an event where something was measured on another one."""
        self._reference, before = message.venue, self._reference
        self._contracts.choose(message.venue)
        desks = self._desks.values()
        moved = any(desk.signals.venue not in (None, message.venue) for desk in desks)
        for desk in desks:
            desk.follow(message.venue)
        if moved or before not in (None, message.venue):
            self._journal.record(at, ev.ReferenceChanged(message.venue, message.reason))

    def _take_mid(self, message: MidQuote, at: int) -> None:
        market = self._markets.get(message.slug)
        if market is None:
            self._refuse("mid", "a mid of no known window", at)
            return
        self._heard("mid", message.t_ms)
        if message.t_ms < market.end_ms:
            self._desks[market.asset].take_mid(message)

    def _take_market(self, message: MarketListed, at: int) -> None:
        market = message.market
        desk = self._desks.get(market.asset)
        if desk is None:
            self._refuse("market", f"unknown asset {market.asset!r}", at)
            return
        if market.slug not in self._markets:
            self._forget_ended(message.t_ms)
            self._index(market)
            desk.list_market(market)

    def _take_price_to_beat(self, message: PriceToBeat) -> None:
        market = self._markets.get(message.slug)
        if market is not None and message.t_ms < market.end_ms:
            self._desks[market.asset].price_to_beat[message.slug] = message.price

    def _take_resolution(self, message: Resolution, at: int) -> None:
        ledger = self._journal.ledger
        if message.slug not in ledger.markets:
            return  # a window that never ran for us: nothing can hang on it
        outcome = None if message.outcome is None else message.outcome.value
        if message.t_ms < ledger.markets[message.slug].end_ms:
            self._refuse("resolution", "a verdict on a window that still runs", at)
            return
        known = ledger.verdicts.get(message.slug)
        if known is not None and outcome not in (None, known):
            self._refuse("resolution", "a verdict that contradicts an earlier one", at)
        if known is not None or (outcome is None and message.slug in ledger.verdicts):
            return  # nothing new
        self._journal.record(at, ev.WindowResolved(message.slug, outcome, message.evidence))

    def _index(self, market: Market) -> None:
        self._markets[market.slug] = market
        self._tokens[market.up_token] = self._tokens[market.down_token] = market

    def _forget_ended(self, t_ms: int) -> None:
        """Forget what ended long ago; a window to come is kept, however many are listed."""
        old = [m for m in self._markets.values() if m.end_ms + LATE_MS < t_ms]
        for market in old:
            del self._markets[market.slug]
            self._desks[market.asset].drop(market)  # it may never have run, beside another
            for token in (market.up_token, market.down_token):
                if self._tokens.get(token) is market:
                    del self._tokens[token]

    def _heard(self, source: str, t_ms: int) -> None:
        self.counts[source] += 1
        self.newest_ms[source] = max(t_ms, self.newest_ms.get(source, 0))  # some come late

    def _refuse(self, source: str, reason: str, t_ms: int) -> None:
        self.bad[source] += 1
        key = (source, reason)
        if key not in self._told and len(self._told) < TOLD_REASONS:
            self._told.add(key)
            self._journal.record(t_ms, ev.Noted("warn", f"{source}: {reason} (counted, ignored)"))
