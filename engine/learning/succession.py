"""Who sits on the champion's seat, and who sat there before.

Owns the change of champion in a run: the files of a promotion and of the way back, the wait until
nothing is held, and the probation. It needs no challenger: what was promoted in one run is watched
in every later one, whether anything learns there or not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import events as ev
from engine.core import Engine
from engine.learning.learner import Learner
from engine.learning.promotion import CREATED_BY, promote, roll_back
from engine.units import dollars, micro
from models.catalog import slot_file
from models.checkpoint import read_checkpoint
from models.errors import WeightsError
from models.ladder import Fall, Rung
from models.policy import Policy

PROMOTED = "promoted"
ROLLED_BACK = "rolled back"
REPLACED = "replaced"


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


class Succession:
    """The seat of one champion."""

    def __init__(self, champion: Engine, slots: Slots) -> None:
        self._champion, self._slots = champion, slots
        self._because = ""
        """Why other weights wait for the seat; "": none do."""
        self._tried = -1
        """Slots of probation seen when a roll-back was last tried by itself."""

    @property
    def obstacle(self) -> str:
        """Why the champion cannot be changed now; "": it can."""
        if self._slots.obstacle:
            return self._slots.obstacle
        if self._because:
            return "a change of champion waits until nothing is held"
        if self._champion.ladder.depth > 0:
            return "the champion is not deciding"
        return ""

    def start(self) -> None:
        """Write down what an earlier process changed and could not write down any more."""
        policy = self._champion.ladder.policy
        if self._slots.obstacle or self._champion.ladder.depth or not isinstance(policy, Policy):
            return
        probation, now = self._champion.journal.ledger.probation, policy.policy_id
        if probation.active and probation.promoted != now:
            why = "other weights lie in the champion's slot since then"
            self._tell(ev.ChampionChanged(REPLACED, probation.promoted, now, why))
        elif self._came_here(policy) and now not in probation.known:
            why = "found so at the start; this log has not seen it"
            self._tell(ev.ChampionChanged(PROMOTED, self._former_id(), now, why))

    def watch(self) -> None:
        """Once a turn: put waiting weights on the seat, or take failing ones off it."""
        if self._because:
            if self._flat():
                self._take_seat()
            return
        reason = self._fault()
        slots = len(self._champion.journal.ledger.probation.slots)
        if reason and slots != self._tried:  # what cannot be done now is tried again a slot later
            self._tried = slots
            self.roll_back(reason)

    def promote(self, learner: Learner, champion: Policy, why: str) -> None:
        """Make the learner's weights champion in the place of `champion`, or say why not."""
        before, after = champion.policy_id, learner.policy_id
        try:
            promote(self._slots.models, learner, champion, self._slots.source)
        except WeightsError as error:
            self._note("alarm", f"not promoted: {error}")
            return
        self._tell(ev.ChampionChanged(PROMOTED, before, after, why))
        self._because, self._tried = f"{PROMOTED}: {why}", -1

    def roll_back(self, why: str) -> None:
        """Bring the former champion back, or say why that cannot be."""
        obstacle = self._slots.obstacle
        before = self._seated_id()
        try:
            if not obstacle and self._former_id() == before:
                obstacle = "the former champion is back already"
            after = "" if obstacle else roll_back(self._slots.models)
        except WeightsError as error:
            obstacle = str(error)
        if obstacle:
            self._note("warn", f"not rolled back: {obstacle}")
            return
        self._tell(ev.ChampionChanged(ROLLED_BACK, before, after, why))
        self._because = f"{ROLLED_BACK}: {why}"
        self._take_seat()  # what is leaving must not trade on until everything is flat

    def _fault(self) -> str:
        """Why the weights on probation must go, or ""."""
        probation = self._champion.journal.ledger.probation
        settings = self._champion.settings.learning
        if not probation.active or self._slots.obstacle:
            return ""
        if not self._champion.ladder.views()[0].ready:
            return f"it failed: {self._champion.meters.last_fall}"
        if len(probation.slots) > settings.probation_slots:
            return ""
        if probation.drawdown < micro(settings.rollback_drawdown):
            return ""
        lost, limit = dollars(probation.drawdown), settings.rollback_drawdown
        return f"drawdown ${lost:.2f} since the promotion, max ${limit}"

    def _flat(self) -> bool:
        """Positions that one policy opened are for it to close."""
        ledger = self._champion.journal.ledger
        return not ledger.working and not any(
            slug not in ledger.awaiting for slug in ledger.open_slugs()
        )

    def _take_seat(self) -> None:
        """The ladder reads its files anew. A rung that a person picked goes on deciding."""
        ladder = self._champion.ladder
        picked = ladder.depth if ladder.views()[0].ready else 0
        because, self._because = self._because, ""
        fall = ladder.renew(self._slots.rungs(), because)
        if picked:
            again = ladder.pick(picked)
            fall = Fall(fall.from_name, again.to_name, f"{because}; {again.reason}")
        self._champion.fell(fall)

    def _came_here(self, policy: Policy) -> bool:
        """Whether a promotion put these weights where they are, with the former ones beside."""
        origin = None if policy.manifest is None else policy.manifest.origin
        if origin is None or origin.created_by != CREATED_BY or origin.parent is None:
            return False
        try:
            return origin.parent.startswith(self._former_id())
        except WeightsError:
            return False

    def _former_id(self) -> str:
        """Policy id of the weights in the slot ``checkpoint``; WeightsError where there are none
        that can be read."""
        return read_checkpoint(slot_file(self._slots.models, "checkpoint")).sha256[:12]

    def _seated_id(self) -> str:
        """Policy id of the first rung's weights as the file now is; "": it cannot be read."""
        path = self._slots.rungs()[0].path
        try:
            return "" if path is None else read_checkpoint(path).sha256[:12]
        except WeightsError:
            return ""

    def _tell(self, event: ev.Event) -> None:
        self._champion.journal.record(self._champion.t_ms, event)
        self._champion.journal.log.commit()

    def _note(self, level: str, text: str) -> None:
        self._tell(ev.Noted(level, text))
