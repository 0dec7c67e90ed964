"""Positions, cash, PnL and counters as a fold over events. The only place where money is added up.

Owns no decision and performs no I/O: `apply` takes one event and changes the books. Any state on
screen can be rebuilt by folding the log again, and a killed process does exactly that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine import events as ev
from engine.market import Market, Outcome
from engine.mid_account import MidAccount
from engine.probation import Probation
from engine.units import SELLABLE_STEP, cost_micro, floor_to_step, proceeds_micro


@dataclass(slots=True)
class Holding:
    """Shares of one outcome token. Changed by evidence only (DESIGN 4.2)."""

    slug: str
    asset: str
    outcome: Outcome
    token_id: str
    shares: int = 0
    """Micro-shares, settled or not."""
    unsettled: int = 0
    """Micro-shares bought whose match is not final."""
    paid: int = 0
    """Micro-dollars paid for `shares`, without fees."""
    fees: int = 0
    """Micro-dollars of entry fees on `shares`."""

    @property
    def cost(self) -> int:
        return self.paid + self.fees

    @property
    def dust(self) -> bool:
        """Less than 0.01 share: nobody can sell it, every sale may leave it, and the resolution
        pays it out. It counts in cash and exposure and is no position."""
        return self.shares < SELLABLE_STEP

    @property
    def sellable(self) -> int:
        """Settled micro-shares in whole hundredths, the venue's step."""
        return floor_to_step(max(0, self.shares - self.unsettled))


@dataclass(frozen=True, slots=True)
class Booked:
    """What one fill did, kept so that a void can undo exactly that."""

    fill: ev.FillMatched
    paid: int
    """Micro-dollars of `Holding.paid` it added (BUY) or released (SELL)."""
    fees: int
    """Micro-dollars of `Holding.fees` it added or released."""
    pnl: int
    """Realised micro-dollars (SELL), 0 for a BUY."""


@dataclass(slots=True)
class AssetBook:
    """Sums of one asset."""

    realised: int = 0
    fees: int = 0
    fills: int = 0


@dataclass(slots=True)
class Ledger:
    """The state that the events of one log add up to."""

    cash: int = 0
    """Micro-dollars received less paid, from zero."""
    markets: dict[str, Market] = field(default_factory=dict)
    holdings: dict[str, Holding] = field(default_factory=dict)
    """By outcome token."""
    working: dict[str, ev.OrderSent] = field(default_factory=dict)
    """Orders sent and not terminal, by order id."""
    ambiguous: dict[str, ev.OrderAmbiguous] = field(default_factory=dict)
    """Of the working orders, those whose answer was lost, by order id."""
    pending: dict[str, Booked] = field(default_factory=dict)
    """Fills matched and not settled, by fill id."""
    awaiting: dict[str, str] = field(default_factory=dict)
    """Ended windows with a holding and no verdict -> why it was held."""
    verdicts: dict[str, str | None] = field(default_factory=dict)
    """Resolved windows -> UP, DOWN or None (nobody knows)."""
    assets: dict[str, AssetBook] = field(default_factory=dict)
    mid: MidAccount = field(default_factory=MidAccount)
    day: ev.DayOpened | None = None
    probation: Probation = field(default_factory=Probation)
    counts: Counter[str] = field(default_factory=Counter)
    """Events by kind."""
    last_ms: int | None = None
    """Market time of the newest event."""
    realised_by_event: int = 0
    """Micro-dollars that the last applied event realised, for the trades table."""

    @property
    def realised(self) -> int:
        return sum(book.realised for book in self.assets.values())

    @property
    def fees(self) -> int:
        return sum(book.fees for book in self.assets.values())

    @property
    def equity_at_cost(self) -> int:
        return self.cash + sum(h.cost for h in self.holdings.values())

    def held(self, slug: str) -> Iterator[Holding]:
        """Positions in a window."""
        return (h for h in self.holdings.values() if h.slug == slug and not h.dust)

    def open_slugs(self) -> list[str]:
        """Windows with a position, oldest first."""
        return list(dict.fromkeys(h.slug for h in self.holdings.values() if not h.dust))

    def asset(self, name: str) -> AssetBook:
        """Sums of one asset, to be read; zeros where it never traded."""
        return self.assets.get(name, AssetBook())

    def window_of(self, event: ev.Event) -> str:
        """The window that an event is about, asked before it is applied; "" if none. What becomes
        of a fill names only the fill."""
        booked = self.pending.get(getattr(event, "fill_id", ""))
        slug: str = getattr(event, "slug", "") if booked is None else booked.fill.slug
        return slug

    def apply(self, t_ms: int, event: ev.Event) -> None:  # noqa: C901 - one branch a kind is the fold
        """Fold one event. An event that cannot follow from the books raises ValueError."""
        self.last_ms = t_ms
        self.realised_by_event = 0
        self.counts[type(event).__name__] += 1
        match event:
            case ev.MarketSeen():
                self.markets[event.slug] = event.market()
            case ev.OrderSent():
                self.working[event.order_id] = event
            case ev.OrderAmbiguous() if event.order_id in self.working:
                self.ambiguous[event.order_id] = event
            case ev.OrderRejected() | ev.OrderDone():
                self.working.pop(event.order_id, None)
                self.ambiguous.pop(event.order_id, None)
            case ev.FillMatched():
                self._match(event)
            case ev.FillSettled():
                self._settle(event)
            case ev.FillVoided():
                self._void(event)
            case ev.WindowAwaiting():
                self.awaiting[event.slug] = event.reason
            case ev.WindowResolved():
                self._resolve(event)
            case ev.MidTraded():
                self.mid.apply(event)
            case ev.DayOpened():
                self.day = event
            case _:
                pass  # a note, a denial or a change of state moves no money
        self.probation.apply(event, self.realised_by_event)

    def _match(self, fill: ev.FillMatched) -> None:
        if fill.fill_id in self.pending:
            return
        booked = self._buy(fill) if fill.side == "BUY" else self._sell(fill)
        self.pending[fill.fill_id] = booked
        book = self._sums(fill.asset)
        book.fees += fill.fee
        book.fills += 1
        book.realised += booked.pnl
        self.realised_by_event = booked.pnl

    def _buy(self, fill: ev.FillMatched) -> Booked:
        holding = self.holdings.setdefault(
            fill.token_id,
            Holding(fill.slug, fill.asset, Outcome(fill.outcome), fill.token_id),
        )
        paid = cost_micro(fill.shares, fill.price_bp)
        holding.shares += fill.shares
        holding.unsettled += fill.shares
        holding.paid += paid
        holding.fees += fill.fee
        self.cash -= paid + fill.fee
        return Booked(fill, paid, fill.fee, 0)

    def _sell(self, fill: ev.FillMatched) -> Booked:
        holding = self.holdings.get(fill.token_id)
        if holding is None or fill.shares > holding.shares:
            raise ValueError(f"fill {fill.fill_id} sells more than is held of {fill.token_id}")
        paid = holding.paid * fill.shares // holding.shares
        fees = holding.fees * fill.shares // holding.shares
        received = proceeds_micro(fill.shares, fill.price_bp) - fill.fee
        holding.shares -= fill.shares
        holding.paid -= paid
        holding.fees -= fees
        self.cash += received
        return Booked(fill, paid, fees, received - paid - fees)

    def _settle(self, event: ev.FillSettled) -> None:
        booked = self.pending.pop(event.fill_id, None)
        if booked is None or booked.fill.side != "BUY":
            return
        holding = self.holdings.get(booked.fill.token_id)
        if holding is not None:
            holding.unsettled -= booked.fill.shares

    def _void(self, event: ev.FillVoided) -> None:
        booked = self.pending.pop(event.fill_id, None)
        if booked is None:
            return
        fill = booked.fill
        sign = -1 if fill.side == "BUY" else 1
        holding = self.holdings.setdefault(
            fill.token_id,
            Holding(fill.slug, fill.asset, Outcome(fill.outcome), fill.token_id),
        )
        holding.shares += sign * fill.shares
        holding.paid += sign * booked.paid
        holding.fees += sign * booked.fees
        if fill.side == "BUY":
            holding.unsettled -= fill.shares
            self.cash += booked.paid + booked.fees
        else:
            self.cash -= booked.pnl + booked.paid + booked.fees
        book = self._sums(fill.asset)
        book.fees -= fill.fee
        book.realised -= booked.pnl
        self.realised_by_event = -booked.pnl
        if holding.shares == 0:  # sold beside what was taken back: the mean cost was not its own
            self._pay_out(fill.token_id, holding, won=False)
            return
        verdict = self.verdicts.get(fill.slug)
        if verdict is not None:  # the void came after the payout: pay the difference out too
            self._pay_out(fill.token_id, holding, won=holding.outcome == verdict)

    def _resolve(self, event: ev.WindowResolved) -> None:
        self.verdicts[event.slug] = event.outcome
        self.mid.resolve(event)
        if event.outcome is None:
            return
        self.awaiting.pop(event.slug, None)
        for token, holding in list(self.holdings.items()):
            if holding.slug == event.slug:
                self._pay_out(token, holding, won=holding.outcome == event.outcome)

    def _pay_out(self, token: str, holding: Holding, *, won: bool) -> None:
        payout = holding.shares if won else 0  # a winning share pays exactly one dollar
        self.cash += payout
        pnl = payout - holding.cost
        self._sums(holding.asset).realised += pnl
        self.realised_by_event += pnl
        del self.holdings[token]

    def _sums(self, asset: str) -> AssetBook:
        return self.assets.setdefault(asset, AssetBook())
