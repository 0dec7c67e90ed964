"""Help: every key and every word, on a screen, as plain text and as Markdown.

All three are derived from `console.commands.COMMANDS` and `console.glossary`; nothing is listed
twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.commands import COMMANDS, Command
from console.glossary import DENIALS, WORDS
from console.modals.base import Dialog
from console.modals.page import BLANK, WIDTH, line
from console.themes import KEY, LABEL, PLAIN, STRONG
from console.widgets.lines import Line, Run

_NAMES = {"question_mark": "?", "dollar_sign": "$"}
"""Textual's names of keys that have a sign of their own."""

_KEYS_WIDTH = 12
_LABEL_WIDTH = 15
_WORD_WIDTH = 20


def shown_keys(command: Command) -> str:
    """The keys of a command as a person reads them: `tab j`, `?`, `M`."""
    return " ".join(_NAMES.get(key, key) for key in command.keys.split(","))


def keys_table() -> str:
    """Every key with its command, by group, as plain text that ends without a newline."""
    blocks = []
    for heading, commands in _groups():
        rows = [
            f"  {shown_keys(c):<{_KEYS_WIDTH}} {c.label:<{_LABEL_WIDTH}} {c.help}" for c in commands
        ]
        blocks.append("\n".join([heading, *rows]))
    return "\n\n".join(blocks)


def keys_markdown() -> str:
    """The same table for the README, as Markdown that ends without a newline."""
    head = ["| Keys | Command | What it does |", "| --- | --- | --- |"]
    rows = [
        f"| {' '.join(f'`{key}`' for key in shown_keys(c).split())} | {c.label} | {c.help} |"
        for c in COMMANDS
    ]
    return "\n".join([*head, *rows])


def help_lines() -> list[Line]:
    """The text of the help screen."""
    return [*_key_lines(), *_word_lines("Words", WORDS), *_word_lines("Denials", DENIALS)]


class HelpScreen(Dialog[None]):
    """Keys and words, under the status row. ESC, q or the help keys close it."""

    TITLE = "Help"
    HINT = "↑↓ pgup pgdn home end scroll   esc closes"
    GRACE_S = 0.0
    """Closing it changes nothing, so no key has to be kept from it."""
    DEFAULT_CSS = "HelpScreen #frame { height: 100%; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,f1", "safe", "Close", show=False),
        Binding("up,k", "scroll_rows(-1)", "Up", show=False),
        Binding("down,j", "scroll_rows(1)", "Down", show=False),
        Binding("home", "scroll_rows(-9999)", "Top", show=False),
        Binding("end", "scroll_rows(9999)", "End", show=False),
    ]

    def lines(self) -> Sequence[Line]:
        return help_lines()

    def action_scroll_rows(self, rows: int) -> None:
        self.scroll_body(rows)


def _groups() -> Iterator[tuple[str, Iterable[Command]]]:
    for group, commands in groupby(COMMANDS, key=lambda command: command.group):
        yield group.value, commands


def _key_lines() -> Iterator[Line]:
    for heading, commands in _groups():
        yield line(heading, STRONG)
        for command in commands:
            everywhere = " Works everywhere." if command.always else ""
            keys = f"  {shown_keys(command):<{_KEYS_WIDTH}} "
            yield from _described((keys, KEY), command.help + everywhere)
        yield BLANK


def _word_lines(heading: str, words: Iterable[tuple[str, str]]) -> Iterator[Line]:
    yield line(heading, STRONG)
    for word, meaning in words:
        yield from _described((f"  {word:<{_WORD_WIDTH}} ", LABEL), meaning)
    yield BLANK


def _described(name: Run, meaning: str) -> Iterator[Line]:
    """`name`, then `meaning` wrapped into a column of its own."""
    indent = len(name[0])
    for number, part in enumerate(wrap(meaning, WIDTH - indent)):
        yield (name if number == 0 else (" " * indent, PLAIN), (part, PLAIN))
