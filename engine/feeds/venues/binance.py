"""Raw frames of Binance's market streams: USD-M futures and spot.

Owns what a frame says, the order of quotes and the prints that are missing. A frame is the combined
form ``{"stream": name, "data": event}``; the name tells apart what the event does not: a snapshot
of the book from a change of it, and spot's quote, which names no event. Everything is dated by its
receipt, except prints that came late: they bear the venue's own time, which is past.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.feeds.venues.binance_rest import SYMBOLS, bar_of, named_print
from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import (
    Continuity,
    Newest,
    counted,
    listed,
    notional,
    price,
    price_if_given,
    quantity,
    rate,
)
from engine.feeds.venues.trade_ids import Heard, TradeIds
from engine.messages import (
    Bars,
    Derivative,
    Liquidation,
    Message,
    TradePrint,
    TradesMended,
    TradesMissed,
    VenueQuote,
)

FUTURES = "binance-futures"
SPOT = "binance-spot"

IGNORED_EVENTS = frozenset(
    {
        "24hrMiniTicker",
        "24hrTicker",
        "EquityUpdate",
        "assetIndexUpdate",
        "compositeIndex",
        "continuous_kline",
        "contractInfo",
        "serverShutdown",
    }
)
"""Known events that tell nothing about the four assets. Who holds the socket heeds a shutdown."""

CONTROL_KEYS = frozenset({"result", "method", "error", "code"})
"""An answer to a request of ours has one of them, and no event has."""

SNAPSHOTS = ("depth5", "depth10", "depth20")
"""Streams whose ``depthUpdate`` is the top of the book, and not a change of it."""


class Instrument:
    """What has been heard of one symbol on one of both venues."""

    def __init__(self) -> None:
        self.ids = TradeIds()
        """Of the prints that are followed."""
        self.singles = False
        """Single fills are sent: the aggregated ones repeat them."""
        self.continuity = Continuity()
        self.quotes = Newest()


class BinanceReader:
    """Frames of both venues to messages. All methods raise MessageError for what is bad."""

    def __init__(self) -> None:
        self._heard: dict[str, dict[str, Instrument]] = {FUTURES: {}, SPOT: {}}
        self._gaps: dict[tuple[str, str], tuple[int, int]] = {}
        self._events: dict[str, Callable[[str, int, str, dict[str, Any]], list[Message]]] = {
            "aggTrade": self._aggregate,
            "trade": self._single,
            "bookTicker": self._ticker,
            "depthUpdate": self._depth,
            "markPriceUpdate": self._mark,
            "kline": self._kline,
            "forceOrder": self._liquidation,
        }

    def futures(self, t_ms: int, data: object) -> Iterator[Message]:
        """What a frame of either futures socket says."""
        return iter(self._frame(FUTURES, t_ms, data))

    def spot(self, t_ms: int, data: object) -> Iterator[Message]:
        """What a frame of the spot socket says."""
        return iter(self._frame(SPOT, t_ms, data))

    def lost(self, t_ms: int, venue: str) -> Iterator[Message]:
        """The venue's stream was lost: prints are missing until the next one tells how many."""
        for instrument in self._heard[venue].values():
            instrument.ids.sever()
        return iter([TradesMissed(t_ms, venue, SYMBOLS[s]) for s in self._heard[venue]])

    def gaps(self) -> tuple[tuple[str, str, int, int], ...]:
        """Take what is to be fetched: venue, symbol, first and last missing aggregate id."""
        taken = tuple((*where, *ids) for where, ids in self._gaps.items())
        self._gaps.clear()
        return taken

    def mended(self, t_ms: int, data: object) -> Iterator[Message]:
        """Prints fetched to fill a hole: ``{"venue", "symbol", "answer": aggregate trades}``."""
        fields = fields_of(data)
        venue, symbol = text(fields, "venue"), text(fields, "symbol")
        if venue not in self._heard or symbol not in SYMBOLS:
            raise MessageError(f"trades of {symbol} on {venue} are not followed")
        answer = listed(fields.get("answer"), 0, "the answer")
        prints = [named_print(t_ms, venue, symbol, fields_of(raw)) for raw in answer]
        return iter(self._filled(t_ms, venue, symbol, dict(prints)))

    # ---- frames ------------------------------------------------------------------------------

    def _frame(self, venue: str, t_ms: int, data: object) -> list[Message]:
        frame: Any = {"data": data} if isinstance(data, list) else fields_of(data)
        if "data" not in frame:
            if not CONTROL_KEYS.isdisjoint(frame):
                return []
            frame = {"data": frame}
        stream = frame.get("stream", "")
        if not isinstance(stream, str):
            raise MessageError("the stream's name is no name")
        inner = frame["data"]
        if not isinstance(inner, list):
            return self._event(venue, t_ms, stream, fields_of(inner))
        return [m for raw in inner for m in self._event(venue, t_ms, stream, fields_of(raw))]

    def _event(self, venue: str, t_ms: int, stream: str, event: dict[str, Any]) -> list[Message]:
        kind = event.get("e")
        if kind is None:
            kind = _unnamed(stream, event)
        decode = self._events.get(kind) if isinstance(kind, str) else None
        if decode is not None:
            return decode(venue, t_ms, stream, event) if _is_usdt_margined(event) else []
        if kind in ("", *IGNORED_EVENTS):
            return []
        raise MessageError("its kind of event is not known")

    def _ticker(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        return self._quote(venue, t_ms, event, event)

    def _depth(self, venue: str, t_ms: int, stream: str, event: dict[str, Any]) -> list[Message]:
        """A snapshot's best levels are a quote. Changes of the book are not followed."""
        if stream.split("@")[1:2] not in [[name] for name in SNAPSHOTS]:
            return []
        (bid, bid_size), (ask, ask_size) = _best(event, "b"), _best(event, "a")
        return self._quote(venue, t_ms, event, {"b": bid, "B": bid_size, "a": ask, "A": ask_size})

    def _quote(
        self, venue: str, t_ms: int, event: dict[str, Any], best: dict[str, Any]
    ) -> list[Message]:
        symbol = text(event, "s")
        if symbol not in SYMBOLS:
            return []
        number = counted(event.get("u"), "u")
        bid, ask = price(best, "b"), price(best, "a")
        if bid > ask:
            raise MessageError(f"crossed quote: bid {bid:g} above ask {ask:g}")
        quantity(best, "B")
        quantity(best, "A")
        instrument = self._instrument(venue, symbol)
        if not instrument.quotes.passes(t_ms, number):
            return []
        instrument.continuity.quoted(t_ms, (bid + ask) / 2)
        instrument.quotes.take(t_ms, number)
        return [VenueQuote(t_ms, venue, SYMBOLS[symbol], bid, ask)]

    def _mark(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        """The rate is for the interval between settlements: eight hours for the four assets."""
        symbol = text(event, "s")
        if symbol not in SYMBOLS:
            return []
        mark, index = price(event, "p"), price_if_given(event, "i")
        return [Derivative(t_ms, venue, SYMBOLS[symbol], mark, index, rate(event, "r"))]

    def _kline(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        symbol, bar = text(event, "s"), fields_of(event.get("k"))
        if symbol not in SYMBOLS or bar.get("i") != "1m":
            return []
        if not isinstance(bar.get("x"), bool):
            raise MessageError("x is neither true nor false")
        minute = bar_of(bar.get("t"), bar, "o", "c")
        return [Bars(t_ms, venue, SYMBOLS[symbol], (minute,))] if bar["x"] else []

    def _liquidation(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        """The side is that of the order which closes the position."""
        order = fields_of(event.get("o"))
        symbol, side = text(order, "s"), order.get("S")
        if symbol not in SYMBOLS or not _is_usdt_margined(order):
            return []
        if side not in ("BUY", "SELL"):
            raise MessageError("S is neither BUY nor SELL")
        dollars = notional(price(order, "ap"), quantity(order, "z"))
        return [Liquidation(t_ms, venue, SYMBOLS[symbol], 1 if side == "BUY" else -1, dollars)]

    # ---- prints ------------------------------------------------------------------------------

    def _aggregate(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        symbol = text(event, "s")
        if symbol not in SYMBOLS:
            return []
        number, trade = named_print(t_ms, venue, symbol, event)
        instrument = self._instrument(venue, symbol)
        if instrument.singles:
            return []
        messages = self._print(t_ms, instrument, number, trade)
        hole = instrument.ids.hole
        if hole is not None and isinstance(messages[0] if messages else None, TradesMissed):
            self._gaps[venue, symbol] = hole
        return messages

    def _single(self, venue: str, t_ms: int, _: str, event: dict[str, Any]) -> list[Message]:
        """Spot sends every fill; the undocumented futures stream of them is not followed."""
        symbol = text(event, "s")
        if venue == FUTURES or symbol not in SYMBOLS:
            return []
        number, trade = named_print(t_ms, venue, symbol, event | {"f": 0, "l": 0}, "t")
        instrument = self._instrument(venue, symbol)
        if not instrument.singles:
            instrument.singles, instrument.ids = True, TradeIds()
            self._gaps.pop((venue, symbol), None)
        return self._print(t_ms, instrument, number, trade)

    def _print(
        self, t_ms: int, instrument: Instrument, number: int, trade: TradePrint
    ) -> list[Message]:
        instrument.continuity.check(t_ms, trade.price)
        heard = instrument.ids.hear(t_ms, number)
        now = TradePrint(
            t_ms, trade.venue, trade.asset, trade.price, trade.qty, trade.side, trade.fills
        )
        if heard is Heard.AGAIN:
            return []
        if heard is Heard.MENDS:
            return [trade, TradesMended(t_ms, trade.venue, trade.asset)]
        if heard is Heard.HOLE:
            return [TradesMissed(t_ms, trade.venue, trade.asset), now]
        return [trade if heard is Heard.LATE else now]

    def _filled(
        self, t_ms: int, venue: str, symbol: str, prints: dict[int, TradePrint]
    ) -> list[Message]:
        instrument = self._instrument(venue, symbol)
        if instrument.singles:
            return []  # numbered otherwise
        messages: list[Message] = []
        for number in sorted(prints):
            heard = instrument.ids.fill(t_ms, number)
            if heard is not Heard.AGAIN:
                messages.append(prints[number])
            if heard is Heard.MENDS:
                messages.append(TradesMended(t_ms, venue, SYMBOLS[symbol]))
        hole = instrument.ids.hole
        if messages and hole is not None:
            self._gaps[venue, symbol] = hole  # an answer holds so many: ask for the rest
        return messages

    def _instrument(self, venue: str, symbol: str) -> Instrument:
        return self._heard[venue].setdefault(symbol, Instrument())


def _unnamed(stream: str, event: dict[str, Any]) -> str | None:
    """The kind of an event that does not say it; empty where it is of no use."""
    if stream.endswith("@bookTicker") or (not stream and {"u", "s", "b", "a"} <= event.keys()):
        return "bookTicker"
    return "" if "lastUpdateId" in event else None


def _is_usdt_margined(event: dict[str, Any]) -> bool:
    """Coin-margined contracts may come through the same sockets, marked as such."""
    return bool(event.get("st", 1) == 1)


def _best(event: dict[str, Any], key: str) -> tuple[Any, Any]:
    levels = listed(event.get(key), 1, key)
    level = listed(levels[0], 2, f"{key}'s first level")
    return level[0], level[1]
