"""The time after a promotion in which the former champion may come back by itself.

A fold over events, as everything that a restart must not forget: how much has been realised since
the promotion, the best of it, and for how many window slots it has been watched.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import events as ev


@dataclass(slots=True)
class Probation:
    """Micro-dollars realised since the last promotion; inactive where there was none."""

    active: bool = False
    realised: int = 0
    best: int = 0
    """The highest that `realised` has been, at least 0."""
    slots: set[int] = field(default_factory=set)
    """Starts of the windows seen since, unix seconds."""

    @property
    def drawdown(self) -> int:
        """Micro-dollars lost since the best moment."""
        return self.best - self.realised

    def apply(self, event: ev.Event, realised: int) -> None:
        """Fold one event, which realised so many micro-dollars."""
        if isinstance(event, ev.ChampionChanged):
            self._begin(event)
        if not self.active:
            return
        if isinstance(event, ev.MarketSeen):
            self.slots.add(event.window_start)
        self.realised += realised
        self.best = max(self.best, self.realised)

    def _begin(self, event: ev.ChampionChanged) -> None:
        """A roll-back ends it: the weights that come back were there before."""
        self.active = event.how == "promoted"
        self.realised = self.best = 0
        self.slots.clear()
