"""Safety in words: the gate, breakers, tasks with their stamps, ways to stop, alerts.

Pure functions of a snapshot. A task is shown by the age of its last stamp beside its limit, never
by a bare mark; every mark has its word.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from console.text import UNKNOWN, Money, age, clip, utc
from console.themes import ALARM, FAINT, GAIN, LABEL, PLAIN, WARN
from console.widgets.lines import Line, Run, first_line_that_fits, fit, width_of
from console.widgets.stop import LABELS, fact, stop_lines, took
from console.widgets.tail import LEVEL_MARKS, LEVELS
from engine.safety_view import AlertView, BreakerView, DutyView, SafetyView
from engine.snapshot import Snapshot

ON_HANGUP = {
    "hold": "leave, and hold positions to their resolution",
    "flatten": "sell what is held, then leave",
    "keep-running": "go on unseen; trade-console attach shows it",
}
"""What each policy means."""

_STATES = {"ACTIVE": GAIN, "HALTED": ALARM}


def gate_lines(snapshot: Snapshot, money: Money, width: int) -> list[Line]:
    """The trading state with its reason."""
    state = snapshot.state
    reason = f"  {money.sentence(snapshot.state_reason)}" if snapshot.state_reason else ""
    head: Line = [
        (f"{'gate':<{LABELS}}", LABEL),
        (state, _STATES.get(state, WARN)),
        (reason, PLAIN if state == "ACTIVE" else WARN),
    ]
    lines: list[Line] = [fit(head, width)]
    if snapshot.safety.stuck_s is not None:
        moved = f"the engine's thread has not moved for {age(snapshot.safety.stuck_s)}"
        lines.append(fit(fact(False, "STUCK", moved), width))  # noqa: FBT003 the mark's value
    return lines


def stopped_lines(snapshot: Snapshot, money: Money, width: int) -> list[Line]:
    """The newest stop of this run with its evidence."""
    stop = snapshot.safety.stop
    if stop is None:
        return [fit([(f"{'stop':<{LABELS}}", LABEL), ("none asked for in this run", FAINT)], width)]
    return stop_lines(stop, snapshot.t_ms, money, width)


def breaker_lines(snapshot: Snapshot, money: Money, width: int) -> list[Line]:
    """Every tripped breaker: reason and since when, then what clears it."""
    breakers = snapshot.safety.breakers
    if not breakers:
        return [fit([(f"{'breakers':<{LABELS}}", LABEL), ("none tripped", FAINT)], width)]
    title: Line = [(f"{'breakers':<{LABELS}}", LABEL), (f"{len(breakers)} tripped", WARN)]
    rows = [row for b in breakers for row in _breaker(b, snapshot.t_ms, money, width)]
    return [fit(title, width), *rows]


def _breaker(view: BreakerView, t_ms: int, money: Money, width: int) -> list[Line]:
    """In one line where there is room, else in two."""
    since = age((t_ms - view.since_ms) / 1000)
    going = "lasts" if view.lasts else "is over"
    name: Run = (f"! {view.name}", ALARM if view.lasts else WARN)
    why: Run = (f": {money.sentence(view.reason)}", PLAIN)
    clears: Run = (f"cause {going}, since {since}; clears: {view.clears}", LABEL)
    whole: Line = [name, why, ("; ", LABEL), clears]
    if width_of(whole) <= width:
        return [whole]
    return [fit([name, why], width), fit([("    ", PLAIN), clears], width)]


def what_remains(safety: SafetyView) -> str:
    """What no person can end now: causes that last, tasks without a fresh stamp; "": nothing."""
    causes = [f"{b.name} lasts ({b.reason})" for b in safety.breakers if b.lasts]
    tasks = [f"{duty.name} is stale" for duty in safety.duties if not duty.fresh]
    return "; ".join([*causes, *tasks])


def duty_rows(duties: Sequence[DutyView], width: int) -> list[Line]:
    """A row for each required task: its stamp's age beside the limit, and what it did."""
    return [fit(first_line_that_fits(width, _duty(duty)), width) for duty in duties]


def _duty(duty: DutyView) -> tuple[Line, Line]:
    """With the note of what was done, and without."""
    mark, word, style = ("✓", "", LABEL) if duty.fresh else ("✗", " STALE", ALARM)
    note: Run = (f"  {duty.note}" if duty.note else "", LABEL)
    stamp = f"{age(duty.age_s):>6} of {age(duty.limit_s)}{word}"
    bare: Line = [
        (f"{mark} ", GAIN if duty.fresh else ALARM),
        (f"{duty.name:<{LABELS}}", PLAIN if duty.fresh else ALARM),
        (stamp, style),
    ]
    return [*bare, note], bare


def duties_title(duties: Sequence[DutyView], width: int) -> Line:
    if not duties:
        return fit([(f"{'tasks':<{LABELS}}", LABEL), ("none has run yet", WARN)], width)
    stale = sum(not duty.fresh for duty in duties)
    told: Run = (f"{stale} of {len(duties)} STALE", ALARM) if stale else ("all fresh", GAIN)
    what: Run = ("  age of the last proof, and the oldest that counts", LABEL)
    return fit([(f"{'tasks':<{LABELS}}", LABEL), told, what], width)


def way_lines(safety: SafetyView, money: Money, width: int) -> list[Line]:
    """The drill, what a lost terminal does, and who can be reached."""
    return [fit(line, width) for line in (
        _drill(safety, money),
        _plain("on hangup", f"{safety.on_hangup or UNKNOWN}{_meaning(safety.on_hangup)}", PLAIN),
        _plain("control socket", safety.control or UNKNOWN, _well(safety.control, "listening")),
        _plain("webhook", safety.webhook or UNKNOWN, _well(safety.webhook, "on", "off")),
    )]  # fmt: skip


def _drill(safety: SafetyView, money: Money) -> Line:
    drill = safety.drill
    words = {True: "passed", False: "FAILED", None: "not made yet"}[drill.passed]
    after = "" if drill.latched_ms is None else f", gate shut {took(drill.latched_ms)}"
    said = f": {money.sentence(drill.sentence)}" if drill.sentence else ""
    style = {True: GAIN, False: ALARM, None: WARN}[drill.passed]
    label: Run = (f"{'drill':<{LABELS}}", LABEL)
    return [label, (words, style), (f"{after}{said}", PLAIN)]


def _meaning(policy: str) -> str:
    meaning = ON_HANGUP.get(policy)
    return "" if meaning is None else f": {meaning}"


def _well(text: str, *good: str) -> Style:
    return PLAIN if text in good else WARN


def _plain(name: str, text: str, style: Style) -> Line:
    return [(f"{name:<{LABELS}}", LABEL), (text, style)]


def alert_rows(alerts: Sequence[AlertView], money: Money, width: int, rows: int) -> list[Line]:
    """The newest alerts, newest last, in at most `rows` lines."""
    if rows <= 0:
        return []
    if not alerts:
        return [fit([(f"{'alerts':<{LABELS}}", LABEL), ("none yet", FAINT)], width)]
    return [fit(alert_line(alert, money, width), width) for alert in alerts[-rows:]]


def alert_line(alert: AlertView, money: Money, width: int) -> Line:
    """Time, level as a mark, kind, text."""
    mark = LEVEL_MARKS.get(alert.level, UNKNOWN)
    style = LEVELS.get(alert.level, PLAIN)
    text = f"{mark} {alert.kind}: {money.sentence(alert.text)}"
    return [(f"{utc(alert.t_ms)} ", LABEL), (clip(text, width - 9), style)]
