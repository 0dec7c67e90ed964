"""Raw frames and answers of OKX: swaps in USDT.

Owns the venue's units: quantities come in contracts, funding for the interval between settlements,
every number as a string, and an empty string is absent, not 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from engine.feeds.venues.binance_rest import MOST_FILLS, bar_of
from engine.feeds.venues.fields import fields_of, text
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import (
    Continuity,
    Newest,
    counted,
    listed,
    notional,
    price,
    quantity,
    rate,
    real,
    stamp,
)
from engine.messages import (
    Bar,
    Bars,
    Derivative,
    Liquidation,
    Message,
    TradePrint,
    TradesMissed,
    VenueQuote,
)

VENUE = "okx-swap"

CONTRACTS: Final[Mapping[str, float]] = {
    "BTC-USDT-SWAP": 0.01,
    "ETH-USDT-SWAP": 0.1,
    "SOL-USDT-SWAP": 1.0,
    "XRP-USDT-SWAP": 100.0,
}
"""Base units of one contract."""

INDICES: Final[Mapping[str, str]] = {swap.removesuffix("-SWAP"): swap for swap in CONTRACTS}
"""Index -> the swap on it."""

IGNORED_CHANNELS = frozenset({"tickers", "books5", "books"})
"""Known channels that repeat what the followed ones say."""

FUNDING_HOURS = 8
"""The unit of funding."""

OLD_MS = 60_000
"""A liquidation older than this is history, sent on subscribing."""

HOUR_MS = 3_600_000


class OkxReader:
    """Frames of both sockets to messages. All methods raise MessageError for what is bad."""

    def __init__(self) -> None:
        self._continuity = {swap: Continuity() for swap in CONTRACTS}
        self._trades: dict[str, Newest] = {}
        self._quotes = {swap: Newest() for swap in CONTRACTS}
        self._forced: dict[str, int] = {}
        self._history_came = False
        self._channels: dict[str, Callable[[int, str, dict[str, Any]], list[Message]]] = {
            "trades": self._trade,
            "bbo-tbt": self._quote,
            "mark-price": _mark,
            "index-tickers": _index,
            "funding-rate": _funding,
            "open-interest": _interest,
        }

    def messages(self, t_ms: int, data: object) -> Iterator[Message]:
        """What a frame of either socket says."""
        frame = fields_of(data)
        if "event" in frame:
            return iter(())  # an answer to a request of ours
        where = fields_of(frame.get("arg"))
        channel = text(where, "channel")
        items = listed(frame.get("data"), 0, "data")
        if channel == "liquidation-orders":
            return iter(self._liquidations(t_ms, items))
        if channel == "candle1m":
            return iter(_minutes(t_ms, text(where, "instId"), items))
        return iter(self._items(t_ms, channel, text(where, "instId"), items))

    def bars(self, t_ms: int, data: object) -> Iterator[Message]:
        """Closed minutes of ``{"instId", "answer": {"code", "data": candles}}``."""
        fields = fields_of(data)
        answer = fields_of(fields.get("answer"))
        if answer.get("code") != "0":
            raise MessageError("the venue refused to give bars")
        return iter(_minutes(t_ms, text(fields, "instId"), listed(answer.get("data"), 0, "data")))

    def lost(self, t_ms: int) -> Iterator[Message]:
        """The streams were lost: prints are missing until the next one."""
        self._history_came = False
        return iter([TradesMissed(t_ms, VENUE, _asset(swap)) for swap in self._trades])

    def _items(self, t_ms: int, channel: str, name: str, items: list[Any]) -> list[Message]:
        decode = self._channels.get(channel)
        if decode is None:
            if channel in IGNORED_CHANNELS:
                return []
            raise MessageError("its channel is not known")
        swap = INDICES.get(name, "") if channel == "index-tickers" else name
        if swap not in CONTRACTS:
            return []
        return [message for item in items for message in decode(t_ms, swap, fields_of(item))]

    def _trade(self, t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
        if item.get("side") not in ("buy", "sell"):
            raise MessageError("side is neither buy nor sell")
        cost, amount = price(item, "px"), quantity(item, "sz") * CONTRACTS[swap]
        notional(cost, amount)
        fills = counted(item.get("count", "1"), "count")
        if not 1 <= fills <= MOST_FILLS:
            raise MessageError("count is no number of fills")
        number = counted(item.get("tradeId"), "tradeId")
        self._continuity[swap].check(t_ms, cost)
        newest = self._trades.setdefault(swap, Newest())
        if not newest.passes(t_ms, number):
            return []
        newest.take(t_ms, number)
        side = 1 if item["side"] == "buy" else -1
        return [TradePrint(t_ms, VENUE, _asset(swap), cost, amount, side, fills)]

    def _quote(self, t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
        bid, ask = _best(item, "bids"), _best(item, "asks")
        if bid > ask:
            raise MessageError(f"crossed quote: bid {bid:g} above ask {ask:g}")
        made_ms = stamp(item.get("ts"), "ts")
        if not self._quotes[swap].passes(t_ms, made_ms + 1):  # several may share a millisecond
            return []
        self._continuity[swap].quoted(t_ms, (bid + ask) / 2)
        self._quotes[swap].take(t_ms, made_ms)
        return [VenueQuote(t_ms, VENUE, _asset(swap), bid, ask)]

    def _liquidations(self, t_ms: int, items: list[Any]) -> list[Message]:
        """The first message of a connection is history and gives nothing but its times."""
        forced = [one for item in items for one in _forced(t_ms, fields_of(item))]
        told, self._history_came = self._history_came, True
        new = [one for one in forced if self._is_new(t_ms, *one)] if told else []
        for made_ms, one in forced:
            self._forced[one.asset] = max(made_ms, self._forced.get(one.asset, 0))
        return [one for _, one in new]

    def _is_new(self, t_ms: int, made_ms: int, one: Liquidation) -> bool:
        return made_ms > max(self._forced.get(one.asset, 0), t_ms - OLD_MS)


def check_contracts(data: object) -> None:
    """Raises MessageError where the venue's instruments are not worth what `CONTRACTS` says.

    `data` is the answer to ``GET /api/v5/public/instruments?instType=SWAP``.
    """
    worth = {}
    for raw in listed(fields_of(data).get("data"), 1, "data"):
        item = fields_of(raw)
        if text(item, "instId") in CONTRACTS:
            worth[item["instId"]] = real(item, "ctVal") * _multiplier(item)
    for swap, expected in CONTRACTS.items():
        if worth.get(swap) != expected:
            said = "is not listed" if swap not in worth else f"is {worth[swap]:g} per contract"
            raise MessageError(f"{swap} {said}, not {expected:g}")


def _multiplier(item: dict[str, Any]) -> float:
    return real(item, "ctMult") if item.get("ctMult") else 1.0


def _mark(t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
    return [Derivative(t_ms, VENUE, _asset(swap), mark=price(item, "markPx"))]


def _index(t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
    return [Derivative(t_ms, VENUE, _asset(swap), index=price(item, "idxPx"))]


def _interest(t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
    return [Derivative(t_ms, VENUE, _asset(swap), open_interest=quantity(item, "oiCcy"))]


def _funding(t_ms: int, swap: str, item: dict[str, Any]) -> list[Message]:
    """`fundingTime` is the settlement to come, `nextFundingTime` the one after it."""
    paid = rate(item, "fundingRate")
    if paid is None:
        return []
    coming, after = (stamp(item.get(key), key) for key in ("fundingTime", "nextFundingTime"))
    hours = (after - coming) / HOUR_MS
    if not 0 < hours <= 24 * 7:
        raise MessageError("the funding interval is not believable")
    return [Derivative(t_ms, VENUE, _asset(swap), funding=paid * FUNDING_HOURS / hours)]


def _forced(t_ms: int, item: dict[str, Any]) -> list[tuple[int, Liquidation]]:
    """Time and liquidation of each detail of a followed swap."""
    swap = text(item, "instId")
    if swap not in CONTRACTS:
        return []
    return [
        _one_forced(t_ms, swap, fields_of(raw)) for raw in listed(item.get("details"), 0, "details")
    ]


def _one_forced(t_ms: int, swap: str, detail: dict[str, Any]) -> tuple[int, Liquidation]:
    if detail.get("side") not in ("buy", "sell"):
        raise MessageError("side is neither buy nor sell")
    side = 1 if detail["side"] == "buy" else -1
    dollars = notional(price(detail, "bkPx"), quantity(detail, "sz") * CONTRACTS[swap])
    return stamp(detail.get("ts"), "ts"), Liquidation(t_ms, VENUE, _asset(swap), side, dollars)


def _minutes(t_ms: int, swap: str, rows: list[Any]) -> list[Message]:
    """Closed minutes, which the venue sends newest first."""
    if swap not in CONTRACTS:
        return []
    closed = [bar for row in rows if (bar := _closed(row)) is not None]
    ordered = tuple(sorted(closed, key=lambda bar: bar.open_ms))
    return [Bars(t_ms, VENUE, _asset(swap), ordered)] if ordered else []


def _closed(row: object) -> Bar | None:
    values = listed(row, 9, "a bar")
    if values[8] not in ("0", "1"):
        raise MessageError("a bar is neither open nor closed")
    bar = bar_of(values[0], {"open": values[1], "close": values[4]}, "open", "close")
    return bar if values[8] == "1" else None


def _best(item: dict[str, Any], key: str) -> float:
    level = listed(listed(item.get(key), 1, key)[0], 2, f"the best of {key}")
    quantity({key: level[1]}, key)
    return price({key: level[0]}, key)


def _asset(swap: str) -> str:
    return swap.partition("-")[0]
