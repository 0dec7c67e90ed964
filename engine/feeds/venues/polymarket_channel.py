"""Messages of the venue's market channel, as recorded raw.

Owns which outcome tokens are known and the book of each (`polymarket_books`). Only what changes a
book, a tick or a verdict is used; trade and best-price events repeat what books say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_books import Change, Sides, TokenBook
from engine.feeds.venues.polymarket_levels import MessageError, PriceCodes, SizeCodes
from engine.market import Market
from engine.messages import BadMessage, BookSnapshot, Message, Resolution

SRC = "polymarket.market"
"""The row kind of this channel."""

IGNORED_EVENTS = frozenset({"last_trade_price", "best_bid_ask", "new_market"})
"""Known events that add nothing to the books."""

FORGET_MS = 600_000
"""Time after a window's end for which its tokens are still known: late messages do come."""


class MarketChannel:
    """Books of all listed tokens, fed with raw events."""

    def __init__(self) -> None:
        self._prices = PriceCodes()
        self._sizes = SizeCodes()
        self._books: dict[str, TokenBook] = {}
        self._markets: dict[str, Market] = {}

    def list_market(self, market: Market, t_ms: int) -> None:
        """Know the market's two tokens from now on, and forget those of windows long gone."""
        gone = [k for k, m in self._markets.items() if m.end_ms + FORGET_MS < t_ms]
        for token in gone:
            del self._markets[token], self._books[token]
        for token in (market.up_token, market.down_token):
            if token not in self._markets:
                self._markets[token] = market
                self._books[token] = TokenBook(self._prices, self._sizes, market.tick_bp)

    def messages(self, t_ms: int, data: object) -> Iterator[Message]:
        """What one raw frame (an event or an array of events) says.

        A faulty event gives a BadMessage. What it said is missing from then on, so each token
        that it names also gets an empty book: untradable until its next snapshot.
        """
        for event in data if isinstance(data, list) else [data]:
            try:
                yield from self._event(t_ms, fields_of(event))
            except MessageError as error:
                yield from self._refusal(t_ms, event, str(error))
            except (KeyError, TypeError):
                yield from self._refusal(t_ms, event, "a field is missing or of the wrong type")

    def _event(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        kind = event.get("event_type")
        if kind == "book":
            yield self._snapshot(t_ms, event)
        elif kind == "price_change":
            yield from self._deltas(t_ms, event)
        elif kind == "tick_size_change":
            self._book(event).retick(event.get("new_tick_size"))
        elif kind == "market_resolved":
            yield self._verdict(t_ms, event)
        elif kind not in IGNORED_EVENTS:
            raise MessageError("its event_type is not known")

    def _snapshot(self, t_ms: int, event: dict[str, Any]) -> BookSnapshot:
        book = self._book(event)
        if "tick_size" in event:
            book.retick(event["tick_size"])
        sides = book.replace(event["bids"], event["asks"])
        if "levels" in event:
            # A book cut to its best levels is whole enough to trade on, not to lay deltas over.
            book.void()
        return _message(t_ms, event["asset_id"], sides)

    def _deltas(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        by_token: dict[str, list[Change]] = {}
        for raw in event["price_changes"]:
            change = Change(raw["side"], raw["price"], raw["size"])
            by_token.setdefault(text(raw, "asset_id"), []).append(change)
        for token, changes in by_token.items():
            sides = self._book({"asset_id": token}).change(changes)
            yield _message(t_ms, token, sides)

    def _verdict(self, t_ms: int, event: dict[str, Any]) -> Resolution:
        token = text(event, "winning_asset_id")
        market = self._markets.get(token)
        if market is None:
            raise MessageError("a verdict for a token of no listed market")
        return Resolution(t_ms, market.slug, market.outcome_of(token), "market_resolved")

    def _book(self, event: dict[str, Any]) -> TokenBook:
        book = self._books.get(text(event, "asset_id"))
        if book is None:
            raise MessageError("its token belongs to no listed market")
        return book

    def _refusal(self, t_ms: int, event: object, reason: str) -> Iterator[Message]:
        yield BadMessage(t_ms, SRC, reason)
        for token in _named_tokens(event):
            if token in self._books:
                self._books[token].void()
                yield BookSnapshot(t_ms, token, (), ())


def _message(t_ms: int, token: str, sides: Sides) -> BookSnapshot:
    return BookSnapshot(t_ms, token, sides.bids, sides.asks, sides.tick_bp)


def _named_tokens(event: object) -> Iterator[str]:
    """Tokens that a faulty event names, as far as it can be read."""
    if not isinstance(event, dict):
        return
    changes = event.get("price_changes")
    parts = [event, *(changes if isinstance(changes, list) else ())]
    names = [part.get("asset_id") for part in parts if isinstance(part, dict)]
    yield from dict.fromkeys(name for name in names if isinstance(name, str))
