"""Writing an event and believing it, in one step.

Owns the pair of log and ledger: an event is folded and appended, and a short tail of both is kept
for the screen. Nothing else may append or fold, so that the two can never disagree.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from engine import events as ev
from engine.decision import Decision
from engine.eventlog import Recorded
from engine.ledger import Ledger
from engine.snapshot import LogLine, TradeView
from engine.units import BP, dollars, price_float, shares_float

LOG_LINES = 500
TRADES = 200


Listener = Callable[[str, ev.Event, int], None]
"""Takes an event's window ("" if none), the event, and the micro-dollars that it realised."""


class Log(Protocol):
    """Where events and decisions go; `engine.eventlog.EventLog` keeps them."""

    trouble: str | None
    """Why the disk is not to be relied on now."""

    @property
    def waiting(self) -> int:
        """Events that are recorded and not durable."""

    def append(self, t_ms: int, wall_ms: int, event: ev.Event) -> int: ...

    def decide(self, decision: Decision) -> None: ...

    def commit(self) -> None: ...

    def replay(self) -> Iterator[Recorded]: ...

    def decided(self) -> int: ...

    def digest(self) -> str: ...

    def close(self) -> None: ...


class Journal:
    """Log, ledger and their tails."""

    def __init__(self, log: Log, wall_ms: Callable[[], int]) -> None:
        self.log = log
        self.ledger = Ledger()
        self.lines: deque[LogLine] = deque(maxlen=LOG_LINES)
        self.denials: Counter[str] = Counter()
        self.decisions = log.decided()
        """Of every session of the log, as are the ledger's counts."""
        self._wall_ms = wall_ms
        self._mids: dict[str, float] = {}
        """Order -> mid of its token at the decision, basis points."""
        self._trades: dict[str, TradeView] = {}
        """By fill id, and by ``<fill id> void``; newest last."""
        self.listeners: list[Listener] = []
        """Told of every event as it is recorded, in this order."""
        for recorded in log.replay():
            self._fold(recorded.t_ms, recorded.event)

    @property
    def trades(self) -> tuple[TradeView, ...]:
        """The last fills and voids, newest last."""
        return tuple(self._trades.values())

    def record(self, t_ms: int, event: ev.Event) -> None:
        """Fold and append one event. One that cannot follow from the books never gets into the
        log, where it would break every later start."""
        slug = self.ledger.window_of(event)
        self._fold(t_ms, event)
        self.log.append(t_ms, self._wall_ms(), event)
        for listener in self.listeners:
            listener(slug, event, self.ledger.realised_by_event)

    def decide(self, decision: Decision) -> None:
        self.log.decide(decision)
        self.decisions += 1

    def _fold(self, t_ms: int, event: ev.Event) -> None:
        booked = self.ledger.pending.get(getattr(event, "fill_id", ""))
        self.ledger.apply(t_ms, event)
        if isinstance(event, ev.OrderSent) and event.mid_bp is not None:
            self._mids[event.order_id] = event.mid_bp
        self._tail_trade(t_ms, event, booked.fill if booked is not None else None)
        line = say(event)
        if line is not None:
            self.lines.append(LogLine(t_ms, *line))

    def _tail_trade(self, t_ms: int, event: ev.Event, fill: ev.FillMatched | None) -> None:
        match event:
            case ev.FillMatched():
                self._keep(event.fill_id, self._trade(t_ms, event, "settling"))
            case ev.FillSettled():
                self._mark(event.fill_id, "settled")
            case ev.FillVoided() if fill is not None:
                self._mark(event.fill_id, "failed to settle")
                self._keep(f"{event.fill_id} void", self._trade(t_ms, fill, "void"))
            case ev.OrderDone() | ev.OrderRejected():
                self._mids.pop(event.order_id, None)

    def _keep(self, name: str, trade: TradeView) -> None:
        self._trades[name] = trade
        while len(self._trades) > TRADES:
            del self._trades[next(iter(self._trades))]

    def _mark(self, fill_id: str, note: str) -> None:
        shown = self._trades.get(fill_id)
        if shown is not None:
            self._trades[fill_id] = replace(shown, note=note)

    def _trade(self, t_ms: int, fill: ev.FillMatched, note: str) -> TradeView:
        mid = self._mids.get(fill.order_id)
        closing = fill.side == "SELL" or note == "void"
        return TradeView(
            t_ms=t_ms,
            asset=fill.asset,
            side=fill.side,
            outcome=fill.outcome,
            shares=shares_float(fill.shares),
            price=price_float(fill.price_bp),
            fee=dollars(fill.fee),
            pnl=dollars(self.ledger.realised_by_event) if closing else None,
            mid=None if mid is None else mid / BP,
            note=note,
        )


def say(event: ev.Event) -> tuple[str, str] | None:
    """(level, text) of an event for a person; None for what would only be noise."""
    match event:
        case ev.Noted() | ev.LearningNoted() | ev.GuardNoted():
            return event.level, event.text
        case ev.StateChanged():
            level = "alarm" if event.after == "HALTED" else "warn"
            return level, f"{event.before} -> {event.after}: {event.reason}"
        case ev.BreakerTripped():
            return "alarm", f"breaker {event.breaker}: {event.reason}"
        case ev.BreakerCleared():
            return "warn", f"breaker {event.breaker} cleared: {event.how}"
        case ev.StopReported():
            return "alarm", f"{event.grade} by {event.origin}: {event.sentence}"
        case ev.ExitBlocked():
            return "alarm", f"{event.slug}: still held, {event.reason}"
        case ev.Denied():
            return "info", f"{event.asset} denied {event.code}: {event.measured}, {event.limit}"
        case ev.SessionOpened():
            return (
                "info",
                f"{event.mode} session on {event.feed}, model {event.policy_id or 'hold'}",
            )
        case _:
            return _say_of_models(event) or _say_of_money(event)


def _say_of_models(event: ev.Event) -> tuple[str, str] | None:
    match event:
        case ev.ModelChanged():
            return "warn", f"model {event.before} -> {event.after}: {event.reason}"
        case ev.Learned() if event.verdict != "accepted":
            level = "alarm" if event.verdict == "quarantined" else "warn"
            return level, f"update {event.number} {event.verdict}: {event.reason}"
        case ev.ReferenceChanged():
            return "warn", f"underlying measured on {event.venue}: {event.reason}"
        case ev.LearningSwitched():
            return "info", f"learning {'on' if event.on else 'off'}: {event.reason}"
        case ev.ChampionChanged():
            return "alarm", f"champion {event.before} -> {event.after}, {event.how}: {event.reason}"
        case _:
            return None


def _say_of_money(event: ev.Event) -> tuple[str, str] | None:
    match event:
        case ev.FillMatched():
            shares, price = shares_float(event.shares), price_float(event.price_bp)
            what = f"{event.side} {event.outcome} {shares:.2f} @ {price:.3f}"
            return "info", f"{event.asset} {what}, fee ${dollars(event.fee):.2f}"
        case ev.FillVoided():
            return "alarm", f"fill {event.fill_id} failed to settle and was taken back"
        case ev.OrderRejected():
            return "warn", f"order {event.order_id} rejected: {event.reason}"
        case ev.OrderAmbiguous():
            return "alarm", f"order {event.order_id} without an answer: {event.reason}"
        case ev.OrderDone() if event.how.startswith(("killed", "lost", "cancelled", "absent")):
            return "info", f"order {event.order_id} {event.how}"
        case ev.WindowAwaiting():
            return "warn", f"{event.slug} ended with a position: {event.reason}"
        case ev.WindowResolved():
            return "info", f"{event.slug} resolved {event.outcome or 'UNKNOWN'} ({event.evidence})"
        case _:
            return None
