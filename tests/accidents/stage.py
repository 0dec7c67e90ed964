"""Scenes of accidents: an engine on a scripted market, at a venue that does one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.market import Market, Outcome
from engine.messages import BookSnapshot, Level, MarketListed, Message, Resolution
from engine.order import Intent
from engine.paper import PaperVenue
from engine.settings import Settings
from engine.trading_state import Latch
from engine.units import MICRO
from engine.venue import NOTHING_HELD, BookOf, Statement, Unknown
from tests.engine.build import MARKET, START_MS
from tests.engine.fakes import HOLDS, ORDINARY, FakeLadder, ScriptedFeed

END = MARKET.end_ms
ANSWER_MS = 200
"""After so long this venue's own refusals come."""

Refuses = Callable[[Intent], str | None]
"""The code with which an order is refused; None: it is taken."""


def takes_all(_: Intent) -> str | None:
    return None


@dataclass
class Venue:
    """A paper venue that can refuse, fall silent, and lie about our account."""

    inner: PaperVenue
    refuses: Refuses = takes_all
    account: Callable[[Statement], Statement | Unknown] = lambda statement: statement
    """What it says when it is asked for our account."""
    calls: list[tuple[str, Intent]] = field(default_factory=list)
    """Every order that reached it."""
    cancels: int = 0
    _refused: list[tuple[int, ev.Event]] = field(default_factory=list)

    def send(self, order_id: str, intent: Intent) -> object:
        self.calls.append((order_id, intent))
        code = self.refuses(intent)
        if code is None:
            return self.inner.send(order_id, intent)
        refusal = ev.OrderRejected(order_id, code, "refused by the scene")
        self._refused.append((intent.t_ms + ANSWER_MS, refusal))
        return None

    def cancel_all(self, t_ms: int) -> None:
        self.cancels += 1
        self.inner.cancel_all(t_ms)

    def adopt(
        self, fills: Iterable[ev.FillMatched], shares: Mapping[str, int] = NOTHING_HELD
    ) -> None:
        self.inner.adopt(fills, shares)

    def forget(self, token_id: str) -> None:
        self.inner.forget(token_id)

    def next_ms(self) -> int | None:
        owed = [at for at, _ in self._refused]
        inner = self.inner.next_ms()
        return min(owed if inner is None else [*owed, inner], default=None)

    def due(self, t_ms: int, book_of: BookOf) -> list[tuple[int, ev.Event]]:
        told = [(at, event) for at, event in self._refused if at <= t_ms]
        self._refused = [(at, event) for at, event in self._refused if at > t_ms]
        return sorted([*told, *self.inner.due(t_ms, book_of)], key=lambda pair: pair[0])

    def statement(self, t_ms: int) -> Statement | Unknown:
        return self.account(self.inner.statement(t_ms))


def scene(
    messages: Iterable[Message],
    wants: Callable[[int], Action] = HOLDS,
    settings: Settings = ORDINARY,
    latch: Latch | None = None,
    log: EventLog | None = None,
    assets: tuple[str, ...] = ("BTC",),
    start_ms: int = START_MS,
) -> tuple[Engine, Venue]:
    """A started engine, and its venue to be spoilt."""
    age_ms = round(settings.source_age_s * 1000)
    venue = Venue(PaperVenue(settings.paper, age_ms, np.random.default_rng(1)))
    engine = Engine(
        ScriptedFeed(messages, assets=assets, start_ms=start_ms),
        Journal(log or EventLog(None), lambda: 0),
        FakeLadder(wants),  # type: ignore[arg-type]  # has what the engine uses of a ladder
        settings,
        latch or Latch(None),
        seed=1,
        venue=venue,
    )
    engine.start(ev.SessionOpened("paper", "scene", 1, "fake", "0", "0"), ())
    return engine, venue


def priced(bid_bp: int, shares: int = 100_000) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
    """A book one cent wide with one level on each side."""
    return ((bid_bp, shares * MICRO),), ((bid_bp + 100, shares * MICRO),)


def told(
    up_bid: Callable[[int], int | None],
    of: Market = MARKET,
    verdict: Outcome | None = Outcome.UP,
    every_ms: int = 1_000,
    shares: int = 100_000,
) -> list[Message]:
    """A window whose UP bid moves as `up_bid` of the seconds since its start says; DOWN mirrors it.
    None: no book comes at that second."""
    return [
        MarketListed(of.start_ms, of),
        *_books(up_bid, of, every_ms, shares),
        Resolution(of.end_ms + 60_000, of.slug, verdict, "scripted"),
    ]


def _books(
    up_bid: Callable[[int], int | None], of: Market, every_ms: int, shares: int
) -> Iterator[Message]:
    for t in range(of.start_ms, of.end_ms, every_ms):
        bid = up_bid((t - of.start_ms) // 1000)
        if bid is not None:
            yield BookSnapshot(t, of.up_token, *priced(bid, shares))
            yield BookSnapshot(t, of.down_token, *priced(9_900 - bid, shares))


def steady(_: int) -> int:
    return 4_900


def falls_to(bid_bp: int, at_s: int) -> Callable[[int], int]:
    return lambda second: 4_900 if second < at_s else bid_bp


def ends_at(at_s: int) -> Callable[[int], int | None]:
    return lambda second: 4_900 if second < at_s else None


def held(engine: Engine, of: Market = MARKET) -> int:
    """Micro-shares of a window, both sides."""
    return sum(h.shares for h in engine.journal.ledger.held(of.slug))


def fills(engine: Engine, side: str = "") -> list[ev.FillMatched]:
    """Every match of a run, of one side where it is named."""
    found = (r.event for r in engine.journal.log.replay())
    matches = (event for event in found if isinstance(event, ev.FillMatched))
    return [match for match in matches if side in ("", match.side)]
