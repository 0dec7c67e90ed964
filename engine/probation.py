"""The time after a promotion in which the former champion may come back by itself.

A fold over events, as everything that a restart must not forget: how much has been realised while
the promoted weights decided, the best of it, and for how many window slots they have been watched.
What is realised before they take the seat, or by other weights, is not theirs.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine import events as ev


@dataclass(slots=True)
class Probation:
    """Micro-dollars realised by the weights promoted last; inactive where there are none."""

    promoted: str = ""
    """Policy id of the weights that are watched; "": none are."""
    decides: str = ""
    """Policy id of the weights that decide."""
    realised: int = 0
    best: int = 0
    """The highest that `realised` has been, at least 0."""
    slots: set[int] = field(default_factory=set)
    """Starts of the windows seen since, unix seconds."""
    known: set[str] = field(default_factory=set)
    """Policy ids of all that were ever promoted."""

    @property
    def active(self) -> bool:
        return bool(self.promoted)

    @property
    def drawdown(self) -> int:
        """Micro-dollars lost since the best moment."""
        return self.best - self.realised

    def apply(self, event: ev.Event, realised: int) -> None:
        """Fold one event, which realised so many micro-dollars."""
        match event:
            case ev.ChampionChanged():
                self._begin(event)
            case ev.SessionOpened() | ev.ModelChanged():
                self.decides = event.policy_id
        if not self.promoted or self.decides != self.promoted:
            return
        if isinstance(event, ev.MarketSeen):
            self.slots.add(event.window_start)
        self.realised += realised
        self.best = max(self.best, self.realised)

    def _begin(self, event: ev.ChampionChanged) -> None:
        """A roll-back ends it: the weights that come back were there before."""
        self.promoted = event.after if event.how == "promoted" else ""
        if self.promoted:
            self.known.add(event.after)
        self.realised = self.best = 0
        self.slots.clear()
