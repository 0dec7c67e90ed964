"""What a person may ask of the engine: a closed set of small frozen requests.

The console (and later other shells) put them on a queue; the engine answers by changing the
next `Snapshot` and by writing an event. `Halt` does not wait in that queue: its latch is set in
memory by the caller's thread before anything else (DESIGN 2 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from engine.snapshot import Snapshot

WATCHDOG = "watchdog"
"""Origin of a halt that nobody asked for: it shuts the gate, and ends no selling."""


@dataclass(frozen=True, slots=True)
class Halt:
    """Shut the gate, cancel what is under way, keep positions: a person's halt ends a flatten."""

    origin: str
    """Who asked: ``key``, ``signal SIGUSR1``, ``stop file``, ``control socket`` ..."""
    asked_mono: float | None = None
    """When they asked, monotonic seconds; None: the port that takes it says when it did."""

    @property
    def why(self) -> str:
        """The latch's reason."""
        return f"halt by {self.origin}"


@dataclass(frozen=True, slots=True)
class ReduceOnly:
    """Admit only orders that reduce risk."""


@dataclass(frozen=True, slots=True)
class AdmitOpens:
    """Leave reduce-only."""


@dataclass(frozen=True, slots=True)
class Flatten:
    """Halt, then sell what is held."""

    origin: str
    asked_mono: float | None = None
    """As in `Halt`."""

    @property
    def why(self) -> str:
        """The latch's reason."""
        return f"flatten by {self.origin}"


@dataclass(frozen=True, slots=True)
class CloseOut:
    """Reduce-only and sell what is held, without latching HALTED: leaving for the day."""

    origin: str


@dataclass(frozen=True, slots=True)
class Resume:
    """Leave HALTED. The console sends it only after the typed word."""

    typed: str
    """Must be RESUME."""


@dataclass(frozen=True, slots=True)
class FallBack:
    """Fall one rung down the model ladder; from the last rung back to the champion."""


@dataclass(frozen=True, slots=True)
class PickModel:
    """Use this rung of the model ladder."""

    rung: int
    """Index into `ModelView.ladder`."""


@dataclass(frozen=True, slots=True)
class SetLearning:
    """Let the challenger learn, or stop it where it is."""

    on: bool


@dataclass(frozen=True, slots=True)
class Promote:
    """Make the challenger the champion; refused, with the failing criteria, unless all are met."""


@dataclass(frozen=True, slots=True)
class RollBack:
    """Bring back the champion before the last promotion."""


Stopping = Halt | Flatten
"""What shuts the gate."""

Request = (
    Halt
    | ReduceOnly
    | AdmitOpens
    | Flatten
    | CloseOut
    | Resume
    | FallBack
    | PickModel
    | SetLearning
    | Promote
    | RollBack
)


class EnginePort(Protocol):
    """All that the console may do with an engine. No method ever waits."""

    def latest(self) -> Snapshot:
        """The newest snapshot."""

    def ask(self, request: Request) -> None:
        """Queue a request. `Halt` and `Flatten` shut the gate before this returns."""

    def alive(self) -> bool:
        """Whether the engine's thread is running."""
