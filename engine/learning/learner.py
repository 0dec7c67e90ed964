"""The challenger's weights, and what becomes of them.

Owns the life of one challenger: it answers with its weights, collects what came of its answers,
updates a slice at a time, and carries out what the guards say. It never touches the champion, of
which it keeps a copy to start from, and it reads and writes no file.
"""

from __future__ import annotations

import gc
import hashlib
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from engine.errors import LearnerStateError
from engine.learning import guards
from engine.learning.adam import Moments, fresh
from engine.learning.advantages import RewardScale
from engine.learning.answers import Answers, Floats
from engine.learning.guards import Budget, Streaks, Verdict
from engine.learning.learner_state import Facts, Identity, LearnerState, read, vectors_of
from engine.learning.parameters import Tensors, Weights, tensors_of
from engine.learning.probes import COUNT
from engine.learning.profile import Profile
from engine.learning.reference import Reference
from engine.learning.reports import Quarantine, viewed
from engine.learning.rollout import Batch, Rollout
from engine.learning.running import Running
from engine.learning.step import let_go, warm
from engine.learning.transition import Transition
from engine.learning.update import Measures, Update
from engine.learning_view import UpdateView
from engine.settings import Learning
from models.architecture import Architecture
from models.stats import Stats
from models.tensor_file import tensor_bytes

KEPT_UPDATES: Final = 200
"""Verdicts remembered."""


class Learner:
    """One challenger; to be made, used and closed in one thread."""

    def __init__(
        self,
        architecture: Architecture,
        tensors: Tensors,
        stats: Stats | None,
        champion_id: str,
        profile: Profile,
        learning: Learning,
        stake_dollars: float,
        seed: int,
    ) -> None:
        """Start as the champion, whose `tensors` are named as in `architecture`.

        `stats` lay beside them (None: no file did). Compiles everything that it will ever call,
        which takes seconds the first time on a machine.
        """
        self.architecture, self.profile = architecture, profile
        self.on_policy_changed: Callable[[], None] = _nothing
        """Called whenever other weights answer from then on."""
        self.dealt: Callable[[Batch], Batch] = _as_it_is
        """What an update makes of the rows that it begins with."""
        self.updates: deque[UpdateView] = deque(maxlen=KEPT_UPDATES)
        """Newest last."""
        self.number = 0
        """Updates judged over the challenger's whole life."""
        self.accepted = 0
        """Updates accepted since it started from the champion."""
        self.refused = 0
        """Updates rejected, dropped or quarantined since the program started."""
        self._quarantine: Quarantine | None = None
        self._learning, self._stake, self._seed = learning, stake_dollars, seed
        self._running: Running | None = None
        self._spoiled = ""
        """Why the rows collected must be quarantined; "": they need not."""
        self._answers = Answers(architecture)
        self._rng = np.random.default_rng(seed)
        self._budget = Budget(learning.updates_per_hour)
        self._spent = self._parent = self._policy_id = ""
        self.start_from(tensors, champion_id, stats)
        self._answers.warm(self._weights, COUNT)
        warm(architecture, profile.minibatch)

    # ---- what it answers, and what it is ------------------------------------------------------

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        """Probabilities (N, 3) and values (N,) of current (N, 18) and temporal (N, 90).

        Raises NonFiniteOutput where any of them is NaN or infinite.
        """
        return self._answers(self._weights, current, temporal)

    @property
    def policy_id(self) -> str:
        """First 12 hex digits of the sha256 of the weight file that these weights would be."""
        return self._policy_id

    @property
    def champion_id(self) -> str:
        """Policy id of the weights that it started from."""
        return self._reference.policy_id

    def tensors(self) -> Tensors:
        """The weights, ready to be saved."""
        return tensors_of(self.architecture, self._weights)

    def stats(self) -> Stats:
        """What lies beside them: the rewards learnt from, dollars, and the profile's numbers."""
        return self._stats

    @property
    def reward_scale_dollars(self) -> float:
        """Dollars that count as a reward of 1."""
        return RewardScale(self._stats).dollars(self.profile, self._stake)

    # ---- what it is doing ---------------------------------------------------------------------

    @property
    def rows(self) -> int:
        """Transitions collected for the next update."""
        return len(self._rollout)

    @property
    def rewarded(self) -> int:
        """Of these, those with a reward other than 0."""
        return self._rollout.rewarded

    def quarantined(self) -> bytes | None:
        """The newest rows set aside, in the envelope of a checkpoint; None: none were."""
        return None if self._quarantine is None else self._quarantine.to_bytes()

    @property
    def lacks(self) -> str:
        """What the next update waits for, in words; empty: nothing, or it runs."""
        if self.updating or self._spoiled:
            return ""
        return "; ".join(clause for clause in (self._spent, self._rollout.lacks) if clause)

    @property
    def waits(self) -> str:
        """As `lacks`, without the rows that can be counted: why full is not yet enough."""
        if self.updating or self._spoiled:
            return ""
        return self._spent or self._rollout.waits

    @property
    def updating(self) -> bool:
        """Whether an update is under way; until it is judged no transition is taken."""
        return self._running is not None

    @property
    def step(self) -> int:
        """Minibatches done of the running update."""
        return 0 if self._running is None else self._running.done_steps

    @property
    def steps(self) -> int:
        """Most minibatches that the running update may take; 0: none runs."""
        return 0 if self._running is None else self._running.most_steps

    # ---- learning -----------------------------------------------------------------------------

    def take(self, transition: Transition) -> None:
        """Collect what came of an answer; others' answers, and those during an update, are let go.

        A transition that cannot be true spoils the rows beside it too: they are quarantined.
        """
        if self.updating or self._spoiled or transition.policy_id != self._policy_id:
            return
        try:
            self._rollout.add(transition)
        except ValueError as error:
            self._spoiled = str(error)
        else:
            self._reference.saw(transition.observation, transition.temporal)

    def slice(self, t_ms: int) -> UpdateView | None:
        """One piece of learning at market time `t_ms`, if there is one to do: at most a minibatch.

        Returns the update that it brought to its end, if it did.
        """
        self._spent = self._budget.spent(t_ms)
        if self._running is None:
            self._running = self._begun()
        return None if self._running is None else self._go_on(self._running, t_ms)

    def _begun(self) -> Running | None:
        """An update on the rows collected, if they are enough or must be set aside."""
        if not self._spoiled:
            if not self._rollout.ready:
                return None
            if self._spent:
                self._rollout.clear()
                return None
        return Running(
            self.architecture,
            self._weights,
            self._moments,
            self._rollout,
            self.dealt,
            self._spoiled,
            self._stats,
            self._stake,
            self.profile,
            self._rng,
        )

    def _go_on(self, running: Running, t_ms: int) -> UpdateView | None:
        if not running.over():
            return None
        self._running = None
        update = running.update
        if update is None or update.measures is None:
            return self._set_aside(running.batch, running.quarantine, t_ms)
        self._stats = running.stats
        verdict = self._reference.judge(update.weights, update.measures)
        self._carry_out(verdict, update)
        return self._ended(verdict, running.batch, update.measures, t_ms)

    def _carry_out(self, verdict: Verdict, update: Update) -> None:
        if verdict.kind == guards.DROPPED:
            self._start_anew()
        elif verdict.kind == guards.ACCEPTED:
            self._parent = self._policy_id
            self.accepted += 1
            self._wear(update.weights, update.moments)

    def _set_aside(self, batch: Batch, reason: str, t_ms: int) -> UpdateView:
        self._quarantine = Quarantine(batch, reason, t_ms)
        return self._ended(Verdict(guards.QUARANTINED, reason), batch, None, t_ms)

    def _ended(
        self, verdict: Verdict, batch: Batch, measures: Measures | None, t_ms: int
    ) -> UpdateView:
        """Remember the verdict and begin to collect anew."""
        self._rollout.clear()
        self._spoiled = ""
        self._budget.take(t_ms)
        self.number += 1
        self.refused += verdict.kind != guards.ACCEPTED
        view = viewed(self.number, t_ms, verdict, batch, measures)
        self.updates.append(view)
        return view

    # ---- where it starts from -----------------------------------------------------------------

    def start_from(self, tensors: Tensors, champion_id: str, stats: Stats | None) -> None:
        """Drop everything that was learnt and collected, and begin anew at this champion."""
        self._reference = Reference(
            self.architecture, tensors, champion_id, self._answers, self._learning, self._seed
        )
        self._stats = RewardScale(stats).stats(self.profile)
        self._rollout = Rollout(self.profile)
        self._running, self._spoiled = None, ""
        self._start_anew()

    def _start_anew(self) -> None:
        """From the champion, with nothing but the memory of what rewards are like."""
        self._reference.streaks = Streaks()
        self._parent, self.accepted = "", 0
        weights = self._reference.weights()
        self._wear(weights, fresh(weights))

    def _wear(self, weights: Weights, moments: Moments) -> None:
        """Answer with these weights from now on."""
        self._weights, self._moments = weights, moments
        before = self._policy_id
        file = tensor_bytes(self.architecture, self.tensors())
        self._policy_id = hashlib.sha256(file).hexdigest()[:12]
        if self._policy_id != before:
            self.on_policy_changed()

    # ---- checkpoints --------------------------------------------------------------------------

    def state_bytes(self) -> bytes:
        """Everything, as it is between two updates.

        During an update: as it was before it, with its rows, so that whoever goes on from here
        makes the same update once more and nothing is learnt twice.
        """
        rng = self._rng.bit_generator.state if self._running is None else self._running.generator
        facts = Facts(
            identity=self._identity(),
            policy_id=self._policy_id,
            parent=self._parent,
            number=self.number,
            accepted=self.accepted,
            streaks=self._reference.streaks,
            adam_step=self._moments.step,
            stats=self._stats,
            budget=self._budget.taken,
            generator=dict(rng),
            updates=tuple(self.updates),
        )
        vectors = vectors_of(self._weights, self._moments)
        probes = self._reference.probes.arrays()
        return LearnerState(facts, vectors, self._rollout.arrays(), probes).to_bytes()

    def resume(self, data: bytes) -> None:
        """Become what `state_bytes` was called on.

        Raises LearnerStateError, one clause that may follow the checkpoint's name, for bytes that
        are torn, tampered with or not this challenger's; nothing has changed then.
        """
        state = read(data, self.architecture, self._identity())
        rollout, rng = Rollout(self.profile), np.random.default_rng(self._seed)
        try:
            rollout.restore(state.rollout)
            rng.bit_generator.state = state.facts.generator
            self._reference.probe(state.probes)
        # What numpy raises for a state of another generator, or none at all.
        except (KeyError, OverflowError, TypeError, ValueError) as error:
            raise LearnerStateError(f"cannot be gone on from ({error})") from None
        self._rng = rng
        self._rollout, self._running, self._spoiled = rollout, None, ""
        self._become(state)

    def _become(self, state: LearnerState) -> None:
        facts = state.facts
        self.number, self.accepted = facts.number, facts.accepted
        self.updates = deque(facts.updates, maxlen=KEPT_UPDATES)
        self._parent, self._stats = facts.parent, facts.stats
        self._reference.streaks = facts.streaks
        self._budget = Budget(self._learning.updates_per_hour, facts.budget)
        self._wear(*state.networks())

    def _identity(self) -> Identity:
        return Identity(self.architecture.name, self._reference.sha256, self.profile)

    def close(self) -> None:
        """Let go of every compiled call and array; nothing may be asked of it afterwards.

        Call it in the thread that made it: a compiled call that outlives its thread aborts the
        whole process at exit (MLX 0.32.4).
        """
        self.on_policy_changed = _nothing
        self.dealt = _as_it_is
        self._running = None
        del self._answers, self._reference, self._weights, self._moments
        let_go()
        gc.collect()


def _nothing() -> None:
    """Nobody is to be told."""


def _as_it_is(batch: Batch) -> Batch:
    return batch
