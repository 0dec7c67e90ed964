"""Cash and shares by what was exchanged and by the verdicts, and by nothing else.

Owns an account that has nothing in common with the ledger: no mean cost, no realised result, no
reserve. It counts each match once, takes it back where it failed, and pays at the verdict.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from engine import events as ev
from engine.units import BP


@dataclass(slots=True)
class Account:
    """Fed with every event of a log, from its first."""

    fills: dict[str, ev.FillMatched] = field(default_factory=dict)
    voided: set[str] = field(default_factory=set)
    verdicts: dict[str, str] = field(default_factory=dict)
    exchanged: int = 0
    """Micro-dollars received less those paid, fees included, of matches that did not fail."""
    net: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """Window -> outcome -> micro-shares bought less those sold."""
    tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    """(window, outcome) -> outcome token."""

    def happened(self, event: ev.Event) -> None:
        match event:
            case ev.FillMatched() if event.fill_id not in self.fills:
                self.fills[event.fill_id] = event
                self.tokens[event.slug, event.outcome] = event.token_id
                if event.fill_id not in self.voided:
                    self._count(event, 1)
            case ev.FillVoided() if event.fill_id not in self.voided:
                self.voided.add(event.fill_id)
                if event.fill_id in self.fills:
                    self._count(self.fills[event.fill_id], -1)
            case ev.WindowResolved() if event.outcome is not None:
                self.verdicts.setdefault(event.slug, event.outcome)

    def cash(self) -> int:
        """Micro-dollars, payouts included."""
        paid_out = (self.net[slug][outcome] for slug, outcome in self.verdicts.items())
        return self.exchanged + sum(paid_out)

    def shares(self) -> dict[str, int]:
        """Outcome token -> micro-shares of windows that are not resolved, zeros left out."""
        return {self.tokens[key]: shares for key, shares in self._open() if shares}

    def floor(self) -> int:
        """Micro-dollars left if every window ends as it is worst for us."""
        sides: defaultdict[str, Counter[str]] = defaultdict(lambda: Counter(UP=0, DOWN=0))
        for (slug, outcome), shares in self._open():
            sides[slug][outcome] += shares
        return self.cash() + sum(min(side.values()) for side in sides.values())

    def _open(self) -> list[tuple[tuple[str, str], int]]:
        return [
            ((slug, outcome), shares)
            for slug, side in self.net.items()
            if slug not in self.verdicts
            for outcome, shares in side.items()
        ]

    def _count(self, fill: ev.FillMatched, times: int) -> None:
        """`times`: 1 for a match, -1 to take it back."""
        moved = fill.shares * fill.price_bp
        received = (moved if fill.side == "SELL" else -moved) // BP - fill.fee
        self.exchanged += times * received
        self.net[fill.slug][fill.outcome] += times * (
            fill.shares if fill.side == "BUY" else -fill.shares
        )
