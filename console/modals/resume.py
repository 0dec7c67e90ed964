"""Resume: what halted trading and when, what should be true before it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.modals.flatten import held
from console.modals.page import BLANK, check, failed, line
from console.modals.typed import TypedDialog
from console.text import Money, age, utc
from console.themes import ALARM, LABEL, PLAIN, WARN
from console.widgets.lines import Line
from engine.snapshot import LogLine, Snapshot

DAY_LIMIT = "day, worst"
"""The engine's name of the limit on the day's worst case."""


class ResumeModal(TypedDialog[str | None]):
    """Answers ``RESUME`` when that was typed while HALTED, else None."""

    TITLE = "Resume"
    HINT = "pgup pgdn scroll   esc back"
    WORD = "RESUME"

    def lines(self) -> Sequence[Line]:
        return resume_lines(self.snapshot, self.money)

    def confirmed(self) -> str:
        return self.WORD

    def refusal(self) -> str | None:
        return cannot_resume(self.snapshot)


def cannot_resume(snapshot: Snapshot) -> str | None:
    """Why the typed word would change nothing, or None."""
    pointless = _pointless(snapshot)
    if pointless is None and snapshot.safety.unmet:
        return f"The engine would refuse: {'; '.join(snapshot.safety.unmet)}."
    return pointless


def _pointless(snapshot: Snapshot) -> str | None:
    """Why there is nothing to resume, or None."""
    if snapshot.failure is not None:
        return "The engine has stopped; leave and start again, the halt will still be there."
    if snapshot.state != "HALTED":
        return f"Trading is {snapshot.state}, not HALTED; there is nothing to resume."
    return None


def resume_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """What halted trading, then a checklist of what should hold before it goes on."""
    return [
        *_cause(snapshot, money),
        BLANK,
        *_musts(snapshot, money),
        BLANK,
        line("Look at these too:", LABEL),
        *_checklist(snapshot, money),
        BLANK,
        line("Resuming opens the gate, nothing else: limits, positions and model stay."),
    ]


def halted_by(snapshot: Snapshot) -> LogLine | None:
    """The newest log line that tells of entering HALTED; None where the log has scrolled past."""
    return next((row for row in reversed(snapshot.log) if "-> HALTED" in row.text), None)


def _cause(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    problem = _pointless(snapshot)
    if problem is not None:
        yield line(problem, WARN)
        return
    reason = money.sentence(snapshot.state_reason or "no reason was recorded")
    yield ("Reason     ", LABEL), (reason, ALARM)
    yield ("Since      ", LABEL), (_since(snapshot), PLAIN)


def _since(snapshot: Snapshot) -> str:
    row = halted_by(snapshot)
    if row is None:
        return "before the log shown here begins"
    ago = age((snapshot.t_ms - row.t_ms) / 1000)
    return f"{utc(row.t_ms)} UTC, {ago} ago in market time"


def _musts(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    """What the engine refuses without."""
    yield line("These must be true:", LABEL)
    unmet, stop = snapshot.safety.unmet, snapshot.safety.stop
    for clause in unmet:
        yield check(False, "obstacle", money.sentence(clause))  # noqa: FBT003 the mark's value
    if stop is not None and stop.done:
        yield check(True, f"{stop.grade} done", money.sentence(stop.sentence))  # noqa: FBT003 the mark's value
    if not unmet:
        yield check(True, "no obstacle", "account, stop, latch and stop file forbid nothing")  # noqa: FBT003 the mark's value


def _checklist(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    if snapshot.failure is not None:
        yield failed("engine", money.sentence(snapshot.failure))
    yield _feeds(snapshot)
    yield _breakers(snapshot, money)
    yield _tasks(snapshot)
    yield _positions(snapshot, money)
    yield _day(snapshot, money)
    model = snapshot.model
    deciding = model.architecture != "none"
    yield check(deciding, "model", model.name if deciding else "HOLD decides: no model is in use")


def _feeds(snapshot: Snapshot) -> Line:
    if snapshot.finished:
        return check(False, "market data", "the feed has ended")  # noqa: FBT003 the mark's value
    promised = [stream for stream in snapshot.streams if stream.status != "absent"]
    bad = [f"{s.name} {s.status} {age(s.age_s)}" for s in promised if s.status != "ok"]
    if not promised:
        return check(None, "market data", "no stream has reported")
    return check(not bad, "market data", ", ".join(bad) or "every stream is fresh")


def _breakers(snapshot: Snapshot, money: Money) -> Line:
    tripped = snapshot.safety.breakers
    told = "; ".join(f"{b.name} ({money.sentence(b.reason)})" for b in tripped)
    return check(not tripped, "breakers", f"REDUCING follows: {told}" if told else "none tripped")


def _tasks(snapshot: Snapshot) -> Line:
    duties = snapshot.safety.duties
    stale = [duty.name for duty in duties if not duty.fresh]
    if not duties:
        return check(None, "safety tasks", "none has reported")
    return check(not stale, "safety tasks", ", ".join(stale) or "every proof is fresh")


def _positions(snapshot: Snapshot, money: Money) -> Line:
    awaiting = sum(len(asset.awaiting) for asset in snapshot.assets)
    rows = [
        f"{asset.asset} {position.outcome} {money.shares(position.shares)}"
        for asset, position in held(snapshot)
    ]
    if awaiting:
        rows.append(f"{awaiting} awaiting resolution")
    return check(not awaiting, "positions", ", ".join(rows) or "flat")


def _day(snapshot: Snapshot, money: Money) -> Line:
    limit = next((row for row in snapshot.limits if row.name == DAY_LIMIT), None)
    if limit is None:
        return check(None, "daily loss", f"worst case {money.signed(snapshot.worst_case)}")
    used, most = money.plain(limit.used), money.plain(limit.limit)
    return check(limit.used < limit.limit, "daily loss", f"worst case uses {used} of {most}")
