"""What was learnt from was not what was done."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine import events as ev
from engine.core import Engine
from engine.decision import Action, Decision, masked
from engine.eventlog import EventLog
from engine.features import SCHEMA_HASH
from engine.journal import Journal
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.trading_state import Latch, TradingState
from engine.units import MICRO
from models.architecture import PHASE5
from models.ladder import Ladder, rungs_for
from models.policy import load_policy
from models.shipped import shipped
from models.tensor_file import tensor_bytes
from tests.accidents.stage import END, scene, steady, told
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, ScriptedFeed, events_of
from tests.engine.learning import oracles
from tests.engine.learning.builders import SMALL, Dice, learning


@dataclass
class Decisions:
    """An observer that keeps what it is shown."""

    made: list[Decision] = field(default_factory=list)

    def ticked(self, t_ms: int, decisions: list[Decision], state: TradingState) -> None:
        self.made += decisions


@contextmanager
def real_policy(tmp_path: Path, rule: str) -> Iterator[tuple[Engine, Decisions]]:
    """The shipped model decides; what it decided is watched."""
    ladder = Ladder(rungs_for(shipped(PHASE5), tmp_path), SCHEMA_HASH)
    ladder.start()
    settings = ORDINARY.model_copy(update={"decision_rule": rule})
    engine = Engine(
        ScriptedFeed(told(lambda s: 3_000 + s % 40 * 100)),
        Journal(EventLog(None), lambda: 0),
        ladder,
        settings,
        Latch(None),
        seed=1,
    )
    engine.start(ev.SessionOpened("paper", "scene", 1, "shipped", "0", "0"), ())
    watched = Decisions()
    engine.observer = watched  # type: ignore[assignment]  # a list is the sequence it keeps
    yield engine, watched
    ladder.close()


def temporal(decision: Decision) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    flat = np.zeros(90, np.float32)
    rows = np.asarray(decision.history, np.float32).reshape(-1)
    flat[-len(rows) :] = rows
    return flat


def test_F62_what_is_stored_is_what_the_policy_said_of_what_it_saw(tmp_path: Path) -> None:
    with real_policy(tmp_path, "sample") as (engine, watched):
        engine.advance(START_MS + 60_000)
        policy = load_policy(shipped(PHASE5))
        made = watched.made
        current = np.stack([d.observation for d in made])
        probs, values = policy.forward(current, np.stack([temporal(d) for d in made]))
        stored = engine.journal.log._db.execute(  # type: ignore[attr-defined]  # an EventLog
            "SELECT t_ms, asset, action, value, probs FROM decisions ORDER BY id"
        ).fetchall()
    kept = [(d.t_ms, d.asset, d.action, d.value, np.asarray(d.probs, "f4").tobytes()) for d in made]
    assert stored == kept
    assert len(made) > 100
    assert any(temporal(d).any() for d in made)
    for decision, said, value in zip(made, probs, values, strict=True):
        again = math.log(max(masked(said, decision.mask)[decision.action], 1e-45))
        assert math.exp(again - decision.log_prob) == pytest.approx(1.0, abs=1e-4)
        assert decision.value == pytest.approx(float(value), abs=1e-4)


def test_F65_an_action_that_was_not_legal_is_neither_taken_nor_stored(tmp_path: Path) -> None:
    with real_policy(tmp_path, "sample") as (engine, watched):
        engine.advance(START_MS + 120_000)
    constrained = [d for d in watched.made if not all(d.mask)]
    assert constrained
    for decision in constrained:
        assert decision.mask[decision.action]
        assert decision.log_prob == pytest.approx(math.log(decision.probs[decision.action]))
        assert sum(decision.probs) == pytest.approx(1.0)
        illegal = [p for p, legal in zip(decision.probs, decision.mask, strict=True) if not legal]
        assert not any(illegal)


def test_F63_two_rows_that_follow_each_other_are_two_objects() -> None:
    engine, _ = scene(told(lambda s: 3_000 + s % 40 * 100), lambda c: Action.HOLD)
    taken: list[Transition] = []
    Trajectories(taken.append).follow(engine)
    engine.advance(START_MS + 30_000)
    for earlier, later in pairwise(taken):
        assert not np.shares_memory(earlier.observation, later.observation)
        assert not np.shares_memory(earlier.temporal, later.temporal)
    assert len({t.observation.tobytes() for t in taken}) > 10


def test_F64_an_update_that_gives_no_number_leaves_the_weights_as_they_were() -> None:
    files = shipped(PHASE5).read_bytes()
    with learning(profile=replace(SMALL, critic_lr=math.inf)) as learner:
        before = tensor_bytes(learner.architecture, learner.tensors())
        (judged,) = Dice().learn(learner)
        assert judged.verdict == "dropped"
        assert "not finite" in judged.reason
        assert tensor_bytes(learner.architecture, learner.tensors()) == before
    assert shipped(PHASE5).read_bytes() == files


def test_F25_a_forced_exit_is_part_of_what_is_learnt_and_its_window_has_an_end() -> None:
    engine, _ = scene(told(steady), lambda c: Action.BUY)
    taken: list[Transition] = []
    trajectories = Trajectories(taken.append)
    trajectories.follow(engine)
    engine.advance(END + 120_000)
    assert [o.purpose for o in events_of(engine, ev.OrderSent)] == ["open", "cutoff"]  # type: ignore[union-attr]  # narrowed by kind
    assert engine.journal.ledger.realised < 0
    learnt = sum(round(t.reward * MICRO) for t in taken)
    assert (
        learnt + trajectories.waiting + trajectories.unattributed == engine.journal.ledger.realised
    )
    assert learnt < 0
    assert taken[-1].done


def test_F66_the_model_that_serves_is_the_networks_that_were_learnt() -> None:
    policy = load_policy(shipped(PHASE5))
    rng = np.random.default_rng(5)
    current = rng.uniform(-1, 1, (6, 18)).astype(np.float32)
    history = rng.uniform(-1, 1, (6, 90)).astype(np.float32)
    probs, values = policy.forward(current, history)
    logits = oracles.network(policy.tensors, "actor", current, history)
    exact = np.exp(oracles.log_softmax(logits, np.ones((6, 3), np.bool_)))
    assert probs == pytest.approx(exact, abs=1e-4)
    critic = oracles.network(policy.tensors, "critic", current, history)[:, 0]
    assert values == pytest.approx(critic, abs=1e-3)
    assert policy.manifest is not None
    assert policy.manifest.origin.feature_schema == SCHEMA_HASH
