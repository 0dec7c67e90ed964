"""The model ladder: its rungs, which one decides, and why another cannot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.modals.choice import ChoiceDialog
from console.modals.page import BLANK, line, verdict_page
from console.text import Money, clip
from console.themes import FAINT, GAIN, LABEL, PLAIN, STRONG, WARN, by_sign
from console.widgets.lines import Line
from console.widgets.vitals import total
from engine.snapshot import LadderView, ModelView, Snapshot

_DETAIL_WIDTH = 28


class ModelModal(ChoiceDialog[int | None]):
    """Answers with the index of another rung, or None to keep the one that decides."""

    TITLE = "Model ladder"
    HINT = "↑↓ or 1-9   enter takes   esc keeps"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(str(n), f"take({n - 1})", show=False) for n in range(1, 10)
    ]

    def lines(self) -> Sequence[Line]:
        return model_lines(self.snapshot, self.money)

    def rows(self) -> Sequence[Line]:
        model = self.snapshot.model
        return [_row(n, rung, model.name) for n, rung in enumerate(model.ladder, start=1)]

    def refused(self) -> frozenset[int]:
        ladder = self.snapshot.model.ladder
        return frozenset(n for n, rung in enumerate(ladder) if not rung.ready)

    def safe_row(self) -> int:
        return current_rung(self.snapshot.model) or 0

    def answer_for(self, row: int) -> int | None:
        return None if row == current_rung(self.snapshot.model) else row

    def action_take(self, row: int) -> None:
        self.take(row)


def current_rung(model: ModelView) -> int | None:
    """Index of the rung that decides now; None where the ladder is not known yet."""
    return next((n for n, rung in enumerate(model.ladder) if rung.name == model.name), None)


def model_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """Who decides now, how it came to that, and what it earned beside what that shows."""
    model, earned = snapshot.model, total(snapshot)
    trained = ("trained", GAIN) if model.trained else ("untrained", WARN)
    fall = model.last_fall or "none"
    return [
        line("Another rung decides from the next tick on; until then nothing changes."),
        BLANK,
        (
            ("Decides now  ", LABEL),
            (f"{model.name} {model.policy_id} ", STRONG),
            trained if model.architecture != "none" else ("always holds", WARN),
        ),
        (
            ("Profile      ", LABEL),
            (f"{model.profile}, {model.rule}, {model.evaluator or 'not evaluated yet'}", PLAIN),
        ),
        (("Session PnL  ", LABEL), (money.signed(earned), by_sign(earned))),
        *verdict_page("vs hold      ", model.verdict, money),
        (("Last fall    ", LABEL), (money.sentence(fall), WARN if model.last_fall else PLAIN)),
        BLANK,
        *(() if model.ladder else (line("The engine has not told its ladder yet.", WARN),)),
    ]


def _row(number: int, rung: LadderView, current: str) -> Line:
    mark = "▶ now  " if rung.name == current else "       "
    word, style = ("ready  ", GAIN) if rung.ready else ("not yet", WARN)
    return (
        (f"{number} ", LABEL),
        (mark, STRONG),
        (f"{clip(rung.name, 12):<12} ", PLAIN if rung.ready else FAINT),
        (f"{rung.architecture:<13} ", LABEL),
        (f"{word} ", style),
        (clip(rung.detail, _DETAIL_WIDTH), PLAIN),
    )
