"""Nothing is scored on data that it learned from.

Owns the reading of what weights say they learned from (`models.manifest.Origin`), and what follows
for a tape: of recordings only what is newer counts, for every arm alike; a market made up from a
seed counts only where nobody has learned from that seed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.errors import UsageError
from engine.evaluation.accounts import WindowResult
from engine.evaluation.arms import Arm
from engine.evaluation.tape import Embedded, Tape

EMBEDDED = "embedded market"
"""How the name of everything made up begins in `Origin.learned_from`."""

_SEEDS = re.compile(rf"{EMBEDDED}, seeds? (\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*)")


@dataclass(frozen=True, slots=True)
class Known:
    """The newest recorded data that an arm learned from."""

    until_ms: int
    """Unix milliseconds."""
    arm: str

    def __str__(self) -> str:
        newest = datetime.fromtimestamp(self.until_ms / 1000, UTC)
        return f"{newest:%Y-%m-%d %H:%M} UTC, up to which {self.arm} learned"


def embedded_name(seeds: Iterable[range]) -> str:
    """What weights are to say that learned from the embedded market with these seeds."""
    parts = [f"{r[0]}-{r[-1]}" if len(r) > 1 else f"{r[0]}" for r in seeds if r]
    return f"{EMBEDDED}, seeds {', '.join(parts)}"


def holds_seed(learned_from: str, seed: int) -> bool:
    """Whether `learned_from` names the embedded market with this seed. One that begins like the
    embedded market and cannot be read may hold any."""
    if not learned_from.startswith(EMBEDDED):
        return False
    found = _SEEDS.fullmatch(learned_from)
    return found is None or any(_holds(part, seed) for part in found[1].split(", "))


def refuse_what_was_learned(tapes: Sequence[Tape], arms: Sequence[Arm]) -> None:
    """UsageError, one sentence, for a tape that an arm learned from where no time can part what it
    saw from what it did not."""
    for arm in arms:
        sources = () if arm.origin is None else arm.origin.learned_from
        for tape in tapes:
            if isinstance(tape, Embedded):
                if any(holds_seed(source, tape.seed) for source in sources):
                    raise UsageError(f"{arm.name} learned from the {tape.name}; take another seed")
            elif tape.name in sources and _until(arm) is None:
                raise UsageError(
                    f"{arm.name} learned from {tape.name}, and does not say up to when; leave out"
                    " one of them"
                )


def newest_known(arms: Sequence[Arm]) -> Known | None:
    """How far the arm that saw most recordings has seen; None: none saw any."""
    known = [Known(until, arm.name) for arm in arms if (until := _until(arm)) is not None]
    return max(known, key=lambda one: one.until_ms, default=None)


def unseen(
    windows: Sequence[WindowResult], tape: Tape, known: Known | None
) -> tuple[WindowResult, ...]:
    """The windows that may be scored: of a recording, those that began after all that is known."""
    if known is None or isinstance(tape, Embedded):
        return tuple(windows)
    return tuple(window for window in windows if window.start * 1000 > known.until_ms)


def _until(arm: Arm) -> int | None:
    return None if arm.origin is None else arm.origin.learned_until


def _holds(part: str, seed: int) -> bool:
    first, _, last = part.partition("-")
    return int(first) <= seed <= int(last or first)
