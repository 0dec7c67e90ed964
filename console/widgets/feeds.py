"""The feeds in words: the reference venue, the clock, the recorder, what ails, what is heard.

Pure functions of a snapshot. What nobody has measured is `?`, never 0; every state is a word.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath
from textwrap import wrap

from rich.style import Style

from console.text import UNKNOWN, age, clip, finite, milliseconds, size
from console.themes import ALARM, FAINT, GAIN, LABEL, PLAIN, STRONG, WARN
from console.widgets.connections import badness, state_of
from console.widgets.display import Display
from console.widgets.lines import Line, Run, first_line_that_fits, fit, spread, width_of
from engine.feeds_view import ConnectionView, FeedsView, RecorderView
from engine.snapshot import Snapshot, StreamView

LABELS = 11
"""Cells of a label at the left."""

NOTE_ROWS = 2
"""Rows of what ails where there are few: all of them for the first, the table has the others."""

INDENT = "  "
"""Before the second and later lines of a note."""

STATUS_STYLES = {"ok": LABEL, "absent": FAINT}


def head_lines(feeds: FeedsView, display: Display, width: int) -> list[Line]:
    """Reference venue, with its reason, in lines of its own where it is long; clock; recorder."""
    return [
        *_reference(feeds, display, width),
        _clock(feeds, display, width),
        _recorder(feeds.recorder, display, width),
    ]


def _fact(name: str, *runs: Run) -> Line:
    return [(f"{name:<{LABELS}}", LABEL), *runs]


def _reference(feeds: FeedsView, display: Display, width: int) -> list[Line]:
    why = display.money.sentence(feeds.reference_why)
    if not feeds.reference:
        return _reasoned(_fact("reference", ("none" if why else "none yet", WARN)), why, width)
    venue: Run = (feeds.reference, STRONG)
    if feeds.reference_rung == 0:
        return [fit(_fact("reference", venue, ("  first choice", LABEL)), width)]
    rung: Run = (f"  choice {feeds.reference_rung + 1}", WARN)
    return _reasoned(_fact("reference", venue, rung), why, width)


def _reasoned(fact: Line, why: str, width: int) -> list[Line]:
    """`fact: why` in one line; a reason too long for that below it, in lines of its own."""
    said = f": {why}" if why else ""
    if width_of(fact) + len(said) <= width:
        return [[*fact, (said, WARN)]]
    room = max(1, width - LABELS)
    first, *rest = wrap(why, room) or [""]
    kept = [first, clip(" ".join(rest), room)] if rest else [first]
    return [fit(fact, width), *([(" " * LABELS, PLAIN), (part, WARN)] for part in kept)]


def _clock(feeds: FeedsView, display: Display, width: int) -> Line:
    left = _fact("clock", *skew(feeds))
    note = display.money.sentence(feeds.clock_note)
    noted = [*left, *([(f"  {note}", WARN)] if note else [])]
    late: Line = [
        ("  ticks late p99 ", LABEL), (milliseconds(feeds.tick_late_ms), PLAIN)
    ]  # fmt: skip
    return spread(noted, late, width)


def skew(feeds: FeedsView) -> list[Run]:
    """The difference in words: the venues' clock less ours is what ours is behind by."""
    known = finite(feeds.skew_ms)
    if known is None:
        return [(UNKNOWN, PLAIN), (" against the venues'", LABEL)]
    style = ALARM if feeds.skewed else PLAIN
    way = "behind" if known >= 0 else "ahead of"
    return [(span(abs(known)), style), (f" {way} the venues'", LABEL if style is PLAIN else style)]


def span(milliseconds_long: float) -> str:
    """`12.0ms`, from one second on `3.1s`."""
    if milliseconds_long < 999.5:
        return milliseconds(milliseconds_long)
    return age(milliseconds_long / 1000)


def _recorder(recorder: RecorderView, display: Display, width: int) -> Line:
    if not recorder.on:
        why = display.money.sentence(recorder.why)
        runs: list[Run] = [("stopped", WARN), (f": {why}", WARN)] if why else [("off", LABEL)]
        return fit(_fact("recording", *runs), width)
    parts = f" in {recorder.parts:,} parts" if recorder.parts > 1 else ""
    told = f"  {recorder.rows:,} rows  {size(recorder.written)} on disk{parts}"
    counts: Line = [(told, PLAIN)]
    room = width - LABELS - width_of(counts)
    return spread(_fact("recording", (path_end(recorder.path, room), GAIN)), counts, width)


def path_end(path: str, width: int) -> str:
    """`path` in at most `width` cells: whole, or its last parts behind an ellipsis."""
    if len(path) <= width:
        return path or UNKNOWN
    kept = ""
    for part in reversed(PurePath(path).parts):
        longer = f"/{part}{kept}"
        if len(longer) + 1 > width:
            break
        kept = longer
    return f"…{kept}" if kept else clip(PurePath(path).name, width)


def unconnected_lines(snapshot: Snapshot, width: int) -> list[Line]:
    """The whole view where there is no connection: why, and what the engine hears anyway."""
    return [fit(_fact("feeds", (_nothing(snapshot.feed), PLAIN)), width), (), *_heard(snapshot)]


def _nothing(feed: str) -> str:
    if feed.startswith("replay"):
        return "a recording is replayed: there are no connections"
    if feed.startswith("sim"):
        return "the embedded market: there are no connections"
    return "no connection yet"


def _heard(snapshot: Snapshot) -> list[Line]:
    """A heading and a line for each of the engine's sources."""
    if not snapshot.streams:
        return [[("nothing has been heard yet", WARN)]]
    heading: Line = [
        (f"{'source':<{LABELS}}{'state':<9}{'age':>7}{'messages':>13}{'bad':>8}", LABEL)
    ]
    return [heading, *(_heard_row(stream) for stream in snapshot.streams)]


def _heard_row(stream: StreamView) -> Line:
    style = STATUS_STYLES.get(stream.status, WARN)
    if stream.status == "absent":
        return _fact(stream.name, ("absent: this feed does not carry it", style))
    return [
        (f"{stream.name:<{LABELS}}", PLAIN),
        (f"{stream.status:<9}", style),
        (f"{age(stream.age_s):>7}{stream.messages:>13,}", PLAIN),
        (f"{stream.bad:>8,}", WARN if stream.bad else PLAIN),
    ]


def sources_line(streams: Sequence[StreamView], width: int) -> Line:
    """What the engine hears of all this, in one line; counts where they fit."""
    if not streams:
        return fit(_fact("engine", ("has heard nothing yet", WARN)), width)
    long = [run for stream in streams for run in _source_long(stream)]
    short = [run for stream in streams for run in _source(stream)]
    return fit(
        first_line_that_fits(width, [_fact("engine", *long), _fact("engine", *short)]), width
    )


def _source(stream: StreamView) -> list[Run]:
    style = STATUS_STYLES.get(stream.status, WARN)
    if stream.status == "absent":
        return [(f"{stream.name} absent  ", style)]
    bad: list[Run] = [(f" {stream.bad:,} bad", WARN)] if stream.bad else []
    return [
        (f"{stream.name} ", PLAIN), (stream.status, style), (f" {age(stream.age_s)}", PLAIN),
        *bad, ("  ", PLAIN),
    ]  # fmt: skip


def _source_long(stream: StreamView) -> list[Run]:
    if stream.status == "absent":
        return _source(stream)
    *told, gap = _source(stream)
    return [*told[:3], (f" {stream.messages:,} messages", PLAIN), *told[3:], gap]


def notes(
    feeds: FeedsView, chosen: ConnectionView | None, display: Display, width: int, rows: int
) -> list[Line]:
    """`chosen` in full, then all others that are ill, worst first, in at most `rows` lines."""
    others = [view for view in feeds.connections if view.ill and view is not chosen]
    others.sort(key=badness, reverse=True)
    told = ([] if chosen is None else [chosen]) + others
    lines: list[Line] = []
    for place, view in enumerate(told):
        note = _note(view, display, width)
        last = place == len(told) - 1
        if len(lines) + len(note) > rows - (not last):
            return _cut(lines, note, len(told) - place, rows, width)
        lines += note
    return lines


def _cut(lines: list[Line], note: list[Line], left: int, rows: int, width: int) -> list[Line]:
    """What fits of `note`, the first of `left` still to be told, and that there is more."""
    if lines:
        return [*lines, _more(left)]
    room = rows - 1 if left > 1 and rows > NOTE_ROWS else rows
    kept = note[:room]
    if kept and len(note) > room:
        kept[-1] = fit([*kept[-1], (" ", PLAIN), *note[room][1:]], width)
    return kept if room == rows else [*kept, _more(left - 1)]


def _more(left: int) -> Line:
    return [(f"… and {left} more not live", WARN)]


def _note(view: ConnectionView, display: Display, width: int) -> list[Line]:
    """One connection: name, state, why, counts and last error, wrapped."""
    mark, style = state_of(view)
    said = display.money.sentence(_sentence(view))
    first, *rest = wrap(f"{view.name} {mark[2:]}{said}", max(20, width - 2)) or [view.name]
    body = style if view.ill else LABEL
    return [
        [(f"{mark[:2]}", style), (first, body)],
        *([(INDENT, PLAIN), (part, _quieter(body))] for part in rest),
    ]


def _sentence(view: ConnectionView) -> str:
    why = f": {view.why}" if view.why else ""
    counts = f"{view.messages:,} messages, {view.dropped:,} dropped, {view.reconnects:,} reconnects"
    error = f"last error: {view.last_error}" if view.last_error else "no error so far"
    return f"{why}; {error}; {counts}"


def _quieter(style: Style) -> Style:
    """An alarm's first line is enough of it."""
    return WARN if style is ALARM else style
