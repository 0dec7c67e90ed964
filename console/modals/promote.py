"""Promote: every criterion with what was measured; the answer is shut until all of them are met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from console.modals.choice import ChoiceDialog
from console.modals.page import BLANK, WIDTH, line, verdict_page
from console.text import UNKNOWN, Money, clip
from console.themes import LABEL, PLAIN, STRONG, WARN
from console.widgets.learning import MARKS, against_need, nobody_learns, unmet
from console.widgets.lines import Line
from engine.learning_view import CriterionView, LearningView

MARK_CELLS = 10
LONGEST_NAME = 30

_KEEP, _PROMOTE = range(2)


class PromoteModal(ChoiceDialog[bool]):
    """Answers True to make the challenger the champion; else False."""

    TITLE = "Promote"
    HINT = "↑↓ move   enter takes   esc keeps the champion"

    def lines(self) -> Sequence[Line]:
        return promote_lines(self.snapshot.learning, self.money)

    def rows(self) -> Sequence[Line]:
        return [
            _row("Keep the champion", "nothing changes"),
            _row("Promote", cannot_promote(self.snapshot.learning) or "as soon as nothing is held"),
        ]

    def refused(self) -> frozenset[int]:
        return frozenset({_PROMOTE} if cannot_promote(self.snapshot.learning) else ())

    def answer_for(self, row: int) -> bool:
        return row == _PROMOTE

    def safe_answer(self) -> bool:
        return False


def cannot_promote(view: LearningView) -> str | None:
    """Why the challenger must not become champion now, or None."""
    if nobody_learns(view):
        return "cannot: nothing learns in this run"
    if not view.criteria:
        return "cannot: the engine has not said what it takes"
    missing = unmet(view)
    if not missing:
        return None
    return f"cannot: {len(missing)} of {len(view.criteria)} criteria not met"


def promote_lines(view: LearningView, money: Money) -> list[Line]:
    """Who would replace whom, the criteria, and what a promotion does."""
    champion, challenger = view.champion.policy_id, view.challenger.policy_id
    return [
        (
            ("Champion ", LABEL), (champion or UNKNOWN, STRONG),
            ("   challenger ", LABEL), (challenger or UNKNOWN, STRONG),
        ),
        *verdict_page("Difference ", view.verdict, money),
        BLANK,
        *_criteria(view, money),
        BLANK,
        line("The challenger decides as soon as nothing is held: a policy closes"),
        line("what it opened. The former champion is kept; R rolls back to it."),
        BLANK,
    ]  # fmt: skip


def _criteria(view: LearningView, money: Money) -> Iterator[Line]:
    if not view.criteria:
        nobody = "There is no challenger to promote: nothing learns in this run."
        unknown = "What a promotion takes is not known yet."
        yield line(nobody if nobody_learns(view) else unknown, WARN)
        return
    longest = max(len(criterion.name) for criterion in view.criteria)
    cells = min(longest, LONGEST_NAME)
    yield line(f"{'':<{MARK_CELLS}}{'':<{cells}} measured (needed)", LABEL)
    for criterion in view.criteria:
        yield _criterion(criterion, money, cells)


def _criterion(criterion: CriterionView, money: Money, cells: int) -> Line:
    """A row of the checklist; what was measured is wrapped into a column of its own."""
    mark, style = MARKS[criterion.met]
    indent = MARK_CELLS + cells + 1
    found = wrap(against_need(criterion, money), WIDTH - indent)
    return (
        (f"{mark:<{MARK_CELLS}}", style),
        (f"{clip(criterion.name, cells):<{cells}} ", LABEL),
        (("\n" + " " * indent).join(found), PLAIN),
    )


def _row(name: str, effect: str) -> Line:
    return (f"{name:<18} ", STRONG), (effect, PLAIN)
