"""The key row at the bottom, derived from the command table."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from console.commands import COMMANDS, Command
from console.themes import KEY, LABEL
from console.widgets.lines import Line, Lines, Run, first_line_that_fits

NAMES = {"question_mark": "?", "dollar_sign": "$", "space": "␣"}
"""Keys whose Textual name is not what is printed on them."""


EVERYWHERE = tuple(command for command in COMMANDS if command.always)
"""What works under a dialog too."""


def key_name(command: Command) -> str:
    """The first key of a command as people write it: `^x`, `?`, `e`."""
    key = command.keys.partition(",")[0]
    return NAMES.get(key, key.replace("ctrl+", "^"))


def key_row(commands: Sequence[Command], width: int) -> Line:
    """Keys with their labels, closer together where the room is short; halt stays last of all."""
    shown = [command for command in commands if command.in_footer]
    vital = [command for command in shown if command.always]
    variants = [_row(shown, "  "), _row(shown, " "), _row(vital, " ")]
    return first_line_that_fits(width, variants)


def _row(commands: Sequence[Command], gap: str) -> list[Run]:
    line: list[Run] = []
    for command in commands:
        before = gap if line else ""
        line += [(before, LABEL), (key_name(command), KEY), (f" {command.label}", LABEL)]
    return line


class KeyRow(Lines):
    """The commands that are worth a reminder."""

    DEFAULT_CSS = "KeyRow { height: 1; width: 100%; dock: bottom; background: $surface; }"

    def __init__(self, commands: Sequence[Command] = COMMANDS) -> None:
        super().__init__()
        self._commands = commands

    def lines(self, area: Size) -> list[Line]:
        return [key_row(self._commands, area.width)]
