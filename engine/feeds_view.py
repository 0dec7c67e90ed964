"""What the console may know of the connections to real venues: frozen, plain numbers and words.

A part of `engine.snapshot`, under the same rules: every float is finite or None, and None is
unknown. A recording and the embedded market have no connections and an empty view.
"""

from __future__ import annotations

from dataclasses import dataclass

LIVE_STATES = ("live", "stale", "waiting", "connecting", "retrying", "blocked", "off")
"""Every state of a stream or request, from the best to the worst."""


@dataclass(frozen=True, slots=True)
class ConnectionView:
    """One stream, or one kind of request that is repeated."""

    name: str
    """``polymarket books``, ``binance futures trades`` ..."""
    kind: str
    """``stream`` or ``request``."""
    state: str
    """One of `LIVE_STATES`; ``waiting`` is connected and without its first message."""
    why: str = ""
    """One clause where the state is not ``live``: what is silent, when it is tried again."""
    age_s: float | None = None
    """Seconds since its last data; None: never."""
    rate: float = 0.0
    """Data messages per second over the last ten seconds."""
    latency_ms: float | None = None
    """Median of receipt less the venue's stamp, or of a request's round trip; None: unknown."""
    messages: int = 0
    dropped: int = 0
    """Messages that could not be read, or were too large."""
    reconnects: int = 0
    last_error: str = ""
    """One sentence; empty: none so far."""

    @property
    def ill(self) -> bool:
        """Whether it should give data and does not; one that is switched off should not."""
        return self.state not in ("live", "off")


@dataclass(frozen=True, slots=True)
class ContractView:
    """What the reference venue says of one asset's contract."""

    asset: str
    mark: float | None = None
    """Dollars."""
    index: float | None = None
    """Dollars."""
    funding: float | None = None
    """Fraction per 8 hours."""
    open_interest: float | None = None
    """Base units."""
    liquidated: float = 0.0
    """Dollars closed by force in the last minute of market time, as far as the venue tells."""


@dataclass(frozen=True, slots=True)
class RecorderView:
    """What is being written down."""

    on: bool = False
    path: str = ""
    """The part being written."""
    rows: int = 0
    written: int = 0
    """Bytes on disk of this session, compressed."""
    parts: int = 0
    """Files of this session, the one being written included."""
    why: str = ""
    """Why it is off, where it should be on."""


@dataclass(frozen=True, slots=True)
class FeedsView:
    """All connections of a run."""

    connections: tuple[ConnectionView, ...] = ()
    reference: str = ""
    """Venue that the underlying is measured on; empty: none (yet), or no live run."""
    reference_rung: int = 0
    """0 is the first choice."""
    reference_why: str = ""
    """Why this venue and not a better one; empty at the first choice."""
    skew_ms: float | None = None
    """Venues' clocks less this machine's, milliseconds, as heard; None: unknown."""
    skewed: bool = False
    """Whether that is more than the settings allow."""
    clock_note: str = ""
    """What was last noticed of the clock: a jump, a sleep; empty: nothing."""
    contracts: tuple[ContractView, ...] = ()
    recorder: RecorderView = RecorderView()
    tick_late_ms: float | None = None
    """99th percentile of decision ticks behind their time, recent, milliseconds; None: unknown."""
