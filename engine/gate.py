"""The single gate in front of every venue.

Owns the refusal of orders: nothing reaches a venue but through `Gate.check`. Each refusal is a
`Denial` with a typed code, the measured value and the limit. Opening orders meet every rule, and
outside ACTIVE and REDUCING none passes; in REDUCING only what cannot make anything worse does.
Orders that sell a position pass in every trading state and meet only the rules of the venue (DESIGN
4.3, 4.6), unless they break a locked pair. The gate changes nothing and sends nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Protocol

from engine.book import Book
from engine.denial import Code, Denial
from engine.exposure import Exposure
from engine.order import Intent, Purpose
from engine.settings import Limits
from engine.trading_state import TradingState
from engine.units import BP, MICRO, dollars, micro, price_float, shares_float

MINUTE_MS = 60_000
MIN_MARKETABLE = MICRO
"""The venue takes no marketable BUY under one dollar (polymarket reference 4.6)."""


class Prospects(Protocol):
    """What an order would change, as `engine.exposure.Prospect` works it out."""

    @property
    def before(self) -> Exposure: ...

    @property
    def after(self) -> Exposure: ...

    @property
    def net(self) -> int: ...

    @property
    def net_after(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the gate looks at beside the intent."""

    state: TradingState
    book: Book | None
    """Of the intent's own token; None: this source has no books."""
    prospect: Prospects
    """What the order would change."""
    held: int
    """Micro-shares of the token."""
    sellable: int
    """Of these, settled and in whole hundredths."""
    in_flight: bool
    """An order of this window is not terminal."""
    has_books: bool = True
    """False for sources that record no book: nothing can be executed (DESIGN 7)."""


class Gate:
    """Checks intents against `Limits`; remembers only when opening orders left."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._opened: deque[int] = deque()

    def check(self, intent: Intent, now: Situation) -> Denial | None:
        """The first rule the intent breaks, or None: admitted."""
        if intent.purpose is Purpose.OPEN:
            return self._check_open(intent, now)
        return _check_exit(intent, now) or self._check_pair(now)

    def left(self, intent: Intent) -> None:
        """Count an order that was admitted and sent."""
        if intent.purpose is Purpose.OPEN:
            self._opened.append(intent.t_ms)

    def opens_in_last_minute(self, t_ms: int) -> int:
        while self._opened and self._opened[0] <= t_ms - MINUTE_MS:
            self._opened.popleft()
        return len(self._opened)

    def _check_open(self, intent: Intent, now: Situation) -> Denial | None:
        return (
            _check_state(now)
            or _check_book(intent, now)
            or self._check_entry(intent, now)
            or self._check_quality(intent, now)
            or self._check_size(intent)
            or self._check_money(intent, now)
            or self._check_rate(intent)
        )

    def _check_entry(self, intent: Intent, now: Situation) -> Denial | None:
        left = intent.market.fraction_left(intent.t_ms)
        seconds, cutoff = intent.market.window_seconds, self.limits.entry_cutoff
        if intent.t_ms < intent.market.start_ms or left <= 0.0:
            return Denial(Code.WINDOW_OVER, "the window is not running", "entries only while it is")
        if left <= cutoff:
            return Denial(
                Code.ENTRY_CUTOFF,
                f"{left * seconds:.0f} s left",
                f"no entries in the last {cutoff * seconds:.0f} s",
            )
        if now.in_flight:
            return Denial(Code.ORDER_IN_FLIGHT, "an order is on its way", "one at a time")
        return None

    def _check_quality(self, intent: Intent, now: Situation) -> Denial | None:
        assert now.book is not None  # noqa: S101 - _check_book refused before, in the same chain
        age = now.book.age_ms(intent.t_ms) / 1000
        if age > self.limits.book_age_s:
            return Denial(Code.BOOK_AGE, f"book {age:.1f} s old", f"max {self.limits.book_age_s} s")
        spread = now.book.spread_bp
        assert spread is not None  # noqa: S101 - as above: a valid book has two sides
        if spread > self.limits.spread * BP:
            return Denial(
                Code.SPREAD, f"spread ${price_float(spread):.3f}", f"max ${self.limits.spread}"
            )
        return None

    def _check_size(self, intent: Intent) -> Denial | None:
        market = intent.market
        if intent.limit_bp % market.tick_bp or not 0 < intent.limit_bp < BP:
            return Denial(
                Code.TICK,
                f"limit ${price_float(intent.limit_bp)}",
                f"tick ${price_float(market.tick_bp)}",
            )
        if intent.amount > micro(self.limits.order):
            return Denial(
                Code.ORDER_SIZE, f"order ${dollars(intent.amount):.2f}", f"max ${self.limits.order}"
            )
        shares = intent.amount * BP // intent.limit_bp
        if shares < market.min_shares or intent.amount < MIN_MARKETABLE:
            return Denial(
                Code.MIN_SIZE,
                f"{shares_float(shares):.2f} shares for ${dollars(intent.amount):.2f}",
                f"min {shares_float(market.min_shares):g} shares and $1",
            )
        return None

    def _check_money(self, intent: Intent, now: Situation) -> Denial | None:
        asset = now.prospect.after.of(intent.market.asset)
        if asset > micro(self.limits.asset):
            return Denial(
                Code.ASSET_EXPOSURE,
                f"{intent.market.asset} exposure would be ${dollars(asset):.2f}",
                f"max ${self.limits.asset}",
            )
        total = now.prospect.after.total
        if total > micro(self.limits.exposure):
            return Denial(
                Code.TOTAL_EXPOSURE,
                f"exposure would be ${dollars(total):.2f}",
                f"max ${self.limits.exposure}",
            )
        return self._check_worst_case(now)

    def _check_worst_case(self, now: Situation) -> Denial | None:
        loss = -now.prospect.after.worst
        if loss > micro(self.limits.daily_loss):
            return Denial(
                Code.DAILY_LOSS,
                f"the day could end at -${dollars(loss):.2f}",
                f"max -${self.limits.daily_loss} with every position worth nothing",
            )
        return None

    def _check_pair(self, now: Situation) -> Denial | None:
        """Selling one leg of a locked pair gives up a certain dollar: that is no plain exit, and
        passes in ACTIVE alone, inside the daily limit."""
        if _fall(now) <= 0 or not _grows(now.prospect.net, now.prospect.net_after):
            return None
        if now.state is TradingState.ACTIVE:
            return self._check_worst_case(now)
        return Denial(
            Code.LOCKED_PAIR,
            f"worst case falls by ${dollars(_fall(now)):.2f}",
            "UP and DOWN together pay a dollar; only what is beyond the pair is sold",
        )

    def _check_rate(self, intent: Intent) -> Denial | None:
        count = self.opens_in_last_minute(intent.t_ms)
        if count >= self.limits.opens_per_minute:
            return Denial(
                Code.ORDER_RATE,
                f"{count} opening orders in a minute",
                f"max {self.limits.opens_per_minute}",
            )
        return None


def _check_state(now: Situation) -> Denial | None:
    match now.state:
        case TradingState.ACTIVE:
            return None
        case TradingState.REDUCING:
            return _check_reducing(now)
        case TradingState.HALTED:
            limit = "entries only in ACTIVE; resume needs the typed word"
            return Denial(Code.HALTED, "HALTED", limit)
        case _:
            return Denial(Code.NOT_ACTIVE, str(now.state), "entries only in ACTIVE")


def _check_reducing(now: Situation) -> Denial | None:
    """Whatever an order is for, it must leave nothing worse than it was (DESIGN 5)."""
    before, after = now.prospect.net, now.prospect.net_after
    if _grows(before, after):
        return Denial(
            Code.NET_EXPOSURE,
            f"REDUCING, UP less DOWN from {_net(before)} to {_net(after)} shares",
            "must not grow or change sides",
        )
    if now.prospect.after.worst_wealth < now.prospect.before.worst_wealth:
        return Denial(
            Code.WORST_CASE,
            f"REDUCING, worst case falls by ${dollars(_fall(now)):.2f}",
            "must not fall",
        )
    return None


def _grows(before: int, after: int) -> bool:
    """Whether more net shares hang on one outcome than before, or on the other one."""
    return abs(after) > abs(before) or before * after < 0


def _fall(now: Situation) -> int:
    return now.prospect.before.worst_wealth - now.prospect.after.worst_wealth


def _net(shares: int) -> str:
    return f"{shares_float(shares):+.2f}"


def _check_book(intent: Intent, now: Situation) -> Denial | None:
    if not now.has_books:
        return Denial(Code.NO_BOOK, "this source records no book", "fills need one; mid PnL only")
    if now.book is None:
        return Denial(Code.BOOK_INVALID, f"{intent.outcome} book not seen yet", "must be valid")
    if now.book.invalid is not None:
        return Denial(Code.BOOK_INVALID, f"{intent.outcome} {now.book.invalid}", "must be valid")
    return None


def _check_exit(intent: Intent, now: Situation) -> Denial | None:
    if now.held <= 0:
        return Denial(Code.NOTHING_TO_SELL, "nothing held", "a SELL needs shares")
    if not now.has_books:
        return Denial(Code.NO_BOOK, "this source records no book", "fills need one")
    if now.in_flight:
        return Denial(Code.ORDER_IN_FLIGHT, "an order is on its way", "one at a time")
    if now.sellable <= 0 or intent.amount > now.sellable:
        return Denial(
            Code.NOT_SETTLED,
            f"{shares_float(now.sellable):.2f} of {shares_float(now.held):.2f} shares settled",
            f"asked to sell {shares_float(intent.amount):.2f}",
        )
    if intent.amount < intent.market.min_shares:
        return Denial(
            Code.MIN_SIZE,
            f"{shares_float(intent.amount):.2f} shares",
            f"min {shares_float(intent.market.min_shares):g}; held to the resolution",
        )
    return None
