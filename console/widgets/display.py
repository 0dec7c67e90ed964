"""How the screen is being looked at: what every widget must know beside the snapshot.

Owned by the app, which builds a new one at each poll. No widget keeps such state of its own, so
privacy and the clock cannot differ between two corners of the screen.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from console.text import Money

SHOWN = Money()
"""Amounts in plain sight."""


@dataclass(frozen=True, slots=True)
class Display:
    """One moment of looking."""

    money: Money = SHOWN
    """Writes amounts, or hides them (privacy)."""
    now_mono: float | None = None
    """`time.monotonic()` seconds of this poll; None: ask the clock."""
    frozen_s: float | None = None
    """Seconds since the display was frozen; None: it is live."""
    alive: bool = True
    """Whether the engine's thread is running."""

    def beat_age(self, beat_mono: float) -> float:
        """Seconds since the engine published, never negative."""
        now = time.monotonic() if self.now_mono is None else self.now_mono
        return max(0.0, now - beat_mono)


@runtime_checkable
class Displaying(Protocol):
    """An app that knows how it is being looked at."""

    def look(self) -> Display: ...


def look_of(app: object) -> Display:
    """The display of `app`; the plain one for an app of another kind, as tests of parts use."""
    return app.look() if isinstance(app, Displaying) else Display()
