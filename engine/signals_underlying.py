"""The underlying on its reference venue: returns, volatility and taker flow.

Owns the ten model inputs that come from ``binance``, in the windows of the feature table
(`engine.features.FEATURES`). Every input is None while its window is not covered by data: the
caller shows it as warming up. Judges no age: that is `engine.signals`.

Sources differ in what they say of trades. One sends prints, which are totalled here; another
sends only trailing sums (`TradeSums`), which are used as they are, whatever their windows.
"""

from __future__ import annotations

import math

from engine.messages import TradePrint, TradeSums, VenueQuote
from engine.signals_large import LargeTrades
from engine.signals_seconds import SLACK_S, Sample, Seconds

YEAR_S = 365.25 * 86_400

HIGH_VOL = 0.60
"""Yearly volatility above which the regime counts as volatile. Bitcoin's long-run figure lies a
little below, the other assets' above."""

SHORT_S, MINUTE_S, LONG_S = 10, 60, 600

SMALLEST, LARGEST = 1e-9, 1e12
"""Believable prices, dollars; anything else is not a quote."""


class Underlying:
    """What has been heard of one asset on one venue, the first that spoke."""

    def __init__(self) -> None:
        self._seconds = Seconds()
        self._large = LargeTrades()
        self._venue: str | None = None
        self._second = self._quoted_second = 0
        self._mid: float | None = None
        self._quoted_ms: int | None = None
        self._flow = (0.0, 0.0, 0.0)
        self._sums: tuple[TradeSums, ...] = ()
        self._printed = False

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
        """Take a print of the venue whose quotes are followed."""
        if trade.venue != self._venue or not 0 < trade.price * trade.qty <= LARGEST:
            return
        self._turn(trade.t_ms // 1000)
        self._printed = True
        bought, sold, trades = self._flow
        if trade.side > 0:
            self._flow = (bought + trade.qty, sold, trades + 1)
        else:
            self._flow = (bought, sold + trade.qty, trades + 1)
        self._large.add(trade.t_ms, trade.price * trade.qty)

    def inputs(self, t_ms: int) -> dict[str, float | None]:
        """`MarketState` fields by name; None while warming up."""
        long = self._seconds.span(t_ms, LONG_S)
        return {
            "returns_1m": self._change(t_ms, 60),
            "returns_5m": self._change(t_ms, 300),
            "returns_10m": self._change(t_ms, 600),
            "vol_expansion": self._expansion(self._seconds.span(t_ms, MINUTE_S), long),
            "vol_regime": _vol_regime(long),
            "trend_regime": _trend_regime(long),
            "large_trade_flag": self._large.flag(t_ms),
            **(self._of_sums() if self._sums else self._of_prints(t_ms)),
        }

    def _turn(self, second: int) -> None:
        """Close the second that has passed. Times never fall (`engine.feeds.feed`)."""
        if second == self._second:
            return
        if self._mid is not None and self._second - self._quoted_second <= SLACK_S:
            self._seconds.close(self._second, self._mid, self._flow)
        self._second = second

    def _change(self, t_ms: int, seconds: int) -> float | None:
        then = self._seconds.at(t_ms - seconds * 1000)
        if then is None or self._mid is None:
            return None
        return self._mid / then.mid - 1

    def _expansion(
        self, short: tuple[Sample, Sample] | None, long: tuple[Sample, Sample] | None
    ) -> float | None:
        if short is None or long is None:
            return None
        quiet = _variance_rate(long)
        return math.sqrt(_variance_rate(short) / quiet) - 1 if quiet > 0 else 0.0

    def _of_prints(self, t_ms: int) -> dict[str, float | None]:
        short = self._flow_since(t_ms, SHORT_S)
        minute = self._flow_since(t_ms, MINUTE_S)
        return {
            "trade_flow_imbalance": None if minute is None else _imbalance(minute),
            "cvd_acceleration": _acceleration(short, minute, SHORT_S, MINUTE_S),
            "trade_intensity": None if short is None else short[2] / SHORT_S,
        }

    def _of_sums(self) -> dict[str, float | None]:
        short, long = self._sums[0], self._sums[-1]
        recent = (short.buy_qty, short.sell_qty, short.count)
        whole = (long.buy_qty, long.sell_qty, long.count)
        return {
            "trade_flow_imbalance": _imbalance(whole),
            "cvd_acceleration": _acceleration(recent, whole, short.window_s, long.window_s),
            "trade_intensity": long.count / long.window_s,
        }

    def _flow_since(self, t_ms: int, seconds: int) -> tuple[float, float, float] | None:
        """Bought, sold and trades of the last `seconds`; None where not covered or no print was
        ever heard, since a source that sends none may have none to send."""
        span = self._seconds.span(t_ms, seconds)
        if span is None or not self._printed:
            return None
        bought, sold, trades = self._flow
        then = span[0]
        return bought - then.bought, sold - then.sold, trades - then.trades


def _imbalance(flow: tuple[float, float, float]) -> float:
    """(bought - sold) / (bought + sold) in [-1, 1]; 0 where nothing traded."""
    total = flow[0] + flow[1]
    if total <= 0:
        return 0.0
    return min(1.0, max(-1.0, (flow[0] - flow[1]) / total))


def _acceleration(
    short: tuple[float, float, float] | None,
    long: tuple[float, float, float] | None,
    short_s: float,
    long_s: float,
) -> float | None:
    """Imbalance of the last `short_s` less that of the rest of `long_s` before them, per second
    between the middles of both spans, which lie half of `long_s` apart."""
    if short is None or long is None or short_s >= long_s:
        return None
    before = (max(0.0, long[0] - short[0]), max(0.0, long[1] - short[1]), 0.0)
    return (_imbalance(short) - _imbalance(before)) / (long_s / 2)


def _variance_rate(span: tuple[Sample, Sample]) -> float:
    """Realised variance per second of data; running totals may differ by a rounding error."""
    first, last = span
    return max(0.0, last.variance - first.variance) / (last.covered - first.covered)


def _vol_regime(long: tuple[Sample, Sample] | None) -> float | None:
    if long is None:
        return None
    return float(math.sqrt(_variance_rate(long) * YEAR_S) > HIGH_VOL)


def _trend_regime(long: tuple[Sample, Sample] | None) -> float | None:
    if long is None:
        return None
    first, last = long
    deviation = math.sqrt(_variance_rate(long) * (last.covered - first.covered))
    return float(abs(math.log(last.mid / first.mid)) > deviation)
