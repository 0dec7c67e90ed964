"""The last trades and the last log lines, for the space below the panels."""

from __future__ import annotations

from textual.geometry import Size

from console.text import UNKNOWN, clip, share_price, utc
from console.themes import ALARM, FAINT, LABEL, PLAIN, WARN, by_sign
from console.widgets.display import Display
from console.widgets.lines import Line, Lines, Run, first_line_that_fits
from engine.snapshot import LogLine, Snapshot, TradeView

LEVELS = {"info": PLAIN, "warn": WARN, "alarm": ALARM}

LEVEL_MARKS = {"info": " ", "warn": "!", "alarm": "‼"}
"""The level as a mark, so that it survives without colour."""


def trade_line(trade: TradeView, display: Display, width: int) -> Line:
    """A fill with its price and result; fee, mid and note where they fit."""
    money = display.money
    result = "" if trade.pnl is None else money.signed(trade.pnl)
    base: list[Run] = [
        (f"{utc(trade.t_ms)} ", LABEL),
        (f"{trade.asset:<4}{trade.side:<5}{trade.outcome:<5}", PLAIN),
        (f"{money.shares(trade.shares):>8} @ {share_price(trade.price):<5}", PLAIN),
        (f" {result:>9}", by_sign(trade.pnl)),
    ]
    fee: Run = (f"  fee {money.plain(trade.fee):<6}", LABEL)
    mid: Run = (f"  mid {share_price(trade.mid):<5}", LABEL)
    note: Run = (f"  {trade.note}", LABEL)
    variants = [[*base, fee, mid, note], [*base, fee, mid], [*base, fee], base]
    return first_line_that_fits(width, variants)


def log_line(line: LogLine, display: Display, width: int) -> Line:
    """A log line with its level as a mark and a style."""
    mark = LEVEL_MARKS.get(line.level, UNKNOWN)
    text = clip(f"{mark} {display.money.sentence(line.text)}", width - 9)
    return [(f"{utc(line.t_ms)} ", LABEL), (text, LEVELS.get(line.level, PLAIN))]


class Tail(Lines):
    """The newest lines of something, newest last, under a title."""

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self.border_title = title
        self._snapshot = Snapshot()
        self._display = Display()

    def show(self, snapshot: Snapshot, display: Display) -> None:
        self._snapshot, self._display = snapshot, display
        self.redraw()


class TradesTail(Tail):
    """The last fills."""

    def lines(self, area: Size) -> list[Line]:
        trades = self._snapshot.trades[-area.height :]
        none: Run = ("no fill yet", FAINT)
        return [trade_line(trade, self._display, area.width) for trade in trades] or [[none]]


class LogTail(Tail):
    """The last log lines."""

    def lines(self, area: Size) -> list[Line]:
        newest = self._snapshot.log[-area.height :]
        none: Run = ("nothing logged yet", FAINT)
        return [log_line(line, self._display, area.width) for line in newest] or [[none]]
