"""The underlying on its reference venue: returns, volatility and taker flow.

Owns the ten model inputs that come from ``binance``, in the windows of the feature table
(`engine.features.FEATURES`). Every input is None while its window is not covered by data: the
caller shows it as warming up. Judges no age: that is `engine.signals`.

Sources differ in what they say of trades. One sends prints, which are totalled here; another
sends only trailing sums (`TradeSums`), which are used as they are, whatever their windows. Where
prints are missing, sums over them are unknown until they came or the sums no longer reach so far.

Until the seconds cover ten minutes, closed minutes of the same venue stand in for the longer
windows: two venues' prices and volumes are never measured together.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from engine.messages import Bars, TradePrint, TradesMended, TradesMissed, TradeSums, VenueQuote
from engine.signals_large import LargeTrades
from engine.signals_minutes import SPAN_S, Minutes
from engine.signals_seconds import SLACK_S, Flow, Sample, Seconds

YEAR_S = 365.25 * 86_400

HIGH_VOL = 0.60
"""Yearly volatility above which the regime counts as volatile. Bitcoin's long-run figure lies a
little below, the other assets' above."""

SHORT_S, MINUTE_S, LONG_S = 10, 60, 600

COARSE_S = 300
"""Shortest return that minutes may stand in for: half a minute is much of anything shorter."""

SMALLEST, LARGEST = 1e-9, 1e12
"""Believable prices, dollars; anything else is not a quote."""


class _Long(NamedTuple):
    """What the last ten minutes did."""

    rate: float
    """Realised variance per second."""
    move: float
    """Log return from beginning to end."""
    lasting: float
    """Seconds that hold data."""


class Underlying:
    """What has been heard of one asset on one venue: the one named, or the first that spoke."""

    def __init__(self, venue: str | None = None, minutes: dict[str, Minutes] | None = None) -> None:
        """`minutes` are closed minutes by venue, heard before."""
        self._minutes = {} if minutes is None else minutes
        self._seconds = Seconds()
        self._large = LargeTrades()
        self._venue = venue
        self._second = self._quoted_second = 0
        self._mid: float | None = None
        self._quoted_ms: int | None = None
        self._flow: Flow = (0.0, 0.0, 0.0)
        self._late: dict[int, Flow] = {}
        self._sums: tuple[TradeSums, ...] = ()
        self._printed = False
        self._missing = False
        self._gap_ms: int | None = None

    def moved(self, venue: str) -> Underlying:
        """The same asset on `venue`, where nothing is measured yet. Its minutes are its own, so
        they are kept."""
        return Underlying(venue, self._minutes)

    @property
    def venue(self) -> str | None:
        """The venue that is followed; None: none has spoken."""
        return self._venue

    @property
    def mid(self) -> float | None:
        """Middle of the last quote, dollars; None: never."""
        return self._mid

    @property
    def quoted_ms(self) -> int | None:
        """Time of the last quote, unix milliseconds; None: never."""
        return self._quoted_ms

    @property
    def sums_only(self) -> bool:
        """The source gives trailing sums and has never given a print."""
        return bool(self._sums) and not self._printed

    def quote(self, quote: VenueQuote) -> None:
        """Take a best bid and ask; a crossed or unbelievable one is not a quote."""
        if not SMALLEST <= quote.bid <= quote.ask <= LARGEST:
            return
        if self._venue is None:
            self._venue = quote.venue
        if quote.venue != self._venue:
            return
        self._turn(quote.t_ms // 1000)
        self._mid = (quote.bid + quote.ask) / 2
        self._quoted_second = self._second
        self._quoted_ms = quote.t_ms
        self._sums = quote.sums

    def trade(self, trade: TradePrint) -> None:
        """Take a print of the venue whose quotes are followed. One that was missing may come
        late, with its own time."""
        if trade.venue != self._venue or not 0 < trade.price * trade.qty <= LARGEST:
            return
        second = trade.t_ms // 1000
        if second < self._second:
            self._late[second] = _with(self._late.get(second, (0.0, 0.0, 0.0)), trade)
        else:
            self._turn(second)
            self._close_gap(trade.t_ms)
        self._printed = True
        self._flow = _with(self._flow, trade)
        self._large.add(trade.t_ms, trade.price * trade.qty)

    def missed(self, message: TradesMissed) -> None:
        """Prints are missing, from now on until the next one."""
        if message.venue == self._venue:
            self._missing = True

    def mended(self, message: TradesMended) -> None:
        """Nothing is missing any more."""
        if message.venue == self._venue:
            self._missing, self._gap_ms = False, None

    def closed(self, message: Bars) -> None:
        """Take closed minutes of any venue: they are what a change to it begins with."""
        self._minutes.setdefault(message.venue, Minutes()).take(message.bars)

    def inputs(self, t_ms: int) -> dict[str, float | None]:
        """`MarketState` fields by name; None while warming up."""
        self._settle()
        long = self._long(t_ms)
        return {
            "returns_1m": self._change(t_ms, 60),
            "returns_5m": self._change(t_ms, 300),
            "returns_10m": self._change(t_ms, 600),
            "vol_expansion": _expansion(self._seconds.span(t_ms, MINUTE_S), long),
            "vol_regime": _vol_regime(long),
            "trend_regime": _trend_regime(long),
            "large_trade_flag": self._large.flag(t_ms),
            **_of_flows(*self._flows(t_ms)),
        }

    def _turn(self, second: int) -> None:
        """Close the second that has passed. Times never fall (`engine.feeds.feed`)."""
        if second == self._second:
            return
        self._settle()
        if self._mid is not None and self._second - self._quoted_second <= SLACK_S:
            self._seconds.close(self._second, self._mid, self._flow)
        self._second = second

    def _settle(self) -> None:
        """Put late prints into the seconds that they belong to."""
        if self._late:
            self._seconds.amend(self._late)
            self._late = {}

    def _close_gap(self, t_ms: int) -> None:
        if self._missing:
            self._missing, self._gap_ms = False, t_ms

    def _change(self, t_ms: int, seconds: int) -> float | None:
        then = self._price(t_ms - seconds * 1000, seconds)
        if then is None or self._mid is None:
            return None
        return self._mid / then - 1

    def _price(self, t_ms: int, seconds: int) -> float | None:
        sample = self._seconds.at(t_ms)
        if sample is not None:
            return sample.mid
        minutes = self._closed_minutes()
        return None if minutes is None or seconds < COARSE_S else minutes.price_at(t_ms)

    def _long(self, t_ms: int) -> _Long | None:
        span = self._seconds.span(t_ms, LONG_S)
        if span is None:
            return self._long_of_minutes(t_ms)
        first, last = span
        move = math.log(last.mid / first.mid)
        return _Long(_variance_rate(span), move, last.covered - first.covered)

    def _long_of_minutes(self, t_ms: int) -> _Long | None:
        minutes = self._closed_minutes()
        if minutes is None or self._mid is None:
            return None
        rate, first = minutes.variance_rate(t_ms), minutes.price_at(t_ms - LONG_S * 1000)
        if rate is None or first is None:
            return None
        return _Long(rate, math.log(self._mid / first), SPAN_S)

    def _closed_minutes(self) -> Minutes | None:
        return None if self._venue is None else self._minutes.get(self._venue)

    def _flows(self, t_ms: int) -> tuple[TradeSums | None, TradeSums | None]:
        """Takers' volume over a short and a long trailing window."""
        if self._sums:
            return self._sums[0], self._sums[-1]
        return self._printed_since(t_ms, SHORT_S), self._printed_since(t_ms, MINUTE_S)

    def _printed_since(self, t_ms: int, seconds: int) -> TradeSums | None:
        """Totals of the prints since then; None where not covered, where prints are missing, or
        where none was ever heard, since a source that sends none may have none to send."""
        span = self._seconds.span(t_ms, seconds)
        if span is None or not self._printed or self._missing:
            return None
        then = span[0]
        if self._gap_ms is not None and (then.second + 1) * 1000 < self._gap_ms:
            return None
        bought, sold, trades = self._flow
        return TradeSums(
            window_s=t_ms / 1000 - (then.second + 1),
            buy_qty=max(0.0, bought - then.bought),
            sell_qty=max(0.0, sold - then.sold),
            count=trades - then.trades,
        )


def _of_flows(short: TradeSums | None, long: TradeSums | None) -> dict[str, float | None]:
    known = [flow for flow in (short, long) if flow is not None]
    nearest = min(known, key=lambda flow: abs(flow.window_s - SHORT_S), default=None)
    return {
        "trade_flow_imbalance": None if long is None else _imbalance(long.buy_qty, long.sell_qty),
        "cvd_acceleration": _acceleration(short, long),
        "trade_intensity": None if nearest is None else nearest.count / nearest.window_s,
    }


def _imbalance(bought: float, sold: float) -> float:
    """(bought - sold) / (bought + sold) in [-1, 1]; 0 where nothing traded."""
    if bought + sold <= 0:
        return 0.0
    return min(1.0, max(-1.0, (bought - sold) / (bought + sold)))


def _acceleration(short: TradeSums | None, long: TradeSums | None) -> float | None:
    """Imbalance of the short window less that of the rest of the long one before it, per second
    between the middles of both, which lie half of the long window apart."""
    if short is None or long is None or short.window_s >= long.window_s:
        return None
    before = _imbalance(
        max(0.0, long.buy_qty - short.buy_qty), max(0.0, long.sell_qty - short.sell_qty)
    )
    return (_imbalance(short.buy_qty, short.sell_qty) - before) / (long.window_s / 2)


def _variance_rate(span: tuple[Sample, Sample]) -> float:
    """Realised variance per second of data; running totals may differ by a rounding error."""
    first, last = span
    return max(0.0, last.variance - first.variance) / (last.covered - first.covered)


def _expansion(short: tuple[Sample, Sample] | None, long: _Long | None) -> float | None:
    if short is None or long is None:
        return None
    return math.sqrt(_variance_rate(short) / long.rate) - 1 if long.rate > 0 else 0.0


def _vol_regime(long: _Long | None) -> float | None:
    return None if long is None else float(math.sqrt(long.rate * YEAR_S) > HIGH_VOL)


def _trend_regime(long: _Long | None) -> float | None:
    if long is None:
        return None
    return float(abs(long.move) > math.sqrt(long.rate * long.lasting))


def _with(flow: Flow, trade: TradePrint) -> Flow:
    bought, sold, fills = flow
    if trade.side > 0:
        return bought + trade.qty, sold, fills + trade.fills
    return bought, sold + trade.qty, fills + trade.fills
