"""Pictures of safety, made by hand: one for each situation that a trader may meet."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from engine.safety_view import (
    AlertView,
    AmbiguousView,
    BreakerView,
    DrillView,
    DutyView,
    SafetyView,
    StopView,
)
from tests.console.fakes import NOW_MS

BY_PERSON = "e, once the cause is gone"
BY_EVIDENCE = "the cause gone and our books equal to the venue's"


def duty(name: str, age_s: float | None = 0.2, limit_s: float = 5.0, note: str = "") -> DutyView:
    fresh = age_s is not None and age_s <= limit_s
    return DutyView(name, age_s, limit_s, fresh, note)


def duties() -> tuple[DutyView, ...]:
    return (
        duty("exit rules", 0.5, note="1 of 1 positions looked at"),
        duty("reconciliation", 4.2, 15.0, "our books equal the venue's account"),
        duty("halt latch", 0.1),
        duty("stop file", 0.1),
        duty("disk", 2.0, 65.0, "81 GB free"),
        duty("feeds", 0.1),
        duty("control socket", 0.4),
        duty("watchdog", 0.3),
    )


def alert(seq: int, kind: str, level: str, text: str, ago_s: float = 0.0) -> AlertView:
    return AlertView(seq, NOW_MS - round(ago_s * 1000), kind, level, text)


def alerts() -> tuple[AlertView, ...]:
    return (
        alert(1, "fill", "info", "XRP BUY UP 310.00 @ 0.480", 496),
        alert(2, "fallback", "warn", "underlying measured on okx-swap: binance refuses", 400),
        alert(3, "fill", "info", "BTC BUY UP 506.45 @ 0.612", 315),
    )


def calm(**rest: Any) -> SafetyView:
    """Everything runs and nothing was stopped."""
    well = SafetyView(
        duties=duties(),
        drill=DrillView(passed=True, latched_ms=0.4, sentence="latched under 1 ms; cancels 4/4"),
        alerts=alerts(),
        webhook="on",
        on_hangup="hold",
        control="listening",
    )
    return replace(well, **rest)


def stop(**rest: Any) -> StopView:
    """A halt by key, three seconds ago, that is done."""
    done = StopView(
        grade="halt",
        origin="key",
        asked_ms=NOW_MS - 3_000,
        latched_ms=4.0,
        kept=True,
        orders=4,
        confirmed=4,
        filled=1,
        ambiguous=(),
        held=("BTC UP 506.45",),
        worst_case=-437.81,
        done=True,
        sentence="latched 4 ms; cancels 4/4 confirmed; 1 filled before the cancel; "
        "held BTC UP 506.45; worst case -$437.81",
    )
    return replace(done, **rest)


def halted(**rest: Any) -> SafetyView:
    """A halt that is done."""
    news = (*alerts(), alert(4, "halt", "alarm", "ACTIVE -> HALTED: halt by key", 3))
    return calm(**{"stop": stop(), "alerts": news, **rest})


def halting() -> SafetyView:
    """The latch is being written, three orders are not over."""
    going_on = stop(
        kept=None,
        confirmed=1,
        filled=0,
        done=False,
        asked_ms=NOW_MS - 200,
        sentence="latched 4 ms; cancels 1/4 confirmed; held BTC UP 506.45; worst case -$437.81",
    )
    return halted(stop=going_on, unmet=("the stop is not done: 3 orders are under way",))


def ambiguous() -> SafetyView:
    """One order got no answer, and may fill for twelve seconds more."""
    unknown = stop(
        confirmed=3,
        done=False,
        ambiguous=(AmbiguousView("o-0019", NOW_MS + 12_000, 25.0),),
        sentence="latched 4 ms; cancels 3/4 confirmed; 1 ambiguous until 00:08:59; "
        "held BTC UP 506.45; worst case -$462.81",
        worst_case=-462.81,
    )
    return halted(stop=unknown, unmet=("1 order without an answer until 00:08:59",))


def flattening() -> SafetyView:
    """A flatten over the control socket, still selling; the latch could not be written."""
    selling = stop(
        grade="flatten",
        origin="control socket",
        kept=False,
        done=False,
        sentence="latched 4 ms, in memory only; cancels 4/4 confirmed; held BTC UP 506.45; "
        "selling in 1 window; worst case -$437.81",
    )
    return halted(stop=selling, unmet=("the flatten is still selling in 1 window",))


def three_breakers() -> SafetyView:
    """Nothing is opened, for three reasons."""
    tripped = (
        BreakerView("rejects in a row", "5 orders rejected, limit 5", NOW_MS - 90_000, False,
                    BY_PERSON),
        BreakerView("data gap", "binance silent for 61 s, limit 60 s", NOW_MS - 31_000, True,
                    BY_EVIDENCE),
        BreakerView("disk", "12 MB free, limit 64 MB", NOW_MS - 2_000, True, BY_EVIDENCE),
    )  # fmt: skip
    news = tuple(
        alert(4 + n, "breaker", "alarm", f"{b.name}: {b.reason}", 90 - 40 * n)
        for n, b in enumerate(tripped)
    )
    return calm(breakers=tripped, alerts=(*alerts(), *news))


def stale_duty() -> SafetyView:
    """One task died, another never ran."""
    dead = [
        duty("exit rules", 9.3) if d.name == "exit rules"
        else duty("watchdog", None) if d.name == "watchdog" else d
        for d in duties()
    ]  # fmt: skip
    return calm(duties=tuple(dead))


def stuck() -> SafetyView:
    """The watchdog sees that the engine's thread does not move."""
    told = alert(4, "stuck", "alarm", "the engine's thread has not moved for 7.2 s; gate shut", 0)
    return calm(stuck_s=7.2, stop=stop(origin="watchdog", done=False), alerts=(*alerts(), told))


def drill_failed() -> SafetyView:
    return calm(drill=DrillView(passed=False, latched_ms=None, sentence="an order left after it"))


def webhook_broken() -> SafetyView:
    return calm(
        webhook="it answers 404; 3 not delivered",
        control="a socket of another engine is in the way",
        on_hangup="keep-running",
    )


SITUATIONS = {
    "calm": calm,
    "halted": halted,
    "halting": halting,
    "ambiguous": ambiguous,
    "flattening": flattening,
    "three breakers": three_breakers,
    "stale duty": stale_duty,
    "stuck": stuck,
    "drill failed": drill_failed,
    "webhook broken": webhook_broken,
}
"""Name -> picture."""
