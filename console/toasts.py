"""Which alerts stand on the screen as toasts, and when the bell rings.

Owns what was shown already, so that nothing is shown twice, and that no more than three stand at
once: a stack of them would hide the screen. It draws nothing and rings nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.notifications import SeverityLevel

from engine.alerts.alert import Kind
from engine.safety_view import AlertView, DrillView
from engine.snapshot import Snapshot

MOST = 3
"""Toasts at once."""

PACE_OF_A_PERSON = 2.0
"""Market seconds a real second up to which fills are worth a toast; faster they would never end."""


OLD_S = 30.0
"""Real seconds after which an alert is no news: whoever attaches later finds it in the view."""


@dataclass(frozen=True, slots=True)
class Toast:
    """One toast."""

    seq: int
    text: str
    level: str
    """``info``, ``warn`` or ``alarm``."""
    until: float
    """Monotonic seconds."""
    kind: str = ""
    """One of `engine.alerts.alert.Kind`; "" where it is no alert."""

    @property
    def severity(self) -> SeverityLevel:
        return _SEVERITIES.get(self.level, "warning")


_SEVERITIES: dict[str, SeverityLevel] = {
    "info": "information",
    "warn": "warning",
    "alarm": "error",
}

_LEVELS: dict[SeverityLevel, str] = {severity: level for level, severity in _SEVERITIES.items()}

SAID_S = 6.0
"""Seconds for which the console's own word stands."""

_SECONDS = {"info": 4.0, "warn": 8.0, "alarm": 15.0}
"""How long each stands."""

_LOUDNESS = {"info": 0, "warn": 1, "alarm": 2}


@dataclass(frozen=True, slots=True)
class News:
    """What is to stand on the screen from now on."""

    toasts: tuple[Toast, ...]
    """Alerts oldest first, then what the console said; all that is to be seen, new or not."""
    rings: bool
    """Whether an alarm is among what is new."""


class Toasts:
    """What was shown, and what still stands."""

    def __init__(self) -> None:
        self._heard = 0
        """The newest alert that was shown."""
        self._drilled = False
        self._said: list[Toast] = []
        """The console's last word about a key, if it still stands."""
        self._standing: list[Toast] = []

    def say(self, text: str, severity: SeverityLevel, now: float) -> News:
        """Show `text` in place of the last one that was said, beside the alerts that stand."""
        self._said = [Toast(self._heard, text, _LEVELS[severity], now + SAID_S)]
        return News(self._all(now), rings=False)

    def news(self, snapshot: Snapshot, now: float) -> News | None:
        """What stands from `now` (monotonic seconds) on; None: nothing is new."""
        fresh = [*self._drill(snapshot.safety.drill, now), *self._alerts(snapshot, now)]
        if not fresh:
            return None
        self._standing = _without_halts([*self._standing, *fresh])
        return News(self._all(now), any(toast.level == "alarm" for toast in fresh))

    def _all(self, now: float) -> tuple[Toast, ...]:
        """What has time left: what was said, and the loudest of the alerts."""
        self._said = [toast for toast in self._said if toast.until > now]
        alive = [toast for toast in self._standing if toast.until > now]
        loudest = sorted(alive, key=lambda t: (_LOUDNESS.get(t.level, 1), t.seq))
        room = MOST - len(self._said)
        self._standing = sorted(loudest[-room:], key=lambda toast: toast.seq)
        return *self._standing, *self._said

    def _drill(self, drill: DrillView, now: float) -> list[Toast]:
        """The drill's result, once."""
        if drill.passed is None or self._drilled:
            return []
        self._drilled = True
        word, level = ("passed", "info") if drill.passed else ("FAILED", "alarm")
        text = f"stop drill {word}: {drill.sentence}" if drill.sentence else f"stop drill {word}"
        return [Toast(0, text, level, now + _SECONDS["warn"])]

    def _alerts(self, snapshot: Snapshot, now: float) -> list[Toast]:
        unheard = [alert for alert in snapshot.safety.alerts if alert.seq > self._heard]
        self._heard = max((alert.seq for alert in unheard), default=self._heard)
        return [
            Toast(a.seq, f"{a.kind}: {a.text}", a.level, now + _SECONDS.get(a.level, 8.0), a.kind)
            for a in unheard
            if _is_news(a, snapshot)
        ]


def _without_halts(toasts: list[Toast]) -> list[Toast]:
    """The evidence of a stop says that it was one: what told so before it has had its time."""
    told = max((toast.seq for toast in toasts if toast.kind == Kind.STOP), default=0)
    return [toast for toast in toasts if toast.kind != Kind.HALT or toast.seq > told]


def _is_news(alert: AlertView, snapshot: Snapshot) -> bool:
    if (snapshot.t_ms - alert.t_ms) / 1000 > OLD_S * snapshot.speed:
        return False
    return alert.level != "info" or snapshot.speed <= PACE_OF_A_PERSON
