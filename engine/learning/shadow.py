"""A learner in an engine of its own: it decides there on paper, and learns from what came of it.

Owns the seat in which a learner decides, the passage of that engine's decisions and money to it,
and the order of ticks and slices in market time. That engine's orders reach a paper venue of its
own and nothing else; the champion's account never hears of it.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from engine import events as ev
from engine.core import Engine
from engine.decision import Floats
from engine.feeds.feed import Feed
from engine.journal import Journal
from engine.learning.learner import Learner
from engine.learning.profile import profile_of
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.learning.unlogged import Unlogged
from engine.learning_view import UpdateView
from engine.settings import Settings
from engine.trading_state import Latch, TradingState
from models.architecture import ARCHITECTURES, PHASE5
from models.ladder import Decides, Ladder
from models.policy import Policy, load_policy
from models.shipped import shipped

SEAT = "challenger"
"""Name of the rung on which a learner decides."""


class Seat:
    """A learner as something that may stand on a rung (`models.ladder.Decides`)."""

    evaluator = "compiled"
    trained = True

    def __init__(self, learner: Learner) -> None:
        self._learner = learner

    @property
    def architecture(self) -> str:
        return self._learner.architecture.name

    @property
    def policy_id(self) -> str:
        return self._learner.policy_id

    @property
    def device(self) -> str:
        return "none"

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        """Probabilities (N, 3) and values (N,) by the weights that the learner has now."""
        return self._learner.forward(current, temporal)


def learner_from(policy: Decides, settings: Settings, seed: int) -> Learner:
    """A learner that starts from `policy`; from the shipped weights where HOLD decides."""
    start = policy if isinstance(policy, Policy) else load_policy(shipped(PHASE5))
    return Learner(
        architecture=next(a for a in ARCHITECTURES if a.name == start.architecture),
        tensors=start.tensors,
        stats=start.stats,
        champion_id=start.policy_id,
        profile=profile_of(settings.ppo, settings.decision_ms),
        learning=settings.learning,
        stake_dollars=float(settings.trade_size),
        seed=seed,
    )


def acting(learner: Learner) -> Ladder:
    """A ladder on which `learner` decides, above HOLD."""
    return Ladder.of(SEAT, Seat(learner))


class Shadow:
    """An engine in which a learner decides, and the learner, in step."""

    def __init__(self, engine: Engine, learner: Learner) -> None:
        """`engine` is started, has `acting(learner)` for its ladder, and decides by sampling."""
        self.engine = engine
        self.learner = learner
        self.learning = True
        self.trajectories = Trajectories(self._take)
        self.trajectories.follow(engine)
        learner.on_policy_changed = self._another_policy
        self._slices_per_tick = engine.settings.learning.slices_per_tick
        self._owed = 0

    def work(self, until_ms: int) -> UpdateView | None:
        """One piece of work: a slice of learning that is owed, or else the next tick.

        Returns the judged update where a slice ended one. Does nothing unless `behind(until_ms)`.
        """
        if self._owed > 0:
            self._owed -= 1
            judged = self.learner.slice(self.engine.t_ms)
            if not self.learner.updating:
                self._owed = 0
            return judged
        if self._next_tick_ms() <= until_ms:
            self.engine.advance(self._next_tick_ms())
            self._owed = self._slices_per_tick if self._may_learn() else 0
        return None

    def behind(self, until_ms: int) -> bool:
        """Whether there is work before `until_ms` of market time is reached."""
        return self._owed > 0 or self._next_tick_ms() <= until_ms

    def learn(self) -> None:
        """Take part in learning from now on."""
        self.learning = True

    def pause(self) -> None:
        """Decide and trade on with the weights as they are; an update in progress waits."""
        self.trajectories.cut("learning paused")
        self.learning = False
        self._owed = 0

    def _take(self, transition: Transition) -> None:
        if self.learning:
            self.learner.take(transition)

    def _may_learn(self) -> bool:
        """Outside ACTIVE even an update that has its rows waits (engine reference C2, G11).

        One that has not begun waits for verdicts too: ``phase5`` updates every half minute, and
        they come a minute after the end, so nothing would ever be learnt from one.
        """
        if not self.learning or self.engine.state() is not TradingState.ACTIVE:
            return False
        return self.learner.updating or not self.trajectories.verdict_due(self.engine.t_ms)

    def _next_tick_ms(self) -> int:
        """Whole ticks only: how often the host comes by must not decide how much is learnt."""
        step = self.engine.settings.decision_ms
        return (self.engine.t_ms // step + 1) * step

    def _another_policy(self) -> None:
        self.trajectories.cut("another policy")
        if self.engine.ladder.name != SEAT:  # it had given no number; its weights are others now
            self.engine.ladder.pick(0)


def shadow_engine(
    feed: Feed, ladder: Ladder, settings: Settings, latch: Latch, seed: int
) -> Engine:
    """A started engine on `feed` that samples from `ladder` and keeps no log.

    `latch` is the champion's: a halt halts both.
    """
    journal = Journal(Unlogged(), lambda: 0)
    engine = Engine(feed, journal, ladder, nobodys(settings), latch, _apart(seed))
    policy_id = ladder.policy.policy_id
    engine.start(ev.SessionOpened("paper", feed.info.name, seed, policy_id, "", "shadow"), ())
    return engine


def nobodys(settings: Settings) -> Settings:
    """`settings` for an account that is nobody's money: actions are drawn, and there is no daily
    loss limit.

    A policy that still tries everything would meet that within the hour and learn nothing from the
    rest of the day. Everything else is as the champion has it, or the two could not be compared.
    """
    return without_daily_loss(settings).model_copy(update={"decision_rule": "sample"})


def without_daily_loss(settings: Settings) -> Settings:
    """`settings` with a daily loss limit that no account of theirs can reach."""
    limits = settings.limits.model_copy(update={"daily_loss": Decimal(10_000_000)})
    return settings.model_copy(update={"limits": limits})


def _apart(seed: int) -> int:
    """A seed of its own, so that the shadow's venue does not draw the champion's numbers."""
    return int(np.random.SeedSequence([seed, len(SEAT)]).generate_state(1, np.uint64)[0] >> 1)
