"""The daily limit under everything that a venue may do, with every exit failing."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.exposure import Prospect, exposure_of, reserve_for
from engine.gate import Gate, Situation
from engine.ledger import Ledger
from engine.market import Market, Outcome
from engine.order import Intent, Purpose, Side
from engine.settings import Limits
from engine.trading_state import TradingState
from engine.units import MICRO, cost_micro, micro, shares_for
from tests.engine.build import NOW, book, market

LIMIT = Decimal(300)
WHOLE = MICRO // 100
LIMITS = Limits(
    order=Decimal(200),
    asset=Decimal(10_000),
    exposure=Decimal(10_000),
    daily_loss=LIMIT,
    opens_per_minute=600,
)
WINDOWS = tuple(market(asset) for asset in ("BTC", "ETH", "SOL"))
STEPS = ("buy",) * 6 + ("sell",) * 3 + ("fill",) * 5 + ("settle",) * 4 + ("lose", "resolve", "day")


@dataclass
class Trader:
    """Buys whatever the gate admits, sells at random, and meets a venue that does its worst."""

    dice: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    gate: Gate = field(default_factory=lambda: Gate(LIMITS))
    sent: int = 0
    days: int = 0
    worst_seen: int = 0
    """Micro-dollars, the largest loss of a day on the way."""

    def __post_init__(self) -> None:
        for one in WINDOWS:
            self.ledger.apply(NOW, ev.MarketSeen.of(one))
        self.day()

    def day(self) -> None:
        self.days += 1
        self.ledger.apply(NOW, ev.DayOpened(f"day {self.days}", self.ledger.settled_equity))

    def step(self, what: str) -> None:
        getattr(self, what)()
        self.look()

    def look(self) -> None:
        day = self.ledger.day
        assert day is not None
        found = exposure_of(self.ledger)
        self.worst_seen = max(self.worst_seen, day.equity - self.ledger.equity_at_cost)
        assert -found.worst_day <= micro(LIMIT)
        assert -found.worst_next_day <= micro(LIMIT)
        assert day.equity - self.ledger.equity_at_cost <= micro(LIMIT)

    def buy(self) -> None:
        where = self.dice.choice(WINDOWS)
        if self.ledger.verdicts.get(where.slug) is None:
            amount = self.dice.randint(500, 20_000) * WHOLE
            self.ask(where, Side.BUY, amount, self.dice.choice(list(Outcome)))

    def sell(self) -> None:
        holding = self.dice.choice(list(self.ledger.holdings.values()) or [None])
        if holding is None or not holding.sellable:
            return
        where = next(one for one in WINDOWS if one.slug == holding.slug)
        part = holding.sellable * self.dice.randint(1, 100) // 100 // WHOLE * WHOLE
        self.ask(where, Side.SELL, part, holding.outcome)

    def ask(self, where: Market, side: Side, amount: int, outcome: Outcome) -> None:
        cents = self.dice.randint(1, 99)
        purpose = Purpose.OPEN if side is Side.BUY else Purpose.CLOSE
        intent = Intent(where, outcome, side, amount, cents * 100, purpose, NOW)
        if self.gate.check(intent, self.situation(intent)) is None:
            self.send(intent)

    def situation(self, intent: Intent) -> Situation:
        ledger, holding = self.ledger, self.ledger.holdings.get(intent.token_id)
        return Situation(
            state=TradingState.ACTIVE,
            book=book(token=intent.token_id),
            prospect=Prospect(ledger, intent),
            held=0 if holding is None else holding.shares,
            sellable=0 if holding is None else holding.sellable,
            in_flight=any(o.slug == intent.market.slug for o in ledger.working.values()),
        )

    def send(self, intent: Intent) -> None:
        self.sent += 1
        order = ev.OrderSent(
            f"o{self.sent}",
            intent.market.slug,
            intent.market.asset,
            intent.outcome.value,
            intent.token_id,
            intent.side.value,
            intent.amount,
            intent.limit_bp,
            reserve_for(intent),
            intent.purpose.value,
            None,
        )
        self.ledger.apply(NOW, order)

    def lose(self) -> None:
        for name in list(self.ledger.working)[:1]:
            self.ledger.apply(NOW, ev.OrderAmbiguous(name, NOW + 20_000, "lost"))

    def fill(self) -> None:
        order = self.dice.choice(list(self.ledger.working.values()) or [None])
        if order is None:
            return
        for _ in range(self.dice.randint(0, 2)):
            self.fill_some(order)
        if self.dice.random() < 0.7:
            how = "cancelled" if self.dice.random() < 0.5 else "partly filled"
            self.ledger.apply(NOW, ev.OrderDone(order.order_id, how))

    def fill_some(self, order: ev.OrderSent) -> None:
        done = self.ledger.fills_of(order)
        better = self.dice.choice((0, 0, 100, 1_500))
        if order.side == "BUY":
            price = max(100, order.limit_bp - better)
            spent = sum(cost_micro(f.shares, f.price_bp) for f in done)
            most = shares_for(order.amount - spent, price)
        else:
            price = min(9_900, order.limit_bp + better)
            most = order.amount - sum(f.shares for f in done)
        shares = most * self.dice.choice((100, 100, 30, 1)) // 100
        if order.side == "SELL":
            shares = shares // WHOLE * WHOLE
        if shares > 0:
            self.ledger.apply(NOW, self.match(order, len(done), shares, price))

    def match(self, order: ev.OrderSent, index: int, shares: int, price: int) -> ev.FillMatched:
        fee = self.ledger.markets[order.slug].fee.taker_fee_micro(shares, price)
        return ev.FillMatched(
            f"{order.order_id}.{index}",
            order.order_id,
            order.slug,
            order.asset,
            order.outcome,
            order.token_id,
            order.side,
            shares,
            price,
            fee,
            NOW + self.sent,
            voids=False,
        )

    def settle(self) -> None:
        for fill_id in list(self.ledger.pending)[:1]:
            fails = self.dice.random() < 0.5
            self.ledger.apply(NOW, ev.FillVoided(fill_id) if fails else ev.FillSettled(fill_id))

    def resolve(self) -> None:
        """Mostly against us."""
        where = self.dice.choice(WINDOWS)
        if self.dice.random() < 0.3 and self.ledger.verdicts.get(where.slug) is None:
            self.judge(where)

    def judge(self, where: Market) -> None:
        held = {
            outcome: self.ledger.holdings[where.token(outcome)].shares
            for outcome in Outcome
            if where.token(outcome) in self.ledger.holdings
        }
        loser = max(held, key=lambda outcome: held[outcome], default=Outcome.UP)
        winner = loser.opposite if self.dice.random() < 0.8 else loser
        self.ledger.apply(NOW, ev.WindowResolved(where.slug, winner.value, "scripted"))

    def end(self) -> None:
        """Every order under way ends, every match settles or fails to, every window is judged."""
        while self.ledger.working:
            self.step("fill")
        for where in WINDOWS:
            if self.ledger.verdicts.get(where.slug) is None:
                self.judge(where)
                self.look()
        while self.ledger.pending:
            self.step("settle")


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(STEPS), max_size=60))
def test_the_days_loss_never_exceeds_the_limit_with_every_exit_failing(
    seed: int, steps: list[str]
) -> None:
    trader = Trader(random.Random(seed))
    for step in steps:
        trader.step(step)
    trader.end()
    assert trader.ledger.cash == trader.ledger.realised


def test_the_limit_is_what_holds_the_loss() -> None:
    """The trader above would lose more if it were let: the test is no walk in the park."""
    losses, orders = [], 0
    for seed in range(40):
        trader = Trader(random.Random(seed))
        for step in random.Random(seed).choices(STEPS, k=120):
            trader.step(step)
        trader.end()
        losses.append(trader.worst_seen)
        orders += trader.sent
    assert orders > 400
    assert max(losses) > micro(LIMIT) * 9 // 10
