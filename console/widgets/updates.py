"""The challenger's updates as a table, newest first, with each one's verdict and reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.widgets import DataTable

from console.text import Money, clip, measure, utc
from console.themes import ALARM, GAIN, LABEL, PLAIN, WARN
from engine.learning_view import UpdateView

PADDING = 2
"""Cells that a column of a `DataTable` adds to its own width."""

SHORTEST_REASON = 24
LONG_REASON = 44
"""Beyond this the numbers may have the room."""

MARKS: dict[str, tuple[str, Style]] = {
    "accepted": ("✓", GAIN),
    "rejected": ("✗", WARN),
    "dropped": ("↺", ALARM),
    "quarantined": ("‼", ALARM),
}
"""By verdict: a mark, so that no colour is needed to find it in a column."""


@dataclass(frozen=True, slots=True)
class Column:
    """One number of an update."""

    name: str
    width: int
    of: Callable[[UpdateView], float | None]
    places: int = 0
    """Decimals that matter."""


def _measure(name: str, places: int, of: Callable[[UpdateView], float | None]) -> Column:
    return Column(name, max(8, len(name)), of, places)


HEAD = (("#", 4), ("UTC", 8), ("verdict", 13))
"""Columns of every width, before the numbers."""

COUNTS = (
    Column("rows", 5, lambda update: update.rows),
    Column("rewarded", 8, lambda update: update.rewarded),
    Column("steps", 5, lambda update: update.steps),
)

MEASURES = (
    _measure("KL", 4, lambda update: update.kl),
    _measure("entropy", 3, lambda update: update.entropy),
    _measure("clipped", 3, lambda update: update.clip_fraction),
    _measure("expl var", 3, lambda update: update.explained_variance),
    _measure("π loss", 4, lambda update: update.policy_loss),
    _measure("V loss", 4, lambda update: update.value_loss),
    _measure("π grad", 3, lambda update: update.actor_grad_norm),
    _measure("V grad", 3, lambda update: update.critic_grad_norm),
)

BY_WORTH = (COUNTS[0], MEASURES[0], COUNTS[1], *MEASURES[1:4], COUNTS[2], *MEASURES[4:])
"""All numbers, those first that a narrow terminal keeps."""


def numbers_for(width: int) -> tuple[Column, ...]:
    """The numbers that leave the reason room in `width` cells, in the order of the table."""
    reason = max(SHORTEST_REASON, min(LONG_REASON, width // 3))
    room = width - sum(cells + PADDING for _, cells in HEAD) - reason - PADDING
    kept: list[Column] = []
    for column in BY_WORTH:
        room -= column.width + PADDING
        if room < 0:
            break
        kept.append(column)
    return tuple(column for column in (*COUNTS, *MEASURES) if column in kept)


def reason_width(width: int) -> int:
    """Cells left for the reason."""
    taken = sum(cells + PADDING for _, cells in HEAD)
    taken += sum(column.width + PADDING for column in numbers_for(width))
    return max(SHORTEST_REASON, width - taken - PADDING)


def cells(update: UpdateView, money: Money, width: int) -> list[Text]:
    """A row. Text, not markup: a reason may hold brackets."""
    mark, style = MARKS.get(update.verdict, ("?", WARN))
    words = [
        (f"{update.number:>4}", LABEL),
        (utc(update.t_ms), LABEL),
        (f"{mark} {update.verdict}", style),
        *((f"{_number(column, update):>{column.width}}", PLAIN) for column in numbers_for(width)),
        (clip(money.sentence(update.reason), reason_width(width)), PLAIN),
    ]
    return [Text(word, style) for word, style in words]


def _number(column: Column, update: UpdateView) -> str:
    value = column.of(update)
    return str(value) if isinstance(value, int) else measure(value, column.places)


class Updates(DataTable[Text]):
    """Newest first. Stays at the top unless scrolled down; then at the row it was at."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(cursor_type="row", zebra_stripes=False, id=id)
        self._updates: Sequence[UpdateView] = ()
        self._money = Money()
        self._written: object = None

    def show_updates(self, updates: Sequence[UpdateView], money: Money) -> None:
        """Write the table anew if anything of it differs; updates are rare."""
        self._updates, self._money = updates, money
        wanted = (updates, money, self.size.width)
        if not self.size.width or wanted == self._written:
            return
        self._written = wanted
        kept = self._number_at_cursor()
        self.clear(columns=True)
        self._write(self.size.width - self.styles.scrollbar_size_vertical)
        self._move_to(kept)

    def on_resize(self) -> None:
        """The reason takes what room there is."""
        self.show_updates(self._updates, self._money)

    def _write(self, width: int) -> None:
        for name, room in HEAD:
            self.add_column(name, width=room)
        for column in numbers_for(width):
            self.add_column(f"{column.name:>{column.width}}", width=column.width)
        self.add_column("reason", width=reason_width(width))
        for update in reversed(self._updates):
            self.add_row(*cells(update, self._money, width), key=str(update.number))

    def _number_at_cursor(self) -> str | None:
        """Name of the row that the user went to; None at the top, which follows the newest."""
        if not self.row_count or self.cursor_row == 0:
            return None
        return self.coordinate_to_cell_key(self.cursor_coordinate).row_key.value

    def _move_to(self, number: str | None) -> None:
        if number is not None and number in self.rows:
            self.move_cursor(row=self.get_row_index(number), animate=False)
