"""Roll back: which weights come back, which go, and whether there is anything to go back to."""

from __future__ import annotations

from collections.abc import Sequence

from console.modals.choice import ChoiceDialog
from console.modals.page import BLANK, line, verdict_page
from console.text import UNKNOWN, Money
from console.themes import LABEL, PLAIN, STRONG, WARN
from console.widgets.lines import Line
from engine.snapshot import LadderView, Snapshot

FORMER = "checkpoint"
"""Rung of the model ladder on which a promotion leaves the former champion."""

_KEEP, _BACK = range(2)


class RollBackModal(ChoiceDialog[bool]):
    """Answers True to bring the former champion back; else False."""

    TITLE = "Roll back"
    HINT = "↑↓ move   enter takes   esc changes nothing"

    def lines(self) -> Sequence[Line]:
        return roll_back_lines(self.snapshot, self.money)

    def rows(self) -> Sequence[Line]:
        effect = cannot_roll_back(self.snapshot) or "the former champion decides at once"
        return [_row("Stay", "nothing changes"), _row("Roll back", effect)]

    def refused(self) -> frozenset[int]:
        return frozenset({_BACK} if cannot_roll_back(self.snapshot) else ())

    def answer_for(self, row: int) -> bool:
        return row == _BACK

    def safe_answer(self) -> bool:
        return False


def former(snapshot: Snapshot) -> LadderView | None:
    """The rung that a roll back brings back; None where the ladder is not known yet."""
    return next((rung for rung in snapshot.model.ladder if rung.name == FORMER), None)


def cannot_roll_back(snapshot: Snapshot) -> str | None:
    """Why there is nothing to go back to, or None."""
    rung = former(snapshot)
    if rung is None:
        return "cannot: the engine has not told its ladder yet"
    return None if rung.ready else "cannot: there is no former champion"


def roll_back_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """What decides now, what would come back, and what is watched meanwhile."""
    model, rung = snapshot.model, former(snapshot)
    ready = rung is not None and rung.ready
    back = _what_comes_back(rung, money)
    probation = money.sentence(snapshot.learning.probation) or "none"
    return [
        (("Champion now   ", LABEL), (snapshot.learning.champion.policy_id or UNKNOWN, STRONG)),
        (
            ("Decides now    ", LABEL),
            (f"{model.name} {model.policy_id}", STRONG),
        ),
        *verdict_page("Against doing nothing  ", model.verdict, money),
        (("Comes back     ", LABEL), (back, STRONG if ready else WARN)),
        (("Probation      ", LABEL), (probation, PLAIN)),
        BLANK,
        line("The former champion decides at once, over open positions too, and the"),
        line("challenger starts anew from it."),
        BLANK,
    ]


def _what_comes_back(rung: LadderView | None, money: Money) -> str:
    if rung is None:
        return UNKNOWN
    return (
        money.sentence(rung.detail) if rung.ready else "nothing: no promotion has kept a champion"
    )


def _row(name: str, effect: str) -> Line:
    return (f"{name:<10} ", STRONG), (effect, PLAIN)
