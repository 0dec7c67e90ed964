"""When the underlying is measured on another venue: the rules, without a socket or a clock.

Owns the choice among rungs, the best first. Every look is given the time and how each rung stands,
and may change the choice. A switch costs the engine its history of the underlying, so a rung is
given up only after a while, and a better one is taken back only once it has held for a while.
"""

from __future__ import annotations

from dataclasses import dataclass

BACK_S = 10.0
"""A better rung must have been live for so long before it is taken back, clock seconds."""

DOWN_S = 2.0
"""A worse one for so long: after an outage of everything the best is the first to be usable."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one rung fares at a look."""

    usable: bool
    """All of its streams deliver."""
    blocked: str = ""
    """The venue refuses this place: the sentence that says so; empty: it does not."""
    why: str = ""
    """What is wrong with a rung that is not usable, one clause."""


class Ladder:
    """The chosen rung, and since when each one is usable or not."""

    def __init__(self, rungs: int, failing_s: float) -> None:
        self.chosen: int | None = None
        """Index of the rung that counts; None: none was usable yet."""
        self.reason = ""
        """Why this rung and not a better one; empty at the first."""
        self._failing_s = failing_s
        self._usable_since: list[float | None] = [None] * rungs
        self._useless_since = 0.0
        self._wrong = [""] * rungs
        self._failing = True

    @property
    def running(self) -> frozenset[int]:
        """Rungs whose streams are wanted: the chosen and all better ones; all when it fails."""
        if self.chosen is None or self._failing:
            return frozenset(range(len(self._usable_since)))
        return frozenset(range(self.chosen + 1))

    def begin(self, now_s: float, standings: tuple[Standing, ...]) -> bool:
        """Choose the first rung that answered its probe (there `usable` says that it did).

        Returns whether one did. Its streams have yet to show that they deliver.
        """
        self._note(standings)
        answered = (index for index, rung in enumerate(standings) if rung.usable)
        first = next(answered, None)
        if first is None:
            return False
        self._choose(first, now_s)
        return True

    def look(self, now_s: float, standings: tuple[Standing, ...]) -> bool:
        """Take note of how the rungs stand. Returns whether the choice changed."""
        self._note(standings)
        for index, rung in enumerate(standings):
            since = self._usable_since[index]
            held = now_s if since is None else since
            self._usable_since[index] = held if rung.usable else None
        if self.chosen is not None and standings[self.chosen].usable:
            self._useless_since = now_s
        self._failing = self._fails(now_s, standings)
        better = self._ready(now_s)
        if better is None or better == self.chosen:
            return False
        self._choose(better, now_s)
        return True

    def _fails(self, now_s: float, standings: tuple[Standing, ...]) -> bool:
        if self.chosen is None:
            return True
        useless = now_s - self._useless_since >= self._failing_s
        return useless or bool(standings[self.chosen].blocked)

    def _ready(self, now_s: float) -> int | None:
        """The best rung that has held for as long as it must to be chosen now."""
        for index, since in enumerate(self._usable_since):
            if since is not None and now_s - since >= self._must_hold(index):
                return index
        return None

    def _must_hold(self, index: int) -> float:
        if self.chosen is None:
            return 0.0
        if index > self.chosen:
            return DOWN_S if self._failing else float("inf")
        return BACK_S if index < self.chosen and not self._failing else 0.0

    def _note(self, standings: tuple[Standing, ...]) -> None:
        for index, rung in enumerate(standings):
            if rung.blocked or rung.why:
                self._wrong[index] = rung.blocked or rung.why

    def _choose(self, index: int, now_s: float) -> None:
        self.chosen, self._useless_since, self._failing = index, now_s, False
        self.reason = "; ".join(wrong for wrong in self._wrong[:index] if wrong)
