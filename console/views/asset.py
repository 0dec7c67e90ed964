"""The selected asset alone: all 18 inputs by name, and everything else that is known of it."""

from __future__ import annotations

from textwrap import wrap

from textual.geometry import Size

from console.text import age, percent, signed, spot_change, spot_price
from console.themes import FAINT, LABEL, PLAIN, STRONG, WARN, by_sign
from console.views.view import LinesView
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.features import FEATURES, feature_grid, feature_table
from console.widgets.lines import Line, Run, fit, spread, width_of
from console.widgets.phrases import (
    ACTIONS,
    MASKED,
    arrow,
    bookless,
    distance,
    executable,
    note,
    position_words,
    size_words,
    time_left,
    top_of_book,
)
from engine.snapshot import AssetView

TABLE_COLUMNS = 44
"""Cells of the table of inputs at 80 columns."""

LABELS = 9
"""Cells of a label at the right."""


def detail_lines(view: AssetView, display: Display, width: int) -> list[Line]:
    """Everything of one asset but its inputs, one fact a line."""
    sections = [_market(view, width), _choice(view, display, width), _account(view, display, width)]
    return [line for section in sections for line in [*section, ()]][:-1]


def _fact(name: str, *runs: Run) -> Line:
    return [(f"{name:<{LABELS}}", LABEL), *runs]


def _market(view: AssetView, width: int) -> list[Line]:
    change: Run = (f"  {spot_change(view.spot, view.price_to_beat)}", by_sign(distance(view)))
    return [
        _fact("window", (view.slug or "between windows", PLAIN if view.slug else LABEL)),
        _fact("left", time_left(view), (f" of {view.window_seconds} s", LABEL)),
        _fact("UP", (f"{percent(view.prob)} {arrow(view.prob)}", STRONG)),
        _fact("spot", (spot_price(view.spot), PLAIN), change),
        _fact("to beat", (spot_price(view.price_to_beat), PLAIN)),
        *_books(view, width - LABELS),
    ]


def _books(view: AssetView, width: int) -> list[Line]:
    if bookless(view):
        return [
            _fact("book", ("none in this feed", LABEL)),
            _fact("", ("only mid PnL moves", LABEL)),
        ]
    return [
        _fact("book", *top_of_book("UP", view.up, width)),
        _fact("", *top_of_book("DOWN", view.down, width)),
    ]


def _choice(view: AssetView, display: Display, width: int) -> list[Line]:
    lines = _softmax(view, width)
    lines.append(_fact("size", (size_words(view, display), PLAIN)))
    lines.append(_fact("value", (signed(view.value, 3), PLAIN), (" critic", LABEL)))
    said = note(view, display)
    if said is not None:
        lines += [[(part, said[1])] for part in wrap(said[0], width)]
    return lines


def _softmax(view: AssetView, width: int) -> list[Line]:
    if view.probs is None:
        return [_fact("action", ("no decision yet", FAINT))]
    bar = min(24, max(4, width - LABELS - 6))
    lines: list[Line] = []
    for name, share, legal in zip(ACTIONS, view.probs, view.mask, strict=True):
        chosen = name == view.action
        drawn = gauge(share, bar) if legal else f"{MASKED} not legal".ljust(bar)
        style = STRONG if chosen else LABEL
        mark = "▶ " if chosen else "  "
        lines.append(
            [(f"{mark + name:<{LABELS}}", style), (drawn, style), (f" {share:.2f}", style)]
        )
    return lines


def _account(view: AssetView, display: Display, width: int) -> list[Line]:
    money, total = display.money, executable(view)
    held = position_words(view, display)
    room = width - LABELS
    position = next((line for line in held if width_of(line) <= room), held[-1])
    lines: list[Line] = [
        _fact("position", *position),
        _fact("exec PnL", (money.signed(total), by_sign(total)),
              (f"  realised {money.signed(view.pnl)}", LABEL)),
        _fact("mid PnL", (money.signed(view.pnl_mid), by_sign(view.pnl_mid))),
        _fact("fees", (money.plain(view.fees), PLAIN), (f"  fills {view.trades}", LABEL)),
    ]  # fmt: skip
    if view.neutral:
        lines.append([(f"{view.neutral} of {len(FEATURES)} features neutral", WARN)])
    return lines


def _book_age(view: AssetView) -> str:
    return "no order book " if bookless(view) else f"book age {age(view.up.age_s)} "


class AssetDetail(LinesView):
    """The view of the selected asset."""

    def lines(self, area: Size) -> list[Line]:
        width, height = area
        view = self.asset
        if view is None:
            return [[("waiting for the engine", FAINT)]]
        if height < len(FEATURES):
            return self._short(view, width, height)
        left = max(TABLE_COLUMNS, width // 2 - 1)
        title = spread(
            [(f" {self.selected + 1} {view.asset}", STRONG), ("  18 model inputs", LABEL)],
            [(_book_age(view), LABEL)],
            width,
        )
        top: list[Line] = [title] if height > len(FEATURES) else []
        gap = [()] if height > len(FEATURES) + 3 else []
        table = feature_table(view, self.display_state, left - 1)
        detail = detail_lines(view, self.display_state, width - left - 2)
        rows = max(len(table), len(detail))
        table += [()] * (rows - len(table))
        detail += [()] * (rows - len(detail))
        body = [
            [(" ", PLAIN), *fit(a, left - 1), ("  ", PLAIN), *b]
            for a, b in zip(table, detail, strict=True)
        ]
        return [*top, *gap, *body]

    def _short(self, view: AssetView, width: int, height: int) -> list[Line]:
        """Where 18 rows do not fit: the inputs in two columns, then as many facts as fit."""
        title: Line = [(f" {self.selected + 1} {view.asset}", STRONG)]
        facts = detail_lines(view, self.display_state, width)
        return [title, *feature_grid(view, width, columns=3), *facts][:height]
