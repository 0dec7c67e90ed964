"""What is compared: weights and fixed rules, each under a name.

Owns the names, and the making of frozen weights and of rules; arms that learn are made from frozen
ones (`online`). An arm whose weights cannot be loaded is refused rather than replaced by others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from engine.errors import ConsoleError, UsageError
from engine.evaluation.pace import Rates
from engine.evaluation.rules import FIXED, RandomTrader
from engine.evaluation.seat import RuleLadder
from engine.learning.learner import Learner
from models.architecture import PHASE5, PRE_PHASE5
from models.checkpoint import FILE_NAME
from models.ladder import HOLD, Ladder, Rung
from models.manifest import Origin
from models.policy import Policy
from models.shipped import shipped

DEFAULT_REFERENCE = "always-hold"
RANDOM = "random"
"""The arm that opens and leaves as often as another, either side alike."""

MODEL_LENGTH = 12
"""Characters of a model's name that are kept."""

NAME_LENGTH = MODEL_LENGTH + len(" placebo")
"""Characters of an arm's name that the table has room for."""

Kind = Literal["frozen", "online", "placebo", "rule"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One thing that decides."""

    name: str
    about: str
    """One clause for the report."""
    ladder: Ladder
    policy_id: str = ""
    """First 12 hex digits of the weights' hash; empty for a rule."""
    trained: bool | None = None
    """False: the manifest says these are initial weights. None: a rule has none."""
    kind: Kind = "rule"
    model: str = ""
    """Name of the frozen arm with the weights that it has or began with; empty for a rule."""
    origin: Origin | None = None
    """What the weights' manifest says of them; None: it does not exist, or this is a rule."""
    learner: Learner | None = None
    """What decides, and learns from it; None: nothing is learned."""

    def close(self) -> None:
        """Let go of all that MLX compiled, in the thread that used it."""
        self.ladder.close()
        if self.learner is not None:
            self.learner.close()


def default_models() -> tuple[Path, ...]:
    """The weights that come with the program, both architectures."""
    return shipped(PHASE5), shipped(PRE_PHASE5)


def frozen_arms(paths: Sequence[Path]) -> list[Arm]:
    """An arm for each weight file, loaded.

    Raises ConsoleError, one sentence, for weights that cannot be loaded or are named twice.
    """
    arms: list[Arm] = []
    for path in paths:
        arm = _frozen(path)
        same = next((a for a in arms if a.policy_id == arm.policy_id), None)
        if same is not None:
            raise UsageError(f"{path}: the same weights as {same.name}; name each model once")
        arms.append(_renamed(arm, {a.name for a in arms}))
    return arms


def fixed_arms() -> list[Arm]:
    """An arm for each rule that needs nothing to be measured first."""
    return [Arm(name, _first_line(rule.__doc__), RuleLadder(rule)) for name, rule in FIXED.items()]


def random_arm(rates: Rates, of: str, seed: int) -> Arm:
    """Chance at the pace of the arm named `of`."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, *RANDOM.encode()]))
    about = (
        f"either side alike, at the pace of {of}: opens at {rates.opening:.2%} of the ticks, "
        f"leaves at {rates.leaving:.2%}"
    )
    return Arm(RANDOM, about, RuleLadder(RandomTrader(rates, rng)))


def paced_by(reference: str, models: Sequence[Arm]) -> str:
    """Whose pace the random arm takes: the reference's, unless that one never trades."""
    return models[0].name if reference in (DEFAULT_REFERENCE, RANDOM) else reference


def _frozen(path: Path) -> Arm:
    ladder = Ladder((Rung("champion", path), Rung(HOLD, None)))
    falls = ladder.start()
    if falls:
        raise ConsoleError(falls[0].reason)
    policy = ladder.policy
    training = "trained" if policy.trained else "untrained"
    about = f"{policy.architecture} {policy.policy_id}, {training}, frozen"
    name = _name(path)
    manifest = policy.manifest if isinstance(policy, Policy) else None
    origin = None if manifest is None else manifest.origin
    return Arm(name, about, ladder, policy.policy_id, policy.trained, "frozen", name, origin)


def _name(path: Path) -> str:
    """The file's own name, or its folder's where the file is called as all weights are."""
    folder = path if path.is_dir() else path.parent
    name = folder.resolve().name if path.is_dir() or path.name == FILE_NAME else path.stem
    return name[:MODEL_LENGTH]


def _renamed(arm: Arm, taken: set[str]) -> Arm:
    """`arm` under a name that no other has."""
    if arm.name not in taken and arm.name not in FIXED and arm.name != RANDOM:
        return arm
    name = f"{arm.name[: MODEL_LENGTH - 5]}-{arm.policy_id[:4]}"
    return replace(arm, name=name, model=name)


def _first_line(text: str | None) -> str:
    return (text or "").splitlines()[0].rstrip(".")
