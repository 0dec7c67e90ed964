"""The closed set of things that may be written to the event log.

Positions, PnL and counters are folds over these (`engine.ledger`); nothing else is truth.
Each is flat, JSON-safe and in integer units, so that a log written today is readable without
this program. Changing a field's meaning needs a new schema version in `engine.eventlog`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import get_args

from engine.market import FeeSchedule, Market


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """An engine started to write."""

    mode: str
    """paper or live."""
    feed: str
    seed: int
    policy_id: str
    """Weights that decide at the start."""
    settings_sha: str
    version: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """An engine ended in order."""

    how: str
    """``complete`` (the feed ended: the log is sealed) or ``left`` (may be gone on with)."""


@dataclass(frozen=True, slots=True)
class MarketSeen:
    """A window was discovered; carries all that is needed to explain a position in it."""

    slug: str
    asset: str
    condition_id: str
    window_start: int
    window_seconds: int
    up_token: str
    down_token: str
    tick_bp: int
    min_shares: int
    fee_rate: str
    fee_exponent: int

    @classmethod
    def of(cls, market: Market) -> MarketSeen:
        return cls(
            market.slug,
            market.asset,
            market.condition_id,
            market.window_start,
            market.window_seconds,
            market.up_token,
            market.down_token,
            market.tick_bp,
            market.min_shares,
            str(market.fee.rate),
            market.fee.exponent,
        )

    def market(self) -> Market:
        return Market(
            self.slug,
            self.asset,
            self.condition_id,
            self.window_start,
            self.window_seconds,
            self.up_token,
            self.down_token,
            self.tick_bp,
            self.min_shares,
            FeeSchedule(Decimal(self.fee_rate), self.fee_exponent),
        )


@dataclass(frozen=True, slots=True)
class OrderSent:
    """An admitted order, written before it leaves (intent before wire)."""

    order_id: str
    slug: str
    asset: str
    outcome: str
    token_id: str
    side: str
    """BUY or SELL of the outcome token."""
    amount: int
    """Micro-dollars for a BUY, micro-shares for a SELL."""
    limit_bp: int
    """Worst acceptable price."""
    reserve: int
    """Most that this order can cost, fee included, micro-dollars; 0 for a SELL."""
    purpose: str
    """open, close, cutoff or flatten."""
    mid_bp: float | None
    """Mid of the token at the decision."""


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The venue refused the order; nothing was traded."""

    order_id: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class OrderAmbiguous:
    """The answer was lost: the order may be at the venue or not. Its exposure stays reserved and it
    is never sent again (DESIGN 4.7); a fill or `OrderDone` tells what became of it."""

    order_id: str
    until_ms: int
    """Market time after which it can no longer fill."""
    reason: str


@dataclass(frozen=True, slots=True)
class OrderDone:
    """Terminal: no further fill of this order can come."""

    order_id: str
    how: str
    """filled, partly filled, killed, cancelled, absent, or lost at restart."""


@dataclass(frozen=True, slots=True)
class FillMatched:
    """A match: provisional until settled."""

    fill_id: str
    order_id: str
    slug: str
    asset: str
    outcome: str
    token_id: str
    side: str
    shares: int
    price_bp: int
    fee: int
    """Micro-dollars."""
    settles_ms: int
    """Market time at which the venue reports settlement."""
    voids: bool
    """Paper venue's draw: this match will fail to settle."""


@dataclass(frozen=True, slots=True)
class FillSettled:
    """A match became final."""

    fill_id: str


@dataclass(frozen=True, slots=True)
class FillVoided:
    """A match failed to settle: cash and shares go back to what they were."""

    fill_id: str


@dataclass(frozen=True, slots=True)
class WindowAwaiting:
    """A window ended while a position was open; unknown until the venue resolves it."""

    slug: str
    reason: str
    """Why it was still open."""


@dataclass(frozen=True, slots=True)
class WindowResolved:
    """The venue's verdict. `outcome` None: the source says that nobody knows."""

    slug: str
    outcome: str | None
    evidence: str


@dataclass(frozen=True, slots=True)
class ExitBlocked:
    """A position that should have been sold was not; it stays open and loud."""

    slug: str
    reason: str


@dataclass(frozen=True, slots=True)
class Denied:
    """The gate refused; written once for each code in a window, counted on every tick."""

    asset: str
    code: str
    measured: str
    limit: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A trading state was left and another entered."""

    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerTripped:
    """A breaker takes the engine to REDUCING (`engine.safety.breakers`)."""

    breaker: str
    reason: str


@dataclass(frozen=True, slots=True)
class BreakerCleared:
    """A breaker was cleared by a person or by evidence, never by time."""

    breaker: str
    how: str


@dataclass(frozen=True, slots=True)
class StopReported:
    """What an emergency stop came to, as far as known; a later report of the same stop knows more.
    It tells real time, so it is no part of a run's hash."""

    grade: str
    """halt or flatten."""
    origin: str
    sentence: str
    done: bool


@dataclass(frozen=True, slots=True)
class ModelChanged:
    """Another rung of the model ladder decides from now on."""

    before: str
    after: str
    policy_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Learned:
    """An update of the challenger was judged. It moves no money and changes nothing that decides,
    so it is no part of a run's hash (`engine.eventlog`)."""

    number: int
    verdict: str
    """accepted, rejected, dropped or quarantined."""
    reason: str
    rows: int
    kl: float | None
    """Nats."""
    entropy: float | None
    """Nats."""
    policy_id: str
    """Of the challenger after the verdict."""


@dataclass(frozen=True, slots=True)
class LearningSwitched:
    """The challenger began or ceased to learn."""

    on: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ChampionChanged:
    """Other weights lie in the champion's slot than before."""

    how: str
    """promoted, rolled back, or replaced: by other means, while no program ran."""
    before: str
    """Policy id."""
    after: str
    """Policy id."""
    reason: str


@dataclass(frozen=True, slots=True)
class ReferenceChanged:
    """The underlying is measured on another venue from now on; what was summed before is void."""

    venue: str
    """``binance-futures``, ``binance-spot`` or ``okx-swap``."""
    reason: str


@dataclass(frozen=True, slots=True)
class LearningNoted:
    """A word about the challenger or its files; as `Learned`, no part of a run's hash."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class GuardNoted:
    """A word of what guards a run from around its engine; a replay has no guards, so it is no part
    of a run's hash."""

    level: str
    text: str


@dataclass(frozen=True, slots=True)
class MidTraded:
    """One step of the upstream accounting: filled at mid, at once, free."""

    slug: str
    asset: str
    outcome: str
    step: str
    """open, close or resolve."""
    shares: int
    """Micro-shares."""
    price: int
    """Micro-dollars per share."""


@dataclass(frozen=True, slots=True)
class DayOpened:
    """A UTC day of market time began; the daily loss limit counts from this equity."""

    day: str
    equity: int
    """Micro-dollars: cash plus open positions at cost."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Anything else worth a line: a feed that went silent, bad messages, the end of a tape."""

    level: str
    text: str


Event = (
    SessionOpened
    | SessionClosed
    | MarketSeen
    | OrderSent
    | OrderRejected
    | OrderAmbiguous
    | OrderDone
    | FillMatched
    | FillSettled
    | FillVoided
    | WindowAwaiting
    | WindowResolved
    | ExitBlocked
    | Denied
    | StateChanged
    | BreakerTripped
    | BreakerCleared
    | StopReported
    | ModelChanged
    | Learned
    | LearningSwitched
    | ChampionChanged
    | ReferenceChanged
    | LearningNoted
    | GuardNoted
    | MidTraded
    | DayOpened
    | Noted
)

KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in get_args(Event)}
"""Name in the log -> type."""
