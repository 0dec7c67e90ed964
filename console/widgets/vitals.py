"""The items of the status row: each a few runs of text, in a long and often in a short form.

States are told by words first: badge, beat and feeds change their wording, not only their colour.
Pure functions of a snapshot and of how it is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.text import age, milliseconds, size, speed, utc
from console.themes import (
    ALARM_BADGE,
    GAIN,
    KEY,
    LABEL,
    LIVE_BADGE,
    PAPER_BADGE,
    PLAIN,
    STRONG,
    WARN,
    WARN_BADGE,
    by_sign,
)
from console.widgets.display import Display
from console.widgets.learning import hint
from console.widgets.lines import GAP, Run
from console.widgets.live import connected, connected_item
from console.widgets.verdict import against_hold
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
    """Every stream with its age, behind the share of connections that are live if not all are."""
    items = [_stream(stream) for stream in snapshot.streams]
    return joined([connected_item(snapshot), *items] if items else [[("no feeds", WARN)]])


def feeds_short(snapshot: Snapshot) -> Item:
    """One word for all streams: the oldest age, or the first that is not well; `5/7` in front says
    how many connections are live, where not all are."""
    heard = [stream for stream in snapshot.streams if stream.status != "absent"]
    ill = [stream for stream in heard if stream.status != "ok"]
    if not heard:
        return [("no feeds", WARN)]
    share = connected(snapshot.feeds)
    if ill:
        more = f" +{len(ill) - 1}" if len(ill) > 1 and not share else ""
        return [(f"{share} " if share else "", WARN), *_stream(ill[0]), (more, WARN)]
    oldest = max((s.age_s for s in heard if s.age_s is not None), default=None)
    return [("feeds ", LABEL), (f"{share} " if share else "", WARN), (age(oldest), PLAIN)]


def source(snapshot: Snapshot) -> Item:
    """The feed and its speed."""
    ended = [(" ENDED", WARN)] if snapshot.finished else []
    return [(snapshot.feed or "no feed", PLAIN), (f" {speed(snapshot.speed)}", LABEL), *ended]


def market_time(snapshot: Snapshot) -> Item:
    return [("market ", LABEL), (utc(snapshot.t_ms), PLAIN), (" UTC", LABEL)]


def ended(snapshot: Snapshot) -> Item | None:
    """That nothing more will come, in words; None while the feed runs."""
    if not snapshot.finished or snapshot.failure is not None:
        return None
    what = "the recording" if snapshot.feed.startswith("replay") else "the feed"
    return [
        (" ENDED ", WARN_BADGE),
        (f" {what} is over: these are the last numbers; ", PLAIN),
        ("q", KEY),
        (" leaves", PLAIN),
    ]


def _depth(model: ModelView) -> Item:
    if model.depth == 0:
        return [(" depth 0", LABEL)]
    return [(f" FALLEN {model.depth}", WARN)]


def model_short(model: ModelView) -> Item:
    """Architecture, depth, and whether it was ever trained."""
    depth: Run = (" d0", LABEL) if model.depth == 0 else (f" FALLEN {model.depth}", WARN)
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


def edge(snapshot: Snapshot, display: Display) -> list[Item]:
    """The running model's verdict to stand beside its PnL, longest form first."""
    return against_hold(snapshot.model.verdict, display.money)


def learning(snapshot: Snapshot) -> Item:
    return [hint(snapshot.learning)]


def loop(snapshot: Snapshot) -> Item:
    return [("gap ", LABEL), (milliseconds(snapshot.loop_gap_ms), PLAIN)]


def joined(items: Sequence[Item]) -> Item:
    """All that are not empty, in one line."""
    line: Item = []
    for item in filter(None, items):
        line += [*([GAP] if line else []), *item]
    return line
