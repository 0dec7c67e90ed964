"""Orders and ledger under a venue that tells its news late, twice and in any order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine import events as ev
from engine.ledger import Ledger
from engine.market import Outcome
from engine.order import InvalidTransition, Order, OrderState, Side
from engine.units import cost_micro, floor_to_step
from tests.engine.build import MARKET, NOW, buy, fill
from tests.engine.trading import WHOLE, Books, books_of, held, matched, opened, sent, told

ENDS = {
    OrderState.MATCHED: "filled",
    OrderState.KILLED: "killed: nothing within the limit on arrival",
    OrderState.CANCELLED: "cancelled",
    OrderState.ABSENT: "absent",
}
picks = st.integers(0, 1_000_000)
outcomes = st.sampled_from(list(Outcome))


def state_of(ledger: Ledger) -> dict[str, Any]:
    """Everything but the counts of what was told, and when."""
    return {
        "cash": ledger.cash,
        "holdings": ledger.holdings,
        "working": ledger.working,
        "ambiguous": ledger.ambiguous,
        "refused": ledger.refused,
        "over": ledger.over,
        "pending": ledger.pending,
        "sums": {token: account.sums for token, account in ledger.accounts.items()},
        "assets": ledger.assets,
        "awaiting": ledger.awaiting,
        "early": ledger.early,
    }


class Trading(RuleBasedStateMachine):
    """What the venue did is the truth; the ledger hears of it in any order, some of it twice."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = opened()
        self.orders: dict[str, tuple[ev.OrderSent, Order]] = {}
        self.news: list[ev.Event] = []
        """In the order in which it happened at the venue."""
        self.untold: list[ev.Event] = []
        self.ended: set[str] = set()
        self.settling: list[ev.FillMatched] = []
        self.t_ms = NOW
        for outcome in Outcome:  # something to sell from the first step on
            name = f"before-{outcome}.0"
            for event in (fill(name, shares=400, outcome=outcome), ev.FillSettled(name)):
                self.news.append(event)
                self.ledger.apply(NOW, event)
        self.t_ms += 10_000

    def happen(self, event: ev.Event) -> None:
        self.t_ms += 10
        self.news.append(event)
        self.untold.append(event)

    def step(self, order_id: str, state: OrderState) -> None:
        order, at_venue = self.orders[order_id]
        self.orders[order_id] = order, at_venue.to(state)

    def open_orders(self) -> list[str]:
        return [name for name in self.orders if name not in self.ended]

    def owed(self, token: str) -> bool:
        return any(isinstance(e, ev.FillMatched) and e.token_id == token for e in self.untold)

    def send(self, order: ev.OrderSent) -> None:
        self.orders[order.order_id] = order, Order(order.order_id, buy(), self.t_ms)
        self.news.append(order)
        self.ledger.apply(self.t_ms, order)

    @property
    def over(self) -> bool:
        return any(isinstance(event, ev.WindowResolved) for event in self.news)

    @precondition(lambda self: not self.over)
    @rule(outcome=outcomes, shares=st.integers(1, 50_000), cents=st.integers(1, 99))
    def buy(self, outcome: Outcome, shares: int, cents: int) -> None:
        amount = cost_micro(shares * WHOLE, cents * 100)
        self.send(sent(len(self.orders) + 1, Side.BUY, outcome, amount, cents * 100))

    @precondition(lambda self: not self.over)
    @rule(outcome=outcomes, part=st.integers(1, 100), cents=st.integers(1, 99))
    def sell(self, outcome: Outcome, part: int, cents: int) -> None:
        """The engine sells what it knows to be sellable, one order of a token at a time, and not
        while a match of the token may be on its way."""
        token = MARKET.token(outcome)
        flying = any(o.token_id == token and o.side == "SELL" for o in self.ledger.working.values())
        holding = self.ledger.holdings.get(token)
        wanted = 0 if holding is None else floor_to_step(holding.sellable * part // 100)
        if wanted and not flying and not self.owed(token):
            self.send(sent(len(self.orders) + 1, Side.SELL, outcome, wanted, cents * 100))

    @precondition(lambda self: self.open_orders())
    @rule(pick=picks, part=st.integers(1, 100))
    def fill(self, pick: int, part: int) -> None:
        order, at_venue = self.orders[self.open_orders()[pick % len(self.open_orders())]]
        done = [
            e for e in self.news if isinstance(e, ev.FillMatched) and e.order_id == order.order_id
        ]
        shares = floor_to_step(_left(order, done) * part // 100)
        if not shares:
            return
        one = matched(order, len(done), shares, order.limit_bp, self.t_ms)
        self.happen(one)
        self.settling.append(one)
        if at_venue.state is not OrderState.MATCHED:
            self.step(order.order_id, OrderState.MATCHED)

    @precondition(lambda self: self.open_orders())
    @rule(pick=picks, state=st.sampled_from(sorted(ENDS)))
    def end(self, pick: int, state: OrderState) -> None:
        name = self.open_orders()[pick % len(self.open_orders())]
        if self.orders[name][1].state is OrderState.MATCHED:
            state = OrderState.MATCHED
        elif state is OrderState.MATCHED:
            return  # nothing of it was matched
        else:
            self.step(name, state)
        self.ended.add(name)
        self.happen(ev.OrderDone(name, ENDS[state]))

    @precondition(lambda self: self.open_orders())
    @rule(pick=picks)
    def refuse(self, pick: int) -> None:
        name = self.open_orders()[pick % len(self.open_orders())]
        if self.orders[name][1].state is OrderState.SENT:
            self.step(name, OrderState.REJECTED)
            self.ended.add(name)
            self.happen(ev.OrderRejected(name, "VENUE_REJECT", "scripted"))

    @precondition(lambda self: self.open_orders())
    @rule(pick=picks)
    def lose_the_answer(self, pick: int) -> None:
        name = self.open_orders()[pick % len(self.open_orders())]
        if self.orders[name][1].state is OrderState.SENT:
            self.step(name, OrderState.AMBIGUOUS)
            self.happen(ev.OrderAmbiguous(name, self.t_ms + 20_000, "scripted"))

    @precondition(lambda self: self.settling)
    @rule(pick=picks, fails=st.booleans())
    def settle(self, pick: int, fails: bool) -> None:
        one = self.settling.pop(pick % len(self.settling))
        self.happen(ev.FillVoided(one.fill_id) if fails else ev.FillSettled(one.fill_id))

    @precondition(lambda self: not self.over)
    @rule(outcome=outcomes, known=st.booleans())
    def resolve(self, outcome: Outcome, known: bool) -> None:
        if not known:
            self.happen(ev.WindowResolved(MARKET.slug, None, "nobody knows yet"))
        self.happen(ev.WindowResolved(MARKET.slug, outcome.value, "scripted"))

    @precondition(lambda self: self.untold)
    @rule(pick=picks)
    def tell(self, pick: int) -> None:
        self.ledger.apply(self.t_ms, self.untold.pop(pick % len(self.untold)))

    @precondition(lambda self: self.news)
    @rule(pick=picks)
    def tell_again(self, pick: int) -> None:
        event = self.news[pick % len(self.news)]
        if event not in self.untold and not isinstance(event, ev.OrderSent):
            self.ledger.apply(self.t_ms, event)

    @invariant()
    def the_books_balance(self) -> None:
        holdings = self.ledger.holdings.values()
        assert self.ledger.cash + sum(h.cost for h in holdings) == self.ledger.realised
        assert all(min(h.shares, h.unsettled, h.paid, h.fees) >= 0 for h in holdings)

    @invariant()
    def nothing_is_sellable_that_could_still_be_taken_back(self) -> None:
        void = {e.fill_id for e in self.news if isinstance(e, ev.FillVoided)}
        settled = {e.fill_id for e in self.news if isinstance(e, ev.FillSettled)}
        for token, holding in self.ledger.holdings.items():
            fills = [f for f in self.news if isinstance(f, ev.FillMatched) and f.token_id == token]
            final = sum(f.shares for f in fills if f.side == "BUY" and f.fill_id in settled)
            sold = sum(
                f.shares
                for f in fills
                if f.side == "SELL" and f.fill_id not in void and f not in self.untold
            )
            assert holding.sellable <= final - sold

    @invariant()
    def told_so_far_cash_and_shares_are_what_was_exchanged(self) -> None:
        heard = [event for event in self.news if event not in self.untold]
        assert Books(self.ledger.cash, held(self.ledger)) == books_of(heard)

    def teardown(self) -> None:
        for event in list(self.untold):
            self.ledger.apply(self.t_ms, event)
        self.untold.clear()
        assert state_of(self.ledger) == state_of(told(self.news))
        assert Books(self.ledger.cash, held(self.ledger)) == books_of(self.news)


def _left(order: ev.OrderSent, done: list[ev.FillMatched]) -> int:
    """Micro-shares that an order may still trade at its limit."""
    if order.side == "SELL":
        return order.amount - sum(f.shares for f in done)
    spent = sum(cost_micro(f.shares, f.price_bp) for f in done)
    return (order.amount - spent) * 10_000 // order.limit_bp


Trading.TestCase.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
test_any_order_of_the_same_news_ends_in_the_same_books = Trading.TestCase


def test_a_sale_that_is_told_after_a_later_purchase_releases_the_cost_of_its_own_time() -> None:
    cheap, sale, dear = (
        replace(one, settles_ms=NOW + at)
        for at, one in enumerate(
            (
                fill("o1.0", price_bp=2_000),
                fill("o2.0", Side.SELL, shares=50),
                fill("o3.0", price_bp=8_000),
            )
        )
    )
    settled = ev.FillSettled("o1.0")
    punctual, late = told([cheap, settled, sale, dear]), told([cheap, settled, dear, sale])
    assert state_of(late) == state_of(punctual)
    assert late.realised > 0


BOUGHT = fill("o1.0")
SALE = fill("o2.0", Side.SELL)
CONTRADICTIONS: list[tuple[str, list[ev.Event], ev.Event]] = [
    ("a void after settlement", [BOUGHT, ev.FillSettled("o1.0")], ev.FillVoided("o1.0")),
    ("a settlement after a void", [BOUGHT, ev.FillVoided("o1.0")], ev.FillSettled("o1.0")),
    ("both of a fill not told yet", [ev.FillVoided("o1.0")], ev.FillSettled("o1.0")),
    ("another fill of the same name", [BOUGHT], fill("o1.0", shares=1)),
    ("a sale of what is not held", [], SALE),
    ("a fill of a refused order", [ev.OrderRejected("o1", "X", "x")], BOUGHT),
    (
        "a refusal of a filled order",
        [sent(1, Side.BUY, Outcome.UP, 60_000_000), BOUGHT],
        ev.OrderRejected("o1", "X", "x"),
    ),
    (
        "the same order twice",
        [sent(1, Side.BUY, Outcome.UP, 60_000_000)],
        sent(1, Side.BUY, Outcome.UP, 60_000_000),
    ),
    (
        "a second verdict that is another",
        [BOUGHT, ev.WindowResolved(MARKET.slug, "UP", "x")],
        ev.WindowResolved(MARKET.slug, "DOWN", "x"),
    ),
]


@pytest.mark.parametrize(
    ("before", "event"), [case[1:] for case in CONTRADICTIONS], ids=[c[0] for c in CONTRADICTIONS]
)
def test_what_contradicts_the_books_raises_and_changes_nothing(
    before: list[ev.Event], event: ev.Event
) -> None:
    ledger, same = told(before), told(before)
    with pytest.raises(ValueError, match=r"\w"):
        ledger.apply(NOW, event)
    ledger.realised_by_event = same.realised_by_event
    assert ledger == same


def test_an_order_is_not_sent_twice() -> None:
    order = sent(1, Side.BUY, Outcome.UP, 60_000_000)
    with pytest.raises(InvalidTransition, match="sent twice"):
        told([order, order])
    with pytest.raises(InvalidTransition, match="sent twice"):
        told([order, ev.OrderDone("o1", "absent"), order])
    with pytest.raises(InvalidTransition, match="sent twice"):
        told([order, ev.OrderDone("o1", "filled"), order])


@pytest.mark.parametrize("late", [False, True])
def test_a_match_outweighs_that_nobody_knew_its_order(late: bool) -> None:
    order, gone = sent(1, Side.BUY, Outcome.UP, 60_000_000), ev.OrderDone("o1", "absent")
    told_of: list[ev.Event] = [order, gone, BOUGHT] if late else [order, BOUGHT, gone]
    known = told([order, BOUGHT, ev.OrderDone("o1", "filled")])
    assert state_of(told(told_of)) == state_of(known)


def test_a_match_told_after_the_verdict_leaves_the_books_of_one_told_before_it() -> None:
    """What had been bought before was kept with its cost in one order of news and without it in
    the other."""
    before: list[ev.Event] = [fill("o0.0", shares=400), ev.FillSettled("o0.0")]
    order, gone = sent(1, Side.BUY, Outcome.UP, 60_000_000), ev.OrderDone("o1", "absent")
    verdict = ev.WindowResolved(MARKET.slug, "UP", "x")
    late = told([*before, order, gone, verdict, BOUGHT])
    assert state_of(late) == state_of(told([*before, order, BOUGHT, gone, verdict]))


LATE: list[tuple[str, Callable[[str], list[ev.Event]]]] = [
    ("buy", lambda winner: [ev.WindowResolved(MARKET.slug, winner, "x"), BOUGHT]),
    (
        "sale",
        lambda winner: [
            BOUGHT,
            ev.FillSettled("o1.0"),
            ev.WindowResolved(MARKET.slug, winner, "x"),
            SALE,
        ],
    ),
]


@pytest.mark.parametrize("winner", ["UP", "DOWN"])
@pytest.mark.parametrize(("news"), [case[1] for case in LATE], ids=[case[0] for case in LATE])
def test_F17_a_match_told_after_the_verdict_is_paid_out_with_it(
    news: Callable[[str], list[ev.Event]], winner: str
) -> None:
    ledger = told(news(winner))
    assert ledger.cash == books_of(news(winner)).cash == ledger.realised
    assert not ledger.holdings
