"""The last alerts, for the screen, each passed on once to whoever sends them further.

Owns their numbers and that a burst of one kind becomes one alert. It is told of events by the
journal, and by the watchdog of what no event tells; so both threads may raise one.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from engine import events as ev
from engine.alerts.alert import LEVELS, Kind, alert_of
from engine.clock import Clock
from engine.safety_view import AlertView

KEPT = 50
"""Alerts that the screen can still show."""

BURST_S = 2.0
"""Real seconds within which a second alert of one kind joins the first."""

Send = Callable[[AlertView], None]
"""Passes an alert on, as `engine.alerts.webhook.Webhook.send`. Must not wait."""


class Alerts:
    """What was alerted in this run."""

    def __init__(
        self, clock: Clock, market_ms: Callable[[], int], send: Send | None = None
    ) -> None:
        """`market_ms` gives the market time of now; `send` None: alerts stay in this process."""
        self._clock = clock
        self._market_ms = market_ms
        self._send = send
        self._lock = threading.Lock()  # the engine's thread and its watchdog; held for an append
        self._tail: deque[AlertView] = deque(maxlen=KEPT)
        self._seq = 0
        self._bursts: dict[Kind, tuple[float, int]] = {}
        """Kind -> monotonic seconds of its last alert, and how many have been joined in it."""

    @property
    def tail(self) -> tuple[AlertView, ...]:
        """The last ones, newest last."""
        with self._lock:
            return tuple(self._tail)

    def happened(self, _slug: str, event: ev.Event, realised: int) -> None:
        """A `engine.journal.Listener`."""
        found = alert_of(event, realised)
        if found is not None and not self._told_by_the_watchdog(*found):
            self.raise_(*found)

    def raise_(self, kind: Kind, text: str) -> None:
        """Alert to `text`, one sentence. From any thread; never waits for anything but memory."""
        t_ms = self._market_ms()
        with self._lock:
            self._seq += 1
            single = AlertView(self._seq, t_ms, kind.value, LEVELS[kind], text)
            self._tail.append(self._joined(kind, single))
        if self._send is not None:
            self._send(single)

    def _told_by_the_watchdog(self, kind: Kind, text: str) -> bool:
        """Whether a note in the log is what the watchdog raised before the log could be written."""
        stuck = [alert.text for alert in self.tail if alert.kind == Kind.STUCK]
        return kind is Kind.TROUBLE and text in stuck

    def _joined(self, kind: Kind, alert: AlertView) -> AlertView:
        """`alert` in place of the burst that it belongs to, if it does."""
        now = self._clock.mono()
        last, count = self._bursts.get(kind, (None, 0))
        going_on = last is not None and now - last <= BURST_S
        self._bursts[kind] = (now, count + 1 if going_on else 1)
        before = next((a for a in reversed(self._tail) if a.kind == kind), None)
        if not going_on or before is None:
            return alert
        self._tail.remove(before)
        text = f"{alert.text} (and {count} more)"
        return AlertView(alert.seq, alert.t_ms, alert.kind, alert.level, text)
