"""Small made-up tapes on which the winner is known, and results that come from no tape at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.evaluation.accounts import WindowResult
from engine.evaluation.arms import Arm
from engine.evaluation.seat import Rule, RuleLadder
from engine.eventlog import EventLog
from engine.feeds.feed import Feed
from engine.journal import Journal
from engine.market import Market, Outcome
from engine.messages import BookSnapshot, Level, MarketListed, Message, Resolution
from engine.settings import PaperVenue, Settings
from engine.trading_state import Latch
from engine.units import MICRO
from tests.engine.build import LIMITS, START, START_MS, market
from tests.engine.fakes import ScriptedFeed

SECONDS = 300
"""Length of the windows."""
EVERY_S = 2
"""Between two books and between two decisions."""

QUICK = Settings(trade_size=Decimal(100), limits=LIMITS, decision_ms=EVERY_S * 1000)
"""Coarse ticks, so that hours of market time pass in a second."""
ROUGH = QUICK.model_copy(
    update={"paper": PaperVenue(settle_failure_rate=0.3, reject_rate=0.1, delay_rate=0.1)}
)
"""A venue on which a third of all matches fail to settle."""


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A tape (`engine.evaluation.tape.Tape`) of given messages."""

    name: str
    messages: tuple[Message, ...]
    end_ms: int
    has: frozenset[str] = frozenset({"book"})
    start_ms: int = START_MS

    def open(self) -> Feed:
        return ScriptedFeed(self.messages, has=self.has, start_ms=self.start_ms, end_ms=self.end_ms)


def window_at(index: int) -> Market:
    return market(start=START + SECONDS * index, seconds=SECONDS)


def verdicts(count: int, seed: int) -> list[Outcome]:
    """A fair coin a window."""
    return [
        Outcome.UP if heads else Outcome.DOWN
        for heads in np.random.default_rng(seed).random(count) < 0.5
    ]


def drifting(winners: Sequence[Outcome | None], seed: int = 0) -> MadeUp:
    """Windows whose price goes, with noise, from one half towards the winner.

    A winner of None is one that nobody knows; its price goes up.
    """
    rng = np.random.default_rng(seed)
    messages: list[Message] = []
    for index, winner in enumerate(winners):
        of = window_at(index)
        messages.append(MarketListed(of.start_ms, of))
        messages += _books(of, _path(winner, rng))
        messages.append(Resolution(of.end_ms + 10_000, of.slug, winner, "made up"))
    end_ms = window_at(len(winners)).start_ms + 30_000
    return MadeUp(f"made up {seed}", tuple(messages), end_ms)


def aimless(count: int, seed: int) -> MadeUp:
    """Windows whose price is a fair game: a walk without drift, decided at its end by a coin that
    falls UP as often as the last price says."""
    rng = np.random.default_rng(seed)
    messages: list[Message] = []
    for index in range(count):
        of = window_at(index)
        path = np.clip(50 + np.cumsum(rng.normal(0, 1.5, SECONDS // EVERY_S)), 8, 92)
        winner = Outcome.UP if rng.random() < path[-1] / 100 else Outcome.DOWN
        messages.append(MarketListed(of.start_ms, of))
        messages += _books(of, [round(cents) for cents in path])
        messages.append(Resolution(of.end_ms + 10_000, of.slug, winner, "made up"))
    end_ms = window_at(count).start_ms + 30_000
    return MadeUp(f"aimless {seed}", tuple(messages), end_ms)


def later(tape: MadeUp, days: int) -> MadeUp:
    """`tape` so many days later."""
    ms = days * 86_400_000
    moved = tuple(_moved(message, ms) for message in tape.messages)
    return replace(tape, messages=moved, end_ms=tape.end_ms + ms, start_ms=tape.start_ms + ms)


def _moved(message: Message, ms: int) -> Message:
    if isinstance(message, MarketListed):
        of = message.market
        return replace(message, t_ms=message.t_ms + ms, market=_market_later(of, ms))
    if isinstance(message, Resolution):
        return replace(message, t_ms=message.t_ms + ms, slug=f"{message.slug}+{ms}")
    if isinstance(message, BookSnapshot):
        return replace(message, t_ms=message.t_ms + ms, token_id=f"{message.token_id}+{ms}")
    return replace(message, t_ms=message.t_ms + ms)


def _market_later(of: Market, ms: int) -> Market:
    return replace(
        of,
        slug=f"{of.slug}+{ms}",
        window_start=of.window_start + ms // 1000,
        up_token=f"{of.up_token}+{ms}",
        down_token=f"{of.down_token}+{ms}",
    )


def _path(winner: Outcome | None, rng: np.random.Generator) -> list[int]:
    """The UP mid in cents at each book."""
    steps = SECONDS // EVERY_S
    towards = -1 if winner is Outcome.DOWN else 1
    noise = rng.normal(0, 2, steps)
    return [round(50 + towards * 35 * i / steps + noise[i]) for i in range(steps)]


def _books(of: Market, path: Sequence[int]) -> list[Message]:
    books: list[Message] = []
    for index, cents in enumerate(path):
        t_ms = of.start_ms + index * EVERY_S * 1000
        books.append(BookSnapshot(t_ms, of.up_token, *_levels(cents)))
        books.append(BookSnapshot(t_ms, of.down_token, *_levels(100 - cents)))
    return books


def _levels(cents: int) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """A spread of two cents around a mid, with two levels a side."""
    bids = tuple(((cents - 1 - i) * 100, 200 * MICRO) for i in range(2))
    asks = tuple(((cents + 1 + i) * 100, 200 * MICRO) for i in range(2))
    return bids, asks


def arm(name: str, rule: Rule) -> Arm:
    return Arm(name, "of a test", RuleLadder(rule))


def peeking(winners: Sequence[Outcome]) -> Rule:
    """A leak: buys what `winners` says of the window, at once."""
    known = {window_at(i).slug: winner for i, winner in enumerate(winners)}
    return lambda seen: Action.BUY if known[seen.market.slug] is Outcome.UP else Action.SELL


def restless(seed: int = 3) -> Rule:
    """Changes its mind all the time."""
    rng = np.random.default_rng(seed)
    return lambda _: Action(int(rng.integers(3)))


def window_result(
    start: int, pnl: int = 0, *, known: bool = True, asset: str = "BTC"
) -> WindowResult:
    return WindowResult(
        slug=f"{asset}-{start}",
        asset=asset,
        start=start,
        known=known,
        executable=True,
        pnl=pnl,
        pnl_mid=pnl + 5,
        fees=2,
        beyond_mid=3,
        trades=(pnl,),
    )


def run_engine(tape: MadeUp, of: Arm, until_s: int | None = None) -> Engine:
    """An engine with `of` in its seat, run by hand to the end or for so many seconds."""
    feed = tape.open()
    engine = Engine(feed, Journal(EventLog(None), lambda: 0), of.ladder, QUICK, Latch(None), seed=1)
    if isinstance(of.ladder, RuleLadder):
        of.ladder.watch(engine.desks)
    engine.start(ev.SessionOpened("paper", tape.name, 1, "", "", ""), ())
    end_ms = tape.end_ms if until_s is None else engine.t_ms + until_s * 1000
    engine.advance(end_ms)
    return engine
