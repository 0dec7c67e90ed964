"""Markets, policies, venues and people at their worst: what must hold at every step regardless."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from engine import events as ev
from engine import requests as rq
from engine.book import Book
from engine.core import Engine
from engine.decision import Action
from engine.exposure import exposure_of
from engine.ledger import Ledger
from engine.market import Market, Outcome
from engine.messages import (
    BadMessage,
    BookSnapshot,
    Level,
    MarketListed,
    Message,
    MidQuote,
    PriceToBeat,
    Resolution,
)
from engine.operator import obey
from engine.picture import picture
from engine.settings import PaperVenue, Settings
from engine.trading_state import TradingState
from engine.units import MICRO, micro
from tests.engine.build import LIMITS, START, market
from tests.engine.fakes import engine_on
from tests.engine.numbers import numbers_in

DAILY_LOSS = Decimal(400)
MIDNIGHT_S = -(-START // 86_400) * 86_400
"""The first midnight (UTC) at or after the tests' window."""
LASTS_MS = 4_500_000
"""Market time of a run: the windows and what comes late."""


def ladder_of(dice: random.Random, best: int, step: int) -> tuple[Level, ...]:
    prices = (best + i * step for i in range(dice.randint(1, 4)))
    return tuple((p, dice.choice((1, 40, 5_000)) * MICRO) for p in prices if 0 < p < 10_000)


def some_book(dice: random.Random, t_ms: int, token: str) -> BookSnapshot:
    """Mostly a sound book; sometimes one-sided, crossed, empty, off the tick or finer."""
    bid = dice.randrange(200, 9_700, 100)
    bids = ladder_of(dice, bid, -100)
    asks = ladder_of(dice, bid + dice.choice((100, 100, 200, 700)), 100)
    kind = dice.random()
    if kind < 0.05:
        return BookSnapshot(t_ms, token, (), asks)
    if kind < 0.10:
        return BookSnapshot(t_ms, token, bids, ())
    if kind < 0.14:
        return BookSnapshot(t_ms, token, asks, bids)
    if kind < 0.16:
        return BookSnapshot(t_ms, token, (), ())
    if kind < 0.18:
        return BookSnapshot(t_ms, token, ((bid + 5, MICRO),), asks, tick_bp=10)
    return BookSnapshot(t_ms, token, bids, asks)


def books_of(dice: random.Random, one: Market) -> list[Message]:
    told: list[Message] = []
    t = one.start_ms - dice.choice((0, 5_000))
    while t < one.end_ms + dice.choice((0, 20_000)):
        told += [some_book(dice, t, one.token(outcome)) for outcome in Outcome]
        t += dice.choice((300, 900, 900, 900, 4_000, 60_000 if dice.random() < 0.1 else 1_000))
    return told


def verdicts_of(dice: random.Random, one: Market) -> list[Message]:
    """Early, late, unknown, repeated and contradicting verdicts, or none at all."""
    told: list[Message] = []
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        when = dice.choice((-200_000, -1, 0, 1, 40_000, 60_000, 900_000))
        outcome = dice.choice((Outcome.UP, Outcome.DOWN, Outcome.UP, Outcome.DOWN, None))
        told.append(Resolution(one.end_ms + when, one.slug, outcome, "scripted"))
    return told


def chaos(seed: int, start: int) -> list[Message]:
    """A few hours of BTC and ETH windows of 300 s and 900 s, some overlapping."""
    dice = random.Random(seed)
    told: list[Message] = []
    for asset in ("BTC", "ETH"):
        for i in range(3):
            seconds = dice.choice((300, 900))
            one = market(asset, start + i * 900 - dice.choice((0, 0, 300)), seconds)
            listed = one.start_ms + dice.choice((-60_000, 0, 0, 90_000, 2_000_000))
            told.append(MarketListed(listed, one))
            told += books_of(dice, one) + verdicts_of(dice, one)
            told.append(PriceToBeat(one.start_ms + dice.choice((0, 2_000_000)), one.slug, 90_000.0))
    for _ in range(30):
        t = start * 1000 + dice.randrange(2_700_000)
        told += [
            BadMessage(t, "polymarket", "not JSON"),
            BookSnapshot(t, "nobody's", (), ()),
            MidQuote(t, "no-such-window", 0.5),
            Resolution(t, "no-such-window", Outcome.UP, "scripted"),
        ]
    return told


def wants(seed: int) -> Callable[[int], Action]:
    dice = random.Random(seed)
    pace = dice.choice((1, 5, 20))
    rolls = [dice.choice(list(Action)) for _ in range(4_000)]
    return lambda call: rolls[call // pace % len(rolls)]


def harsh(seed: int) -> Settings:
    dice = random.Random(seed)
    return Settings(
        trade_size=Decimal(dice.choice((20, 200, 500))),
        limits=LIMITS.model_copy(update={"daily_loss": DAILY_LOSS, "spread": Decimal("0.08")}),
        when_halted=dice.choice(("hold", "flatten")),
        paper=PaperVenue(
            reject_rate=dice.choice((0.0, 0.2)),
            delay_rate=dice.choice((0.0, 0.3)),
            settle_failure_rate=dice.choice((0.0, 0.3, 0.6)),
            settle_ms=dice.choice((0, 2_000, 30_000)),
            lost_answer_rate=dice.choice((0.0, 0.2)),
        ),
    )


def some_request(dice: random.Random) -> rq.Request:
    return dice.choice(
        (
            rq.Halt("key"),
            rq.Flatten("key"),
            rq.Resume("RESUME"),
            rq.Resume("RESUME"),
            rq.Resume("please"),
            rq.ReduceOnly(),
            rq.AdmitOpens(),
            rq.AdmitOpens(),
            rq.CloseOut("quit"),
            rq.PickModel(dice.choice((0, 2, 99))),
            rq.FallBack(),
        )
    )


@dataclass
class Witness:
    """Stands between an engine and its journal, and looks at the engine after each step."""

    engine: Engine
    state: TradingState = TradingState.STARTING
    met: dict[str, Book | None] = field(default_factory=dict)
    """Token -> the book that the last order of it met on arrival."""

    def __post_init__(self) -> None:
        self.state = self.engine.state()
        self._record, self._book = self.engine.journal.record, self.engine.intake.book
        self.engine.journal.record = self.record  # type: ignore[method-assign]  # a wiretap
        self.engine.intake.book = self.book  # type: ignore[method-assign]  # a wiretap

    def book(self, token_id: str) -> Book | None:
        self.met[token_id] = self._book(token_id)
        return self.met[token_id]

    def record(self, t_ms: int, event: ev.Event) -> None:
        self._judge(event)
        self._record(t_ms, event)

    def _judge(self, event: ev.Event) -> None:
        ledger = self.engine.journal.ledger
        match event:
            case ev.StateChanged():
                self.state = TradingState(event.after)
            case ev.OrderSent(purpose="open"):
                assert self.state is TradingState.ACTIVE
                assert ledger.verdicts.get(event.slug) is None
            case ev.OrderSent():
                assert event.amount <= ledger.holdings[event.token_id].sellable
            case ev.FillMatched():
                self._not_better_than_the_book(event)
            case _:
                pass

    def _not_better_than_the_book(self, fill: ev.FillMatched) -> None:
        book = self.met[fill.token_id]
        assert book is not None
        assert book.invalid is None
        if fill.side == "BUY":
            assert fill.price_bp >= book.asks[0][0]
        else:
            assert fill.price_bp <= book.bids[0][0]

    def look(self) -> None:
        engine, ledger = self.engine, self.engine.journal.ledger
        held = ledger.holdings.values()
        assert ledger.cash + sum(h.cost for h in held) == ledger.realised
        assert all(min(h.shares, h.unsettled, h.paid, h.fees) >= 0 for h in held)
        assert -exposure_of(ledger).worst_day <= micro(DAILY_LOSS)
        assert all(map(math.isfinite, numbers_in(picture(engine, 1, 0.0, 1.0))))
        assert engine.meters.unmanaged == 0
        for slug in ledger.open_slugs():
            over = engine.t_ms - ledger.markets[slug].end_ms
            assert over < engine.settings.decision_ms or ledger.awaiting[slug]


def run(seed: int, start: int = START, step_ms: int = 30_000) -> Engine:
    """An engine through all of it, with a person who presses keys at random."""
    dice = random.Random(seed)
    engine = engine_on(
        chaos(seed, start),
        wants(seed),
        harsh(seed),
        assets=("BTC", "ETH"),
        start_ms=start * 1000 - 600_000,
    )
    witness = Witness(engine)
    for t in range(start * 1000, start * 1000 + LASTS_MS, 30_000):
        for between in range(t - 30_000, t, step_ms):
            engine.advance(between)
        engine.advance(t)
        if dice.random() < 0.05:
            obey(engine, some_request(dice))
        witness.look()
    return engine


def folded_again(engine: Engine) -> Ledger:
    engine.journal.log.commit()
    ledger = Ledger()
    for recorded in engine.journal.log.replay():
        ledger.apply(recorded.t_ms, recorded.event)
    return ledger


@pytest.mark.parametrize("seed", range(8))
def test_nothing_that_can_happen_breaks_the_books_or_the_limits(seed: int) -> None:
    engine = run(seed)
    assert engine.journal.ledger.counts["OrderSent"] > 0
    assert folded_again(engine) == engine.journal.ledger


@pytest.mark.parametrize("seed", range(8, 14))
def test_nothing_that_can_happen_over_midnight_breaks_them_either(seed: int) -> None:
    engine = run(seed, MIDNIGHT_S - 1_800)
    assert engine.journal.ledger.counts["DayOpened"] > 1
    assert folded_again(engine) == engine.journal.ledger


@pytest.mark.parametrize("seed", [0, 3])
def test_the_pace_changes_nothing_whatever_happens(seed: int) -> None:
    whole, paced = run(seed), run(seed, step_ms=700)
    assert paced.journal.log.digest() == whole.journal.log.digest()


def test_time_in_the_log_never_runs_back() -> None:
    engine = run(1)
    engine.journal.log.commit()
    times = [recorded.t_ms for recorded in engine.journal.log.replay()]
    assert times == sorted(times)
