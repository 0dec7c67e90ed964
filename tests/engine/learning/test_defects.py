"""Each claim holds of the learner's parts, and fails as soon as a known defect is put back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from itertools import groupby

import mlx.core as mx
import numpy as np
import pytest

from engine import events as ev
from engine.core import Engine
from engine.decision import Decision, Floats
from engine.eventlog import EventLog
from engine.feeds.sim import SimFeed
from engine.history import History
from engine.journal import Journal
from engine.learning.adam import fresh
from engine.learning.advantages import gae
from engine.learning.forward import logits_and_values
from engine.learning.parameters import flatten
from engine.learning.profile import PHASE5 as PROFILE
from engine.learning.rollout import Batch, Rollout
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.learning.update import RATIO_ERROR, Update
from engine.settings import PaperVenue, Settings
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from models.architecture import PHASE5
from models.initial import initial_tensors
from models.ladder import Ladder
from tests.engine.build import LIMITS
from tests.engine.learning import defects

SETTINGS = Settings(
    trade_size=Decimal(100),
    limits=LIMITS.model_copy(update={"opens_per_minute": 600, "exit_cutoff": 0.0}),
    decision_ms=5_000,
    decision_rule="sample",
    paper=PaperVenue(settle_failure_rate=0.05),
)
"""Positions are held into the verdict, so that windows earn after their last tick."""


def sharp() -> dict[str, Floats]:
    """Untrained weights whose probabilities depend on the rows."""
    tensors = dict(initial_tensors(PHASE5, 3))
    tensors["actor.fc3.weight"] = tensors["actor.fc3.weight"] * 60
    return tensors


class Sampler:
    """A policy (`models.ladder.Decides`) by the learner's own forward pass."""

    architecture = "phase5"
    policy_id = "sampler"
    trained = True
    evaluator = "eager"
    device = "cpu"

    def __init__(self) -> None:
        self.weights = flatten(PHASE5, sharp())
        self._forward = logits_and_values(PHASE5)

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        logits, values = self._forward(*self.weights.flats, mx.array(current), mx.array(temporal))
        return np.array(mx.softmax(logits, axis=-1)), np.array(values)


@dataclass
class Course:
    """All that an engine told whoever followed it, in order."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    realised: int = 0
    """Micro-dollars of the ledger at the end."""

    def ticked(self, t_ms: int, decisions: Sequence[Decision], state: TradingState) -> None:
        self.told.append((t_ms, tuple(decisions), state))

    def happened(self, slug: str, event: ev.Event, realised_micro: int) -> None:
        self.told.append((slug, event, realised_micro))

    @property
    def decisions(self) -> list[Decision]:
        return [d for told in self.told if isinstance(told[1], tuple) for d in told[1]]


@lru_cache
def course(history: Callable[[], History] = History) -> Course:
    """Two windows of four assets, decided by sampling; with another history if given."""
    feed = SimFeed(5, windows=2)
    ladder = Ladder.of("sampler", Sampler())
    engine = Engine(feed, Journal(EventLog(None), lambda: 0), ladder, SETTINGS, Latch(None), seed=4)
    for desk in engine.desks.values():
        desk.history = history()
    followed = Course()
    engine.start(ev.SessionOpened("paper", "sim", 4, "sampler", "0", "0"), ())
    engine.observer = followed
    engine.journal.listeners.append(followed.happened)
    assert feed.info.end_ms is not None
    engine.advance(feed.info.end_ms)
    followed.realised = engine.journal.ledger.realised
    return followed


@dataclass(frozen=True)
class Evidence:
    """What the learner's parts, whole or with a defect, made of a course."""

    course: Course
    rows: list[Transition]
    batch: Batch
    left: int
    """Micro-dollars that no row has."""


def evidence(
    defect: defects.Defect = defects.none,
    rollout: type[Rollout] = Rollout,
    history: Callable[[], History] = History,
) -> Evidence:
    of = course(history)
    rows: list[Transition] = []
    trajectories = Trajectories(defect(rows.append))
    for told in of.told:
        follow = trajectories.ticked if isinstance(told[1], tuple) else trajectories.happened
        follow(*told)  # type: ignore[arg-type]  # told to the method that the tuple was given to
    kept = rollout(PROFILE)
    for row in rows:
        kept.add(row)
    return Evidence(of, rows, kept.batch(), trajectories.waiting + trajectories.unattributed)


# ---- the claims -----------------------------------------------------------------------------


def rows_are_decisions(of: Evidence) -> None:
    """Every row is one decision, whole; every decision is one row; each window's in order."""
    made, stored = _by_window(of)
    assert made.keys() == stored.keys()
    for slug, decisions in made.items():
        assert len(decisions) == len(stored[slug])
        for decision, row in zip(decisions, stored[slug], strict=True):
            assert (row.environment, row.action) == (decision.asset, decision.action)
            assert (row.log_prob, row.value) == (decision.log_prob, decision.value)
            assert np.array_equal(row.observation, decision.observation)
            assert np.array_equal(row.temporal[-18:], decision.observation)


def log_probs_are_the_policys(of: Evidence) -> None:
    """What the policy says of a stored row is what was stored with it."""
    batch = of.batch
    probs, values = Sampler().forward(batch.observations, batch.temporals)
    legal = np.where(batch.masks, probs, 0.0)
    chosen = legal[np.arange(len(batch)), batch.actions] / legal.sum(axis=1)
    assert np.abs(np.log(chosen) - batch.log_probs).max() <= RATIO_ERROR
    assert np.abs(values - batch.values).max() <= RATIO_ERROR


def an_update_may_begin(of: Evidence) -> None:
    """The update finds nothing wrong with the rows before its first gradient."""
    weights, rng = Sampler().weights, np.random.default_rng(0)
    update = Update(PHASE5, weights, fresh(weights), of.batch, 100.0, PROFILE, rng)
    for _ in update.slices():
        if update.done_steps:
            break
    assert update.quarantine == ""


def histories_are_the_last_five_states(of: Evidence) -> None:
    """Distinct states of the row's own window, oldest first, zeros before its first."""
    for rows in _by_window(of)[1].values():
        padded = [np.zeros(18, np.float32)] * 4 + [row.observation for row in rows]
        for i, row in enumerate(rows):
            assert np.array_equal(row.temporal, np.concatenate(padded[i : i + 5]))


def all_money_is_in_the_rewards(of: Evidence) -> None:
    """To the micro-dollar."""
    assert sum(round(row.reward * MICRO) for row in of.rows) + of.left == of.course.realised


def rewards_are_what_followed(of: Evidence) -> None:
    """Each row earned what its window realised until its next row, and otherwise exactly 0."""
    earned = _earned(of.course)
    for slug, rows in _by_window(of)[1].items():
        assert [row.reward for row in rows] == [micro / MICRO for micro in earned[slug]]
        assert any(row.reward == 0.0 for row in rows)


def windows_are_estimated_alone(of: Evidence) -> None:
    """Each window's advantages are those it would have with no other beside it."""
    batch, gamma, decay = of.batch, PROFILE.gamma, PROFILE.gae_lambda
    found, _ = gae(
        batch.rewards / 100, batch.values, batch.next_values, batch.dones, batch.cuts, gamma, decay
    )
    alone = [a for rows in _by_window(of)[1].values() for a in _advantages(rows, gamma, decay)]
    assert np.allclose(found, alone, atol=1e-5)


def _advantages(rows: list[Transition], gamma: float, decay: float) -> list[float]:
    """The definition, backwards over one window."""
    trace, found = 0.0, []
    for row in reversed(rows):
        ahead = 0.0 if row.done else gamma * row.next_value
        trace = 0.0 if row.done or row.truncated else trace
        trace = row.reward / 100 + ahead - row.value + gamma * decay * trace
        found.append(trace)
    return found[::-1]


def _by_window(of: Evidence) -> tuple[dict[str, list[Decision]], dict[str, list[Transition]]]:
    made: dict[str, list[Decision]] = {}
    stored: dict[str, list[Transition]] = {}
    for decision in of.course.decisions:
        made.setdefault(decision.slug, []).append(decision)
    for row in of.rows:
        stored.setdefault(row.episode, []).append(row)
    return made, stored


def _earned(of: Course) -> dict[str, list[int]]:
    """Window -> micro-dollars after each of its decisions, straight from what was told."""
    earned: dict[str, list[int]] = {}
    for told in of.told:
        match told:
            case (_, tuple() as decisions, TradingState()):
                for decision in decisions:
                    earned.setdefault(decision.slug, []).append(0)
            case (str() as slug, _, int() as micro) if micro:
                earned[slug][-1] += micro
    return earned


Claim = Callable[[Evidence], None]

CLAIMS: tuple[Claim, ...] = (
    rows_are_decisions,
    log_probs_are_the_policys,
    an_update_may_begin,
    histories_are_the_last_five_states,
    all_money_is_in_the_rewards,
    rewards_are_what_followed,
    windows_are_estimated_alone,
)

BROKEN: tuple[tuple[str, Callable[[], Evidence], set[Claim]], ...] = (
    (
        "R01 shifted rows",
        lambda: evidence(defects.r01_shifted_rows),
        {rows_are_decisions, log_probs_are_the_policys, an_update_may_begin,
         rewards_are_what_followed},
    ),
    (
        "R02 shared registers",
        lambda: evidence(defects.r02_shared_registers),
        {rows_are_decisions, log_probs_are_the_policys, an_update_may_begin},
    ),
    (
        "R03 history stored twice",
        lambda: evidence(defects.r03_history_stored_twice),
        {log_probs_are_the_policys, an_update_may_begin, histories_are_the_last_five_states},
    ),
    (
        "R03 history pushed twice",
        lambda: evidence(history=defects.PushedTwice),
        {histories_are_the_last_five_states},
    ),
    (
        "R04 assets as one series",
        lambda: evidence(rollout=defects.OneSeries),
        {windows_are_estimated_alone},
    ),
    (
        "R06 mean subtracted",
        lambda: evidence(defects.r06_mean_subtracted),
        {all_money_is_in_the_rewards, rewards_are_what_followed},
    ),
    (
        "R07 relabelled at the end",
        lambda: evidence(defects.r07_relabelled),
        {rows_are_decisions, log_probs_are_the_policys, an_update_may_begin},
    ),
    (
        "R07 the end's money lost",
        lambda: evidence(defects.r07_lost_at_the_end),
        {all_money_is_in_the_rewards, rewards_are_what_followed},
    ),
    (
        "R08 history never cleared",
        lambda: evidence(history=defects.NeverCleared),
        {histories_are_the_last_five_states},
    ),
)  # fmt: skip


def test_the_course_is_one_on_which_the_claims_can_fail() -> None:
    of = evidence()
    ends = [row for row in of.rows if row.done]
    assert len(ends) == 8
    assert any(row.reward != 0.0 for row in ends)
    assert any(row.action != 0 for row in ends)
    assert sum(row.reward != 0.0 for row in of.rows) > 20
    assert len({row.environment for row in of.rows}) == 4
    neighbours = [name for name, _ in groupby(row.environment for row in of.rows)]
    assert len(neighbours) > len(of.rows) * 0.9


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
def test_the_learners_parts_keep_the_claim(claim: Claim) -> None:
    claim(evidence())


@pytest.mark.parametrize(
    ("build", "failing"),
    [pytest.param(build, failing, id=name) for name, build, failing in BROKEN],
)
def test_a_defect_put_back_breaks_the_claims_about_it(
    build: Callable[[], Evidence], failing: set[Claim]
) -> None:
    of = build()
    assert {claim for claim in failing if _holds(claim, of)} == set()


def _holds(claim: Claim, of: Evidence) -> bool:
    try:
        claim(of)
    except AssertionError:
        return False
    return True
