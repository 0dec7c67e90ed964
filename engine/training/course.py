"""Iterations until the end, or until somebody stops them, each of them kept.

Owns the order: collect, learn, write down, go on. Nothing outlives an iteration but the learner and
what stands in `Kept`, so a training that was killed repeats the iteration in which it died and
comes out the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from engine.clock import Clock
from engine.errors import LearnerStateError
from engine.evaluation.tape import Recorded
from engine.evaluation.walk_forward import embedded_name
from engine.features import SCHEMA_HASH
from engine.learning.learner import Learner
from engine.training.crew import Stopped
from engine.training.folder import Entry, Folder, Kept, decoded
from engine.training.harvest import Harvest
from engine.training.lesson import entry_of, learn
from engine.training.plan import MADE_UP, Plan
from engine.training.segment import Segment
from models.checkpoint import save_policy
from models.manifest import Origin
from models.tensor_file import tensor_bytes

MAKER: Final = "trade-console train"
EMBEDDED: Final = embedded_name([range(MADE_UP, 2 * MADE_UP)])
"""What weights say of the markets that `Plan.segments_of` makes up."""


class Gathers(Protocol):
    """Whoever lets weights experience segments (`engine.training.crew.Crew`)."""

    def gather(
        self,
        weights: bytes,
        segments: Sequence[Segment],
        landed: Callable[[Harvest], None],
        stopped: Callable[[], bool],
    ) -> list[Harvest]: ...


@dataclass(frozen=True, slots=True)
class Moment:
    """How far the iteration in progress is."""

    iteration: int
    segments: int = 0
    """Segments run so far."""
    rows: int = 0
    """Transitions so far."""
    step: int = 0
    """Slices of the update so far; 0: it has not begun."""


@dataclass(frozen=True, slots=True)
class Telling:
    """Whom a training tells how it goes, and asks whether to go on."""

    moment: Callable[[Moment], None]
    entry: Callable[[Entry], None]
    """An iteration is over and kept."""
    abandoned: Callable[[], bool]
    """Whether the iteration in progress shall be given up; `Course.run` then raises Stopped."""


class Course:
    """One training, from wherever its folder says it is."""

    def __init__(self, plan: Plan, learner: Learner, folder: Folder, clock: Clock) -> None:
        """`learner` is new and belongs to this thread; `folder` is entered."""
        self._plan, self._learner, self._folder, self._clock = plan, learner, folder, clock
        self._entries: list[Entry] = []
        self._learned_until: int | None = None
        self._learned_from: tuple[str, ...] = ()
        self.iteration = 0
        """Iterations done, of earlier runs too."""
        self.warnings: tuple[str, ...] = ()
        """Sentences about checkpoints that could not be used."""
        self._go_on()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """The log, of earlier runs too."""
        return tuple(self._entries)

    @property
    def policy_id(self) -> str:
        """Of the newest weights."""
        return self._learner.policy_id

    def run(self, crew: Gathers, more: Callable[[int], bool], telling: Telling) -> None:
        """Iterate while `more`, asked with the number of iterations done, says so.

        Raises Stopped where the iteration in progress was given up, and ConsoleError or
        WeightsError, one sentence, where it cannot be done or kept. Whatever is raised, all
        iterations before it are kept.
        """
        while more(self.iteration):
            telling.entry(self._iterate(crew, telling))

    def _iterate(self, crew: Gathers, telling: Telling) -> Entry:
        number = self.iteration + 1
        counter = _Counter(number, telling)
        begun = self._clock.mono()
        segments = self._plan.segments_of(number)
        weights = tensor_bytes(self._plan.architecture, self._learner.tensors())
        harvests = crew.gather(weights, segments, counter.landed, telling.abandoned)
        collected = self._clock.mono()
        judged = learn(self._learner, harvests, number, counter.stepped)
        seconds = (collected - begun, self._clock.mono() - collected)
        self._note_sources(segments, harvests)
        self.iteration = number
        entry = entry_of(number, harvests, judged, self._learner, seconds)
        self._keep(entry)
        return entry

    def _note_sources(self, segments: Sequence[Segment], harvests: Sequence[Harvest]) -> None:
        for segment, harvest in zip(segments, harvests, strict=True):
            recorded = isinstance(segment.tape, Recorded)
            name = segment.tape.name if recorded else EMBEDDED
            if name not in self._learned_from:
                self._learned_from = (*self._learned_from, name)
            if recorded:
                self._learned_until = max(self._learned_until or 0, harvest.until_ms)

    # ---- what is kept, and found again --------------------------------------------------------

    def _keep(self, entry: Entry) -> None:
        """The checkpoint first: log and weights can be made from it, not it from them."""
        self._folder.keep(
            Kept(
                self.iteration,
                self._learned_until,
                self._learned_from,
                self._learner.state_bytes(),
            )
        )
        self._entries.append(entry)
        self._folder.write_log(self._entries)
        self._save_weights()

    def _save_weights(self) -> None:
        stats = replace(self._learner.stats(), buffer_size=self._plan.profile.rows)
        save_policy(self._folder.weights, self._learner.tensors(), stats, self._origin())

    def _origin(self) -> Origin:
        return Origin(
            created_by=f"{MAKER}, seed {self._plan.seed}, {self.iteration} iterations",
            trained=True,
            profile=self._plan.profile.name,
            feature_schema=SCHEMA_HASH,
            parent=self._plan.start,
            learned_until=self._learned_until,
            learned_from=self._learned_from,
        )

    def _go_on(self) -> None:
        """Become what the newest whole checkpoint says, if there is any."""
        refused: list[str] = []
        for name, data in self._folder.store.newest():
            try:
                kept = decoded(data)
                self._learner.resume(kept.learner)
            except LearnerStateError as error:
                refused.append(f"{name}: {error}")
                continue
            self._become(kept)
            break
        self.warnings = (*self._folder.store.refused, *refused)

    def _become(self, kept: Kept) -> None:
        """A log or weights that were not written any more, or of a lost iteration, are mended."""
        self.iteration = kept.iteration
        self._learned_until, self._learned_from = kept.learned_until, kept.learned_from
        self._entries = [e for e in self._folder.entries() if e.iteration <= kept.iteration]
        self._folder.write_log(self._entries)
        self._save_weights()


class _Counter:
    """Counts what happens within one iteration, and passes it on."""

    def __init__(self, iteration: int, telling: Telling) -> None:
        self._moment = Moment(iteration)
        self._telling = telling

    def landed(self, harvest: Harvest) -> None:
        moment = self._moment
        self._tell(replace(moment, segments=moment.segments + 1, rows=moment.rows + len(harvest)))

    def stepped(self) -> None:
        if self._telling.abandoned():
            raise Stopped
        self._tell(replace(self._moment, step=self._moment.step + 1))

    def _tell(self, moment: Moment) -> None:
        self._moment = moment
        self._telling.moment(moment)
