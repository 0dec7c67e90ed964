"""The whole table: what each trading state lets each intent do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.market import Outcome
from engine.operator import obey
from engine.order import Intent, Purpose
from engine.safety.breakers import Breaker
from engine.trading_state import TradingState
from tests.engine.build import MARKET, START_MS, buy, sell
from tests.engine.fakes import ORDINARY, SURE, always, engine_on, events_of, window

HELD_MS = START_MS + 60_000
SLOW = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"taker_delay_ms": 2_000})})


def starting(engine: Engine) -> None:
    engine.started = False


def reconciling(engine: Engine) -> None:
    engine.doubt("the clock jumped")


def active(engine: Engine) -> None:
    del engine


def reducing(engine: Engine) -> None:
    engine.trip(Breaker.MISMATCH, "UP 5.00 here, 4.00 there")


def halted(engine: Engine) -> None:
    engine.latch.shut_now("halt by test")


INTO: dict[TradingState, Callable[[Engine], None]] = {
    TradingState.STARTING: starting,
    TradingState.RECONCILING: reconciling,
    TradingState.ACTIVE: active,
    TradingState.REDUCING: reducing,
    TradingState.HALTED: halted,
}

INTENTS: dict[str, Callable[[], Intent]] = {
    "open more": lambda: buy(20, 5100, HELD_MS),
    "hedge": lambda: buy(20, 5100, HELD_MS, outcome=Outcome.DOWN),
    "close": lambda: sell(10, 4800, HELD_MS),
    "cutoff": lambda: sell(10, 4800, HELD_MS, Purpose.CUTOFF),
    "flatten": lambda: sell(10, 4800, HELD_MS, Purpose.FLATTEN),
}

EXITS = {"close", "cutoff", "flatten"}
ADMITTED: dict[TradingState, set[str]] = {
    TradingState.STARTING: EXITS,
    TradingState.RECONCILING: EXITS,
    TradingState.ACTIVE: EXITS | {"open more", "hedge"},
    TradingState.REDUCING: EXITS | {"hedge"},
    TradingState.HALTED: EXITS,
}


def holding(state: TradingState, **how: object) -> Engine:
    """An engine that holds UP and is in `state`."""
    engine = engine_on(window(), lambda call: Action.BUY if call < 10 else Action.HOLD, **how)  # type: ignore[arg-type]  # forwards to the builder
    engine.advance(HELD_MS)
    assert engine.journal.ledger.open_slugs() == [MARKET.slug]
    INTO[state](engine)
    assert engine.state() is state
    return engine


@pytest.mark.parametrize("state", TradingState)
@pytest.mark.parametrize("what", INTENTS)
def test_F09_F10_each_state_admits_what_the_table_says(state: TradingState, what: str) -> None:
    denial = holding(state).trader._denied(INTENTS[what]())
    assert (denial is None) == (what in ADMITTED[state]), denial


@pytest.mark.parametrize("state", TradingState)
def test_only_active_lets_the_policy_open(state: TradingState) -> None:
    engine = engine_on(window(), always(Action.BUY))
    INTO[state](engine)
    engine.account.due = lambda _t, known: False  # type: ignore[method-assign,misc]  # keeps it in doubt
    engine.advance(HELD_MS)
    assert bool(events_of(engine, ev.OrderSent)) == (state is TradingState.ACTIVE)


@pytest.mark.parametrize("state", TradingState)
def test_the_policy_may_close_unless_halted_or_starting(state: TradingState) -> None:
    engine = holding(state)
    engine.account.due = lambda _t, known: False  # type: ignore[method-assign,misc]  # keeps it in doubt
    desk = engine.desks["BTC"]
    may_close = engine.trader.mask(desk)[Action.SELL]
    assert may_close == (state not in (TradingState.HALTED, TradingState.STARTING))


@pytest.mark.parametrize("state", TradingState)
def test_the_end_of_a_window_is_sold_into_in_every_state_but_a_halt_that_holds(
    state: TradingState,
) -> None:
    engine = holding(state)
    engine.advance(MARKET.end_ms - 60_000)
    sold = engine.journal.ledger.open_slugs() == []
    assert sold == (state is not TradingState.HALTED)


@pytest.mark.parametrize("state", TradingState)
def test_flatten_sells_in_every_state(state: TradingState) -> None:
    engine = holding(state)
    obey(engine, rq.Flatten("test"))
    engine.advance(HELD_MS + 30_000)
    assert engine.journal.ledger.open_slugs() == []


@pytest.mark.parametrize("state", TradingState)
def test_cancels_pass_in_every_state(state: TradingState) -> None:
    engine = engine_on(window(), lambda call: Action.BUY if call == 4 else Action.HOLD, SLOW)
    engine.advance(START_MS + 3_000)
    assert len(engine.journal.ledger.working) == 1
    INTO[state](engine)
    engine.venue.cancel_all(engine.t_ms)
    engine.advance(START_MS + 60_000)
    (done,) = events_of(engine, ev.OrderDone)
    assert done.how.startswith("cancelled")  # type: ignore[union-attr]  # narrowed by kind
    assert events_of(engine, ev.FillMatched) == []


@pytest.mark.parametrize("state", TradingState)
def test_another_model_is_admitted_in_every_state_and_changes_none(state: TradingState) -> None:
    engine = holding(state)
    obey(engine, rq.PickModel(2))
    assert len(events_of(engine, ev.ModelChanged)) == 1
    assert engine.state() is state
