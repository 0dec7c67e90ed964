"""A champion and a challenger on the embedded market, small enough to learn within seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine import events as ev
from engine.core import Engine
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.feeds.tee import Tee
from engine.journal import Journal
from engine.learning.challenger import Challenger
from engine.learning.shadow import Shadow, acting, learner_from, shadow_engine
from engine.learning.store import Store
from engine.learning.succession import Slots, Succession
from engine.settings import PPO, Learning, Settings
from engine.trading_state import Latch
from models.ladder import Ladder, default_rungs

QUICK = Settings(
    ppo=PPO(rows=64, minibatch=32, epochs=1),
    learning=Learning(
        update_kl=10.0,
        champion_kl=10.0,
        entropy_low=0.0,
        entropy_high=1.0,
        explained_variance=-100.0,
        weight_growth=100.0,
        updates_per_hour=3_600,
        promote_updates=1,
    ),
)
"""Two minibatches an update, and guards that a healthy learner never meets."""


@dataclass(frozen=True, slots=True)
class Ring:
    """Both of them, and where their files are."""

    champion: Engine
    challenger: Challenger
    models: Path

    def go_on(self, seconds: float) -> None:
        """Let the champion go first, and the challenger catch up with it."""
        self.champion.advance(self.champion.t_ms + round(seconds * 1000))
        while self.challenger.behind:
            self.challenger.work()
        self.challenger.watch()

    def events(self, kind: type[ev.Event]) -> list[ev.Event]:
        """What the champion's log holds of one kind."""
        log = self.champion.journal.log
        return [r.event for r in log.replay() if isinstance(r.event, kind)]


@contextmanager
def ring(
    models: Path, settings: Settings = QUICK, seed: int = 7, obstacle: str = ""
) -> Iterator[Ring]:
    """Started, on two window slots of the embedded market; closed as a run is."""
    tee, latch = Tee(SimFeed(seed, windows=2)), Latch(None)
    ladder = Ladder(default_rungs(models))
    falls = ladder.start()
    log = EventLog(None)
    champion = Engine(tee.branch(), Journal(log, lambda: 0), ladder, settings, latch, seed)
    learner = learner_from(ladder.policy, settings, seed)
    engine = shadow_engine(tee.branch(), acting(learner), settings, latch, seed)
    slots = Slots(models, lambda: default_rungs(models), obstacle, "script")

    def store(champion_id: str) -> Store:
        return Store(models / f"challenger-{champion_id}", keep=3)

    succession = Succession(champion, slots)
    challenger = Challenger(champion, Shadow(engine, learner), store, succession)
    champion.start(ev.SessionOpened("paper", "sim", seed, "", "", ""), falls)
    succession.start()
    challenger.start()
    try:
        yield Ring(champion, challenger, models)
        challenger.leave()
    finally:
        challenger.close()
        ladder.close()
        log.close()


def learned(of: Ring) -> Ring:
    """Gone on with until an update was accepted."""
    for _ in range(40):
        of.go_on(15)
        if of.challenger.learner.accepted:
            return of
    raise AssertionError(f"nothing accepted: {of.challenger.learner.lacks}")
