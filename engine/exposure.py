"""What could be lost: exposure and the worst-case terminal wealth, from the ledger alone.

Owns the arithmetic of DESIGN 4.6: the daily limit must hold even if every open position goes to
zero and every exit fails. For each window the worse outcome counts, and for each outcome every
order under way is filled, in part or not at all, and every match settles or fails to, whichever is
worst. Each of these adds to the wealth by itself, so that the worst of all their combinations is
the sum of the worst of each.

An order is priced at its limit, with the highest fee; a fill's rounding, less than a micro-dollar,
is not counted. What is open may be lost today or, over midnight, on a day that opens without
today's profit to set against it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from engine import events as ev
from engine.ledger import Ledger
from engine.market import Market, Outcome
from engine.order import Intent, Side
from engine.units import BP, FEE_STEP, cost_micro, proceeds_micro, shares_for


@dataclass(frozen=True, slots=True)
class Exposure:
    """All in micro-dollars."""

    by_asset: tuple[tuple[str, int], ...]
    """Cost of open positions plus what in-flight orders may cost, per asset."""
    worst_day: int
    """The UTC day's result if everything open or in flight went against us."""
    worst_next_day: int = 0
    """The same of a day that opened now: no profit of today stands against it."""
    worst_wealth: int = 0
    """Cash that is left in the end in that case, counted as `Ledger.cash` is."""

    @property
    def total(self) -> int:
        return sum(amount for _, amount in self.by_asset)

    @property
    def worst(self) -> int:
        """The worse of this day's result and the next one's."""
        return min(self.worst_day, self.worst_next_day)

    def of(self, asset: str) -> int:
        return dict(self.by_asset).get(asset, 0)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What something brings by the end, micro-dollars: an amount and, if `outcome` wins, shares."""

    slug: str
    outcome: str
    cash: int
    shares: int
    """Micro-shares, each worth a micro-dollar then; below zero: it takes them."""
    certain: bool = False
    """False: it may also not happen, and then does not where it would do good."""

    def at(self, winner: Outcome) -> int:
        brought = self.cash + (self.shares if self.outcome == winner else 0)
        return brought if self.certain else min(0, brought)


@dataclass(frozen=True, slots=True)
class _Open:
    """What an order may still do."""

    slug: str
    asset: str
    outcome: str
    cost: int
    """Most that it can take from cash, fee included, micro-dollars; 0 for a SELL."""
    cash: int
    """What it moves in cash if all of it fills at its limit, micro-dollars."""
    shares: int
    """What it adds to the shares of its outcome then, micro-shares; below zero for a SELL."""


class Prospect:
    """What an order would change. Each part is worked out when it is first looked at: most orders
    that a policy wants are refused before anybody asks."""

    def __init__(self, ledger: Ledger, intent: Intent) -> None:
        self._ledger, self._intent = ledger, intent

    @cached_property
    def before(self) -> Exposure:
        """Without the order."""
        return exposure_of(self._ledger)

    @cached_property
    def after(self) -> Exposure:
        """With the order under way."""
        return after(self._ledger, self._intent)

    @cached_property
    def net(self) -> int:
        """Micro-shares UP less DOWN of the window, orders under way counted as filled."""
        return net(self._ledger, self._intent.market.slug)

    @cached_property
    def net_after(self) -> int:
        """The same with the order filled."""
        return net_after(self._ledger, self._intent)


def exposure_of(ledger: Ledger) -> Exposure:
    """Exposure now. O(open positions + orders in flight + matches that have not settled)."""
    return _exposure(ledger, _working(ledger))


def after(ledger: Ledger, intent: Intent) -> Exposure:
    """Exposure as it would be with this order under way too."""
    return _exposure(ledger, [*_working(ledger), _wanted(intent)])


def net(ledger: Ledger, slug: str) -> int:
    """Micro-shares UP less DOWN of a window, its orders under way counted as filled."""
    held = (_signed(h.outcome, h.shares) for h in ledger.holdings.values() if h.slug == slug)
    flying = (_signed(o.outcome, o.shares) for o in _working(ledger) if o.slug == slug)
    return sum(held) + sum(flying)


def net_after(ledger: Ledger, intent: Intent) -> int:
    """The same with this order filled too."""
    return net(ledger, intent.market.slug) + _signed(intent.outcome, _wanted(intent).shares)


def reserve_for(intent: Intent) -> int:
    """Most that an order can take from cash, fee included, micro-dollars; 0 for a SELL."""
    if intent.side is Side.SELL:
        return 0
    return intent.amount + _most_fee(intent.market, intent.amount)


def order_sent(order_id: str, intent: Intent) -> ev.OrderSent:
    """The event of an intent that leaves, with what it may cost at most."""
    return ev.OrderSent(
        order_id=order_id,
        slug=intent.market.slug,
        asset=intent.market.asset,
        outcome=intent.outcome.value,
        token_id=intent.token_id,
        side=intent.side.value,
        amount=intent.amount,
        limit_bp=intent.limit_bp,
        reserve=reserve_for(intent),
        purpose=intent.purpose.value,
        mid_bp=intent.mid_bp,
    )


def _exposure(ledger: Ledger, orders: list[_Open]) -> Exposure:
    by_asset: dict[str, int] = {}
    for holding in ledger.holdings.values():
        by_asset[holding.asset] = by_asset.get(holding.asset, 0) + holding.cost
    for order in orders:
        by_asset[order.asset] = by_asset.get(order.asset, 0) + order.cost
    wealth = ledger.cash + _worst(ledger, _of_wealth(ledger, orders))
    next_day = _worst(ledger, _of_next_day(ledger, orders))
    start = ledger.day.equity if ledger.day is not None else 0
    return Exposure(tuple(sorted(by_asset.items())), wealth - start, next_day, wealth)


def _worst(ledger: Ledger, claims: Iterable[_Claim]) -> int:
    """What the claims bring if each window takes the outcome that is worse for us, or the one that
    is known."""
    windows: dict[str, list[int]] = {}
    for claim in claims:
        verdict = ledger.verdicts.get(claim.slug)
        outcomes = tuple(Outcome) if verdict is None else (Outcome(verdict),)
        ends = windows.setdefault(claim.slug, [0] * len(outcomes))
        for i, outcome in enumerate(outcomes):
            ends[i] += claim.at(outcome)
    return sum(map(min, windows.values()))


def _of_wealth(ledger: Ledger, orders: Iterable[_Open]) -> Iterator[_Claim]:
    """What changes the cash in the end. A match may fail to settle: its cash and its shares go back
    to where they were."""
    for holding in ledger.holdings.values():
        yield _Claim(holding.slug, holding.outcome, 0, holding.shares, certain=True)
    for booked in ledger.pending.values():
        yield _Claim(booked.fill.slug, booked.fill.outcome, -booked.moved, -_added(booked.fill))
    for order in orders:
        yield _Claim(order.slug, order.outcome, order.cash, order.shares)


def _of_next_day(ledger: Ledger, orders: Iterable[_Open]) -> Iterator[_Claim]:
    """What can still be lost of the equity that a day opens with (`Ledger.settled_equity`): the
    cost of a token that loses, held, on its way, or sold by a match that is not final. No gain is
    set against it, not even of the same window: it may be part of that equity by then."""
    for holding in ledger.holdings.values():
        yield _Claim(holding.slug, holding.outcome, -holding.cost, holding.shares)
    for booked in ledger.pending.values():
        fill = booked.fill
        if fill.side == "SELL" and ledger.verdicts.get(fill.slug) is None:
            yield _Claim(fill.slug, fill.outcome, -ledger.released_by(booked), fill.shares)
    for order in orders:
        if order.cost:
            yield _Claim(order.slug, order.outcome, order.cash, order.shares)


def _added(fill: ev.FillMatched) -> int:
    return fill.shares if fill.side == "BUY" else -fill.shares


def _working(ledger: Ledger) -> list[_Open]:
    return [_left_of(ledger, order) for order in ledger.working.values()]


def _left_of(ledger: Ledger, order: ev.OrderSent) -> _Open:
    """What an order may still do beyond what is known to have been traded of it."""
    done = ledger.fills_of(order)
    if order.side == "SELL":
        left = max(0, order.amount - sum(fill.shares for fill in done))
        cash = _proceeds(ledger.markets.get(order.slug), left, order.limit_bp)
        return _Open(order.slug, order.asset, order.outcome, 0, cash, -left)
    left = max(0, order.amount - sum(cost_micro(fill.shares, fill.price_bp) for fill in done))
    cost = -(-order.reserve * left // max(1, order.amount))
    shares = shares_for(left, order.limit_bp)
    return _Open(order.slug, order.asset, order.outcome, cost, -cost, shares)


def _wanted(intent: Intent) -> _Open:
    market, outcome = intent.market, intent.outcome
    if intent.side is Side.SELL:
        cash = _proceeds(market, intent.amount, intent.limit_bp)
        return _Open(market.slug, market.asset, outcome, 0, cash, -intent.amount)
    cost = reserve_for(intent)
    shares = shares_for(intent.amount, max(1, intent.limit_bp))  # the gate refuses a limit of 0
    return _Open(market.slug, market.asset, outcome, cost, -cost, shares)


def _proceeds(market: Market | None, shares: int, price_bp: int) -> int:
    """Least that a sale brings, micro-dollars; nothing where the market's fee is not known."""
    if market is None:
        return 0
    return (
        proceeds_micro(shares, price_bp) - market.fee.taker_fee_micro(shares, price_bp) - FEE_STEP
    )


def _most_fee(market: Market, amount: int) -> int:
    """A BUY of `amount` at any price costs at most this fee, micro-dollars.

    The fee is rate x shares x (p (1 - p)) ** exponent. From exponent one on that is below
    rate x shares x p, the rate on the dollars spent; else the most shares bound it.
    """
    fee, tick = market.fee, market.tick_bp
    if fee.exponent >= 1:
        return int(amount * fee.rate) + 1
    return int(amount * BP // tick * fee.rate) + 1


def _signed(outcome: str, shares: int) -> int:
    return shares if outcome == Outcome.UP else -shares
