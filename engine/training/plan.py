"""What is trained, from what and how; and what may not change when a training goes on.

Owns the choice of market for every segment of every iteration, a function of the plan alone, and
the limits that hold only here. Runs nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.errors import UsageError
from engine.evaluation.tape import Embedded, Recorded, Tape
from engine.features import SCHEMA_HASH
from engine.learning.profile import Profile
from engine.learning.shadow import nobodys
from engine.recording_parts import Session, fingerprint
from engine.settings import Learning, Settings
from engine.training.segment import Segment
from models.architecture import Architecture

MADE_UP: Final = 1 << 62
"""Added to the seeds of markets, so that none is one that a person types in to evaluate."""

GUARDS: Final = Learning(
    updates_per_hour=3_600,
    champion_kl=10.0,
    entropy_high=1.0,
    explained_variance=-100.0,
    weight_growth=100.0,
)
"""The guards of offline training. There is no champion to stay near, initial weights do throw dice,
and their critic knows nothing yet: those four limits are set out of reach. Finite numbers, the
largest change of one update, the least entropy and the dormant units are watched as online."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One training."""

    architecture: Architecture
    profile: Profile
    """As the running program has it; see `update_profile`."""
    minibatch: int
    """Rows of one gradient step here."""
    settings: Settings
    """The user's: stake, costs and the market's rules count; see `training_settings`."""
    seed: int
    start: str
    """sha256 of the weight file that it begins with."""
    recordings: tuple[Path, ...]
    embedded: bool
    """Whether the embedded market is trained on; beside recordings, in every other segment."""
    segments: int
    """Of an iteration, each a market of its own."""
    windows: int
    """Window slots of a segment of the embedded market. A recording is run whole."""

    @property
    def update_profile(self) -> Profile:
        """The profile for iterations of many windows.

        An iteration's rows, however many, are one update, if anything was earned in them. Larger
        minibatches measure the divergence of a step by more rows than the noise of 64.
        """
        return replace(self.profile, rows=self.minibatch, episodes=0, minibatch=self.minibatch)

    def fixed(self) -> dict[str, Any]:
        """All that decides what is learnt, as JSON can hold it, under the names that users know."""
        return {
            "architecture": self.architecture.name,
            "profile": asdict(self.update_profile),
            "settings": json.loads(training_settings(self.settings).model_dump_json()),
            "seed": self.seed,
            "from": self.start,
            "recordings": [[path.name, fingerprint(path)] for path in self.recordings],
            "embedded": self.embedded,
            "segments": self.segments,
            "windows": self.windows,
            "features": SCHEMA_HASH,
        }

    def segments_of(self, iteration: int) -> tuple[Segment, ...]:
        """The markets of one iteration (from 1). The same whenever and by whomever it is asked."""
        return tuple(self._segment(iteration, index) for index in range(self.segments))

    def _segment(self, iteration: int, index: int) -> Segment:
        words = np.random.SeedSequence([self.seed, iteration, index]).generate_state(2, np.uint64)
        market, draws = (MADE_UP | int(word) >> 2 for word in words)
        return Segment(self._tape((iteration - 1) * self.segments + index, market), draws)

    def _tape(self, number: int, market_seed: int) -> Tape:
        """The market of the segment with this number, counted over all iterations."""
        if not self.recordings or (self.embedded and number % 2 == 0):
            return Embedded(market_seed, self.windows)
        turn = number // 2 if self.embedded else number
        return Recorded(self.recordings[turn % len(self.recordings)])


def training_settings(settings: Settings) -> Settings:
    """The user's settings for an account that is nobody's, under the guards of offline training.

    How often it opens is not limited either: that calms a screen, and the market has no such rule.
    """
    free = nobodys(settings)
    limits = free.limits.model_copy(update={"opens_per_minute": 600})
    return free.model_copy(update={"limits": limits, "learning": GUARDS})


def refuse_unusable(recordings: Sequence[Path]) -> None:
    """RecordingError or UsageError, one sentence, for a file that nothing can be learnt from."""
    for path in recordings:
        with closing(Session(path)) as recording:
            if "book" not in recording.header.has:
                raise UsageError(
                    f"{path}: has no order books, so nothing can be bought in it and nothing"
                    " learnt; leave it out"
                )


def difference(known: dict[str, Any], asked: dict[str, Any]) -> str:
    """The first thing in which two plans (`Plan.fixed`) differ, in words; "": nothing."""
    for name in asked:
        if known.get(name) != asked[name]:
            return f"{name} was {_short(known.get(name))} and is {_short(asked[name])} now"
    return ""


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
