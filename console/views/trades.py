"""The trades of the session as a table that changes only where something changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import DataTable

from console.text import share_price, utc
from console.themes import LABEL, PLAIN, by_sign
from console.widgets.display import Display
from engine.snapshot import Snapshot, TradeView

COLUMNS = (
    ("UTC", 8), ("asset", 5), ("side", 4), ("token", 5), ("shares", 9), ("price", 6),
    ("mid", 6), ("fee", 8), ("PnL", 10), ("note", 24),
)  # fmt: skip
"""Header and fixed width of each column; widths that follow the content would move the rest."""

NUMBERS = frozenset({"shares", "price", "mid", "fee", "PnL"})
"""Columns whose header stands over the last digit."""

Keyed = tuple[str, TradeView]


def keyed(trades: Iterable[TradeView]) -> list[Keyed]:
    """Each trade with a name that stays its own while the list slides."""
    seen: Counter[str] = Counter()
    named: list[Keyed] = []
    for trade in trades:
        base = f"{trade.t_ms}/{trade.asset}/{trade.side}/{trade.outcome}/{trade.price}"
        seen[base] += 1
        named.append((f"{base}/{seen[base]}", trade))
    return named


def cells(trade: TradeView, display: Display) -> list[Text]:
    """A row. Text, not markup: a note may hold brackets."""
    money = display.money
    result = "" if trade.pnl is None else money.signed(trade.pnl)
    words = [
        (utc(trade.t_ms), LABEL),
        (trade.asset, PLAIN),
        (trade.side, PLAIN),
        (trade.outcome, PLAIN),
        (f"{money.shares(trade.shares):>9}", PLAIN),
        (f"{share_price(trade.price):>6}", PLAIN),
        (f"{share_price(trade.mid):>6}", LABEL),
        (f"{money.plain(trade.fee):>8}", LABEL),
        (f"{result:>10}", by_sign(trade.pnl)),
        (trade.note, LABEL),
    ]
    return [Text(word, style) for word, style in words]


class Trades(Container):
    """The table of fills, newest last, following the end unless scrolled up."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._shown: dict[str, TradeView] = {}
        self._hidden = False

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row", zebra_stripes=False, id="trades-table")

    def on_mount(self) -> None:
        for name, width in COLUMNS:
            label = f"{name:>{width}}" if name in NUMBERS else name
            self._table.add_column(label, width=width, key=name)

    @property
    def _table(self) -> DataTable[Text]:
        return self.query_one("#trades-table", DataTable)

    def show(self, snapshot: Snapshot, selected: int, display: Display) -> None:  # noqa: ARG002 all assets
        """Bring the table to `snapshot.trades` with as few changes as it takes."""
        if display.money.hidden != self._hidden:
            self._hidden = display.money.hidden
            self._table.clear()
            self._shown = {}
        wanted = keyed(snapshot.trades)
        follows = self._table.scroll_offset.y >= self._table.max_scroll_y
        self._drop({key for key, _ in wanted})
        added = self._add(wanted, display)
        if added and follows:
            self._table.move_cursor(row=self._table.row_count - 1, animate=False)

    def _drop(self, wanted: set[str]) -> None:
        for key in [key for key in self._shown if key not in wanted]:
            self._table.remove_row(key)
            del self._shown[key]

    def _add(self, wanted: Sequence[Keyed], display: Display) -> int:
        added = 0
        for key, trade in wanted:
            before = self._shown.get(key)
            if before is None:
                self._table.add_row(*cells(trade, display), key=key)
                added += 1
            elif before != trade:
                self._change(key, trade, display)
            self._shown[key] = trade
        return added

    def _change(self, key: str, trade: TradeView, display: Display) -> None:
        for (column, _), cell in zip(COLUMNS, cells(trade, display), strict=True):
            self._table.update_cell(key, column, cell)
