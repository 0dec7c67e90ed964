"""An engine on what another one recorded: the same decisions are to come of it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine import events as ev
from engine.core import Engine
from engine.decision import Action
from engine.end import ended
from engine.eventlog import EventLog
from engine.feeds.replay import ReplayFeed
from engine.journal import Journal
from engine.pace import Pace
from engine.settings import Settings
from engine.trading_state import Latch
from tests.engine.fakes import FakeLadder
from tests.engine.live.drive import SESSION
from tests.venues.clock import MachineClock, TownClock

TRADES = (ev.OrderSent, ev.FillMatched)


def session_of(folder: Path) -> Path:
    """The only session that was recorded there."""
    (session,) = folder.iterdir()
    return session


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of a replay."""

    digest: str
    """Hash of its events."""
    trades: Sequence[ev.Event]
    """Orders sent and fills, in order."""


def replay_of(
    session: Path,
    settings: Settings,
    wants: Callable[[int], Action],
    log: Path | None = None,
) -> Replayed:
    """A replay that goes on with `log`, to the end of what was recorded."""
    with closing(ReplayFeed(session)) as feed, closing(EventLog(log)) as events:
        ladder = FakeLadder(wants)
        engine = Engine(
            feed,
            Journal(events, lambda: 0),
            ladder,  # type: ignore[arg-type]  # all that is used
            settings,
            Latch(None),
            seed=1,
        )
        engine.start(SESSION, ())
        pace = Pace(MachineClock(TownClock(0)), engine.t_ms, math.inf)
        while not ended(engine):
            pace.turn(engine)
        engine.finish("left")
        trades = [r.event for r in events.replay() if isinstance(r.event, TRADES)]
        return Replayed(events.digest(), trades)
