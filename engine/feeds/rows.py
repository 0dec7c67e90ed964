"""What each row says, as the engine's messages: of a recording as of a live market.

Owns which kind of row is read by whom, and the state that a recording's next part begins with.
Trusts nothing: a row that cannot be understood becomes a BadMessage with the reason, and a kind
that is not known is ignored, counted and named once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from engine.feeds import rows_own
from engine.feeds.rows_windows import Windows
from engine.feeds.venues import binance_rest
from engine.feeds.venues.binance import BinanceReader
from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.okx import OkxReader
from engine.feeds.venues.polymarket_channel import SRC as CHANNEL
from engine.feeds.venues.polymarket_channel import MarketChannel
from engine.feeds.venues.polymarket_levels import MessageError
from engine.messages import BadMessage, Message
from engine.recording import Row, plain

NAMES_LIMIT = 20
"""Unknown kinds that are told apart; a broken file may hold any number."""

MOST_CARRIED = 64
"""Rows of history that are kept for the next part: bars of a few symbols and venues."""

Read = Callable[[int, Any], Iterable[Message]]


OUR_FAULT = "a fault of this program in reading it"
"""Nobody knows what of the row was already believed, so no book stands after it."""


class RowReader:
    """Rows to messages, one recording or one live run at a time."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        """Rows of unknown kind, by kind."""
        self._channel = MarketChannel()
        self._windows = Windows(self._channel.list_market)
        self._binance = BinanceReader()
        self._okx = OkxReader()
        self._kept: dict[tuple[str, ...], tuple[str, object]] = {}
        self._kinds: dict[str, Read] = {
            CHANNEL: self._channel.messages,
            **self._own(),
            **self._polymarket(),
            **self._underlying(),
        }

    def messages(self, row: Row) -> Iterable[Message]:
        """What the row says: any number of messages, each with the row's time.

        Read them all before the next row: they are made as they are taken.
        """
        read = self._kinds.get(row.src)
        if read is None:
            return self._unknown(row)
        if isinstance(row.data, str) and row.src != CHANNEL:  # unreadable, and why
            return (BadMessage(row.t_ms, row.src, plain(row.data)),)
        return self._guarded(read, row)

    def carried(self, t_ms: int) -> list[tuple[str, object]]:
        """Rows (src, data) which give a reader that has read nothing the state of this one."""
        coming = self._windows.coming(t_ms)
        tokens = {token for market in coming for token in (market.up_token, market.down_token)}
        books = (event for event in self._channel.snapshots() if event["asset_id"] in tokens)
        return [
            *(("market", rows_own.market_row(market)) for market in coming),
            *self._windows.carried(t_ms),
            *((CHANNEL, event) for event in books),
            *self._kept.values(),
        ]

    def lacking(self, tokens: Iterable[str]) -> frozenset[str]:
        """Those of `tokens` that have no book now: never heard, void or not listed."""
        return self._channel.lacking(tokens)

    def gaps(self) -> tuple[tuple[str, str, int, int], ...]:
        """Take the prints that are to be fetched: venue, symbol, first and last missing id."""
        return self._binance.gaps()

    def _own(self) -> dict[str, Read]:
        return {
            "market": self._market,
            "mid": _one(rows_own.mid),
            "quote": _one(rows_own.quote),
            "resolution": _one(rows_own.resolution),
            "reference": self._keeping("reference", self._reference),
            "session": lambda t_ms, data: rows_own.session(t_ms, fields_of(data)),
            "stream": self._stream,
        }

    def _polymarket(self) -> dict[str, Read]:
        return {
            "polymarket.book": self._channel.checked,
            "polymarket.prices": self._windows.prices,
            "gamma.event": self._windows.event,
            "clob.market": self._windows.clob,
            "data.resolutions": self._windows.resolutions,
        }

    def _underlying(self) -> dict[str, Read]:
        return {
            "binance.futures": self._binance.futures,
            "binance.spot": self._binance.spot,
            "binance.bars": self._keeping("binance.bars", binance_rest.bars),
            "binance.trades": self._binance.mended,
            "binance.interest": binance_rest.interest,
            "okx.public": self._okx.messages,
            "okx.bars": self._keeping("okx.bars", self._okx.bars),
        }

    def _guarded(self, read: Read, row: Row) -> Iterator[Message]:
        try:
            yield from read(row.t_ms, row.data)
        except MessageError as error:
            yield BadMessage(row.t_ms, row.src, str(error))
        except Exception as error:  # noqa: BLE001 - told, and it costs books; never the whole run
            yield BadMessage(row.t_ms, row.src, f"{OUR_FAULT}: {type(error).__name__}")
            yield from self._channel.void(row.t_ms, OUR_FAULT, None)

    def _market(self, t_ms: int, data: object) -> Iterable[Message]:
        return self._windows.list_market(t_ms, rows_own.market(fields_of(data)))

    def _reference(self, t_ms: int, data: object) -> Iterable[Message]:
        return (rows_own.reference(t_ms, fields_of(data)),)

    def _stream(self, t_ms: int, data: object) -> Iterable[Message]:
        fields = fields_of(data)
        name, state, why = text(fields, "name"), fields.get("state"), fields.get("why")
        if state not in ("lost", "live"):
            raise MessageError("its state is neither lost nor live")
        if state == "live":
            return ()
        if name == CHANNEL:
            return self._channel.lost(t_ms, plain(str(why)))
        if name in ("binance.futures", "binance.spot"):
            return self._binance.lost(t_ms, name.replace(".", "-"))
        return self._okx.lost(t_ms) if name == "okx.public" else ()

    def _keeping(self, src: str, read: Read) -> Read:
        """`read`, and the last row of each symbol that it could read is kept."""

        def kept(t_ms: int, data: Any) -> Iterator[Message]:
            yield from read(t_ms, data)
            key = (src, *(str(data.get(name)) for name in ("venue", "symbol", "instId")))
            place = (src,) if src == "reference" else key
            if place in self._kept or len(self._kept) < MOST_CARRIED:
                self._kept[place] = (src, data)

        return kept

    def _unknown(self, row: Row) -> Iterator[Message]:
        kind = plain(row.src)
        if kind not in self.ignored and len(self.ignored) >= NAMES_LIMIT:
            kind = "(others)"
        self.ignored[kind] += 1
        if self.ignored[kind] == 1:
            yield BadMessage(row.t_ms, kind, "unknown kind of row; all of them are ignored")


def _one(read: Callable[[int, dict[str, Any]], Message]) -> Read:
    return lambda t_ms, data: (read(t_ms, fields_of(data)),)
