"""Cash and shares by what was exchanged and by the verdicts, and by nothing else.

Owns an account that has nothing in common with the ledger: no mean cost, no realised result, no
reserve. It looks at each match once, takes it back where it failed, and pays at the verdict.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine import events as ev
from engine.units import BP


@dataclass(slots=True)
class Account:
    """Fed with every event of a log, from its first."""

    fills: dict[str, ev.FillMatched] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    verdicts: dict[str, str] = field(default_factory=dict)

    def happened(self, event: ev.Event) -> None:
        match event:
            case ev.FillMatched():
                self.fills.setdefault(event.fill_id, event)
            case ev.FillVoided():
                self.voided.add(event.fill_id)
            case ev.WindowResolved() if event.outcome is not None:
                self.verdicts.setdefault(event.slug, event.outcome)

    def cash(self) -> int:
        """Micro-dollars, payouts included."""
        return self._exchanged() + self._paid_out()

    def shares(self) -> dict[str, int]:
        """Outcome token -> micro-shares of windows that are not resolved, zeros left out."""
        held: Counter[str] = Counter()
        for fill in self._standing():
            if fill.slug not in self.verdicts:
                held[fill.token_id] += fill.shares if fill.side == "BUY" else -fill.shares
        return {token: shares for token, shares in held.items() if shares}

    def floor(self) -> int:
        """Micro-dollars left if every window ends as it is worst for us."""
        sides: dict[str, Counter[str]] = {}
        for fill in self._standing():
            if fill.slug not in self.verdicts:
                side = sides.setdefault(fill.slug, Counter(UP=0, DOWN=0))
                side[fill.outcome] += fill.shares if fill.side == "BUY" else -fill.shares
        return self.cash() + sum(min(side.values()) for side in sides.values())

    def _standing(self) -> list[ev.FillMatched]:
        return [f for name, f in self.fills.items() if name not in self.voided]

    def _exchanged(self) -> int:
        total = 0
        for fill in self._standing():
            moved = fill.shares * fill.price_bp
            total -= fill.fee
            total += (moved if fill.side == "SELL" else -moved) // BP
        return total

    def _paid_out(self) -> int:
        won = 0
        for fill in self._standing():
            if self.verdicts.get(fill.slug) == fill.outcome:
                won += fill.shares if fill.side == "BUY" else -fill.shares
        return won
