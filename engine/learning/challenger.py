"""The challenger beside the champion, as the engine's thread drives both.

Owns what happens to the learner in a run: its turns, its verdicts in the champion's log, its
checkpoints, the comparison of the two, and which champion it starts from. Whatever fails in it ends
it and nothing else. The champion is only read; who is champion is `engine.learning.succession`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine import events as ev
from engine.core import Engine
from engine.errors import LearnerStateError
from engine.learning.guards import DROPPED, QUARANTINED
from engine.learning.promotion import criteria
from engine.learning.rivals import Rivals
from engine.learning.scribe import CHECKPOINT, Scribe
from engine.learning.shadow import Shadow
from engine.learning.store import Store
from engine.learning.succession import Succession
from engine.learning_view import CriterionView, UpdateView
from engine.meters import LoopGaps
from models.policy import Policy

LEAVE_S: Final = 2.0
"""Real seconds that the last checkpoint may take to be written when the program ends."""


class Challenger:
    """One learner against one champion."""

    def __init__(
        self,
        champion: Engine,
        shadow: Shadow,
        stores: Callable[[str], Store],
        succession: Succession,
    ) -> None:
        """`stores` gives where the challenger of a champion, by its policy id, is kept."""
        self.champion = champion
        self.shadow = shadow
        self.learner = shadow.learner
        self.succession = succession
        self.rivals = Rivals(champion, shadow.engine)
        self.slices = LoopGaps()
        """How long each slice of learning held the loop."""
        self.checkpoint = ""
        """The newest checkpoint, in words; "": none yet."""
        self.ended = ""
        """Why there is no challenger any more in this run; "": there is."""
        self._stores = stores
        self._store = stores(self.learner.champion_id)
        self._scribe = Scribe()

    # ---- turns -----------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Whether the challenger has anything to do before it is where the champion is."""
        return not self.ended and self.shadow.behind(self.champion.t_ms)

    @property
    def behind_s(self) -> float:
        """Market seconds by which it trails the champion."""
        return max(0, self.champion.t_ms - self.shadow.engine.t_ms) / 1000

    def work(self) -> None:
        """One tick of the shadow or one slice of learning."""
        self.shadow.engine.reduce_only = self.champion.reduce_only
        try:
            judged = self.shadow.work(self.champion.t_ms)
        except Exception as error:  # noqa: BLE001 - whatever it was, the champion goes on
            self._end(f"it failed: {type(error).__name__}: {error}")
            return
        if judged is not None:
            self._judged(judged)

    def keep_up(self, most_s: float) -> None:
        """End where it trails by more than `most_s` of market time, since a live market waits for
        nobody and what it has not read yet would pile up."""
        if not self.ended and self.behind_s > most_s:
            self._end(f"this machine is too slow for it: it fell {self.behind_s:.0f} s behind")

    def _judged(self, update: UpdateView) -> None:
        self._tell(
            ev.Learned(
                number=update.number,
                verdict=update.verdict,
                reason=update.reason,
                rows=update.rows,
                kl=update.kl,
                entropy=update.entropy,
                policy_id=self.learner.policy_id,
            )
        )
        if update.verdict == DROPPED:
            self.rivals.begin()
        if update.verdict == QUARANTINED:
            self._set_aside()
        self.save()

    # ---- what the operator may ask ---------------------------------------------------------

    def switch(self, on: bool, why: str) -> None:  # noqa: FBT001 - the state asked for, not a mode
        """Learn from now on, or stay as it is and only trade on."""
        if self.ended:
            self._note("warn", f"learning stays off: {self.ended}")
            return
        if on == self.shadow.learning:
            return
        if on:
            self.shadow.learn()
        else:
            self.shadow.pause()
        self._tell(ev.LearningSwitched(on, why))

    def criteria(self) -> tuple[CriterionView, ...]:
        """What a promotion takes now."""
        settings = self.champion.settings.learning
        return criteria(self.learner, self.rivals.verdict(), settings, self._obstacle())

    def promote(self) -> None:
        """Make the challenger champion, or say which criteria fail."""
        failing = [c for c in self.criteria() if not c.met]
        champion = self.champion.ladder.policy
        if failing or not isinstance(champion, Policy):
            reasons = "; ".join(f"{c.name} {c.measured}, needs {c.needed}" for c in failing)
            self._note("warn", f"not promoted: {reasons}")
            return
        self.succession.promote(self.learner, champion, "operator; every criterion was met")

    def _obstacle(self) -> str:
        if self.ended:
            return "there is no challenger any more in this run"
        if self.learner.policy_id == self.champion.ladder.policy.policy_id:
            return self.succession.obstacle or "the challenger is the champion"
        return self.succession.obstacle

    # ---- what happens by itself ------------------------------------------------------------

    def watch(self) -> None:
        """Once a turn: see who is champion, and what became of the checkpoints."""
        self.succession.watch()
        if not self.ended:
            self._follow()
        self._hear()

    def _follow(self) -> None:
        """Start anew where other weights have become champion, by whatever way."""
        ladder, policy = self.champion.ladder, self.champion.ladder.policy
        if ladder.depth or not isinstance(policy, Policy):
            return
        if policy.policy_id == self.learner.champion_id:
            return
        if policy.architecture != self.learner.architecture.name:
            self._end(f"the champion is {policy.architecture} now; the next start begins another")
            return
        self.learner.start_from(policy.tensors, policy.policy_id, policy.stats)
        self.rivals.begin()
        self._store = self._stores(policy.policy_id)
        self.save()

    def _end(self, why: str) -> None:
        """No challenger any more in this run. What is kept of it is the newest checkpoint."""
        self.ended = why
        self.shadow.learning = False
        self.shadow.engine.feed.close()
        self._say("alarm", f"the challenger has ended: {why}")

    # ---- checkpoints -----------------------------------------------------------------------

    def start(self) -> None:
        """Go on from the newest whole checkpoint of this champion's challenger, if there is one."""
        try:
            self._resume()
        except OSError as error:
            self._say("warn", f"checkpoints cannot be read ({error.strerror})")
        for sentence in self._store.refused:
            self._say("warn", sentence)

    def _resume(self) -> None:
        for name, data in self._store.newest():
            try:
                self.learner.resume(data)
            except LearnerStateError as error:
                self._say("warn", f"checkpoint {name} not used: {error}")
                continue
            self.checkpoint = f"update {self.learner.number}, read"
            return

    def _set_aside(self) -> None:
        rows = self.learner.quarantined()
        if rows is not None:
            self._scribe.set_aside(self._store, self.learner.number, rows)

    def save(self) -> None:
        """Have the learner kept as it is. A disk that refuses costs the checkpoint, not the run."""
        self._scribe.save(self._store, self.learner.number, self.learner.state_bytes())

    def _hear(self) -> None:
        for written in self._scribe.outcomes():
            if written.fault:
                named = f"{written.what} after update {written.number}"
                self._say("alarm", f"{named} cannot be written ({written.fault})")
            elif written.what == CHECKPOINT:
                self.checkpoint = f"update {written.number}"

    def leave(self) -> None:
        """Keep what was learnt, as the last thing before the champion's session is closed.

        What follows the rows collected so far will be seen by nobody: their traces end here.
        """
        if not self.ended:
            self.shadow.trajectories.cut("the program ends")
            self.save()
        if not self._scribe.wait(LEAVE_S):
            self._say("alarm", f"the last checkpoint was not written within {LEAVE_S:g} s")
        self._hear()

    def close(self) -> None:
        """Let go of every compiled call, in the thread that used them."""
        self._scribe.close()
        self.shadow.engine.ladder.close()
        self.learner.close()

    # ---- the champion's log ----------------------------------------------------------------

    def _tell(self, event: ev.Event) -> None:
        self.champion.journal.record(self.champion.t_ms, event)
        self.champion.journal.log.commit()

    def _say(self, level: str, text: str) -> None:
        """What befalls the challenger by itself changes nothing of what the champion did."""
        self._tell(ev.LearningNoted(level, text))

    def _note(self, level: str, text: str) -> None:
        """The answer to a person."""
        self._tell(ev.Noted(level, text))
