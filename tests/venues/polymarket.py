"""Polymarket's requests: discovery, order books, resolutions, and whether a place may trade."""

from __future__ import annotations

from tests.venues.host import Asked, Host, Reply
from tests.venues.polymarket_papers import (
    book,
    clob_market,
    clob_terms,
    gamma_event,
    gamma_market,
    resolutions,
)
from tests.venues.window import Window

NOT_FOUND = Reply({"type": "not found error", "error": "slug not found"}, 404)
NO_BOOK = Reply({"error": "No orderbook exists for the requested token id"}, 404)
NO_MARKET = Reply({"error": "market not found"}, 404)


class PolymarketGamma(Host):
    """Discovery."""

    def reply(self, asked: Asked) -> Reply | None:
        if asked.path == "/events":
            window = self.world.window_of_slug(asked.query.get("slug", ""))
            return Reply([] if window is None else [gamma_event(self.world, window)])
        kind, _, slug = asked.path.rpartition("/")
        if kind not in ("/events/slug", "/markets/slug"):
            return None
        window = self.world.window_of_slug(slug)
        if window is None:
            return NOT_FOUND
        paper = gamma_event if kind == "/events/slug" else gamma_market
        return Reply(paper(self.world, window))


class PolymarketClob(Host):
    """Order books by request."""

    def reply(self, asked: Asked) -> Reply | None:
        if asked.path == "/book":
            return self._book(asked.query.get("token_id", ""))
        if asked.path == "/time":
            return Reply(self.stamp_ms() // 1000)
        if asked.path == "/ok":
            return Reply("OK")
        if asked.path == "/version":
            return Reply({"version": 2})
        return self._market(asked.path)

    def _book(self, token: str) -> Reply:
        window = self.world.window_of_token(token)
        if window is None or not self.world.has_book(window):
            return NO_BOOK
        return Reply(book(window, token, self.stamp_ms()))

    def _market(self, path: str) -> Reply | None:
        kind, _, condition_id = path.rpartition("/")
        if kind not in ("/markets", "/clob-markets"):
            return None
        window = self._hydrated(condition_id)
        if window is None:
            return NO_MARKET
        if kind == "/clob-markets":
            return Reply(clob_terms(window))
        return Reply(clob_market(self.world, window))

    def _hydrated(self, condition_id: str) -> Window | None:
        window = self.world.window_of_condition(condition_id)
        if window is None:
            return None
        early = self.world.second < window.start - self.world.plan.hydrated_before_s
        return None if early else window


class PolymarketData(Host):
    """Resolutions."""

    def reply(self, asked: Asked) -> Reply | None:
        if asked.path != "/v2/resolutions":
            return None
        condition_id = asked.query.get("condition", "")
        if len(condition_id) != 66:
            return Reply({"error": "invalid condition id"}, 400)
        window = self.world.window_of_condition(condition_id)
        return Reply({"data": []} if window is None else resolutions(self.world, window))


class PolymarketSite(Host):
    """Whether this place may trade."""

    blocked = False

    def reply(self, asked: Asked) -> Reply | None:
        if asked.path != "/api/geoblock":
            return None
        country = "US" if self.blocked else "AR"
        where = {"ip": "192.0.2.10", "country": country, "region": "NY" if self.blocked else ""}
        return Reply({"blocked": self.blocked, **where})
