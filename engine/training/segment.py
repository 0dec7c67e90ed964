"""One piece of market, and what a policy experiences in it.

Owns the run of a segment: the real engine, paper venue and rules, a policy that samples, and a log
that keeps nothing. What comes of it depends on the segment and the weights alone.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

from engine.end import ended
from engine.evaluation.tape import Tape
from engine.journal import Journal
from engine.learning.shadow import shadow_engine
from engine.learning.trajectories import Trajectories
from engine.learning.transition import Transition
from engine.settings import Settings
from engine.trading_state import Latch
from engine.training.harvest import Harvest, Takings, packed
from models.ladder import Ladder

OVER = "the segment is over"
"""Why the last decisions of a segment are cut."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of market, read from its beginning to its end."""

    tape: Tape
    seed: int
    """Of the policy's draws and the venue's."""


def run_segment(segment: Segment, ladder: Ladder, settings: Settings) -> Harvest:
    """What `ladder` experiences, deciding by sampling.

    Raises RecordingError or UsageError, one sentence, where the tape cannot be read.
    """
    rows: list[Transition] = []
    with closing(segment.tape.open()) as feed:
        engine = shadow_engine(feed, ladder, settings, Latch(None), segment.seed)
        trajectories = Trajectories(rows.append)
        trajectories.follow(engine)
        while not ended(engine):
            engine.advance(engine.t_ms + settings.decision_ms)
        trajectories.cut(OVER)
        return packed(rows, _takings(engine.journal), engine.t_ms)


def _takings(journal: Journal) -> Takings:
    ledger = journal.ledger
    known = [slug for slug, outcome in ledger.verdicts.items() if outcome is not None]
    starts = {ledger.markets[slug].start_ms for slug in known if slug in ledger.markets}
    return Takings(
        windows=len(known),
        slots=len(starts),
        realised=ledger.realised,
        fees=ledger.fees,
        fills=ledger.counts["FillMatched"],
    )
