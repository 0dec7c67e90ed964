"""How a training goes, on the terminal: one line that rewrites itself, or one for each iteration.

Owns the wording and the guess of the time left. It writes to one stream and reads no clock but the
one it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TextIO

from console.rewritten import RewrittenLine
from engine.training.course import Moment
from engine.training.folder import Entry

BAR = 20
"""Cells of the bar."""


@dataclass(slots=True)
class Goal:
    """How far a training is to go in this run; None: there is no such end."""

    iterations: int | None
    """Counted from the training's beginning."""
    seconds: float | None
    """Real time of this run."""

    def reached(self, iteration: int, elapsed_s: float) -> bool:
        return (self.iterations is not None and iteration >= self.iterations) or (
            self.seconds is not None and elapsed_s >= self.seconds
        )


@dataclass(slots=True)
class Progress:
    """Tells one run."""

    stream: TextIO
    mono: Callable[[], float]
    """Real seconds."""
    goal: Goal
    first: int
    """Iterations done before this run."""
    segments: int
    """Of an iteration."""
    begun: float = field(init=False)
    last: Entry | None = field(init=False, default=None)
    """The newest iteration of this run."""

    _line: RewrittenLine = field(init=False)

    def __post_init__(self) -> None:
        self.begun = self.mono()
        self._line = RewrittenLine(self.stream)

    @property
    def elapsed(self) -> float:
        """Real seconds of this run."""
        return self.mono() - self.begun

    def moment(self, now: Moment) -> None:
        """An iteration got on a little."""
        self._line.show(self._so_far(now))

    def entry(self, entry: Entry) -> None:
        """An iteration is over."""
        self.last = entry
        if not self.stream.isatty():
            self.stream.write(f"{self._place(entry.iteration)}: {told(entry)}\n")
            self.stream.flush()

    def say(self, sentence: str) -> None:
        """A sentence of its own line."""
        self.clear()
        self.stream.write(f"trade-console: {sentence}\n")
        self.stream.flush()

    def clear(self) -> None:
        """Leave nothing of the rewritten line."""
        self._line.clear()

    def _so_far(self, now: Moment) -> str:
        filled = BAR * now.segments // self.segments
        doing = f"update, slice {now.step}" if now.step else f"{now.rows:,} rows"
        parts = [
            f"{self._place(now.iteration)} [{'#' * filled}{'.' * (BAR - filled)}] {doing}",
            f"ETA {self._eta()}",
        ]
        if self.last is not None:
            parts.append(f"last: {told(self.last)}")
        return ", ".join(parts)

    def _place(self, iteration: int) -> str:
        of = "" if self.goal.iterations is None else f"/{self.goal.iterations}"
        return f"iteration {iteration}{of}"

    def _eta(self) -> str:
        """The nearer of the two ends, by the pace of this run so far; "?": not known yet."""
        left = [] if self.goal.seconds is None else [max(0.0, self.goal.seconds - self.elapsed)]
        if self.goal.iterations is not None and self.last is not None:
            done = self.last.iteration - self.first
            left.append(self.elapsed / done * (self.goal.iterations - self.last.iteration))
        return _clock(min(left)) if left else "?"


def told(entry: Entry) -> str:
    """One iteration in one line."""
    pace = entry.rows / entry.collect_s if entry.collect_s else 0.0
    parts = [
        f"{entry.rows:,} rows at {pace:,.0f}/s",
        f"${_number(entry.pnl_per_window, '+.2f')} a window",
        f"{entry.fills} fills",
        f"entropy {_number(entry.entropy, '.3f')}",
        f"KL {_number(entry.kl, '.4f')}",
        f"EV {_number(entry.explained_variance, '+.2f')}",
    ]
    if entry.reason:
        parts.append(f"{entry.verdict}: {entry.reason}")
    return ", ".join(parts)


def _number(value: float | None, form: str) -> str:
    return "?" if value is None else format(value, form)


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
