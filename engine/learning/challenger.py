"""The challenger beside the champion, as the engine's thread drives both.

Owns what happens to the learner in a run: its turns, its verdicts in the champion's log, its
checkpoints, the comparison of the two, promotion, probation and the way back. The champion is only
read, except where the operator promotes or a rule rolls back; then the ladder reads its files anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import events as ev
from engine.core import Engine
from engine.errors import LearnerStateError
from engine.learning.guards import DROPPED, QUARANTINED
from engine.learning.promotion import criteria, promote, roll_back
from engine.learning.rivals import Rivals
from engine.learning.shadow import Shadow
from engine.learning.store import Store
from engine.learning_view import CriterionView, UpdateView
from engine.meters import LoopGaps
from engine.units import dollars, micro
from models.errors import WeightsError
from models.ladder import Rung
from models.policy import Policy

PROMOTED = "promoted"
ROLLED_BACK = "rolled back"


@dataclass(frozen=True, slots=True)
class Slots:
    """Where the champion's files are, and whether this run may change them."""

    models: Path
    """Folder of the model slots."""
    rungs: Callable[[], Sequence[Rung]]
    """The ladder's rungs as the files now are."""
    obstacle: str
    """Why nothing may be promoted in this run; "": it may."""
    source: str
    """The market that the challenger learns from, as weights name it in their manifest."""


class Challenger:
    """One learner against one champion."""

    def __init__(self, champion: Engine, shadow: Shadow, store: Store, slots: Slots) -> None:
        self.champion = champion
        self.shadow = shadow
        self.learner = shadow.learner
        self.rivals = Rivals(champion, shadow.engine)
        self.slices = LoopGaps()
        """How long each slice of learning held the loop."""
        self.checkpoint = ""
        """The newest checkpoint, in words; "": none yet."""
        self._store = store
        self._slots = slots
        self._switch_because = ""
        """Why other weights wait for the champion's seat; "": none do."""

    # ---- turns -----------------------------------------------------------------------------

    @property
    def behind(self) -> bool:
        """Whether the challenger has anything to do before it is where the champion is."""
        return self.shadow.behind(self.champion.t_ms)

    @property
    def behind_s(self) -> float:
        """Market seconds by which it trails the champion."""
        return max(0, self.champion.t_ms - self.shadow.engine.t_ms) / 1000

    def work(self) -> None:
        """One tick of the shadow or one slice of learning."""
        self.shadow.engine.reduce_only = self.champion.reduce_only
        judged = self.shadow.work(self.champion.t_ms)
        if judged is not None:
            self._judged(judged)

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
        before, after = champion.policy_id, self.learner.policy_id
        try:
            promote(self._slots.models, self.learner, champion, self._slots.source)
        except WeightsError as error:
            self._note("alarm", f"not promoted: {error}")
            return
        self._changed(PROMOTED, before, after, "operator; every criterion was met")

    def roll_back(self, why: str) -> None:
        """Bring the former champion back, or say why that cannot be."""
        obstacle = self._slots.obstacle
        if obstacle:
            self._note("warn", f"not rolled back: {obstacle}")
            return
        before = self.champion.ladder.policy.policy_id
        try:
            after = roll_back(self._slots.models)
        except WeightsError as error:
            self._note("warn", f"not rolled back: {error}")
            return
        self._changed(ROLLED_BACK, before, after, why)

    def _changed(self, how: str, before: str, after: str, why: str) -> None:
        self._tell(ev.ChampionChanged(how, before, after, why))
        self._switch_because = f"{how}: {why}"
        if how == ROLLED_BACK:  # what is leaving must not trade on until everything is flat
            self._take_seat()

    # ---- what happens by itself ------------------------------------------------------------

    def watch(self) -> None:
        """Once a turn: put waiting weights on the champion's seat, or take failing ones off it."""
        if self._switch_because and self._flat():
            self._take_seat()
        probation = self.champion.journal.ledger.probation
        if not probation.active:
            return
        settings = self.champion.settings.learning
        if not self.champion.ladder.views()[0].ready:
            self.roll_back(f"it failed: {self.champion.meters.last_fall}")
        elif len(probation.slots) > settings.probation_slots:
            return
        elif probation.drawdown >= micro(settings.rollback_drawdown):
            lost, limit = dollars(probation.drawdown), settings.rollback_drawdown
            self.roll_back(f"drawdown ${lost:.2f} since the promotion, max ${limit}")

    def _flat(self) -> bool:
        """Positions that one policy opened are for it to close."""
        ledger = self.champion.journal.ledger
        return not ledger.working and not any(
            slug not in ledger.awaiting for slug in ledger.open_slugs()
        )

    def _take_seat(self) -> None:
        """The ladder reads its files anew, and the challenger starts from the new champion."""
        fall = self.champion.ladder.renew(self._slots.rungs(), self._switch_because)
        self._switch_because = ""
        self.champion.fell(fall)
        policy = self.champion.ladder.policy
        if isinstance(policy, Policy):
            self.learner.start_from(policy.tensors, policy.policy_id, policy.stats)
        self.rivals.begin()
        self.save()

    def _obstacle(self) -> str:
        if self._slots.obstacle:
            return self._slots.obstacle
        if self._switch_because:
            return "a change of champion waits until nothing is held"
        if self.champion.ladder.depth > 0:
            return "the champion is not deciding"
        if self.learner.policy_id == self.champion.ladder.policy.policy_id:
            return "the challenger is the champion"
        return ""

    # ---- checkpoints -----------------------------------------------------------------------

    def start(self) -> None:
        """Go on from the newest whole checkpoint of this champion's challenger, if there is one."""
        for name, data in self._store.newest():
            try:
                self.learner.resume(data)
            except LearnerStateError as error:
                self._note("warn", f"checkpoint {name} not used: {error}")
                continue
            self.checkpoint = f"update {self.learner.number}, read"
            break
        for sentence in self._store.refused:
            self._note("warn", sentence)

    def _set_aside(self) -> None:
        rows = self.learner.quarantined()
        if rows is None:
            return
        try:
            self._store.set_aside(rows)
        except OSError as error:
            self._note("warn", f"rows set aside cannot be kept ({error.strerror})")

    def save(self) -> None:
        """Keep the learner as it is. A disk that refuses costs the checkpoint, not the run."""
        number = self.learner.number
        try:
            self._store.save(number, self.learner.state_bytes())
        except OSError as error:
            self._note("alarm", f"checkpoint {number} cannot be written ({error.strerror})")
            return
        self.checkpoint = f"update {number}"

    def close(self) -> None:
        """Keep what was learnt and let go of every compiled call, in the thread that used them.

        What follows the rows collected so far will be seen by nobody: their traces end here.
        """
        self.shadow.trajectories.cut("the program ends")
        self.save()
        self.shadow.engine.ladder.close()
        self.learner.close()

    # ---- the champion's log ----------------------------------------------------------------

    def _tell(self, event: ev.Event) -> None:
        self.champion.journal.record(self.champion.t_ms, event)
        self.champion.journal.log.commit()

    def _note(self, level: str, text: str) -> None:
        self._tell(ev.Noted(level, text))
