"""The last trades and the last log lines, for the space below the panels."""

from __future__ import annotations

from console.text import UNKNOWN, clip, share_price, utc
from console.themes import ALARM, FAINT, LABEL, PLAIN, WARN, by_sign
from console.widgets.display import Display
from console.widgets.lines import Line, Lines, Run
from engine.snapshot import LogLine, Snapshot, TradeView

LEVELS = {"info": PLAIN, "warn": WARN, "alarm": ALARM}

LEVEL_MARKS = {"info": " ", "warn": "!", "alarm": "‼"}
"""The level as a mark, so that it survives without colour."""


def trade_line(trade: TradeView, display: Display) -> Line:
    """A fill: when, what, how much, at which price, its fee and its result."""
    money = display.money
    result = "" if trade.pnl is None else f" {money.signed(trade.pnl):>9}"
    return [
        (f"{utc(trade.t_ms)} ", LABEL),
        (f"{trade.asset:<4}{trade.side:<5}{trade.outcome:<5}", PLAIN),
        (f"{money.shares(trade.shares):>8} @ {share_price(trade.price):<5}", PLAIN),
        (f" mid {share_price(trade.mid):<5}", LABEL),
        (f" fee {money.plain(trade.fee)}", LABEL),
        (result, by_sign(trade.pnl)),
        (f" {trade.note}", FAINT),
    ]


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

    def lines(self, width: int, height: int) -> list[Line]:
        trades = self._snapshot.trades[-height:]
        none: Run = ("no fill yet", FAINT)
        return [trade_line(trade, self._display) for trade in trades] or [[none]]


class LogTail(Tail):
    """The last log lines."""

    def lines(self, width: int, height: int) -> list[Line]:
        newest = self._snapshot.log[-height:]
        none: Run = ("nothing logged yet", FAINT)
        return [log_line(line, self._display, width) for line in newest] or [[none]]
