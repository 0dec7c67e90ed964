"""The status row: what the gate does, whether the engine lives, and what it costs to run.

Always on top and never covered; modals mount another one. It goes on beating while the panels
are frozen. States are told by words first: badge, beat and feeds change their wording, not only
their colour.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Size

from console.text import age, countdown, milliseconds, size, speed, utc
from console.themes import (
    ALARM,
    ALARM_BADGE,
    GAIN,
    LABEL,
    LIVE_BADGE,
    PAPER_BADGE,
    PLAIN,
    STRONG,
    WARN,
    WARN_BADGE,
    by_sign,
)
from console.widgets.display import Display, look_of
from console.widgets.lines import GAP, Line, Lines, Run, fit, width_of
from engine.snapshot import ModelView, Snapshot, StreamView

BEAT_LATE_S = 1.0
"""Two ticks without a new snapshot: amber."""

BEAT_ALARM_S = 2.5
"""Five ticks: red."""

Item = list[Run]


def badge(mode: str) -> Item:
    """PAPER or LIVE in reverse video."""
    return [(f" {mode} ", LIVE_BADGE if mode == "LIVE" else PAPER_BADGE)]


def state(snapshot: Snapshot) -> Item:
    style = {"ACTIVE": GAIN, "HALTED": ALARM_BADGE, "REDUCING": WARN_BADGE}
    word = snapshot.state
    if word in ("HALTED", "REDUCING"):
        return [(f" {word} ", style[word])]
    return [(word, style.get(word, WARN))]


def beat(snapshot: Snapshot, display: Display) -> Item:
    """The age of the engine's last sign of life; the word changes with the alarm."""
    seconds = display.beat_age(snapshot.beat_mono)
    if snapshot.failure is not None or not display.alive:
        word = "ENGINE ENDED" if snapshot.finished and snapshot.failure is None else "ENGINE DEAD"
        return [(word, WARN if word.endswith("ENDED") else ALARM_BADGE)]
    if seconds >= BEAT_ALARM_S:
        return [(f"BEAT {age(seconds)}!", ALARM_BADGE)]
    if seconds >= BEAT_LATE_S:
        return [("beat late ", WARN), (age(seconds), WARN)]
    return [("beat ", LABEL), (age(seconds), PLAIN)]


def _stream(stream: StreamView) -> Item:
    if stream.status == "absent":
        return [(f"{stream.name} absent", LABEL)]
    if stream.status == "ok":
        return [(f"{stream.name} ", LABEL), (age(stream.age_s), PLAIN)]
    return [(f"{stream.name} {stream.status.upper()} {age(stream.age_s)}", WARN)]


def feeds(snapshot: Snapshot) -> Item:
    """Every stream with its age."""
    items = [_stream(stream) for stream in snapshot.streams]
    return _joined([*items]) if items else [("no feeds", WARN)]


def feeds_short(snapshot: Snapshot) -> Item:
    """One word for all streams: the oldest age, or the first that is not well."""
    heard = [stream for stream in snapshot.streams if stream.status != "absent"]
    ill = [stream for stream in heard if stream.status != "ok"]
    if not heard:
        return [("no feeds", WARN)]
    if ill:
        more = f" +{len(ill) - 1}" if len(ill) > 1 else ""
        return [*_stream(ill[0]), *([(more, WARN)] if more else [])]
    oldest = max((s.age_s for s in heard if s.age_s is not None), default=None)
    return [("feeds ", LABEL), (age(oldest), PLAIN)]


def source(snapshot: Snapshot) -> Item:
    """The feed and its speed."""
    ended = [(" ENDED", WARN)] if snapshot.finished else []
    return [(snapshot.feed or "no feed", PLAIN), (f" {speed(snapshot.speed)}", LABEL), *ended]


def market_time(snapshot: Snapshot) -> Item:
    return [(utc(snapshot.t_ms), PLAIN), (" UTC", LABEL)]


def _depth(model: ModelView) -> Item:
    if model.depth == 0:
        return [(" depth 0", LABEL)]
    return [(f" FALLEN {model.depth}", WARN)]


def model_short(model: ModelView) -> Item:
    """Architecture, depth, and whether it was ever trained."""
    depth: Run = ("/0", LABEL) if model.depth == 0 else (f" FALLEN {model.depth}", WARN)
    named: Run = (model.architecture if model.architecture != "none" else model.name, PLAIN)
    untrained = model.architecture != "none" and not model.trained
    return [named, depth, *([(" untrained", WARN)] if untrained else [])]


def model_long(model: ModelView) -> Item:
    """Name, architecture, weights, depth, training, and how it is evaluated."""
    untrained = model.architecture != "none" and not model.trained
    return [
        ("model ", LABEL),
        (model.name, STRONG),
        (f" {model.architecture}", PLAIN),
        *_depth(model),
        *([(" untrained", WARN)] if untrained else []),
    ]


def evaluator(model: ModelView) -> Item:
    return [(model.evaluator or "no evaluator", LABEL)]


def evaluator_short(model: ModelView) -> Item:
    return [(model.evaluator.partition(":")[0] or "no evaluator", LABEL)]


def rule(model: ModelView) -> Item:
    return [(f"{model.profile} {model.rule}", LABEL)]


def exposure(snapshot: Snapshot, display: Display) -> Item:
    return [("exposure ", LABEL), (display.money.plain(snapshot.exposure), PLAIN)]


def worst_case(snapshot: Snapshot, display: Display) -> Item:
    return [("worst ", LABEL), (display.money.signed(snapshot.worst_case), PLAIN)]


def total(snapshot: Snapshot) -> float | None:
    """Executable PnL, realised and open together, dollars; None where a part is unknown."""
    return None if snapshot.unrealised is None else snapshot.pnl + snapshot.unrealised


def pnl(snapshot: Snapshot, display: Display) -> Item:
    """Executable PnL beside mid PnL, both with what is open."""
    money, sum_ = display.money, total(snapshot)
    unknown = [(f" ({money.signed(snapshot.pnl)} realised)", LABEL)] if sum_ is None else []
    return [
        ("pnl exec ", LABEL),
        (money.signed(sum_), by_sign(sum_)),
        *unknown,
        ("  mid ", LABEL),
        (money.signed(snapshot.pnl_mid), by_sign(snapshot.pnl_mid)),
    ]


def pnl_short(snapshot: Snapshot, display: Display) -> Item:
    money, sum_ = display.money, total(snapshot)
    return [
        ("exec ", LABEL),
        (money.signed(sum_), by_sign(sum_)),
        (" mid ", LABEL),
        (money.signed(snapshot.pnl_mid), by_sign(snapshot.pnl_mid)),
    ]


def fees(snapshot: Snapshot, display: Display) -> Item:
    return [("fees ", LABEL), (display.money.plain(snapshot.fees), PLAIN)]


def memory(snapshot: Snapshot) -> Item:
    """Resident size and MLX memory: active, peak, cache; the histories' bytes."""
    used = snapshot.memory
    return [
        ("rss ", LABEL), (size(used.rss), PLAIN),
        ("  mlx ", LABEL), (size(used.mlx_active), PLAIN),
        (" peak ", LABEL), (size(used.mlx_peak), PLAIN),
        (" cache ", LABEL), (size(used.mlx_cache), PLAIN),
        ("  hist ", LABEL), (size(used.histories), PLAIN),
    ]  # fmt: skip


def memory_short(snapshot: Snapshot) -> Item:
    used = snapshot.memory
    mlx = f"{size(used.mlx_active)}/{size(used.mlx_peak)}/{size(used.mlx_cache)}"
    return [
        ("rss ", LABEL), (size(used.rss), PLAIN), (" mlx ", LABEL), (mlx, PLAIN),
        (" hist ", LABEL), (size(used.histories), PLAIN),
    ]  # fmt: skip


def loop(snapshot: Snapshot) -> Item:
    return [("gap ", LABEL), (milliseconds(snapshot.loop_gap_ms), PLAIN)]


def _joined(items: Sequence[Item]) -> Item:
    joined: Item = []
    for item in items:
        joined += [*([GAP] if joined else []), *item]
    return joined


def _ends(left: Sequence[Item], right: Sequence[Item], width: int) -> Item | None:
    """Both groups at the ends of one row; None where they do not fit."""
    first, last = _joined(left), _joined(right)
    spare = width - width_of(first) - width_of(last)
    return [*first, (" " * spare, PLAIN), *last] if spare >= 2 or not last else None


def _first(width: int, *variants: tuple[Sequence[Item], Sequence[Item]]) -> Line:
    """The first pair of groups that fits into one row; the last is cut with an ellipsis."""
    rows = (_ends(left, right, width) for left, right in variants)
    found = next((row for row in rows if row is not None), None)
    return found if found is not None else fit(_joined([*variants[-1][0], *variants[-1][1]]), width)


def wide_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Two rows, from 180 columns."""
    model = snapshot.model
    head = [badge(snapshot.mode), state(snapshot), beat(snapshot, display)]
    mind = [model_long(model), rule(model), evaluator(model)]
    right = [source(snapshot), market_time(snapshot)]
    money = [pnl(snapshot, display), fees(snapshot, display), exposure(snapshot, display),
             worst_case(snapshot, display)]  # fmt: skip
    return [
        _first(
            width,
            ([*head, feeds(snapshot), *mind], right),
            ([*head, feeds_short(snapshot), *mind], right),
            ([*head, feeds_short(snapshot), model_long(model), evaluator_short(model)], right),
        ),
        _first(
            width,
            (money, [memory(snapshot), loop(snapshot)]),
            (money, [memory_short(snapshot), loop(snapshot)]),
        ),
    ]


def medium_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Three rows, from 100 columns."""
    model = snapshot.model
    head = [badge(snapshot.mode), state(snapshot), beat(snapshot, display)]
    right = [source(snapshot), market_time(snapshot)]
    risk = [exposure(snapshot, display)]
    gap, money = loop(snapshot), pnl(snapshot, display)
    return [
        _first(width, ([*head, feeds(snapshot)], right), ([*head, feeds_short(snapshot)], right)),
        _first(
            width,
            ([model_long(model), rule(model), evaluator(model)], risk),
            ([model_long(model), evaluator(model)], risk),
            ([model_long(model), evaluator_short(model)], risk),
            ([model_short(model), evaluator_short(model)], risk),
        ),
        _first(
            width,
            ([money, fees(snapshot, display)], [memory(snapshot), gap]),
            ([money], [memory(snapshot), gap]),
            ([money], [memory_short(snapshot), gap]),
            ([pnl_short(snapshot, display)], [memory_short(snapshot), gap]),
        ),
    ]


def narrow_rows(snapshot: Snapshot, display: Display, width: int) -> list[Line]:
    """Two rows with what is vital, from 80 columns."""
    model = snapshot.model
    head = [badge(snapshot.mode), state(snapshot), beat(snapshot, display)]
    short = feeds_short(snapshot)
    risk: Item = [("exp ", LABEL), (display.money.whole(snapshot.exposure), PLAIN)]
    money = pnl_short(snapshot, display)
    used = snapshot.memory
    tiny: Item = [("rss ", LABEL), (size(used.rss), PLAIN), (" mlx ", LABEL),
                  (size(used.mlx_active), PLAIN)]  # fmt: skip
    return [
        _first(
            width,
            ([*head, short, model_short(model)], [market_time(snapshot)]),
            ([*head, short], [model_short(model)]),
        ),
        _first(
            width,
            ([risk, money], [memory_short(snapshot)]),
            ([risk, money], [tiny]),
            ([money], [tiny]),
        ),
    ]


def alert(snapshot: Snapshot, display: Display, width: int) -> Line | None:
    """What stands between the trader and a normal session, in one row; None: nothing."""
    items: list[Item] = []
    say = display.money.sentence
    if display.frozen_s is not None:
        frozen = f" FROZEN {countdown(display.frozen_s)} "
        items.append([(frozen, WARN_BADGE), (" space thaws; the engine goes on", LABEL)])
    if snapshot.failure is not None:
        items.append([("engine: ", LABEL), (say(snapshot.failure), ALARM)])
    if snapshot.state != "ACTIVE" and snapshot.state_reason:
        items.append([(f"{snapshot.state}: ", LABEL), (say(snapshot.state_reason), WARN)])
    if snapshot.model.depth and snapshot.model.last_fall:
        items.append([("model fell: ", LABEL), (say(snapshot.model.last_fall), WARN)])
    return fit(_joined(items), width) if items else None


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
        rows = len(self.lines(self.size.width or self.app.size.width, 0))
        if rows != self._rows:
            self._rows = rows
            self.refresh(layout=True)
        self.redraw()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.lines(width, 0))

    def lines(self, width: int, height: int) -> list[Line]:
        return status_rows(self._snapshot, look_of(self.app), width)
