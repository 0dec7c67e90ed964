"""The inputs of one asset's row at a tick: each live, warming up, absent or unknown.

Owns that distinction (DESIGN 4.1). A source that the feed lacks is *absent*: its features are
neutral. A window that data do not cover yet is *warming*: neutral too, and the row stands. A
source that was promised and is silent, or a book that is invalid, is *unknown*: then there is no
row, and a sentence says why. Scaling is `engine.features`, measuring `engine.signals_underlying`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Literal

from engine.book import Book
from engine.features import FEATURES, VOL_TICKS, Feature, MarketState, Source
from engine.feeds.feed import FeedInfo
from engine.market import Market, Outcome
from engine.messages import (
    Bars,
    Level,
    Message,
    MidQuote,
    TradePrint,
    TradesMended,
    TradesMissed,
    VenueQuote,
)
from engine.settings import Settings
from engine.signals_underlying import Underlying
from engine.units import BP

Status = Literal["live", "warming", "absent", "unknown"]

UNDERLYING_FIELDS = tuple(f.field for f in FEATURES if f.source == "binance")
"""`MarketState` fields measured on the underlying."""

BOOK_LEVELS = 5
"""Levels of each side in ob_imbalance_l5."""


@dataclass(frozen=True, slots=True)
class PositionInput:
    """The position as the model sees it."""

    has: bool = False
    side: Outcome | None = None
    """The outcome held; None while flat."""
    pnl: float = 0.0
    """Unrealised result, dollars."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One asset at one tick."""

    state: MarketState | None
    """Inputs of the row; None where there can be no row."""
    status: tuple[Status, ...]
    """One for each of the 18 features, in their order."""
    invalid: str | None
    """Why there is no row, in one sentence; None: there is."""
    prob: float | None
    """Mid of UP in [0, 1]; None: unknown."""


def neutral_count(status: tuple[str, ...]) -> int:
    """How many features are held neutral because their source does not exist."""
    return status.count("absent")


class AssetSignals:
    """What is known of one asset. Give it every message, and ask for one reading a tick."""

    def __init__(self, asset: str, info: FeedInfo, settings: Settings) -> None:
        self._asset = asset
        self._has = info.has
        self._source_age_ms = round(settings.source_age_s * 1000)
        self._mid_age_ms = round(settings.mid_age_s * 1000)
        self._underlying = Underlying()
        self._probs: deque[float] = deque(maxlen=VOL_TICKS)
        self._pushed_ms = -1
        promised = info.has | {"position", "clock"} | ({"mid"} if "book" in info.has else set())
        self._absent = frozenset(f.source for f in FEATURES) - promised

    @property
    def absent(self) -> int:
        """How many of the 18 features this feed can never give."""
        return sum(feature.source in self._absent for feature in FEATURES)

    @property
    def venue(self) -> str | None:
        """The venue that the underlying is measured on; None: none has spoken."""
        return self._underlying.venue

    @property
    def spot(self) -> float | None:
        """Mid of the underlying there, dollars; None: never quoted."""
        return self._underlying.mid

    def choose(self, venue: str) -> None:
        """Measure the underlying on `venue` from now on, and forget what another one said."""
        if venue != self._underlying.venue:
            self._underlying = self._underlying.moved(venue)

    def on_message(self, message: Message) -> None:
        """Take a quote, prints or minutes of this asset; anything else is not for here."""
        match message:
            case VenueQuote() if message.asset == self._asset:
                self._underlying.quote(message)
            case TradePrint() if message.asset == self._asset:
                self._underlying.trade(message)
            case Bars() if message.asset == self._asset:
                self._underlying.closed(message)
            case TradesMissed() if message.asset == self._asset:
                self._underlying.missed(message)
            case TradesMended() if message.asset == self._asset:
                self._underlying.mended(message)

    def open_window(self) -> None:
        """Forget what belongs to the window: the probabilities. The underlying goes on."""
        self._probs.clear()

    def reading(
        self,
        t_ms: int,
        market: Market,
        up: Book | None,
        mid: MidQuote | None,
        position: PositionInput,
    ) -> Reading:
        """The inputs at `t_ms`. Call once a tick: the first call for a time pushes the
        probability onto the window's history."""
        faults = self._faults(t_ms, market, up, mid)
        prob = None if "mid" in faults else self._prob(up, mid)
        if prob is not None and t_ms > self._pushed_ms:
            self._probs.append(prob)
            self._pushed_ms = t_ms
        inputs = {} if "binance" in self._absent else self._underlying.inputs(t_ms)
        status = tuple(self._status(feature, inputs, faults) for feature in FEATURES)
        if prob is None or faults:
            return Reading(None, status, next(iter(faults.values())), prob)
        return Reading(
            MarketState(
                asset=self._asset,
                prob=prob,
                time_remaining=market.fraction_left(t_ms),
                has_position=position.has,
                position_side=position.side,
                position_pnl=position.pnl,
                prob_history=tuple(self._probs),
                **_of_book(up if "book" in self._has else None),
                **{name: _or_neutral(inputs.get(name)) for name in UNDERLYING_FIELDS},
            ),
            status,
            None,
            prob,
        )

    def _faults(
        self, t_ms: int, market: Market, up: Book | None, mid: MidQuote | None
    ) -> dict[Source, str]:
        """Why each promised source is unknown now; empty where all are known."""
        faults: dict[Source, str] = {}
        if "book" in self._has:
            price = self._book_fault(t_ms, market, up)
            if price is not None:
                faults["mid"] = faults["book"] = price
        else:
            price = self._mid_fault(t_ms, market, mid)
            if price is not None:
                faults["mid"] = price
        silence = self._silence(t_ms)
        if silence is not None:
            faults["binance"] = silence
        return faults

    def _book_fault(self, t_ms: int, market: Market, up: Book | None) -> str | None:
        if up is None or up.token_id != market.up_token:
            return "no book of UP yet"
        if up.invalid is not None:
            return f"book of UP is invalid: {up.invalid}"
        if up.age_ms(t_ms) > self._source_age_ms:
            return f"book of UP silent for more than {self._source_age_ms / 1000:g} s"
        return None

    def _mid_fault(self, t_ms: int, market: Market, mid: MidQuote | None) -> str | None:
        if "mid" not in self._has:
            return "this feed has no price of UP"
        if mid is None or mid.slug != market.slug:
            return "no mid of UP yet"
        if t_ms - mid.t_ms > self._mid_age_ms:
            return f"mid of UP silent for more than {self._mid_age_ms / 1000:g} s"
        return None

    def _silence(self, t_ms: int) -> str | None:
        """Why the underlying is unknown; None where it is known, or absent by promise."""
        if "binance" in self._absent:
            return None
        quoted, venue = self._underlying.quoted_ms, self._underlying.venue or "binance"
        if quoted is None:
            return f"no quote of {self._asset} from {venue} yet"
        if t_ms - quoted > self._source_age_ms:
            limit = self._source_age_ms / 1000
            return f"{venue} silent on {self._asset} for more than {limit:g} s"
        return None

    def _prob(self, up: Book | None, mid: MidQuote | None) -> float | None:
        if "book" in self._has:
            return None if up is None or up.mid_bp is None else up.mid_bp / BP
        return None if mid is None else mid.mid

    def _status(
        self, feature: Feature, inputs: dict[str, float | None], faults: dict[Source, str]
    ) -> Status:
        if feature.source in self._absent:
            return "absent"
        if feature.source in faults:
            return "unknown"
        if feature.prints and self._underlying.sums_only:
            return "absent"
        if feature.field == "prob_history":
            return "live" if len(self._probs) == VOL_TICKS else "warming"
        return "warming" if inputs.get(feature.field, 0.0) is None else "live"


def _or_neutral(value: float | None) -> float:
    return 0.0 if value is None else value


def _of_book(up: Book | None) -> dict[str, float]:
    """`MarketState` fields that a valid book gives; neutral where the feed has none."""
    if up is None or up.spread_bp is None:
        return {"spread": 0.0, "order_book_imbalance_l1": 0.0, "order_book_imbalance_l5": 0.0}
    return {
        "spread": up.spread_bp / BP,
        "order_book_imbalance_l1": _size_imbalance(up.bids, up.asks, 1),
        "order_book_imbalance_l5": _size_imbalance(up.bids, up.asks, BOOK_LEVELS),
    }


def _size_imbalance(bids: tuple[Level, ...], asks: tuple[Level, ...], levels: int) -> float:
    """(bid - ask) / (bid + ask) by size over the first levels; 0 where there is none."""
    bid = sum(size for _, size in bids[:levels])
    ask = sum(size for _, size in asks[:levels])
    return (bid - ask) / (bid + ask) if bid + ask else 0.0
