"""Messages of the venue's market channel, as recorded raw.

Owns which outcome tokens are known, the book of each (`polymarket_books`), and what breaks their
continuity: whatever cannot be read, and a lost connection. Each break is told once, as an empty
book with its reason. Trades repeat what books say and are passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from engine.feeds.venues.fields import fields_of, stamp_ms, text
from engine.feeds.venues.polymarket_books import Best, Change, Sides, TokenBook
from engine.feeds.venues.polymarket_check import BookCheck
from engine.feeds.venues.polymarket_levels import MessageError, PriceCodes, SizeCodes
from engine.market import Market, Outcome
from engine.messages import BadMessage, BookSnapshot, Message, Resolution
from engine.units import BP

SRC = "polymarket.market"
"""The row kind of this channel."""

IGNORED_EVENTS = frozenset({"last_trade_price", "new_market"})
"""Known events that add nothing to the books. New markets are found by their slug; these are of
every market that the venue lists."""

BOOK_EVENTS = frozenset({"book", "price_change"})

KNOWN_EVENTS = (
    IGNORED_EVENTS | BOOK_EVENTS | {"best_bid_ask", "market_resolved", "tick_size_change"}
)

LEVEL_FIELDS = frozenset({"asks", "bids", "changes", "price", "price_changes", "side", "size"})
"""An event of unknown kind that has one of them may have changed a book."""

MOST_EVENTS = 1_000
"""Events in one message; the longest known has one for each token."""

FORGET_MS = 600_000
"""Time after a window's end for which its tokens are still known: late messages do come."""

AHEAD_MS = 300_000
"""A stamp further ahead of its receipt is no time: believed, it would make all others late."""


class MarketChannel:
    """Books of all listed tokens, fed with raw events."""

    def __init__(self) -> None:
        self._prices = PriceCodes()
        self._sizes = SizeCodes()
        self._books: dict[str, TokenBook] = {}
        self._markets: dict[str, Market] = {}
        self._check = BookCheck(self._prices, self._sizes)

    @property
    def markets(self) -> tuple[Market, ...]:
        """Every window whose tokens are known, in the order of their listing."""
        return tuple(dict.fromkeys(self._markets.values()))

    def list_market(self, market: Market, t_ms: int) -> None:
        """Know the market's two tokens from now on, and forget those of windows long gone."""
        gone = [k for k, m in self._markets.items() if m.end_ms + FORGET_MS < t_ms]
        for token in gone:
            del self._markets[token], self._books[token]
            self._check.forget(token)
        for token in (market.up_token, market.down_token):
            if token not in self._markets:
                self._markets[token] = market
                self._books[token] = TokenBook(self._prices, self._sizes, market.tick_bp)

    def messages(self, t_ms: int, data: object) -> Iterator[Message]:
        """What one raw frame (an event or an array of events) says.

        A faulty event gives a BadMessage. What it said is missing from then on, so each token
        that it names (every token, where none can be read) also gets an empty book: untradable
        until its next snapshot. A frame that could not be read is a string that says why.
        """
        if isinstance(data, str):
            yield BadMessage(t_ms, SRC, data[:80])
            yield from self.void(t_ms, "a message was lost")
            return
        events = data if isinstance(data, list) else [data]
        if len(events) > MOST_EVENTS:
            yield BadMessage(t_ms, SRC, f"more than {MOST_EVENTS} events in one message")
            yield from self.void(t_ms, "a message was lost")
            return
        for event in events:
            try:
                yield from self._event(t_ms, fields_of(event))
            except MessageError as error:
                yield from self._refusal(t_ms, event, str(error))
            except (KeyError, TypeError):
                yield from self._refusal(t_ms, event, "a field is missing or of the wrong type")

    def void(self, t_ms: int, why: str, tokens: Iterable[str] | None = None) -> Iterator[Message]:
        """Break the books of `tokens`, of all by default."""
        for token in tuple(self._books if tokens is None else tokens):
            book = self._books.get(token)
            if book is not None and book.void_why is None:
                book.void(why)
                self._check.forget(token)
                yield BookSnapshot(t_ms, token, (), (), fault=why)

    def lost(self, t_ms: int, why: str) -> Iterator[Message]:
        """The connection was lost. What the next one tells is in an order of its own, and its
        snapshots may be stamped with the last change of a book, before messages already heard."""
        for book in self._books.values():
            book.newest = None
        return self.void(t_ms, f"connection lost: {why}")

    def checked(self, t_ms: int, data: object) -> Iterator[Message]:
        """Compare a book with the venue's answer to a request (row `polymarket.book`).

        A book that is confirmed is told again, and so is fresh. Raises MessageError for an answer
        that cannot be read; the book is then left as it is.
        """
        fields = fields_of(data)
        token = text(fields, "token")
        book = self._books.get(token)
        if book is None or book.offered is None:
            return
        agrees = self._check.agrees(t_ms, fields, book.newest)
        if agrees:
            yield _message(t_ms, token, book.offered)
        elif agrees is False and self._check.is_refuted(token):
            yield from self.void(t_ms, "the venue's answer to a request differs", (token,))

    def lacking(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those of `tokens` that have no book now: never heard, void or not listed."""
        books = self._books
        return frozenset(t for t in tokens if t not in books or books[t].offered is None)

    def snapshots(self) -> Iterator[dict[str, Any]]:
        """Each whole book as the `book` event that would make it."""
        for token, book in self._books.items():
            try:
                levels = book.levels()
            except MessageError:  # it is found out, and told, by the next delta
                continue
            if levels is not None:
                yield _event_of(token, self._markets[token], book, levels)

    def _event(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        kind = event.get("event_type")
        if kind == "book":
            yield from self._snapshot(t_ms, event)
        elif kind == "price_change":
            yield from self._deltas(t_ms, event)
        elif kind == "best_bid_ask":
            self._announced(t_ms, event)
        elif kind == "tick_size_change":
            self._book(event).retick(event.get("new_tick_size"))
        elif kind == "market_resolved":
            yield from self._verdict(t_ms, event)
        elif kind not in IGNORED_EVENTS:
            raise MessageError("its event_type is not known")

    def _snapshot(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        book = self._book(event)
        stamp = _stamp(t_ms, event)
        if event.get("tick_size") not in (None, ""):  # the venue writes what is absent so, too
            book.retick(event["tick_size"])
        sides = book.replace(event["bids"], event["asks"], stamp)
        if sides is None:
            return
        if "levels" in event:
            # A book cut to its best levels is whole enough to trade on, not to lay deltas over.
            book.cut()
        yield self._told(t_ms, event["asset_id"], sides)

    def _deltas(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        stamp = _stamp(t_ms, event)
        by_token: dict[str, list[Change]] = {}
        stated: dict[str, Best | None] = {}
        for raw in event["price_changes"]:
            change = Change(raw["side"], raw["price"], raw["size"])
            token = text(raw, "asset_id")
            by_token.setdefault(token, []).append(change)
            stated[token] = self._stated(raw)
        for token, changes in by_token.items():
            try:
                book = self._book({"asset_id": token})
                sides = book.change(changes, stamp, stated[token])
            except MessageError as error:
                yield BadMessage(t_ms, SRC, str(error))
                yield from self.void(t_ms, str(error), (token,))
            else:
                yield from () if sides is None else (self._told(t_ms, token, sides),)

    def _announced(self, t_ms: int, event: dict[str, Any]) -> None:
        book, best = self._books.get(str(event.get("asset_id"))), self._stated(event)
        if book is not None and best is not None:
            book.claim(best, _stamp(t_ms, event))

    def _stated(self, raw: dict[str, Any]) -> Best | None:
        """Best prices stated beside a delta; an empty side is written "", "0" or, of asks, "1"."""
        bid, ask = raw.get("best_bid"), raw.get("best_ask")
        if bid is None or ask is None:
            return None
        bid_bp, ask_bp = self._prices[bid] if bid else 0, self._prices[ask] if ask else 0
        return Best(bid_bp or None, ask_bp if 0 < ask_bp < BP else None)

    def _verdict(self, t_ms: int, event: dict[str, Any]) -> Iterator[Message]:
        """Verdicts come of every market of the venue. One that contradicts itself is none."""
        token = text(event, "winning_asset_id")
        market = self._markets.get(token)
        if market is None:
            return
        outcome = market.outcome_of(token)
        said = str(event.get("winning_outcome")).upper()
        if said in Outcome.__members__ and said != outcome:
            raise MessageError("winning_outcome is not that of winning_asset_id")
        yield Resolution(t_ms, market.slug, outcome, "market_resolved")

    def _book(self, event: dict[str, Any]) -> TokenBook:
        book = self._books.get(text(event, "asset_id"))
        if book is None:
            raise MessageError("its token belongs to no listed market")
        return book

    def _told(self, t_ms: int, token: str, sides: Sides) -> BookSnapshot:
        self._check.remember(t_ms, token, sides)
        return _message(t_ms, token, sides)

    def _refusal(self, t_ms: int, event: object, reason: str) -> Iterator[Message]:
        yield BadMessage(t_ms, SRC, reason)
        if _is_beside_books(event):
            return
        named = tuple(_named_tokens(event))
        yield from self.void(t_ms, reason, None if _is_lost(event, named) else named)


def _message(t_ms: int, token: str, sides: Sides) -> BookSnapshot:
    return BookSnapshot(t_ms, token, sides.bids, sides.asks, sides.tick_bp)


def _stamp(t_ms: int, event: dict[str, Any]) -> int | None:
    stamp = stamp_ms(event, "timestamp")
    if stamp is not None and stamp > t_ms + AHEAD_MS:
        raise MessageError("its timestamp lies in the future")
    return stamp


def _is_lost(event: object, named: tuple[str, ...]) -> bool:
    """Whether nobody can say which books a faulty event was about."""
    if named:
        return False
    kind = event.get("event_type") if isinstance(event, dict) else None
    return not isinstance(event, dict) or not isinstance(kind, str) or kind in BOOK_EVENTS


def _is_beside_books(event: object) -> bool:
    """Whether an event is of a kind that came up later, and says nothing of levels: venues add
    such kinds, and a book that each of them made void would never be whole."""
    kind = event.get("event_type") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(kind, str) or kind in KNOWN_EVENTS:
        return False
    return LEVEL_FIELDS.isdisjoint(event)


def _named_tokens(event: object) -> Iterator[str]:
    """Tokens that a faulty event names, as far as it can be read."""
    if not isinstance(event, dict):
        return
    changes = event.get("price_changes")
    parts = [event, *(changes if isinstance(changes, list) else ())]
    names = [part.get("asset_id") for part in parts if isinstance(part, dict)]
    yield from dict.fromkeys(name for name in names if isinstance(name, str))


def _event_of(
    token: str, market: Market, book: TokenBook, levels: tuple[dict[int, int], dict[int, int]]
) -> dict[str, Any]:
    bids, asks = levels
    event = {
        "event_type": "book",
        "market": market.condition_id,
        "asset_id": token,
        "tick_size": PriceCodes.text(book.tick_bp),
        "bids": [_level(price, bids[price]) for price in sorted(bids)],
        "asks": [_level(price, asks[price]) for price in sorted(asks, reverse=True)],
    }
    return event if book.newest is None else {**event, "timestamp": str(book.newest)}


def _level(price_bp: int, micro_shares: int) -> dict[str, str]:
    return {"price": PriceCodes.text(price_bp), "size": SizeCodes.text(micro_shares)}
