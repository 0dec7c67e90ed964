"""Which policy decides, and the order in which it falls back; the last rung always holds.

Automatic falls go down only, to the next rung that is ready, and never wrap: a rung that failed
stays out until a person picks it, which reads its file again. Not safe for more than one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np

from models.architecture import OUTPUTS, PHASE5, PRE_PHASE5
from models.catalog import slot_file
from models.errors import NonFiniteOutput, WeightsError
from models.policy import Floats, Policy, load_policy
from models.shipped import shipped

HOLD: Final = "hold"
"""Name of the last rung."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: a name and where its weights lie."""

    name: str
    """``champion``, ``checkpoint``, ``pre-phase-5`` or ``hold``."""
    path: Path | None
    """Weight file; None: there can be none."""
    if_absent: str = ""
    """What to say where there is no file and none is needed; "": its absence is an error."""


@dataclass(frozen=True, slots=True)
class Fall:
    """Another rung decides from now on."""

    from_name: str
    to_name: str
    reason: str


@dataclass(frozen=True, slots=True)
class RungView:
    """A rung as a screen may show it."""

    name: str
    architecture: str
    """``phase5``, ``pre_phase5`` or ``none``."""
    ready: bool
    detail: str
    """Policy id and training, or why the rung cannot be used."""


class Decides(Protocol):
    """Whatever may stand on a rung."""

    @property
    def architecture(self) -> str: ...

    @property
    def policy_id(self) -> str: ...

    @property
    def trained(self) -> bool: ...

    @property
    def evaluator(self) -> str: ...

    @property
    def device(self) -> str: ...

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats]:
        """As `models.policy.Policy.forward`."""


class HoldPolicy:
    """The last rung: certain of the first output, whatever comes in. Cannot fail."""

    __slots__ = ()

    architecture: Final = "none"
    policy_id: Final = ""
    trained: Final = False
    evaluator: Final = "none"
    device: Final = "none"

    def forward(self, current: Floats, _temporal: Floats) -> tuple[Floats, Floats]:
        """(1, 0, 0) and value 0 for each row of `current`."""
        probs = np.zeros((len(current), OUTPUTS), np.float32)
        probs[:, 0] = 1
        return probs, np.zeros(len(current), np.float32)


class Ladder:
    """The rungs, what was loaded for each, and the one that decides."""

    def __init__(self, rungs: Sequence[Rung], schema: str | None = None) -> None:
        """Nothing is loaded before `start`; until then the last rung decides.

        `schema` is the hash of the inputs that will be given: weights whose manifest names another
        one are not used; weights that name none, as the original ones, are.

        Raises ValueError unless the last rung, and no other, is named ``hold``.
        """
        if [rung.name == HOLD for rung in rungs] != [False] * (len(rungs) - 1) + [True]:
            raise ValueError(f"the last rung of a ladder, and no other, is named {HOLD}")
        self._rungs = tuple(rungs)
        self._schema = schema
        self._given: Decides | None = None
        self._loaded: list[Decides | str] = ["not loaded yet"] * (len(rungs) - 1)
        self._loaded.append(HoldPolicy())
        self._at = self._bottom

    @classmethod
    def of(cls, name: str, policy: Decides) -> Ladder:
        """A ladder of `policy`, which is read from no file, above the last rung."""
        ladder = cls((Rung(name, None), Rung(HOLD, None)))
        ladder._given = policy
        ladder.start()
        return ladder

    @property
    def policy(self) -> Decides:
        """The policy of the rung that decides."""
        policy = self._loaded[self._at]
        if isinstance(policy, str):
            raise AssertionError(f"{self.name} decides without a policy: {policy}")  # noqa: TRY004 - a broken invariant, not a caller's wrong type
        return policy

    @property
    def name(self) -> str:
        """Name of the rung that decides."""
        return self._rungs[self._at].name

    @property
    def depth(self) -> int:
        """Rungs below the champion: 0 is the champion itself."""
        return self._at

    @property
    def _bottom(self) -> int:
        return len(self._rungs) - 1

    def start(self) -> tuple[Fall, ...]:
        """Load every rung and stand on the first that is ready.

        All are loaded now because loading may compile, which no later decision should wait for.
        The fall from a champion that cannot be loaded is returned; unready rungs below the one
        that decides are no falls.
        """
        for index in range(self._bottom):
            self._load(index)
        self._at = 0
        first = self._loaded[0]
        return (self._descend(0, first),) if isinstance(first, str) else ()

    def fall(self, reason: str) -> Fall:
        """The rung that decides has failed: go down to the next ready one. Never wraps."""
        index = self._at
        if index != self._bottom:
            self._loaded[index] = reason
        return self._descend(index, reason)

    def pick(self, index: int) -> Fall:
        """Stand on a rung that a person chose, its file read again.

        If it cannot be used the next ready one below decides, and the reason says so. Raises
        IndexError for a rung that does not exist.
        """
        if not 0 <= index <= self._bottom:
            raise IndexError(f"there is no rung {index}; the ladder has {len(self._rungs)}")
        return self._stand_on(index, "picked")

    def cycle(self, reason: str) -> Fall:
        """One rung down by hand, from the last back to the champion; files are read again."""
        return self._stand_on((self._at + 1) % len(self._rungs), reason)

    def renew(self, rungs: Sequence[Rung], reason: str) -> Fall:
        """Read every file anew, of these rungs, and stand on the first that is ready.

        Raises ValueError unless they have the names of the former ones.
        """
        if [rung.name for rung in rungs] != [rung.name for rung in self._rungs]:
            raise ValueError("a ladder keeps the names of its rungs")
        before, self._rungs = self.name, tuple(rungs)
        falls = self.start()
        return Fall(before, self.name, "; ".join([reason, *(fall.reason for fall in falls)]))

    def forward(self, current: Floats, temporal: Floats) -> tuple[Floats, Floats, tuple[Fall, ...]]:
        """Probabilities (N, 3), values (N,), and the falls that it took to get finite ones.

        Raises ValueError for inputs of a wrong shape or not finite: no policy is to blame.
        """
        falls: list[Fall] = []
        while True:
            try:
                return (*self.policy.forward(current, temporal), tuple(falls))
            # RuntimeError is what MLX raises where a device or a stream fails.
            except (NonFiniteOutput, RuntimeError) as error:
                falls.append(self.fall(str(error)))

    def close(self) -> None:
        """Let go of every policy; the last rung decides from now on.

        Call it in the thread that used them. A compiled call that outlives its thread aborts the
        whole process at exit (MLX 0.32.4); until that is mended there, nobody may hold one longer.
        """
        self._at = self._bottom
        self._loaded[: self._bottom] = ["closed"] * self._bottom
        self._given = None

    def views(self) -> tuple[RungView, ...]:
        """Every rung, top first."""
        return tuple(map(_view, self._rungs, self._loaded))

    def _stand_on(self, index: int, reason: str) -> Fall:
        start = self._at
        self._load(index)
        loaded = self._loaded[index]
        if isinstance(loaded, str):
            self._at = index
            return self._descend(start, f"{reason}; {self._rungs[index].name}: {loaded}")
        self._at = index
        return Fall(self._rungs[start].name, self.name, reason)

    def _descend(self, start: int, reason: str) -> Fall:
        """Go to the next ready rung below this one; unready ones on the way are told."""
        skipped = [reason]
        while self._at < self._bottom:
            self._at += 1
            loaded = self._loaded[self._at]
            if not isinstance(loaded, str):
                break
            skipped.append(f"{self.name}: {loaded}")
        return Fall(self._rungs[start].name, self.name, "; ".join(skipped))

    def _load(self, index: int) -> None:
        if index != self._bottom:
            self._loaded[index] = self._given or _load(self._rungs[index], self._schema)


def _load(rung: Rung, schema: str | None) -> Policy | str:
    """The policy of a rung, or why it has none."""
    if rung.path is None or (rung.if_absent and not rung.path.exists()):
        return rung.if_absent or "no weights"
    try:
        policy = load_policy(rung.path)
    except WeightsError as error:
        return str(error)
    made_for = None if policy.manifest is None else policy.manifest.origin.feature_schema
    if schema is not None and made_for not in (None, schema):
        return f"{policy.path}: was trained on other features than these; use other weights"
    return policy


def _view(rung: Rung, loaded: Decides | str) -> RungView:
    if isinstance(loaded, str):
        return RungView(rung.name, "none", ready=False, detail=loaded)
    if isinstance(loaded, HoldPolicy):
        return RungView(rung.name, "none", ready=True, detail="always ready")
    detail = f"{loaded.policy_id} {'trained' if loaded.trained else 'untrained'}"
    return RungView(rung.name, loaded.architecture, ready=True, detail=detail)


def default_rungs(models_dir: Path) -> tuple[Rung, ...]:
    """Champion, last good checkpoint, pre-Phase-5, hold; shipped weights where none are installed.

    `models_dir` holds a folder for each slot of `models.catalog`; it need not exist.
    """
    champion, pre_phase5 = slot_file(models_dir, "champion"), slot_file(models_dir, "pre_phase5")
    return (
        Rung("champion", champion if champion.exists() else shipped(PHASE5)),
        Rung("checkpoint", slot_file(models_dir, "checkpoint"), if_absent="no checkpoint yet"),
        Rung("pre-phase-5", pre_phase5 if pre_phase5.exists() else shipped(PRE_PHASE5)),
        Rung(HOLD, None),
    )


def rungs_for(path: Path, models_dir: Path | None = None) -> tuple[Rung, ...]:
    """`path` as the champion, whatever its architecture, above the other default rungs.

    Without `models_dir` those are the shipped weights, and there is no checkpoint.
    """
    champion = Rung("champion", path)
    if models_dir is not None:
        return (champion, *default_rungs(models_dir)[1:])
    return (
        champion,
        Rung("checkpoint", None, if_absent="no checkpoint beside weights named by hand"),
        Rung("pre-phase-5", shipped(PRE_PHASE5)),
        Rung(HOLD, None),
    )
