"""What the console may know of safety: frozen, plain numbers and words.

A part of `engine.snapshot`, under the same rules: every float is finite or None, and None is
unknown.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DutyView:
    """A task that must prove that it runs."""

    name: str
    age_s: float | None
    """Seconds since its last stamp; None: never."""
    limit_s: float
    """Oldest stamp that counts as fresh, seconds."""
    fresh: bool
    note: str = ""
    """What it did last."""


@dataclass(frozen=True, slots=True)
class BreakerView:
    """A tripped breaker."""

    name: str
    reason: str
    since_ms: int
    """Market time, unix milliseconds."""
    lasts: bool
    """Whether the cause is still there."""
    clears: str
    """What it takes to clear it, in words."""


@dataclass(frozen=True, slots=True)
class AmbiguousView:
    """An order whose fate is not known."""

    order_id: str
    until_ms: int
    """Market time after which it can no longer fill, unix milliseconds."""
    cost: float
    """Dollars that it may take."""


@dataclass(frozen=True, slots=True)
class StopView:
    """An emergency stop and its evidence."""

    grade: str
    """``halt`` or ``flatten``."""
    origin: str
    """Who asked: ``key``, ``signal SIGUSR1``, ``stop file``, ``control socket`` ..."""
    asked_ms: int
    """Market time, unix milliseconds."""
    latched_ms: float | None
    """Real milliseconds from the question to the shut gate; None: it was shut before this run."""
    kept: bool | None
    """Whether the latch is on disk; None: being written."""
    orders: int
    """Orders that were under way."""
    confirmed: int
    """Of these, known to be over: cancelled, filled, killed or rejected."""
    filled: int
    """Of these, filled at least in part after all."""
    ambiguous: tuple[AmbiguousView, ...]
    held: tuple[str, ...]
    """What is held now, in words: ``BTC UP 6.25``."""
    worst_case: float | None
    """Dollars: the day's result if everything goes against us from here."""
    done: bool
    """Every order is over or has a known last moment, and what was to be sold is sold."""
    sentence: str
    """All of it in one line, as the log and the other shells say it."""


@dataclass(frozen=True, slots=True)
class DrillView:
    """The stop tried at the start of this run."""

    passed: bool | None = None
    """None: not made."""
    latched_ms: float | None = None
    """Real milliseconds from the question to the shut gate."""
    sentence: str = ""


@dataclass(frozen=True, slots=True)
class AlertView:
    """Something a person should hear of."""

    seq: int
    """Rises by one; an alert that was shown is not shown again."""
    t_ms: int
    """Market time, unix milliseconds."""
    kind: str
    """One of `engine.alerts.alert.Kind`."""
    level: str
    """``info``, ``warn`` or ``alarm``."""
    text: str


@dataclass(frozen=True, slots=True)
class SafetyView:
    """Everything of it."""

    duties: tuple[DutyView, ...] = ()
    breakers: tuple[BreakerView, ...] = ()
    stop: StopView | None = None
    """The newest stop of this run; None: none was asked for."""
    drill: DrillView = DrillView()
    alerts: tuple[AlertView, ...] = ()
    """Newest last, at most 50."""
    webhook: str = ""
    """``off``, ``on``, or what is wrong with it; never its address."""
    on_hangup: str = ""
    """What happens when the terminal goes away."""
    control: str = ""
    """Whether other shells can reach this engine: ``listening``, or why not."""
    stuck_s: float | None = None
    """Real seconds since the engine's thread last moved, as its watchdog sees; None: it moves."""
    unmet: tuple[str, ...] = ()
    """What forbids RESUME now, in the engine's words; empty: nothing that it knows of."""
