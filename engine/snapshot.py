"""What the console may know: one frozen picture of the engine, floats and tuples only.

The engine builds it, assigns one reference, and forgets it; the console polls. Every float
is finite by construction (`known` turns NaN and infinities into None, which the screen shows
as unknown, never as 0). Nothing here may hold an MLX array, a lock or a callable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from engine.feeds_view import FeedsView
from engine.learning_view import LearningView, VerdictView
from engine.safety_view import SafetyView

Rung = tuple[float, float]
"""(price in dollars, size in shares): one level of a displayed book."""


def known(value: float | None) -> float | None:
    """`value` if it is a finite number, else None (unknown)."""
    if value is None or not math.isfinite(value):
        return None
    return float(value)


@dataclass(frozen=True, slots=True)
class BookView:
    """The book of one outcome token as the engine holds it."""

    bids: tuple[Rung, ...] = ()
    """Best first, at most ten levels."""
    asks: tuple[Rung, ...] = ()
    age_s: float | None = None
    """Market seconds since the last message; None: never seen."""
    invalid: str | None = "no book yet"
    """Why the book must not be traded on; None: valid."""


@dataclass(frozen=True, slots=True)
class PositionView:
    """What is held of one market."""

    outcome: str
    """UP or DOWN."""
    shares: float
    entry_price: float
    """Average dollars paid per share, fee not included."""
    cost: float
    """Dollars paid including fees."""
    bid_value: float | None
    """Dollars that walking the bids would bring now, after fee; None: unknown."""
    unrealised: float | None
    """`bid_value - cost`, dollars; None: unknown."""
    note: str = ""
    """``settling``, ``exit blocked: ...``, ``awaiting resolution`` or empty."""


@dataclass(frozen=True, slots=True)
class AssetView:
    """One asset's panel."""

    asset: str
    slug: str | None = None
    """The running window, None between windows."""
    window_seconds: int = 900
    seconds_left: float | None = None
    prob: float | None = None
    """Mid of UP, the market's probability in [0, 1]."""
    spot: float | None = None
    """Underlying price in dollars."""
    price_to_beat: float | None = None
    """Dollars."""
    up: BookView = BookView()
    down: BookView = BookView()
    features: tuple[float, ...] | None = None
    """The 18 model inputs in [-1, 1]; None where the row is invalid."""
    feature_status: tuple[str, ...] = ()
    """One of ``live``, ``warming``, ``absent``, ``unknown`` for each of the 18."""
    row_invalid: str | None = None
    """Why no row could be made this tick."""
    history: tuple[tuple[float, ...], ...] = ()
    """Up to five rows of 18, oldest first, the current one last."""
    probs: tuple[float, float, float] | None = None
    """Softmax over HOLD, BUY, SELL under the mask."""
    mask: tuple[bool, bool, bool] = (True, True, True)
    """Which of HOLD, BUY, SELL were legal."""
    value: float | None = None
    """The critic's estimate."""
    action: str | None = None
    """HOLD, BUY or SELL; None: no decision yet in this window."""
    denial: str | None = None
    """Why the chosen action was not executed, with measured value and limit."""
    trade_size: float = 0.0
    """Base stake in dollars."""
    confidence: float | None = None
    """Size multiplier in [0.25, 1]."""
    order_size: float | None = None
    """`trade_size * confidence`, dollars."""
    position: PositionView | None = None
    working: str | None = None
    """The order in flight in words, e.g. ``BUY UP $310 in flight``."""
    pnl: float = 0.0
    """Executable realised PnL of this session's ledger, dollars, fees included."""
    unrealised: float | None = 0.0
    """Executable unrealised PnL, dollars; None: unknown."""
    pnl_mid: float | None = 0.0
    """Upstream accounting: fills at mid, at once, no fee. Dollars, realised + open at mid; None:
    something is open whose mid is unknown."""
    fees: float = 0.0
    trades: int = 0
    awaiting: tuple[str, ...] = ()
    """Windows that ended with a position and have no official outcome yet."""
    neutral: int = 0
    """How many of the 18 features are neutral because their source is absent."""


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream of market data."""

    name: str
    age_s: float | None
    """Market seconds since its last message; None: never."""
    status: str
    """``ok``, ``stale``, ``silent`` (never heard) or ``absent`` (the feed lacks it)."""
    messages: int
    bad: int


@dataclass(frozen=True, slots=True)
class LadderView:
    """One rung of the model ladder."""

    name: str
    """``champion``, ``checkpoint``, ``pre-phase-5`` or ``hold``."""
    architecture: str
    """``phase5``, ``pre_phase5`` or ``none``."""
    ready: bool
    detail: str
    """Short sha and origin, or why it cannot be used."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """Which policy decides and how it came to that."""

    name: str = "hold"
    policy_id: str = ""
    """First 12 hex digits of the weights' sha256."""
    architecture: str = "none"
    depth: int = 0
    """Rungs fallen: 0 is the champion."""
    trained: bool = False
    """False: seeded initial weights; the screen says "untrained"."""
    profile: str = "phase5"
    rule: str = "greedy"
    """How an action is taken from the softmax: ``greedy`` or ``sample``."""
    evaluator: str = ""
    """``compiled`` or ``eager: <reason>``."""
    device: str = ""
    ladder: tuple[LadderView, ...] = ()
    last_fall: str = ""
    """Reason of the last fall-back; empty: none."""
    verdict: VerdictView = field(default_factory=VerdictView)
    """The deciding policy's executable result against doing nothing, since it decides."""


@dataclass(frozen=True, slots=True)
class MemoryView:
    """Bytes; None: could not be measured, shown as unknown."""

    rss: int | None = None
    mlx_active: int | None = None
    mlx_peak: int | None = None
    mlx_cache: int | None = None
    histories: int = 0
    """Bytes of the five-state histories of all assets."""


@dataclass(frozen=True, slots=True)
class TradeView:
    """One fill (or its later void) for the trades table."""

    t_ms: int
    asset: str
    side: str
    """BUY or SELL."""
    outcome: str
    shares: float
    price: float
    fee: float
    pnl: float | None
    """Realised dollars of a closing fill; None for an opening one."""
    mid: float | None
    """Mid of the token when the decision was made: what upstream would have booked."""
    note: str = ""
    """``settling``, then ``settled`` or ``failed to settle``, whose undoing is a row ``void``."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the event log."""

    t_ms: int
    level: str
    """``info``, ``warn`` or ``alarm``."""
    text: str


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One sample of the session PnL curve."""

    t_ms: int
    executable: float
    mid: float


@dataclass(frozen=True, slots=True)
class LimitView:
    """One limit of the gate and how near it is."""

    name: str
    used: float
    limit: float
    unit: str
    """``$``, ``/min``, ``s`` ..."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the console shows, at one instant."""

    seq: int = 0
    t_ms: int = 0
    """Market time, unix milliseconds."""
    beat_mono: float = 0.0
    """`time.monotonic()` at publication, for the beat's age."""
    feed: str = ""
    speed: float = 1.0
    """Market seconds per real second; inf is ``max``, shown as such."""
    mode: str = "PAPER"
    """PAPER or LIVE: what the gate does, not what a toggle says."""
    state: str = "STARTING"
    """STARTING, RECONCILING, ACTIVE, REDUCING or HALTED."""
    state_reason: str = ""
    assets: tuple[AssetView, ...] = ()
    streams: tuple[StreamView, ...] = ()
    model: ModelView = field(default_factory=ModelView)
    learning: LearningView = field(default_factory=LearningView)
    feeds: FeedsView = field(default_factory=FeedsView)
    safety: SafetyView = field(default_factory=SafetyView)
    memory: MemoryView = field(default_factory=MemoryView)
    exposure: float = 0.0
    """Dollars that could be lost if every open position went to zero."""
    worst_case: float = 0.0
    """The day's result if every open and in-flight order and position went against us."""
    limits: tuple[LimitView, ...] = ()
    pnl: float = 0.0
    """Executable realised PnL, dollars, fees included."""
    unrealised: float | None = 0.0
    pnl_mid: float | None = 0.0
    fees: float = 0.0
    windows: int = 0
    decisions: int = 0
    orders: int = 0
    fills: int = 0
    rejects: int = 0
    denials: tuple[tuple[str, int], ...] = ()
    """(typed code, count), most frequent first."""
    trades: tuple[TradeView, ...] = ()
    """Newest last, at most 200."""
    log: tuple[LogLine, ...] = ()
    """Newest last, at most 500."""
    curve: tuple[CurvePoint, ...] = ()
    """At most 720 points."""
    loop_gap_ms: float = 0.0
    """Longest real time between two turns of the loop in the last minute, milliseconds."""
    decision_us: float | None = None
    """Median microseconds of the last decisions, features to actions, all assets."""
    finished: bool = False
    """The feed has ended (a replay reached its end)."""
    failure: str | None = None
    """One sentence if the engine thread died; the screen shows it and keeps the rest."""
