"""Polymarket's sockets: the market channel, and the stream of the settlement price."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any

from tests.venues.faults import PONG
from tests.venues.happenings import (
    BookChanged,
    Happening,
    Listed,
    Resolved,
    SecondPassed,
    SharesTraded,
    TickChanged,
)
from tests.venues.host import Guest, Host
from tests.venues.outcome_book import LevelChange
from tests.venues.polymarket_papers import book, digest, price_text, size_text
from tests.venues.window import Window

CHATTY = "custom_feature_enabled"
"""What a client must ask for to be told best prices, new markets and outcomes."""


class PolymarketStream(Host):
    """The market channel: ``/ws/market``."""

    def admits(self, path: str) -> bool:
        return path == "/ws/market"

    def listen(self, guest: Guest, text: str) -> None:
        if text == "PING":
            self.say(guest, PONG, "PONG")
            return
        try:
            said = json.loads(text)
        except ValueError:
            self.say(guest, "error", "INVALID MESSAGE")
            return
        if said.get("operation") == "unsubscribe":
            guest.topics.difference_update(said["assets_ids"])
        elif said.get("type") == "market" or said.get("operation") == "subscribe":
            self._subscribe(guest, said)

    def _subscribe(self, guest: Guest, said: dict[str, Any]) -> None:
        if said.get(CHATTY):
            guest.topics.add(CHATTY)
        tokens = [token for token in said["assets_ids"] if self._has_book(token)]
        guest.topics.update(said["assets_ids"])
        heard = [token for token in tokens if not self.faults.is_silent(f"book/{token}")]
        if heard:
            self.say(guest, "book/first", [self._snapshot(token) for token in heard])

    def _has_book(self, token: str) -> bool:
        window = self.world.window_of_token(token)
        return window is not None and self.world.has_book(window)

    def _snapshot(self, token: str) -> dict[str, Any]:
        window = self.world.window_of_token(token)
        assert window is not None
        paper = book(window, token, self.stamp_ms())
        unused = ("min_order_size", "neg_risk")
        return {**{k: v for k, v in paper.items() if k not in unused}, "event_type": "book"}

    def tell(self, happening: Happening) -> None:
        match happening:
            case BookChanged():
                self._book_changed(happening)
            case TickChanged():
                self._tick_changed(happening)
            case SharesTraded():
                self._shares_traded(happening)
            case Listed():
                self._listed(happening.window)
            case Resolved():
                self._resolved(happening.window)

    def _book_changed(self, happening: BookChanged) -> None:
        """One message for both tokens; a client that wants one of them gets no more than that."""
        window = happening.window
        if window.first_time("shown"):
            for token in window.books:
                self._to(f"book/{token}", self._snapshot(token), token)
            return
        for tokens in ({window.up, window.down}, {window.up}, {window.down}):
            changes = [self._change(window, c) for c in happening.changes if c.token in tokens]
            event = self._event(window, "price_change", price_changes=changes)
            if changes:
                self.publish(f"price_change/{window.slug}", event, _exactly(window, tokens))
        for token in sorted({change.token for change in happening.changes}):
            self._best(window, token)

    def _change(self, window: Window, change: LevelChange) -> dict[str, str]:
        return {
            "asset_id": change.token,
            "price": price_text(change.price),
            "size": size_text(change.size),
            "side": change.side,
            "hash": digest(change, self.world.t_ms),
            **self._best_prices(window, change.token),
        }

    def _best_prices(self, window: Window, token: str) -> dict[str, str]:
        bid, ask = window.books[token].best_bid, window.books[token].best_ask
        return {
            "best_bid": "" if bid is None else price_text(bid),
            "best_ask": "" if ask is None else price_text(ask),
        }

    def _best(self, window: Window, token: str) -> None:
        bid, ask = window.books[token].best_bid, window.books[token].best_ask
        if bid is None or ask is None:
            return
        self._chat(
            window,
            "best_bid_ask",
            token,
            **self._best_prices(window, token),
            spread=price_text(abs(ask - bid)),
        )

    def _tick_changed(self, happening: TickChanged) -> None:
        window = happening.window
        for token in window.books:
            ticks = {
                "old_tick_size": price_text(happening.old),
                "new_tick_size": price_text(window.tick),
            }
            event = self._event(window, "tick_size_change", asset_id=token, **ticks)
            self._to(f"tick_size_change/{token}", event, token)

    def _shares_traded(self, happening: SharesTraded) -> None:
        token = happening.token
        event = self._event(
            happening.window,
            "last_trade_price",
            asset_id=token,
            price=price_text(happening.price),
            size=size_text(happening.size),
            fee_rate_bps="0",
            side=happening.side,
            transaction_hash="0x" + digest(happening.t_ms),
        )
        self._to(f"last_trade_price/{token}", event, token)

    def _listed(self, window: Window) -> None:
        """Told to all who asked for chatter, whatever they are subscribed to."""
        event = self._event(
            window,
            "new_market",
            id="5347188",
            question=window.slug,
            slug=window.slug,
            assets_ids=[window.up, window.down],
            outcomes=["Up", "Down"],
            condition_id=window.condition_id,
            clob_token_ids=[window.up, window.down],
            order_price_min_tick_size=price_text(window.tick),
        )
        self._to("new_market", event, CHATTY)

    def _resolved(self, window: Window) -> None:
        event = self._event(
            window,
            "market_resolved",
            id="5347188",
            assets_ids=[window.up, window.down],
            winning_asset_id=window.winner,
            winning_outcome="Up" if window.outcome == "UP" else "Down",
        )
        self.publish(
            f"market_resolved/{window.slug}",
            event,
            lambda guest: CHATTY in guest.topics and bool(guest.topics & set(window.books)),
        )

    def _chat(self, window: Window, kind: str, token: str, **more: str) -> None:
        event = self._event(window, kind, asset_id=token, **more)
        self._to(f"{kind}/{token}", event, CHATTY, token)

    def _to(self, topic: str, event: dict[str, Any], *asked_for: str) -> None:
        """To all who asked for each of these."""
        self.publish(topic, event, lambda guest: guest.topics.issuperset(asked_for))

    def _event(self, window: Window, kind: str, **more: Any) -> dict[str, Any]:
        return {
            "event_type": kind,
            "market": window.condition_id,
            **more,
            "timestamp": str(self.stamp_ms()),
        }


def _exactly(window: Window, tokens: set[str]) -> Callable[[Guest], bool]:
    """Whether a client wants these of the window's tokens, and no other."""
    return lambda guest: guest.topics.intersection(window.books) == tokens


class PolymarketPrices(Host):
    """The settlement price, second by second."""

    TOPIC = "crypto_prices_twap_sixty"
    late_s = 1.5
    """Seconds by which a price is late."""

    def admits(self, path: str) -> bool:
        return path in ("", "/")

    def listen(self, guest: Guest, text: str) -> None:
        if text == "PING":
            self.say(guest, PONG, "PONG")
            return
        said = json.loads(text)
        subscriptions = said.get("subscriptions", [])
        # One bad topic spoils the whole batch, without a word.
        if any(sub.get("topic") != self.TOPIC for sub in subscriptions):
            return
        for sub in subscriptions:
            symbol = json.loads(sub["filters"])["symbol"]
            self._subscription(guest, said["action"], symbol)

    def _subscription(self, guest: Guest, action: str, symbol: str) -> None:
        if action == "unsubscribe":
            guest.topics.discard(symbol)
            return
        guest.topics.add(symbol)
        underlying = self.world.underlyings.get(symbol.split("/")[0].upper())
        if underlying is None:
            return
        last = self.world.second - int(self.late_s)
        known = [
            {"timestamp": s * 1000, "value": underlying.twap(s)} for s in range(last - 59, last)
        ]
        self.say(guest, self._topic(symbol), self._frame("subscribe", symbol, data=known))

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._waiting: deque[tuple[int, SecondPassed]] = deque()

    def tell(self, happening: Happening) -> None:
        if not isinstance(happening, SecondPassed):
            return
        self._waiting.append((happening.second * 1000 + int(self.late_s * 1000), happening))
        while self._waiting and self._waiting[0][0] <= self.world.t_ms:
            self._tick(self._waiting.popleft()[1])

    def _tick(self, passed: SecondPassed) -> None:
        symbol = f"{passed.asset.lower()}/usd"
        frame = self._frame(
            "update",
            symbol,
            timestamp=passed.second * 1000,
            value=passed.twap,
            full_accuracy_value=str(round(passed.twap * 10**8) * 10**10),
            window_s=60,
        )
        self.publish(self._topic(symbol), frame, lambda guest: symbol in guest.topics)

    def _topic(self, symbol: str) -> str:
        return f"{self.TOPIC}/{symbol}"

    def _frame(self, kind: str, symbol: str, **payload: Any) -> dict[str, Any]:
        return {
            "connection_id": "11111111-2222-3333-4444-555555555555",
            "topic": self.TOPIC,
            "type": kind,
            "timestamp": self.stamp_ms(),
            "payload": {"symbol": symbol, **payload},
        }
