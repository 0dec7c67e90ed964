"""What a feed may tell the engine: a closed set of timestamped facts.

Every feed (embedded market, recording, live venue) speaks only in these. They are
facts as received: validity is judged by whoever keeps the state (`engine.book`,
`engine.signals`), and a message that cannot be understood becomes a `BadMessage`, which is
counted and never fatal.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.market import Market, Outcome

Level = tuple[int, int]
"""(price in basis points of a dollar, size in micro-shares)."""


@dataclass(frozen=True, slots=True)
class MarketListed:
    """A window was discovered. Seen again with the same slug it is ignored."""

    t_ms: int
    market: Market


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """The whole book of one outcome token; replaces what was known of it."""

    t_ms: int
    token_id: str
    bids: tuple[Level, ...]
    """Best (highest) first."""
    asks: tuple[Level, ...]
    """Best (lowest) first."""
    tick_bp: int | None = None
    """Tick size where the message carries it, basis points."""
    fault: str | None = None
    """Why the book is unknown from now on: something is missing. None: it is as it says."""


@dataclass(frozen=True, slots=True)
class MidQuote:
    """The mid of the UP token with no book behind it; nothing can be executed on it."""

    t_ms: int
    slug: str
    mid: float


@dataclass(frozen=True, slots=True)
class TradeSums:
    """Taker volume of the underlying over a trailing window, as some sources give it."""

    window_s: float
    buy_qty: float
    """Base units bought by takers."""
    sell_qty: float
    """Base units sold by takers."""
    count: float
    """Prints in the window."""


@dataclass(frozen=True, slots=True)
class VenueQuote:
    """Best bid and ask of the underlying (dollars) on a reference venue."""

    t_ms: int
    venue: str
    asset: str
    bid: float
    ask: float
    sums: tuple[TradeSums, ...] = ()
    """Short then long trailing trade sums, where the source sends no prints."""


@dataclass(frozen=True, slots=True)
class TradePrint:
    """One taker trade of the underlying on a reference venue."""

    t_ms: int
    venue: str
    asset: str
    price: float
    """Dollars."""
    qty: float
    """Base units."""
    side: int
    """+1 the taker bought, -1 the taker sold."""
    fills: int = 1
    """Orders that it took, where the venue sends the fills of one taker together."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute of the underlying."""

    open_ms: int
    """Its beginning, unix milliseconds."""
    open: float
    """Dollars."""
    close: float
    """Dollars."""


@dataclass(frozen=True, slots=True)
class Bars:
    """Closed minutes of the underlying, oldest first: history from before the first quote."""

    t_ms: int
    venue: str
    asset: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class TradesMissed:
    """Prints of the underlying are missing: sums over them are unknown until mended."""

    t_ms: int
    venue: str
    asset: str


@dataclass(frozen=True, slots=True)
class TradesMended:
    """The missing prints came, each as a `TradePrint` before this."""

    t_ms: int
    venue: str
    asset: str


@dataclass(frozen=True, slots=True)
class ReferenceChosen:
    """From now on the underlying is measured on this venue, and on no other."""

    t_ms: int
    venue: str
    """``binance-futures``, ``binance-spot`` or ``okx-swap``."""
    reason: str


@dataclass(frozen=True, slots=True)
class Derivative:
    """What a futures venue says of its contract. No model input; None: not in this message."""

    t_ms: int
    venue: str
    asset: str
    mark: float | None = None
    """Dollars."""
    index: float | None = None
    """Dollars."""
    funding: float | None = None
    """Fraction per 8 hours."""
    open_interest: float | None = None
    """Base units."""


@dataclass(frozen=True, slots=True)
class Liquidation:
    """A position of the underlying was closed by force. No model input."""

    t_ms: int
    venue: str
    asset: str
    side: int
    """+1 a short was bought back, -1 a long was sold."""
    notional: float
    """Dollars."""


@dataclass(frozen=True, slots=True)
class PriceToBeat:
    """The official price at the window's start, dollars."""

    t_ms: int
    slug: str
    price: float


@dataclass(frozen=True, slots=True)
class Resolution:
    """The venue's verdict. `outcome` None means that nobody knows (and never will)."""

    t_ms: int
    slug: str
    outcome: Outcome | None
    evidence: str


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """The recorded run was left here: what comes after was not decided on."""

    t_ms: int


@dataclass(frozen=True, slots=True)
class BadMessage:
    """Something arrived that could not be used: where, and what was wrong."""

    t_ms: int
    src: str
    reason: str


Message = (
    MarketListed
    | BookSnapshot
    | MidQuote
    | VenueQuote
    | TradePrint
    | Bars
    | TradesMissed
    | TradesMended
    | ReferenceChosen
    | Derivative
    | Liquidation
    | PriceToBeat
    | Resolution
    | SessionEnded
    | BadMessage
)
