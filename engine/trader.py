"""From a decision to an order, and every rule that sells without being asked by the policy.

Owns what to buy or sell and why; size and limit are `engine.intents`. Each intent goes through the
gate and is written to the journal before it leaves (intent before wire). Exits look at positions
by outcome token, never at which window is running, so that no position can fall between two
windows (F08).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from engine import events as ev
from engine.book import Book
from engine.decision import HOLD_ONLY, Action, Decision, Mask
from engine.denial import Code, Denial
from engine.desk import Desk
from engine.exposure import Prospect, order_sent
from engine.gate import Gate, Situation
from engine.intents import closing, opening
from engine.journal import Journal
from engine.ledger import Holding
from engine.market import Market, Outcome
from engine.mid_account import leave, step
from engine.order import Intent, Purpose
from engine.settings import Settings
from engine.sizing import order_size_micro
from engine.trading_state import TradingState
from engine.units import MICRO, floor_to_step
from engine.venue import Venue

TOO_LATE = "a sale of it failed to settle too late to be tried again"


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a position that must go was not sold."""

    kind: str
    """Stable, so that a reason with changing numbers is written down once."""
    reason: str


@dataclass(slots=True)
class Trader:
    """Turns decisions and exit rules into orders of one venue."""

    settings: Settings
    journal: Journal
    gate: Gate
    venue: Venue
    desks: dict[str, Desk]
    has_books: bool
    """False: the source records no book, so only the mid account moves."""
    state: Callable[[], TradingState]
    held_because: dict[str, str] = field(default_factory=dict)
    """Window -> why what is held of it was not sold, as last found."""
    tried_ms: dict[str, int] = field(default_factory=dict)
    """Window -> market time of the last attempt to sell it."""
    told: dict[str, set[str]] = field(default_factory=dict)
    """Window -> kinds of reasons already written down."""
    came_back: set[str] = field(default_factory=set)
    """Windows of which a sale failed to settle since the exit rules last looked."""

    # ---- what the policy may and did choose -------------------------------------------------

    def mask(self, desk: Desk) -> Mask:
        """Legal actions now (engine reference B4, L4)."""
        state = self.state()
        if desk.market is None or state in (TradingState.HALTED, TradingState.STARTING):
            return HOLD_ONLY
        if self.in_flight(desk.market.slug):
            return HOLD_ONLY
        held = self.position(desk)
        if held is not None:
            return (True, held is not Outcome.UP, held is not Outcome.DOWN)
        return HOLD_ONLY if state is not TradingState.ACTIVE else (True, True, True)

    def position(self, desk: Desk) -> Outcome | None:
        """The side the policy is on. Without any book the mid account is the only position."""
        if desk.market is None:
            return None
        if not self.has_books:
            held = self.journal.ledger.mid.open.get(desk.market.slug)
            return None if held is None else held.outcome
        holding = self.holding(desk.market)
        return None if holding is None else holding.outcome

    def holding(self, market: Market) -> Holding | None:
        """The larger tradable holding of a window; less than the venue's minimum is dust."""
        tradable = [
            h for h in self.journal.ledger.held(market.slug) if h.shares >= market.min_shares
        ]
        return max(tradable, key=lambda h: h.shares, default=None)

    def in_flight(self, slug: str) -> bool:
        return any(order.slug == slug for order in self.journal.ledger.working.values())

    def act(self, decision: Decision, desk: Desk) -> str:
        """Carry out a decision. Returns the order id, the denial's code, or an empty string."""
        towards = Action(decision.action).outcome
        prob = desk.prob()
        desk.denial = None
        if towards is None or desk.market is None or prob is None:
            return ""
        self._account_mid(decision.t_ms, desk, towards, prob)
        holding = self.holding(desk.market)
        if holding is None:
            return self._submit(self._opening(decision.t_ms, desk, towards, prob), desk)
        if holding.outcome is towards:
            return ""
        return self._submit(self._closing(decision.t_ms, desk.market, holding, Purpose.CLOSE), desk)

    # ---- rules that sell -------------------------------------------------------------------

    def sell_what_must_go(self, t_ms: int, flattening: bool) -> None:  # noqa: FBT001 - a state, not a mode
        """The window-end rule for every open window, and flatten for all of them."""
        self.came_back.clear()
        for slug in self.journal.ledger.open_slugs():
            market = self._market(slug)
            if not market.start_ms <= t_ms < market.end_ms:
                continue
            cutoff = market.fraction_left(t_ms) <= self.settings.limits.exit_cutoff
            if flattening or cutoff:
                self._leave_window(t_ms, market, Purpose.FLATTEN if flattening else Purpose.CUTOFF)
        self._leave_mid_positions(t_ms)

    def _leave_window(self, t_ms: int, market: Market, purpose: Purpose) -> None:
        if self.state() is TradingState.HALTED and purpose is Purpose.CUTOFF:
            reason = "halted, and a halt holds positions (when_halted = hold)"
            self._hold(t_ms, market.slug, Blocked("HALTED", reason))
            return
        last = self.tried_ms.get(market.slug)
        if last is not None and t_ms - last < self.settings.exit_retry_ms:
            return
        self.tried_ms[market.slug] = t_ms
        for holding in list(self.journal.ledger.held(market.slug)):
            self._sell_off(t_ms, market, holding, purpose)

    def _sell_off(self, t_ms: int, market: Market, holding: Holding, purpose: Purpose) -> None:
        fault = self._cannot_sell_on(t_ms, holding)
        if fault is not None:
            self._hold(t_ms, market.slug, fault)
            return
        intent = self._closing(t_ms, market, holding, purpose)
        denial = self._denied(intent)
        if denial is None:
            self._send(intent)
            self.held_because[market.slug] = "the last order to sell it did not fill"
        elif denial.code is Code.ORDER_IN_FLIGHT:  # the policy's own, as a rule: not worth a line
            self.held_because[market.slug] = "an order of it was under way"
        else:
            self._hold(t_ms, market.slug, Blocked(denial.code, str(denial)))

    def _cannot_sell_on(self, t_ms: int, holding: Holding) -> Blocked | None:
        """Why the book of a holding is no book to sell on; the gate lets exits pass regardless."""
        book = self._book(holding.token_id)
        if book is None:
            return Blocked("BOOK", f"no book of {holding.outcome}")
        if book.invalid is not None:
            return Blocked("BOOK", f"{holding.outcome} {book.invalid}")
        age = book.age_ms(t_ms) / 1000
        if age > self.settings.source_age_s:
            return Blocked("BOOK_AGE", f"the book of {holding.outcome} is {age:.0f} s old")
        return None

    def _hold(self, t_ms: int, slug: str, why: Blocked) -> None:
        """Remember why a window's position stays; write each kind of reason down once."""
        self.held_because[slug] = why.reason
        if why.kind not in self.told.setdefault(slug, set()):
            self.told[slug].add(why.kind)
            self.journal.record(t_ms, ev.ExitBlocked(slug, why.reason))

    def forget(self, market: Market) -> str | None:
        """The window is over. Returns why what was held of it was not sold, if anything tried."""
        self.tried_ms.pop(market.slug, None)
        self.told.pop(market.slug, None)
        returned = TOO_LATE if market.slug in self.came_back else None
        return self.held_because.pop(market.slug, None) or returned

    def happened(self, slug: str, event: ev.Event, _realised: int) -> None:
        """A listener of the journal: a sale that fails to settle brings a position back."""
        if isinstance(event, ev.FillVoided) and self._was_sale(event.fill_id):
            self.came_back.add(slug)

    def _was_sale(self, fill_id: str) -> bool:
        """Whether a match that has failed to settle was a sale, as far as its books are open."""
        ledger = self.journal.ledger
        account = ledger.accounts.get(ledger.token_of.get(fill_id, ""))
        fill = None if account is None else account.voided.get(fill_id)
        return fill is not None and fill.side == "SELL"

    # ---- intents ---------------------------------------------------------------------------

    def _opening(self, t_ms: int, desk: Desk, towards: Outcome, prob: float) -> Intent:
        assert desk.market is not None  # noqa: S101 - act() returned before
        stake = order_size_micro(self.settings.trade_size, prob)
        ticks = self.settings.entry_slippage_ticks
        return opening(desk.market, towards, desk.book(towards), stake, ticks, t_ms)

    def _closing(self, t_ms: int, market: Market, holding: Holding, purpose: Purpose) -> Intent:
        book, ticks = self._book(holding.token_id), self.settings.exit_slippage_ticks
        intent = closing(market, holding, book, purpose, ticks, t_ms)
        if self.state() is TradingState.ACTIVE:
            return intent
        return replace(intent, amount=min(intent.amount, self._beyond_pair(holding)))

    def _beyond_pair(self, holding: Holding) -> int:
        """Micro-shares that are no leg of a locked pair; all of them where that is none, so that
        the gate can say why not."""
        others = (h for h in self.journal.ledger.held(holding.slug) if h is not holding)
        beyond = floor_to_step(holding.shares - sum(h.shares for h in others))
        return beyond if beyond > 0 else holding.shares

    # ---- through the gate to the venue -----------------------------------------------------

    def _submit(self, intent: Intent, desk: Desk) -> str:
        denial = self._denied(intent)
        if denial is None:
            return self._send(intent)
        code = denial.code.value
        desk.denial = str(denial)
        self.journal.denials[code] += 1
        if code not in desk.told_denials:
            desk.told_denials.add(code)
            refusal = ev.Denied(desk.asset, code, denial.measured, denial.limit)
            self.journal.record(intent.t_ms, refusal)
        return code

    def _denied(self, intent: Intent) -> Denial | None:
        ledger = self.journal.ledger
        holding = ledger.holdings.get(intent.token_id)
        return self.gate.check(
            intent,
            Situation(
                state=self.state(),
                book=self._book(intent.token_id),
                prospect=Prospect(ledger, intent),
                held=0 if holding is None else holding.shares,
                sellable=0 if holding is None else holding.sellable,
                in_flight=self.in_flight(intent.market.slug),
                has_books=self.has_books,
            ),
        )

    def _send(self, intent: Intent) -> str:
        order_id = f"o{self.journal.ledger.counts['OrderSent'] + 1}"
        self.journal.record(intent.t_ms, order_sent(order_id, intent))
        self.journal.log.commit()
        self.gate.left(intent)
        if kept_back := self._not_kept(intent) or self._overtaken(intent):
            never = f"cancelled: never sent, {kept_back}"
            self.journal.record(intent.t_ms, ev.OrderDone(order_id, never))
            return order_id
        self.venue.send(order_id, intent)
        if intent.purpose is Purpose.OPEN:  # what was said of an earlier position is not about it
            self.held_because.pop(intent.market.slug, None)
            self.told.pop(intent.market.slug, None)
        return order_id

    def _not_kept(self, intent: Intent) -> str | None:
        """Why an order may not leave yet: its intent would not survive us. An exit may be written
        to the last room of a disk; an opening order needs a sound one."""
        log = self.journal.log
        if log.trouble is not None and (log.waiting or intent.purpose is Purpose.OPEN):
            return log.trouble
        return None

    def _overtaken(self, intent: Intent) -> str | None:
        """A stop of another thread may shut the gate while the intent is made durable, which takes
        as long as a disk takes: what a halt does not sell may leave no more."""
        if self.state() is TradingState.HALTED and intent.purpose is not Purpose.FLATTEN:
            return "halted meanwhile"
        return None

    # ---- the upstream accounting, beside it ------------------------------------------------

    def _account_mid(self, t_ms: int, desk: Desk, towards: Outcome, prob: float) -> None:
        assert desk.market is not None  # noqa: S101 - act() returned before
        account, slug = self.journal.ledger.mid, desk.market.slug
        opening = slug not in account.open
        left = desk.market.fraction_left(t_ms)
        if opening and (
            left <= self.settings.limits.entry_cutoff or self.state() is not TradingState.ACTIVE
        ):
            return
        stake = order_size_micro(self.settings.trade_size, prob)
        event = step(account, slug, desk.asset, towards, round(prob * MICRO), stake)
        if event is not None:
            self.journal.record(t_ms, event)

    def _leave_mid_positions(self, t_ms: int) -> None:
        for desk in self.desks.values():
            prob = desk.prob()
            if desk.market is None or prob is None:
                continue
            held = self.journal.ledger.mid.open.get(desk.market.slug)
            late = desk.market.fraction_left(t_ms) <= self.settings.limits.exit_cutoff
            if held is not None and late and self.state() is not TradingState.HALTED:
                self.journal.record(t_ms, leave(desk.market.slug, held, round(prob * MICRO)))

    def _book(self, token_id: str) -> Book | None:
        return next((d.books[token_id] for d in self.desks.values() if token_id in d.books), None)

    def _market(self, slug: str) -> Market:
        """The window as now known: a running one may have got a finer tick."""
        for desk in self.desks.values():
            if desk.market is not None and desk.market.slug == slug:
                return desk.market
        return self.journal.ledger.markets[slug]
