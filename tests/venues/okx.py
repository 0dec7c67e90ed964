"""OKX swaps: requests, and two sockets of which each refuses the other's channels."""

from __future__ import annotations

import json
from typing import Any

from tests.venues import okx_frames as frames
from tests.venues.faults import PONG
from tests.venues.happenings import Happening, MinuteClosed, Moved, SecondPassed, Traded
from tests.venues.host import Asked, Guest, Host, Reply

PUBLIC = "/ws/v5/public"
BUSINESS = "/ws/v5/business"

CHANNELS = {
    PUBLIC: frozenset(
        {
            "trades",
            "bbo-tbt",
            "mark-price",
            "index-tickers",
            "funding-rate",
            "open-interest",
            "liquidation-orders",
        }
    ),
    BUSINESS: frozenset({"candle1m"}),
}


class Okx(Host):
    """Requests."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.contracts = dict(frames.CONTRACTS)
        """Base units of a contract, as the venue tells them; a test may make them wrong."""

    def reply(self, asked: Asked) -> Reply | None:
        if asked.path == "/api/v5/public/time":
            return _told([{"ts": str(self.stamp_ms())}])
        if asked.path == "/api/v5/public/instruments":
            return _told([frames.instrument(a, self.contracts[a]) for a in self.contracts])
        if asked.path == "/api/v5/market/candles":
            return self._candles(asked.query)
        return None

    def _candles(self, query: dict[str, str]) -> Reply:
        underlying = self.world.underlyings.get(query.get("instId", "").split("-")[0])
        if underlying is None:
            return Reply({"code": "51001", "msg": "Instrument ID doesn't exist.", "data": []})
        limit = min(300, int(query.get("limit", "100")))
        return _told(frames.candles(underlying, limit))


def _told(data: list[Any]) -> Reply:
    return Reply({"code": "0", "msg": "", "data": data})


class OkxStream(Host):
    """Both sockets."""

    def admits(self, path: str) -> bool:
        return path in CHANNELS

    def listen(self, guest: Guest, text: str) -> None:
        if text == "ping":
            self.say(guest, PONG, "pong")
            return
        try:
            said = json.loads(text)
            operation, args = said["op"], said["args"]
        except (ValueError, KeyError, TypeError):
            self._error(guest, "60012", f"Invalid request: {text[:40]}")
            return
        for arg in args:
            self._subscription(guest, operation, arg)

    def _subscription(self, guest: Guest, operation: str, arg: dict[str, str]) -> None:
        channel = arg["channel"]
        if channel not in CHANNELS[guest.path]:
            where = f"{channel},{arg.get('instId', arg.get('instType'))}"
            self._error(guest, "60018", f"Subscribe failed, wrong URL or channel:{where}")
            return
        if operation == "unsubscribe":
            guest.topics.discard(_topic(arg))
        else:
            guest.topics.add(_topic(arg))
        ack = {"event": operation, "arg": arg, "connId": "76defc81"}
        self.say(guest, f"ack/{_topic(arg)}", ack)
        if operation == "subscribe":
            self._first(guest, arg)

    def _first(self, guest: Guest, arg: dict[str, str]) -> None:
        """What is told at once, without waiting for a change."""
        channel, asset = arg["channel"], arg.get("instId", "").split("-")[0]
        underlying = self.world.underlyings.get(asset)
        if underlying is None:
            return
        now = self.stamp_ms()
        first = {
            "funding-rate": lambda: frames.funding_rate(asset, now),
            "open-interest": lambda: frames.open_interest(asset, underlying.price, now),
        }.get(channel)
        if first is not None:
            self.say(guest, _topic(arg), {"arg": arg, "data": [first()]})

    def liquidate(self, asset: str) -> None:
        """A long is closed by force."""
        arg = {"channel": "liquidation-orders", "instType": "SWAP"}
        data = frames.liquidation(asset, self.world.underlyings[asset].price, self.stamp_ms())
        self._soon(lambda: self._push(arg, data))

    def tell(self, happening: Happening) -> None:
        now = self.stamp_ms()
        match happening:
            case Traded(asset, trade):
                self._swap("trades", asset, frames.trade(asset, trade))
            case Moved(asset, _, price):
                self._swap("bbo-tbt", asset, frames.quote(asset, price, now))
            case SecondPassed(asset, second, price, _, minute):
                self._swap("mark-price", asset, frames.mark_price(asset, price, now))
                self._swap("candle1m", asset, frames.candle(asset, minute, False))
                self._index(asset, price, now)
                if second % 3 == 0:
                    self._swap("open-interest", asset, frames.open_interest(asset, price, now))
            case MinuteClosed(asset, _, minute):
                self._swap("candle1m", asset, frames.candle(asset, minute, True))
                self._swap("funding-rate", asset, frames.funding_rate(asset, now))

    def _swap(self, channel: str, asset: str, data: Any) -> None:
        self._push({"channel": channel, "instId": frames.swap(asset)}, data)

    def _index(self, asset: str, price: float, now: int) -> None:
        arg = {"channel": "index-tickers", "instId": f"{asset}-USDT"}
        self._push(arg, frames.index_ticker(asset, price, now))

    def _push(self, arg: dict[str, str], data: Any) -> None:
        topic = _topic(arg)
        self.publish(topic, {"arg": arg, "data": [data]}, lambda guest: topic in guest.topics)

    def _error(self, guest: Guest, code: str, text: str) -> None:
        self.say(
            guest, "error", {"event": "error", "msg": text, "code": code, "connId": "e1f69f02"}
        )


def _topic(arg: dict[str, str]) -> str:
    return f"{arg['channel']}/{arg.get('instId', arg.get('instType', ''))}"
