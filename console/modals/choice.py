"""A dialog of a few rows to pick from: arrows or j/k move, Enter takes, ESC goes back.

The row that changes nothing is highlighted first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from console.modals.base import Answer, Dialog
from console.modals.page import text_of
from console.themes import STRONG
from console.widgets.lines import Line
from engine.snapshot import Snapshot


class Choices(OptionList):
    """An option list that also moves by j and k."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "Down", show=False),
        Binding("k", "cursor_up", "Up", show=False),
    ]


class ChoiceDialog(Dialog[Answer]):
    """Shows `rows` and dismisses with `answer_for` the row that was taken."""

    HINT = "↑↓ move   enter takes   esc back"
    DEFAULT_CSS = """
    ChoiceDialog Choices { height: auto; max-height: 10; border: none; padding: 0; }
    """

    def rows(self) -> Sequence[Line]:
        """One line for each choice; their number never changes while the dialog is open."""
        raise NotImplementedError

    def refused(self) -> frozenset[int]:
        """Rows that cannot be taken now; the cursor steps over them."""
        return frozenset()

    def safe_row(self) -> int:
        """The row highlighted at first: taking it changes nothing."""
        return 0

    def answer_for(self, row: int) -> Answer | None:
        """The dialog's answer for a row."""
        raise NotImplementedError

    def compose_answer(self) -> ComposeResult:
        yield Choices(*(Option(prompt) for prompt in self._prompts(self.safe_row())), compact=True)

    def on_mount(self) -> None:
        self.query_one(Choices).highlighted = self.safe_row()

    def show(self, snapshot: Snapshot) -> None:
        super().show(snapshot)
        if self.query(Choices):
            self._renew()

    def _prompts(self, highlighted: int | None) -> list[Text]:
        """The rows, the highlighted one with a mark that needs no colour."""
        return [
            text_of([(("❯ " if index == highlighted else "  ", STRONG), *row)])
            for index, row in enumerate(self.rows())
        ]

    def _renew(self) -> None:
        choices, refused = self.query_one(Choices), self.refused()
        for index, prompt in enumerate(self._prompts(choices.highlighted)):
            option = choices.get_option_at_index(index)
            if option.prompt != prompt:
                choices.replace_option_prompt_at_index(index, prompt)
            if option.disabled and index not in refused:
                choices.enable_option_at_index(index)
            if not option.disabled and index in refused:
                choices.disable_option_at_index(index)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._renew()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.take(event.option_index)

    def take(self, row: int) -> None:
        """Answer with `row`, unless it cannot be taken now or does not exist."""
        count = self.query_one(Choices).option_count
        if row < count and row not in self.refused():
            self.dismiss(self.answer_for(row))
