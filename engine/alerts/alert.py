"""The kinds of alerts, how loud each is, and which event raises which.

Owns what is worth telling somebody who looks elsewhere. Denials, rejections and everything about
learning are not: they come by the hundred, and a breaker speaks for them when they matter.
"""

from __future__ import annotations

from enum import StrEnum

from engine import events as ev
from engine.journal import say
from engine.safety.breakers import Breaker
from engine.units import dollars, price_float, shares_float


class Kind(StrEnum):
    """What an alert is about."""

    FILL = "fill"
    VOID = "void fill"
    ORDER = "unanswered order"
    EXIT = "blocked exit"
    HELD = "held at the end"
    RESOLVED = "resolution"
    HALT = "halt"
    RESUME = "resume"
    STOP = "stop"
    REDUCING = "reducing"
    BREAKER = "breaker"
    CLEARED = "breaker cleared"
    STALE = "stale feed"
    FALLBACK = "fallback"
    STUCK = "stuck"
    TROUBLE = "trouble"


LEVELS: dict[Kind, str] = {
    Kind.FILL: "info",
    Kind.VOID: "alarm",
    Kind.ORDER: "warn",
    Kind.EXIT: "alarm",
    Kind.HELD: "warn",
    Kind.RESOLVED: "info",
    Kind.HALT: "alarm",
    Kind.RESUME: "warn",
    Kind.STOP: "alarm",
    Kind.REDUCING: "warn",
    Kind.BREAKER: "alarm",
    Kind.CLEARED: "warn",
    Kind.STALE: "alarm",
    Kind.FALLBACK: "warn",
    Kind.STUCK: "alarm",
    Kind.TROUBLE: "alarm",
}
"""``info``, ``warn`` or ``alarm``; an alarm rings the bell."""

FIRST_REFERENCE = "binance-futures"
"""The underlying measured there is as it should be."""

_BY_BREAKER = tuple(f"{breaker}: " for breaker in Breaker)
"""How the reason of REDUCING begins where a breaker, which alerts by itself, is behind it."""


def alert_of(event: ev.Event, realised: int) -> tuple[Kind, str] | None:
    """What `event` is to be told as; None: it is not.

    `realised`: micro-dollars that it realised.
    """
    kind = _kind_of(event)
    if kind is None:
        return None
    match event:
        case ev.FillMatched():
            return kind, _fill(event, realised)
        case ev.WindowResolved():
            outcome = event.outcome or "UNKNOWN"
            return kind, f"{event.slug} resolved {outcome}, PnL {_signed(realised)}"
        case ev.BreakerTripped():
            return kind, f"{event.breaker}: {event.reason}"
        case ev.BreakerCleared():
            return kind, f"{event.breaker}: {event.how}"
        case _:
            said = say(event)
            return None if said is None else (kind, said[1])


def _kind_of(event: ev.Event) -> Kind | None:
    match event:
        case ev.StateChanged():
            return _of_state(event)
        case ev.BreakerTripped():
            return Kind.STALE if event.breaker == Breaker.DATA_GAP else Kind.BREAKER
        case ev.StopReported():
            # What a stop begins with is told by the state, and its progress by the screen.
            return Kind.STOP if event.done else None
        case ev.ReferenceChanged():
            return None if event.venue == FIRST_REFERENCE else Kind.FALLBACK
        case ev.ChampionChanged():
            return None if event.how == "promoted" else Kind.FALLBACK
        case ev.Noted() | ev.GuardNoted():
            return Kind.TROUBLE if event.level == "alarm" else None
        case _:
            return _ALWAYS.get(type(event))


_ALWAYS: dict[type[ev.Event], Kind] = {
    ev.FillMatched: Kind.FILL,
    ev.FillVoided: Kind.VOID,
    ev.OrderAmbiguous: Kind.ORDER,
    ev.ExitBlocked: Kind.EXIT,
    ev.WindowAwaiting: Kind.HELD,
    ev.WindowResolved: Kind.RESOLVED,
    ev.BreakerCleared: Kind.CLEARED,
    ev.ModelChanged: Kind.FALLBACK,
}
"""Events that alert whatever they say."""


def _of_state(event: ev.StateChanged) -> Kind | None:
    if event.after == "HALTED":
        return Kind.HALT
    if event.before == "HALTED":
        return Kind.RESUME
    if event.after != "REDUCING" or event.reason == "operator":
        return None
    return None if event.reason.startswith(_BY_BREAKER) else Kind.REDUCING


def _fill(fill: ev.FillMatched, realised: int) -> str:
    """Asset, side, shares, price; PnL of a closing one."""
    shares, price = shares_float(fill.shares), price_float(fill.price_bp)
    told = f"{fill.asset} {fill.side} {fill.outcome} {shares:.2f} @ {price:.3f}"
    return f"{told}, PnL {_signed(realised)}" if fill.side == "SELL" else told


def _signed(micro: int) -> str:
    amount = dollars(micro)
    sign = "-" if micro < 0 else "+" if micro > 0 else ""
    return f"{sign}${abs(amount):.2f}"
