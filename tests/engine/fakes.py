"""A feed that says what it is told to, and a policy that wants what it is told to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from engine import events as ev
from engine.core import Engine
from engine.decision import Action, Floats
from engine.eventlog import EventLog
from engine.feeds.feed import FeedInfo
from engine.journal import Journal
from engine.market import Market, Outcome
from engine.messages import BookSnapshot, Level, MarketListed, Message, Resolution
from engine.settings import PaperVenue, Settings
from engine.trading_state import Latch
from engine.units import MICRO
from models.ladder import Fall, RungView
from tests.engine.build import LIMITS, MARKET, START_MS

SURE = PaperVenue(
    reject_rate=0, delay_rate=0, settle_failure_rate=0, latency_sigma=0, lost_answer_rate=0
)
ORDINARY = Settings(trade_size=Decimal(500), limits=LIMITS, paper=SURE)
BOOKS_ONLY = frozenset({"book"})
DEEP: tuple[tuple[Level, ...], tuple[Level, ...]] = (
    ((4_900, 100_000 * MICRO), (4_800, 100_000 * MICRO)),
    ((5_000, 100_000 * MICRO), (5_100, 100_000 * MICRO)),
)


class ScriptedFeed:
    """Implements `engine.feeds.feed.Feed` from a list of messages."""

    def __init__(
        self,
        messages: Iterable[Message],
        has: frozenset[str] = BOOKS_ONLY,
        assets: tuple[str, ...] = ("BTC",),
        start_ms: int = START_MS,
        end_ms: int | None = None,
    ) -> None:
        lacks = frozenset({"book", "binance", "mid"}) - has
        self.info = FeedInfo("script", assets, has, lacks, start_ms, end_ms)
        self._left = deque(sorted(messages, key=lambda m: m.t_ms))

    def poll(self, until_ms: int) -> list[Message]:
        given: list[Message] = []
        while self._left and self._left[0].t_ms <= until_ms:
            given.append(self._left.popleft())
        return given

    def next_ms(self) -> int | None:
        return self._left[0].t_ms if self._left else None

    def close(self) -> None:
        self._left.clear()


@dataclass(frozen=True, slots=True)
class FakePolicy:
    """What the engine reads of a policy."""

    policy_id: str = "fake"
    architecture: str = "phase5"
    trained: bool = True
    evaluator: str = "compiled"
    device: str = "cpu"


class FakeLadder:
    """A ladder whose policy wants `wants(t)` on its t-th call, for every row."""

    def __init__(self, wants: Callable[[int], Action]) -> None:
        self._wants = wants
        self.calls = 0
        self.depth = 0
        self.name = "champion"
        self.policy = FakePolicy()

    def start(self) -> tuple[Fall, ...]:
        return ()

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        probs = np.full((len(current), 3), 0.1, np.float32)
        probs[:, self._wants(self.calls)] = 0.8
        self.calls += 1
        return probs, np.zeros(len(current), np.float32), ()

    def pick(self, index: int) -> Fall:
        if index > 3:
            raise IndexError(index)
        self.depth = index
        return Fall("champion", f"rung {index}", "picked")

    def cycle(self, reason: str) -> Fall:
        return self.pick((self.depth + 1) % 4)

    def views(self) -> tuple[RungView, ...]:
        return ()


def always(action: Action) -> Callable[[int], Action]:
    return lambda _: action


HOLDS = always(Action.HOLD)


def books(
    market: Market = MARKET,
    every_ms: int = 1_000,
    shown: tuple[tuple[Level, ...], tuple[Level, ...]] = DEEP,
    until_ms: int | None = None,
) -> list[Message]:
    """Both tokens' books, the same all the time, from the start of a window to `until_ms`."""
    bids, asks = shown
    end = until_ms or market.end_ms
    return [
        BookSnapshot(t, market.token(outcome), bids, asks)
        for t in range(market.start_ms, end, every_ms)
        for outcome in Outcome
    ]


def window(
    market: Market = MARKET, verdict: Outcome | None = Outcome.UP, **shown: object
) -> list[Message]:
    """A whole window: listed, with books, resolved a minute after its end."""
    return [
        MarketListed(market.start_ms, market),
        *books(market, **shown),  # type: ignore[arg-type]  # forwards to the builder
        Resolution(market.end_ms + 60_000, market.slug, verdict, "scripted"),
    ]


def engine_on(
    messages: Iterable[Message],
    wants: Callable[[int], Action] = HOLDS,
    settings: Settings | None = None,
    log: EventLog | None = None,
    latch: Latch | None = None,
    **feed: object,
) -> Engine:
    """A started engine over scripted messages; the venue is sure and quick unless set."""
    engine = Engine(
        ScriptedFeed(messages, **feed),  # type: ignore[arg-type]  # forwards to the feed
        Journal(log or EventLog(None), lambda: 0),
        FakeLadder(wants),  # type: ignore[arg-type]  # has what the engine uses of a ladder
        settings or ORDINARY,
        latch or Latch(None),
        seed=1,
    )
    engine.start(ev.SessionOpened("paper", "script", 1, "fake", "0", "0"), ())
    return engine


def events_of(engine: Engine, kind: type[ev.Event]) -> list[ev.Event]:
    """What the engine wrote, of one kind."""
    engine.journal.log.commit()
    return [r.event for r in engine.journal.log.replay() if isinstance(r.event, kind)]
