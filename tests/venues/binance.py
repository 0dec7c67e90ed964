"""Binance: USD-M futures and the spot host that gives market data only.

A futures socket serves one kind of stream: what belongs to the other is accepted and stays silent,
and so do streams of trades on the old path. A subscription is acknowledged whatever it names.
"""

from __future__ import annotations

import json
from typing import Any

from tests.venues import binance_frames as frames
from tests.venues.happenings import Happening, MinuteClosed, Moved, SecondPassed, Traded
from tests.venues.host import Asked, Guest, Host, Reply
from tests.venues.underlying import Trade, Underlying

MARKET = ("aggTrade", "markPrice@1s", "markPrice", "kline_1m", "forceOrder")
PUBLIC = ("bookTicker",)

BAD_SYMBOL = Reply({"code": -1121, "msg": "Invalid symbol."}, 400)

GEO_BLOCK = json.dumps(
    {
        "code": 0,
        "msg": "Service unavailable from a restricted location according to 'b. Eligibility' in "
        "https://www.binance.com/en/terms. Please contact customer service if you believe you "
        "received this message in error.",
    }
)
"""What a place that may not be served gets, with 451."""


class _BinanceRequests(Host):
    """What both hosts answer, under their own prefix."""

    prefix = ""
    only: tuple[str, ...] = ()

    def reply(self, asked: Asked) -> Reply | None:
        name = asked.path.removeprefix(self.prefix)
        if not asked.path.startswith(self.prefix) or name not in self.only:
            return None
        if name == "/ping":
            return Reply({})
        if name == "/time":
            return Reply({"serverTime": self.stamp_ms()})
        if name == "/exchangeInfo":
            return Reply(self._exchange())
        return self._of_symbol(name, asked.query)

    def _of_symbol(self, name: str, query: dict[str, str]) -> Reply:
        asset = query.get("symbol", "").removesuffix("USDT")
        underlying = self.world.underlyings.get(asset)
        if underlying is None:
            return BAD_SYMBOL
        limit = int(query.get("limit", "500"))
        if limit > 1000:
            text = "Data sent for parameter 'limit' is not valid."
            return Reply({"code": -1130, "msg": text}, 400)
        if name == "/klines":
            return self._klines(underlying, query, limit)
        if name == "/aggTrades":
            return Reply(
                [frames.agg_trade_row(asset, t) for t in self._trades(underlying, query)][:limit]
            )
        return Reply(self._figure(name, asset, underlying.price))

    def _klines(self, underlying: Underlying, query: dict[str, str], limit: int) -> Reply:
        if query.get("interval") != "1m":
            return Reply({"code": -1120, "msg": "Invalid interval."}, 400)
        return Reply(frames.kline_rows(underlying, limit))

    def _trades(self, underlying: Underlying, query: dict[str, str]) -> list[Trade]:
        first = int(query.get("fromId", underlying.number - 500))
        return [trade for trade in underlying.trades if trade.number >= first]

    def _figure(self, name: str, asset: str, price: float) -> frames.Paper:
        if name == "/openInterest":
            amount = {"openInterest": f"{106_312.376 + self.world.second % 100:.3f}"}
            return {"symbol": f"{asset}USDT", **amount, "time": self.stamp_ms()}
        if name == "/premiumIndex":
            return frames.premium_index(asset, price, self.stamp_ms())
        return frames.spot_book_ticker(asset, price, self.world.second)

    def _exchange(self) -> frames.Paper:
        symbols = [
            {"symbol": f"{asset}USDT", "status": "TRADING"} for asset in self.world.underlyings
        ]
        return {"timezone": "UTC", "serverTime": self.stamp_ms(), "symbols": symbols}


class BinanceFutures(_BinanceRequests):
    prefix = "/fapi/v1"
    only = (
        "/ping",
        "/time",
        "/exchangeInfo",
        "/klines",
        "/aggTrades",
        "/openInterest",
        "/premiumIndex",
        "/ticker/bookTicker",
    )


class BinanceSpot(_BinanceRequests):
    prefix = "/api/v3"
    only = ("/ping", "/time", "/exchangeInfo", "/klines", "/aggTrades", "/ticker/bookTicker")


class _BinanceStreams(Host):
    """Combined streams, named in the address or subscribed to by JSON."""

    def greet(self, guest: Guest) -> None:
        guest.topics.update(filter(None, guest.query.get("streams", "").split("/")))

    def listen(self, guest: Guest, text: str) -> None:
        try:
            said = json.loads(text)
            method, number = said["method"], said.get("id")
        except (ValueError, KeyError, TypeError):
            self.say(guest, "error", {"code": 2, "msg": "Invalid request: not understood"})
            return
        if method == "SUBSCRIBE":
            guest.topics.update(said["params"])
        elif method == "UNSUBSCRIBE":
            guest.topics.difference_update(said["params"])
        result = sorted(guest.topics) if method == "LIST_SUBSCRIPTIONS" else None
        self.say(guest, "ack", {"result": result, "id": number})

    def shutdown_soon(self) -> None:
        """The venue tells that it will end every connection."""
        name = "!serverShutdown"
        data = {"stream": name, "data": {"e": "serverShutdown", "E": self.stamp_ms()}}
        self._soon(lambda: self.publish(name, data, lambda _: True))

    def serves(self, guest: Guest, kind: str) -> bool:
        """Whether this socket gives streams of the kind at all."""
        return True

    def stream(self, asset: str, kind: str, data: Any) -> None:
        name = f"{asset.lower()}usdt@{kind}"

        def wanted(guest: Guest) -> bool:
            return name in guest.topics and self.serves(guest, kind)

        self.publish(name, {"stream": name, "data": data}, wanted)


class BinanceFuturesStream(_BinanceStreams):
    ping_s = 180.0

    PATHS = {"/market/stream": MARKET, "/public/stream": PUBLIC, "/stream": PUBLIC}

    def admits(self, path: str) -> bool:
        return path in self.PATHS

    def serves(self, guest: Guest, kind: str) -> bool:
        return kind in self.PATHS[guest.path]

    def force_order(self, asset: str) -> None:
        """A long is closed by force."""
        price = self.world.underlyings[asset].price
        data = frames.force_order(asset, price, self.stamp_ms())
        self._soon(lambda: self.stream(asset, "forceOrder", data))

    def tell(self, happening: Happening) -> None:
        match happening:
            case Traded(asset, trade):
                stamp_ms = max(self.stamp_ms(), trade.t_ms + frames.AGG_LATE_MS)
                self.stream(asset, "aggTrade", frames.agg_trade(asset, trade, stamp_ms))
            case Moved(asset, t_ms, price):
                ticker = frames.book_ticker(asset, price, self.stamp_ms(), t_ms)
                self.stream(asset, "bookTicker", ticker)
            case SecondPassed(asset, _, price, _, minute):
                mark = frames.mark_price(asset, price, self.stamp_ms())
                self.stream(asset, "markPrice@1s", mark)
                self.stream(asset, "kline_1m", frames.kline(asset, minute, self.stamp_ms(), False))
            case MinuteClosed(asset, _, minute):
                self.stream(asset, "kline_1m", frames.kline(asset, minute, self.stamp_ms(), True))


class BinanceSpotStream(_BinanceStreams):
    ping_s = 20.0

    def admits(self, path: str) -> bool:
        return path == "/stream"

    def tell(self, happening: Happening) -> None:
        match happening:
            case Traded(asset, trade):
                now = self.stamp_ms()
                self.stream(asset, "aggTrade", frames.spot_agg_trade(asset, trade, now))
                self.stream(asset, "trade", frames.spot_trade(asset, trade, now))
            case Moved(asset, t_ms, price):
                self.stream(asset, "bookTicker", frames.spot_book_ticker(asset, price, t_ms))
            case SecondPassed(asset, second, _, _, minute) if second % 2 == 0:
                self.stream(asset, "kline_1m", frames.kline(asset, minute, self.stamp_ms(), False))
            case MinuteClosed(asset, _, minute):
                self.stream(asset, "kline_1m", frames.kline(asset, minute, self.stamp_ms(), True))
