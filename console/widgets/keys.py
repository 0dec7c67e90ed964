"""The key row at the bottom, derived from the command table."""

from __future__ import annotations

from collections.abc import Sequence

from console.commands import COMMANDS, Command
from console.themes import KEY, LABEL
from console.widgets.lines import Line, Lines, Run, width_of

NAMES = {"question_mark": "?", "dollar_sign": "$", "space": "spc"}
"""Keys whose Textual name is not what is printed on them."""


def key_name(command: Command) -> str:
    """The first key of a command as people write it: `^x`, `?`, `e`."""
    key = command.keys.partition(",")[0]
    return NAMES.get(key, key.replace("ctrl+", "^"))


def key_row(commands: Sequence[Command], width: int) -> Line:
    """Keys with their labels; where the room ends, labels are shortened, then dropped."""
    shown = [command for command in commands if command.in_footer]
    for cells in (20, 6, 4):
        line = _row(shown, cells)
        if width_of(line) <= width:
            return line
    return _row([command for command in shown if command.always], 20)


def _row(commands: Sequence[Command], cells: int) -> Line:
    line: list[Run] = [(" ", LABEL)]
    for command in commands:
        line += [(key_name(command), KEY), (f" {command.label[:cells]}  ", LABEL)]
    return line


class KeyRow(Lines):
    """The commands that are worth a reminder."""

    DEFAULT_CSS = "KeyRow { height: 1; width: 100%; dock: bottom; background: $surface; }"

    def lines(self, width: int, height: int) -> list[Line]:
        return [key_row(COMMANDS, width)]
