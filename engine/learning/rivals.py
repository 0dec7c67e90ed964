"""Champion and challenger on the same market, slot by slot.

Owns which slots are compared: those that began after both had the seats they have now. The
challenger trades in its shadow by sampling and its weights move on; the champion decides as the
settings say. What is compared is therefore the two as they would be in the champion's place from
one slot to the next, not one frozen set of weights with another (README says so too).
"""

from __future__ import annotations

from engine.core import Engine
from engine.learning_view import VerdictView
from engine.scorecard import Scorecard, compare
from engine.units import dollars


class Rivals:
    """Two scorecards over the same slots."""

    def __init__(self, champion: Engine, challenger: Engine) -> None:
        """Follows both engines from now on."""
        self._champion, self._challenger = Scorecard(), Scorecard()
        champion.journal.listeners.append(self._champion.happened)
        challenger.journal.listeners.append(self._challenger.happened)

    def begin(self) -> None:
        """One of them is another from now on: the next slot is the first."""
        self._champion.begin()
        self._challenger.begin()

    def verdict(self) -> VerdictView:
        """Challenger less champion, dollars per slot."""
        return compare(self._challenger, self._champion)

    @property
    def champion_fills(self) -> int:
        """Fills in the slots followed, the running one with them."""
        return self._champion.fills

    @property
    def challenger_fills(self) -> int:
        """Fills in the slots followed, the running one with them."""
        return self._challenger.fills

    @property
    def champion_pnl(self) -> float:
        """Dollars over the slots compared."""
        return _pnl(self._champion, self._challenger)

    @property
    def challenger_pnl(self) -> float:
        """Dollars over the slots compared."""
        return _pnl(self._challenger, self._champion)


def _pnl(ours: Scorecard, theirs: Scorecard) -> float:
    mine, other = ours.results(), theirs.results()
    return dollars(sum(mine[start] for start in mine if start in other))
