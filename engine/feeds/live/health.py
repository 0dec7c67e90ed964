"""How one stream or repeated request fares, for the screen, the ladder and the log.

Owns the counts and the state's words. It decides nothing: whoever supervises the connection tells
it what happened.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Literal

from engine.feeds.live.clock import MarketClock
from engine.feeds_view import ConnectionView
from engine.recording import TIME_RANGE_MS, plain

RATE_SECONDS = 10
"""Clock seconds over which the rate is counted."""

LATENCIES = 101
"""Latest latencies of which the median is shown."""

Kind = Literal["stream", "request"]


class Health:
    """The state of one connection, told by its supervisor."""

    def __init__(self, name: str, kind: Kind, clock: MarketClock) -> None:
        self.name = name
        self.state = "off"
        """One of `engine.feeds_view.LIVE_STATES`."""
        self.since = clock.mono()
        """Clock seconds at which the state began."""
        self.last_data: float | None = None
        """Clock seconds of the last data; None: never."""
        self.refused: int | None = None
        """HTTP status of the refusal that still stands; None: none does."""
        self.last_error = ""
        self._kind = kind
        self._clock = clock
        self._why = ""
        self._again: float | None = None
        self._messages = 0
        self._dropped = 0
        self._reconnects = 0
        self._seconds: deque[list[int]] = deque(maxlen=RATE_SECONDS + 1)
        self._latencies: deque[float] = deque(maxlen=LATENCIES)

    def connecting(self) -> None:
        self._become("connecting", "")

    def waiting(self, why: str) -> None:
        self._become("waiting", why)

    def live(self) -> None:
        self.refused = None
        self._become("live", "")

    def stale(self, why: str) -> None:
        self._become("stale", why)

    def retrying(self, why: str, seconds: float) -> None:
        self._become("retrying", why)
        self._again = self._clock.mono() + seconds

    def blocked(self, why: str, seconds: float) -> None:
        self._become("blocked", why)
        self._again = self._clock.mono() + seconds

    def off(self, why: str) -> None:
        self._become("off", why)

    def data(self, stamp_ms: int | None) -> None:
        """A data message, with the venue's own stamp where it has one, unix milliseconds.

        A stamp that cannot be a time is left out.
        """
        self._count()
        if stamp_ms is not None and stamp_ms in TIME_RANGE_MS:
            self._latencies.append(float(self._clock.now_ms() - stamp_ms))

    def answered(self, rtt_ms: float) -> None:
        """A request was answered after `rtt_ms` milliseconds of clock time."""
        self._count()
        self._latencies.append(rtt_ms)

    def drop(self, why: str) -> None:
        """A message could not be read."""
        self._dropped += 1
        self.trouble(why)

    def reconnected(self) -> None:
        self._reconnects += 1

    def trouble(self, sentence: str) -> None:
        """The last error to show; a venue's own words are made fit for a terminal."""
        self.last_error = " ".join(plain(word) for word in sentence[:300].split())

    def view(self) -> ConnectionView:
        now = self._clock.mono()
        return ConnectionView(
            name=self.name,
            kind=self._kind,
            state=self.state,
            why=self._clause(now),
            age_s=None if self.last_data is None else max(0.0, now - self.last_data),
            rate=self._rate(now),
            latency_ms=median(self._latencies) if self._latencies else None,
            messages=self._messages,
            dropped=self._dropped,
            reconnects=self._reconnects,
            last_error=self.last_error,
        )

    def _become(self, state: str, why: str) -> None:
        if state != self.state:
            self.since = self._clock.mono()
        self.state, self._why, self._again = state, why, None

    def _clause(self, now: float) -> str:
        if self._again is None:
            return self._why
        return f"{self._why}; again in {max(0.0, self._again - now):.0f} s"

    def _count(self) -> None:
        self._messages += 1
        self.last_data = self._clock.mono()
        second = int(self.last_data)
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([second, 1])

    def _rate(self, now: float) -> float:
        """Over whole seconds: the one that runs is not over."""
        this = int(now)
        whole = range(this - RATE_SECONDS, this)
        return sum(count for second, count in self._seconds if second in whole) / RATE_SECONDS
