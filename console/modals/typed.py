"""A dialog that acts only when one word was typed: what cannot be undone needs more than a key.

The word's field has the focus; it is inert until it holds exactly the word, so Enter, or a
sequence learnt by heart, does nothing.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key, Paste
from textual.widgets import Input, Static

from console.modals.base import Answer, Dialog
from console.modals.page import line, text_of
from console.themes import LABEL, STRONG, WARN
from console.widgets.lines import Line


class WordInput(Input):
    """An input that shares its dialog's grace; the base class would take letters at once."""

    def on_key(self, event: Key) -> None:
        if self._too_early():
            event.stop()
            event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        if self._too_early():
            event.stop()
            event.prevent_default()

    def _too_early(self) -> bool:
        screen = self.screen
        return isinstance(screen, Dialog) and screen.too_early()


class TypedDialog(Dialog[Answer]):
    """Dismisses with `confirmed()` on `WORD` and Enter, with the safe answer on ESC."""

    WORD: ClassVar[str] = ""
    DEFAULT_CSS = """
    TypedDialog #ask { margin-top: 1; }
    TypedDialog #word { background: $surface; width: 1fr; }
    """

    def confirmed(self) -> Answer:
        """The answer that the typed word gives."""
        raise NotImplementedError

    def refusal(self) -> str | None:
        """Why the word changes nothing at this moment; None: it would act."""
        return None

    def compose_answer(self) -> ComposeResult:
        yield Static(id="ask")
        yield WordInput(id="word", compact=True, max_length=3 * len(self.WORD))

    def on_mount(self) -> None:
        self._ask(self._prompt())

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        refusal, typed = self.refusal(), event.value.strip()
        if typed != self.WORD:
            self._ask(self._not_the_word(typed))
            return
        if refusal is not None:
            self._ask(line(refusal, WARN))
            return
        self.dismiss(self.confirmed())

    def _ask(self, words: Line) -> None:
        self.query_one("#ask", Static).update(text_of((words,)))

    def _prompt(self) -> Line:
        return ("Type ", LABEL), (self.WORD, STRONG), (" and press enter; esc goes back.", LABEL)

    def _not_the_word(self, typed: str) -> Line:
        return (f"{typed!r} is not ", WARN), (self.WORD, STRONG), ("; nothing was done.", WARN)
