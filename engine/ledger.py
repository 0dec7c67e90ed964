"""Positions, cash, PnL and counters as a fold over events. The only place where money is added up.

Owns no decision and performs no I/O: `apply` takes one event and changes the books. Any state on
screen can be rebuilt by folding the log again, and a killed process does exactly that. News of the
same trades may come late, twice or in another order and end in the same books; what contradicts
them raises and changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from engine import events as ev
from engine.market import Market, Outcome
from engine.mid_account import MidAccount
from engine.order import InvalidTransition
from engine.probation import Probation
from engine.token_account import TokenAccount, add_up, moved
from engine.units import SELLABLE_STEP, floor_to_step


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
    """A fill that may still be voided."""

    fill: ev.FillMatched
    moved: int
    """Micro-dollars that it brought (a sale) or took (below zero), and that a void takes back."""


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
    sent_ms: dict[str, int] = field(default_factory=dict)
    """Market time at which each working order left, by order id."""
    ambiguous: dict[str, ev.OrderAmbiguous] = field(default_factory=dict)
    """Of the working orders, those whose answer was lost, by order id."""
    refused: set[str] = field(default_factory=set)
    """Orders of which the venue said that nothing of them was or will be traded."""
    over: dict[str, ev.OrderSent] = field(default_factory=dict)
    """Orders that have ended, the refused ones left out. Whatever was said of their end, a match
    that is told after all is evidence, and outweighs it."""
    accounts: dict[str, TokenAccount] = field(default_factory=dict)
    """Every trade, by outcome token."""
    token_of: dict[str, str] = field(default_factory=dict)
    """Fill id -> its token, for every fill that was ever told."""
    early: dict[str, ev.FillSettled | ev.FillVoided] = field(default_factory=dict)
    """What became of fills that were not told yet, by fill id."""
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

    @property
    def settled_equity(self) -> int:
        """Micro-dollars: equity at cost without the profits that a failed settlement could still
        take back. A day begins with it, so that no void of yesterday's sale is today's loss."""
        gains = (self._gain_of(booked.fill) for booked in self.pending.values())
        return self.equity_at_cost - sum(max(0, gain) for gain in gains)

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

    def knows(self, fill_id: str) -> bool:
        """Whether this match was told before."""
        return fill_id in self.token_of

    def released_by(self, sale: Booked) -> int:
        """Micro-dollars of cost that come back with the shares if a sale fails to settle."""
        return sale.moved - self._gain_of(sale.fill)

    def fills_of(self, order: ev.OrderSent) -> list[ev.FillMatched]:
        """What is known to have been matched of a working order, settled or not."""
        account = self.accounts.get(order.token_id)
        return [] if account is None else account.fills_of(order.order_id)

    def apply(self, t_ms: int, event: ev.Event) -> None:  # noqa: C901 - one branch a kind is the fold
        """Fold one event. One that cannot follow from the books raises ValueError and changes
        nothing."""
        self.realised_by_event = 0
        match event:
            case ev.MarketSeen():
                self.markets[event.slug] = event.market()
            case ev.OrderSent():
                self._send(t_ms, event)
            case ev.OrderAmbiguous():
                self._lose_sight(event)
            case ev.OrderRejected():
                self._refuse(event.order_id)
            case ev.OrderDone():
                self._end(event)
            case ev.FillMatched():
                self._match(event)
            case ev.FillSettled():
                self._settle(event)
            case ev.FillVoided():
                self._void(event)
            case ev.WindowAwaiting() if self.verdicts.get(event.slug) is None:
                self.awaiting[event.slug] = event.reason
            case ev.WindowResolved():
                self._resolve(event)
            case ev.MidTraded():
                self.mid.apply(event)
            case ev.DayOpened():
                self.day = event
            case _:
                pass  # a note, a denial or a change of state moves no money
        self.last_ms = t_ms
        self.counts[type(event).__name__] += 1
        self.probation.apply(event, self.realised_by_event)

    # ---- orders ----------------------------------------------------------------------------

    def _send(self, t_ms: int, order: ev.OrderSent) -> None:
        known = (self.working, self.refused, self.over)
        if any(order.order_id in orders for orders in known):
            raise InvalidTransition(f"order {order.order_id} cannot be sent twice")
        self.working[order.order_id] = order
        self.sent_ms[order.order_id] = t_ms

    def _lose_sight(self, event: ev.OrderAmbiguous) -> None:
        if event.order_id not in self.working:
            return  # its end is known already
        known = self.ambiguous.get(event.order_id)
        if known is None or event.until_ms > known.until_ms:
            self.ambiguous[event.order_id] = event

    def _end(self, event: ev.OrderDone) -> None:
        order = self.working.get(event.order_id)
        if order is not None:
            self.over[event.order_id] = order
        self._forget_order(event.order_id)

    def _refuse(self, order_id: str) -> None:
        if self._traded(order_id):
            raise InvalidTransition(f"order {order_id} was traded and cannot have been refused")
        self.refused.add(order_id)
        self._forget_order(order_id)

    def _traded(self, order_id: str) -> bool:
        order = self.working.get(order_id)
        return order is not None and bool(self.fills_of(order))

    def _forget_order(self, order_id: str) -> None:
        self.ambiguous.pop(order_id, None)
        self.sent_ms.pop(order_id, None)
        order = self.working.pop(order_id, None)
        if order is not None and order.token_id in self.accounts:
            self._close_if_over(self.accounts[order.token_id])

    # ---- fills -----------------------------------------------------------------------------

    def _match(self, fill: ev.FillMatched) -> None:
        if fill.order_id in self.refused:
            raise InvalidTransition(f"fill {fill.fill_id} of an order that was never traded")
        account = self.accounts.get(fill.token_id) or TokenAccount(
            fill.slug, fill.asset, fill.outcome, fill.token_id
        )
        if fill.fill_id in self.token_of:
            _same_as_known(account, fill)
            return
        self._book(account, {**account.standing, fill.fill_id: fill}, {fill.fill_id})
        self.accounts[fill.token_id] = account
        self.token_of[fill.fill_id] = account.token_id
        self.pending[fill.fill_id] = Booked(fill, moved(fill))
        self._sums(fill.asset).fills += 1
        self._believe_early(fill.fill_id)

    def _believe_early(self, fill_id: str) -> None:
        """What became of a fill was told before the fill."""
        gained = self.realised_by_event
        match self.early.pop(fill_id, None):
            case ev.FillSettled() as settled:
                self._settle(settled)
            case ev.FillVoided() as voided:
                self._void(voided)
                self.realised_by_event += gained

    def _settle(self, event: ev.FillSettled) -> None:
        account = self._account_of(event)
        if account is None:
            return
        if event.fill_id in account.voided:
            raise ValueError(f"fill {event.fill_id} was voided and cannot settle")
        if self.pending.pop(event.fill_id, None) is not None:
            self._book(account, account.standing)
            self._close_if_over(account)

    def _void(self, event: ev.FillVoided) -> None:
        account = self._account_of(event)
        if account is None:
            return
        booked = self.pending.get(event.fill_id)
        if booked is None:
            if event.fill_id in account.standing:
                raise ValueError(f"fill {event.fill_id} has settled and cannot be voided")
            return
        rest = {name: f for name, f in account.standing.items() if name != event.fill_id}
        self._book(account, rest)
        account.voided[event.fill_id] = booked.fill
        del self.pending[event.fill_id]
        self._close_if_over(account)

    def _account_of(self, event: ev.FillSettled | ev.FillVoided) -> TokenAccount | None:
        """None where the fill was not told yet: then the event is kept for it."""
        token = self.token_of.get(event.fill_id)
        if token is None:
            known = self.early.setdefault(event.fill_id, event)
            if type(known) is not type(event):
                raise ValueError(f"fill {event.fill_id} cannot both settle and fail to")
            return None
        return self.accounts[token]

    # ---- money -----------------------------------------------------------------------------

    def _book(
        self,
        account: TokenAccount,
        standing: dict[str, ev.FillMatched],
        unsettled: Collection[str] = (),
    ) -> None:
        """These fills of a token stand now. Raises before anything is changed."""
        sums = add_up(standing.values(), {*self.pending, *unsettled}, account.closed)
        if self.verdicts.get(account.slug) is not None:
            sums = sums.without_cost()
        cash, realised = self._worth(account)
        book = self._sums(account.asset)
        book.fees += sums.charged - account.sums.charged
        account.standing, account.sums = standing, sums
        self._move(account, cash, realised)

    def _move(self, account: TokenAccount, cash: int, realised: int) -> None:
        """Book what a token came to beyond the `cash` and `realised` of before."""
        now_cash, now_realised = self._worth(account)
        self.cash += now_cash - cash
        self._sums(account.asset).realised += now_realised - realised
        self.realised_by_event += now_realised - realised
        self._hold(account)

    def _worth(self, account: TokenAccount) -> tuple[int, int]:
        """Cash and realised result of a token: a winning share pays exactly one dollar."""
        sums, verdict = account.sums, self.verdicts.get(account.slug)
        if verdict is None:
            return sums.cash, sums.realised
        paid_out = sums.cash + (sums.shares if account.outcome == verdict else 0)
        return paid_out, paid_out

    def _hold(self, account: TokenAccount) -> None:
        sums = account.sums
        if sums.shares == 0 or self.verdicts.get(account.slug) is not None:
            self.holdings.pop(account.token_id, None)
            return
        holding = self.holdings.setdefault(
            account.token_id,
            Holding(account.slug, account.asset, Outcome(account.outcome), account.token_id),
        )
        holding.shares, holding.unsettled = sums.shares, sums.unsettled
        holding.paid, holding.fees = sums.paid, sums.fees

    def _gain_of(self, fill: ev.FillMatched) -> int:
        """Micro-dollars that would be realised no more if this fill failed to settle."""
        account = self.accounts[fill.token_id]
        rest = [f for f in account.standing.values() if f.fill_id != fill.fill_id]
        without = TokenAccount(account.slug, account.asset, account.outcome, account.token_id)
        without.sums = add_up(rest, (), account.closed)
        return self._worth(account)[1] - self._worth(without)[1]

    def _resolve(self, event: ev.WindowResolved) -> None:
        known = self.verdicts.get(event.slug)
        if None not in (known, event.outcome) and known != event.outcome:
            raise ValueError(f"{event.slug} was resolved {known} and cannot be {event.outcome}")
        self.mid.resolve(event)
        accounts = [a for a in self.accounts.values() if a.slug == event.slug]
        before = [self._worth(account) for account in accounts]
        self.verdicts[event.slug] = known or event.outcome
        if event.outcome is None:
            return
        self.awaiting.pop(event.slug, None)
        for account, (cash, realised) in zip(accounts, before, strict=True):
            account.sums = account.sums.without_cost()
            self._move(account, cash, realised)
            self._close_if_over(account)

    def _close_if_over(self, account: TokenAccount) -> None:
        """Keep the sums alone of a token of which nothing is open: a run of weeks must not keep
        every fill."""
        if self.verdicts.get(account.slug) is None:
            return
        owed = any(name in self.pending for name in account.standing)
        working = any(order.token_id == account.token_id for order in self.working.values())
        if not owed and not working:
            account.close()

    def _sums(self, asset: str) -> AssetBook:
        return self.assets.setdefault(asset, AssetBook())


def _same_as_known(account: TokenAccount, fill: ev.FillMatched) -> None:
    """A fill told twice counts once; raises ValueError where the second tells something else."""
    known = account.standing.get(fill.fill_id)
    if known is not None and known != fill:
        raise ValueError(f"fill {fill.fill_id} was told before, and otherwise")
