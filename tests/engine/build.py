"""Small builders for the engine's nouns, so that a test names only what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine import events as ev
from engine.book import Book
from engine.exposure import Exposure
from engine.gate import Situation
from engine.market import FeeSchedule, Market, Outcome
from engine.order import Intent, Purpose, Side
from engine.settings import Limits
from engine.trading_state import TradingState
from engine.units import MICRO

START = 1_767_600_000
"""Start of every test window, unix seconds, on a 900 s boundary."""
START_MS = START * 1000
NOW = START_MS + 60_000
"""A minute into the window."""


def market(
    asset: str = "BTC",
    start: int = START,
    seconds: int = 900,
    tick_bp: int = 100,
    fee: FeeSchedule | None = None,
) -> Market:
    slug = f"{asset.lower()}-updown-{seconds // 60}m-{start}"
    return Market(
        slug=slug,
        asset=asset,
        condition_id=slug,
        window_start=start,
        window_seconds=seconds,
        up_token=f"{slug}:up",
        down_token=f"{slug}:down",
        tick_bp=tick_bp,
        fee=fee or FeeSchedule(),
    )


MARKET = market()
LIMITS = Limits(
    order=Decimal(500),
    asset=Decimal(550),
    exposure=Decimal(2200),
    daily_loss=Decimal(2000),
    opens_per_minute=12,
)
"""Of the tests, so that a changed default changes no test."""
FREE = FeeSchedule(Decimal(0))


def book(
    bids: tuple[tuple[int, int], ...] = ((4900, 500 * MICRO),),
    asks: tuple[tuple[int, int], ...] = ((5000, 500 * MICRO),),
    t_ms: int = NOW,
    token: str = MARKET.up_token,
    invalid: str | None = None,
) -> Book:
    return Book(token, t_ms, bids, asks, invalid)


def buy(
    dollars: float = 100.0,
    limit_bp: int = 5000,
    t_ms: int = NOW,
    of: Market = MARKET,
    outcome: Outcome = Outcome.UP,
) -> Intent:
    amount = round(dollars * MICRO)
    return Intent(of, outcome, Side.BUY, amount, limit_bp, Purpose.OPEN, t_ms, 4950.0)


def sell(
    shares: float = 10.0,
    limit_bp: int = 100,
    t_ms: int = NOW,
    purpose: Purpose = Purpose.CLOSE,
    of: Market = MARKET,
    outcome: Outcome = Outcome.UP,
) -> Intent:
    return Intent(of, outcome, Side.SELL, round(shares * MICRO), limit_bp, purpose, t_ms, 4950.0)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """As `engine.exposure.Prospect`, said beforehand."""

    before: Exposure
    after: Exposure
    net: int
    net_after: int


def situation(
    state: TradingState = TradingState.ACTIVE,
    of: Book | None = None,
    exposure: Exposure | None = None,
    held: int = 0,
    sellable: int = 0,
    after: Exposure | None = None,
    net: tuple[int, int] = (0, 0),
    *,
    in_flight: bool = False,
    has_books: bool = True,
) -> Situation:
    return Situation(
        state=state,
        book=of or book(),
        prospect=Foreseen(
            before=exposure or Exposure((), 0),
            after=after or exposure or Exposure((), 0),
            net=net[0],
            net_after=net[1],
        ),
        held=held,
        sellable=sellable,
        in_flight=in_flight,
        has_books=has_books,
    )


def fill(
    fill_id: str = "o1.0",
    side: Side = Side.BUY,
    shares: float = 100.0,
    price_bp: int = 5000,
    of: Market = MARKET,
    outcome: Outcome = Outcome.UP,
    fee: int | None = None,
    *,
    voids: bool = False,
) -> ev.FillMatched:
    amount = round(shares * MICRO)
    return ev.FillMatched(
        fill_id=fill_id,
        order_id=fill_id.split(".")[0],
        slug=of.slug,
        asset=of.asset,
        outcome=outcome.value,
        token_id=of.token(outcome),
        side=side.value,
        shares=amount,
        price_bp=price_bp,
        fee=of.fee.taker_fee_micro(amount, price_bp) if fee is None else fee,
        settles_ms=NOW + 2_000,
        voids=voids,
    )
