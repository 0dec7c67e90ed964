"""Which windows a reader of rows knows, with their prices to beat and their outcomes.

Owns the choice among sources that say the same: the first price to beat stays, and one that
contradicts it is an error; a verdict counts only after its window's end. Books are kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.feeds.venues import polymarket_gamma, polymarket_verdicts
from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_gamma import named
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.polymarket_prices import SRC as PRICES
from engine.feeds.venues.polymarket_prices import StartPrices, differ, tick_of
from engine.market import Market, Outcome
from engine.messages import BadMessage, MarketListed, Message, PriceToBeat, Resolution

KEPT_MS = 3_600_000
"""Time after its end for which a window is known: its outcome may come late."""


class Windows:
    """Every listed window, until long after its end."""

    def __init__(self, on_listed: Callable[[Market, int], None]) -> None:
        """`on_listed` is told of each listing and its market time, before any message about it."""
        self._on_listed = on_listed
        self._by_slug: dict[str, Market] = {}
        self._to_beat: dict[str, float] = {}
        self._ticks = StartPrices()

    def coming(self, t_ms: int) -> list[Market]:
        """Windows that are not over at `t_ms`."""
        return [market for market in self._by_slug.values() if market.end_ms > t_ms]

    def list_market(self, t_ms: int, market: Market) -> Iterator[Message]:
        """Know a window from now on, and forget those of long ago."""
        for slug, old in list(self._by_slug.items()):
            if old.end_ms + KEPT_MS < t_ms:
                del self._by_slug[slug]
                self._to_beat.pop(slug, None)
        self._check_tokens(market)
        self._by_slug.setdefault(market.slug, market)
        self._on_listed(market, t_ms)
        yield MarketListed(t_ms, market)
        price = self._ticks.at(market.asset, market.start_ms)
        if price is not None:
            yield from self._beat(t_ms, market, price, PRICES)

    def event(self, t_ms: int, data: object) -> Iterator[Message]:
        """Discovery's event: a listing, a price to beat, an outcome, or several of them."""
        slug = text(fields_of(data), "slug")
        if slug not in self._by_slug and t_ms < named(slug).end_ms:
            yield from self.list_market(t_ms, polymarket_gamma.listed(data))
        market = self._by_slug.get(slug)
        if market is not None:
            yield from self._priced(t_ms, market, data)
        outcome = polymarket_gamma.verdict(data, market)
        yield from self._verdict(t_ms, slug, outcome, "Gamma: closed, its outcome priced at $1")

    def prices(self, t_ms: int, data: object) -> Iterator[Message]:
        """A frame of the settling price."""
        for asset, start_ms, price in self._ticks.take(data, t_ms):
            for market in list(self._by_slug.values()):
                if market.asset == asset and market.start_ms == start_ms:
                    yield from self._beat(t_ms, market, price, PRICES)

    def clob(self, t_ms: int, data: object) -> Iterator[Message]:
        """The order book API's view of a window: ``{"slug", "answer"}``."""
        slug, answer, market = self._asked(data)
        outcome = polymarket_verdicts.clob_verdict(answer, market)
        yield from self._verdict(t_ms, slug, outcome, "order book API: winning token")

    def resolutions(self, t_ms: int, data: object) -> Iterator[Message]:
        """The data API's view of a window: ``{"slug", "answer"}``."""
        slug, answer, market = self._asked(data)
        outcome = polymarket_verdicts.data_verdict(answer, market)
        yield from self._verdict(t_ms, slug, outcome, "data API: payouts")

    def carried(self, t_ms: int) -> list[tuple[str, object]]:
        """Rows that give another reader the prices to beat of windows that are not over."""
        return [
            (PRICES, tick_of(market.asset, market.start_ms, self._to_beat[market.slug]))
            for market in self.coming(t_ms)
            if market.slug in self._to_beat
        ]

    def _check_tokens(self, market: Market) -> None:
        """A token belongs to one window: a book that counted for another would be traded on."""
        tokens = {market.up_token, market.down_token}
        for other in self._by_slug.values():
            if other.slug != market.slug and not tokens.isdisjoint(
                (other.up_token, other.down_token)
            ):
                raise MessageError(f"a token of it is one of {other.slug}")

    def _priced(self, t_ms: int, market: Market, data: object) -> Iterator[Message]:
        """A price that cannot be read takes nothing from the outcome that comes with it."""
        try:
            price = polymarket_gamma.price_to_beat(data)
        except MessageError as error:
            yield BadMessage(t_ms, polymarket_gamma.SRC, str(error))
            return
        if price is not None and t_ms < market.start_ms:
            why = "a price to beat of a window that has not begun"
            yield BadMessage(t_ms, polymarket_gamma.SRC, why)
        elif price is not None:
            yield from self._beat(t_ms, market, price, polymarket_gamma.SRC)

    def _asked(self, data: object) -> tuple[str, Any, Market | None]:
        fields = fields_of(data)
        slug = text(fields, "slug")
        return slug, fields.get("answer"), self._by_slug.get(slug)

    def _beat(self, t_ms: int, market: Market, price: float, src: str) -> Iterator[Message]:
        known = self._to_beat.get(market.slug)
        if known is None:
            self._to_beat[market.slug] = price
            yield PriceToBeat(t_ms, market.slug, price)
        elif differ(known, price):
            yield BadMessage(t_ms, src, "a price to beat that contradicts an earlier one")

    def _verdict(
        self, t_ms: int, slug: str, outcome: Outcome | None, evidence: str
    ) -> Iterator[Message]:
        if outcome is None:
            return
        market = self._by_slug.get(slug)
        end_ms = named(slug).end_ms if market is None else market.end_ms
        if t_ms < end_ms:
            raise MessageError("a verdict on a window that still runs")
        yield Resolution(t_ms, slug, outcome, evidence)
