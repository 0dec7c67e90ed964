"""What each row of a recording says, as the engine's messages.

Owns the meaning of the row kinds: `market`, `mid`, `quote`, `resolution`, and the venue's raw
frames through `engine.feeds.venues`. Trusts nothing: a row that cannot be understood becomes a
BadMessage with the reason, and a kind that is not known is ignored, counted and named once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from engine.feeds.venues.fields import amount, fields_of, number, positive, text, whole
from engine.feeds.venues.polymarket_books import TICKS_BP
from engine.feeds.venues.polymarket_channel import SRC as CHANNEL
from engine.feeds.venues.polymarket_channel import MarketChannel
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import ASSETS, FeeSchedule, Market, Outcome
from engine.messages import (
    BadMessage,
    MarketListed,
    Message,
    MidQuote,
    Resolution,
    TradeSums,
    VenueQuote,
)
from engine.recording import Row, plain
from engine.units import BP, micro

SUMS = (("trades_3s", 3.0), ("trades_10s", 10.0))
"""Keys of the trailing trade sums in a `quote` row and their seconds, short first."""

NAMES_LIMIT = 20
"""Unknown kinds that are told apart; a broken file may hold any number."""


class RowReader:
    """Rows to messages, one recording at a time."""

    def __init__(self) -> None:
        self.ignored: Counter[str] = Counter()
        """Rows of unknown kind, by kind."""
        self._channel = MarketChannel()

    def messages(self, row: Row) -> Iterable[Message]:
        """What the row says: any number of messages, each with the row's time."""
        if row.src == CHANNEL:
            return self._channel.messages(row.t_ms, row.data)
        try:
            return self._message(row)
        except MessageError as error:
            return (BadMessage(row.t_ms, row.src, str(error)),)

    def _message(self, row: Row) -> tuple[Message, ...]:
        if row.src == "quote":
            return (_quote(row.t_ms, fields_of(row.data)),)
        if row.src == "mid":
            return (_mid(row.t_ms, fields_of(row.data)),)
        if row.src == "market":
            market = _market(fields_of(row.data))
            self._channel.list_market(market, row.t_ms)
            return (MarketListed(row.t_ms, market),)
        if row.src == "resolution":
            return (_resolution(row.t_ms, fields_of(row.data)),)
        return tuple(self._unknown(row))

    def _unknown(self, row: Row) -> Iterator[Message]:
        kind = plain(row.src)
        if kind not in self.ignored and len(self.ignored) >= NAMES_LIMIT:
            kind = "(others)"
        self.ignored[kind] += 1
        if self.ignored[kind] == 1:
            yield BadMessage(row.t_ms, kind, "unknown kind of row; all of them are ignored")


def _market(data: dict[str, Any]) -> Market:
    up, down = text(data, "up_token"), text(data, "down_token")
    if up == down:
        raise MessageError("both outcomes have the same token")
    tick = amount(data, "tick_size", 1) * BP
    if tick not in TICKS_BP:
        raise MessageError("tick_size is none of the venue's")
    return Market(
        slug=text(data, "slug"),
        asset=_asset(data),
        condition_id=text(data, "condition_id"),
        window_start=whole(data, "window_start", range(1_000_000_000, 4_102_444_800)),
        window_seconds=whole(data, "window_seconds", range(60, 86_401)),
        up_token=up,
        down_token=down,
        tick_bp=int(tick),
        min_shares=micro(amount(data, "min_size", 1_000_000)),
        fee=_fee(fields_of(data.get("fee"))),
    )


def _fee(data: dict[str, Any]) -> FeeSchedule:
    return FeeSchedule(amount(data, "rate", 1), whole(data, "exponent", range(5)))


def _asset(data: dict[str, Any]) -> str:
    asset = text(data, "asset")
    if asset not in ASSETS:
        raise MessageError(f"asset {plain(asset)} is not traded here")
    return asset


def _mid(t_ms: int, data: dict[str, Any]) -> MidQuote:
    if data.get("outcome") != Outcome.UP:
        raise MessageError("a mid of another outcome than UP")
    mid = number(data, "mid")
    if mid > 1:
        raise MessageError(f"mid {mid:g} is not in [0, 1]")
    return MidQuote(t_ms, text(data, "slug"), mid)


def _quote(t_ms: int, data: dict[str, Any]) -> VenueQuote:
    bid, ask = positive(data, "bid"), positive(data, "ask")
    if bid > ask:
        raise MessageError(f"crossed quote: bid {bid:g} above ask {ask:g}")
    sums = tuple(_sums(fields_of(data[key]), s) for key, s in SUMS if key in data)
    return VenueQuote(t_ms, text(data, "venue"), _asset(data), bid, ask, sums)


def _sums(data: dict[str, Any], window_s: float) -> TradeSums:
    count = number(data, "buy_count") + number(data, "sell_count")
    return TradeSums(window_s, number(data, "buy_qty"), number(data, "sell_qty"), count)


def _resolution(t_ms: int, data: dict[str, Any]) -> Resolution:
    outcome = data.get("outcome")
    if outcome not in (None, Outcome.UP, Outcome.DOWN):
        raise MessageError("its outcome is neither UP, DOWN nor null")
    evidence = data.get("evidence")
    return Resolution(
        t_ms,
        text(data, "slug"),
        None if outcome is None else Outcome(outcome),
        plain(evidence) if isinstance(evidence, str) else "",
    )
