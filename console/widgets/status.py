"""The status row: what the gate does, whether the engine lives, and what it costs to run.

Always on top and never covered; modals mount another one. It goes on beating while the panels
are frozen. Nothing is cut in silence: narrower terminals get shorter forms, then two rows.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from console.text import countdown, size, speed
from console.themes import ALARM, LABEL, PLAIN, WARN, WARN_BADGE
from console.widgets.display import Display, look_of
from console.widgets.lines import Line, Lines, first_line_that_fits, fit, width_of
from console.widgets.live import WHY_ELSEWHERE, live_alerts, recording
from console.widgets.safety_alerts import safety_alerts
from console.widgets.vitals import (
    Item,
    badge,
    beat,
    edge,
    ended,
    evaluator,
    evaluator_short,
    exposure,
    feeds,
    feeds_short,
    fees,
    joined,
    learning,
    loop,
    market_time,
    memory,
    memory_short,
    model_long,
    model_short,
    pnl,
    pnl_short,
    rule,
    source,
    state,
    worst_case,
)
from engine.snapshot import Snapshot


def _ends(left: Sequence[Item], right: Sequence[Item], width: int) -> Item | None:
    """Both groups at the ends of one row; None where they do not fit."""
    first, last = [(" ", PLAIN), *joined(left)], [*joined(right), (" ", PLAIN)]
    spare = width - width_of(first) - width_of(last)
    return [*first, (" " * spare, PLAIN), *last] if spare >= 2 else None


def _first(width: int, *variants: tuple[Sequence[Item], Sequence[Item]]) -> Line:
    """The first pair of groups that fits into one row; the last is cut with an ellipsis."""
    rows = (_ends(left, right, width) for left, right in variants)
    found = next((row for row in rows if row is not None), None)
    return found if found is not None else fit(joined([*variants[-1][0], *variants[-1][1]]), width)


def _head(snapshot: Snapshot, display: Display) -> list[Item]:
    """What stands first at every width; the recording mark, last, is the first to give way."""
    return [
        badge(snapshot.mode), state(snapshot), beat(snapshot, display), recording(snapshot)
    ]  # fmt: skip


def wide_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Two rows, from 180 columns."""
    model = snapshot.model
    head = _head(snapshot, display)
    mind = [model_long(model), rule(model), evaluator(model)]
    right = [source(snapshot), market_time(snapshot)]
    money, forms = pnl(snapshot, display), edge(snapshot, display)[:-1]
    risk = [fees(snapshot, display), exposure(snapshot, display), worst_case(snapshot, display)]
    gap = loop(snapshot)
    used = [memory(snapshot), gap], [memory_short(snapshot), gap]
    short = feeds_short(snapshot)
    return [
        _first(
            width,
            ([*head, feeds(snapshot), *mind, learning(snapshot)], right),
            ([*head, feeds(snapshot), *mind], right),
            ([*head, short, *mind, learning(snapshot)], right),
            ([*head, short, *mind], right),
            ([*head, short, model_long(model), evaluator_short(model)], right),
        ),
        _first(
            width,
            *(([money, form, *risk], memories) for memories in used for form in forms),
        ),
    ]


def medium_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Three rows, from 100 columns."""
    model = snapshot.model
    head = _head(snapshot, display)
    right = [source(snapshot), market_time(snapshot)]
    risk, cost = [exposure(snapshot, display)], fees(snapshot, display)
    gap, money = loop(snapshot), pnl(snapshot, display)
    *forms, bare = edge(snapshot, display)
    used, used_short = [memory(snapshot), gap], [memory_short(snapshot), gap]
    learns = learning(snapshot)
    return [
        _first(
            width,
            ([*head, feeds(snapshot), learns], right),
            ([*head, feeds(snapshot)], right),
            ([*head, feeds_short(snapshot), learns], right),
            ([*head, feeds_short(snapshot)], right),
        ),
        _first(
            width,
            ([model_long(model), rule(model), evaluator(model)], [cost, *risk]),
            ([model_long(model), evaluator(model)], [cost, *risk]),
            ([model_long(model), evaluator(model)], risk),
            ([model_long(model), evaluator_short(model)], risk),
            ([model_short(model), evaluator_short(model)], risk),
        ),
        _first(
            width,
            *(([money, form], used) for form in forms),
            ([money, forms[-1]], used_short),
            ([pnl_short(snapshot, display), forms[-1]], used_short),
            ([pnl_short(snapshot, display), bare], used_short),
        ),
    ]


def narrow_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Two rows with what is vital, from 80 columns."""
    model = snapshot.model
    head = _head(snapshot, display)
    short, pace = feeds_short(snapshot), [(speed(snapshot.speed), LABEL)]
    risk: Item = [("exp ", LABEL), (display.money.whole(snapshot.exposure), PLAIN)]
    money = pnl_short(snapshot, display)
    *_, word, bare = edge(snapshot, display)
    used = snapshot.memory
    tiny: Item = [("rss ", LABEL), (size(used.rss), PLAIN), (" mlx ", LABEL),
                  (size(used.mlx_active), PLAIN)]  # fmt: skip
    small: Item = [*tiny, (" hist ", LABEL), (size(used.histories), PLAIN)]
    return [
        _first(
            width,
            ([*head, short, model_short(model), learning(snapshot)], [pace, market_time(snapshot)]),
            ([*head, short, model_short(model)], [pace, market_time(snapshot)]),
            ([*head, short, model_short(model)], [pace, market_time(snapshot)[1:]]),
            ([*head, short, model_short(model)], [market_time(snapshot)[1:]]),
            ([*head, short], [model_short(model)]),
            ([*head[:-1], short], [model_short(model)]),
        ),
        _first(
            width,
            ([risk, money, word], [memory_short(snapshot)]),
            ([risk, money, bare], [small]),
            ([risk, money, bare], [tiny]),
            ([money, bare], [tiny]),
        ),
    ]


def alert(snapshot: Snapshot, display: Display, width: int) -> Line | None:
    """What stands between the trader and a normal session, in one row; None: nothing."""
    marks = [*_marks(snapshot, display), *_failure(snapshot, display)]
    sentences = _fallen(snapshot, display)
    feeds, safety = live_alerts(snapshot, display.money), safety_alerts(snapshot, display.money)
    if not (marks or sentences or feeds or safety):
        return None
    stopped, stops = [told.long for told in safety], [told.short for told in safety]
    whole = [*marks, *stopped, *sentences, *(told.long for told in feeds)]
    brief = [*(told.short for told in feeds), *([WHY_ELSEWHERE] if feeds else [])]
    # What is cut at last is the end of a sentence, and never what has a short form.
    variants = (
        whole,
        [*marks, *stopped, *sentences, *brief],
        [*marks, *stops, *sentences, *brief],
        [*marks, *stops, *brief, *sentences],
        [*marks, *brief, *stops, *sentences],
    )
    return fit(first_line_that_fits(width, [_row(items) for items in variants]), width)


def _row(items: Sequence[Item]) -> Item:
    return [(" ", PLAIN), *joined(items)]


def _marks(snapshot: Snapshot, display: Display) -> list[Item]:
    """That the screen stands still, or the feed is over."""
    items: list[Item] = []
    if display.frozen_s is not None:
        frozen = f" FROZEN {countdown(display.frozen_s)} "
        items.append([(frozen, WARN_BADGE), (" space thaws; the engine goes on", LABEL)])
    if (over := ended(snapshot)) is not None:
        items.append(over)
    return items


def _failure(snapshot: Snapshot, display: Display) -> list[Item]:
    if snapshot.failure is None:
        return []
    return [[("engine: ", LABEL), (display.money.sentence(snapshot.failure), ALARM)]]


def _fallen(snapshot: Snapshot, display: Display) -> list[Item]:
    if not (snapshot.model.depth and snapshot.model.last_fall):
        return []
    fall = display.money.sentence(snapshot.model.last_fall)
    return [[("model fell: ", LABEL), (fall, WARN)]]


def status_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """All rows for `width` columns; the alert, if any, comes last."""
    rows = (
        wide_rows(snapshot, display, width)
        if width >= 180
        else medium_rows(snapshot, display, width)
        if width >= 100
        else narrow_rows(snapshot, display, width)
    )
    said = alert(snapshot, display, width)
    return rows if said is None else [*rows, said]


class StatusRow(Lines):
    """One to four rows at the top of every screen. Call `show` at each poll."""

    DEFAULT_CSS = "StatusRow { height: auto; width: 100%; dock: top; background: $surface; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 Textual's name
        super().__init__(id=id)
        self._snapshot = Snapshot()
        self._rows = 2

    def show(self, snapshot: Snapshot) -> None:
        """Draw `snapshot`; the rows grow by one while there is something to alert to."""
        self._snapshot = snapshot
        width = self.size.width or self.app.size.width
        rows = len(self._rows_at(width))
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002 Textual's signature
        return len(self._rows_at(width))

    def lines(self, area: Size) -> list[Line]:
        return self._rows_at(area.width)

    def _rows_at(self, width: int) -> list[Line]:
        return status_rows(self._snapshot, look_of(self.app), width)
