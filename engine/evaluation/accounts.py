"""One arm's money by window, taken event by event from the ledger's own sums.

Owns the attribution to windows and round trips, and the cost of fills beyond the mid. It adds up
no money of its own: every amount is what `engine.ledger` realised by an event, so the windows add
up to the ledger. Micro-dollars throughout.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine import events as ev
from engine.book import Book
from engine.decision import Decision
from engine.evaluation.pace import Pace
from engine.journal import Journal
from engine.learning.unlogged import Unlogged
from engine.market import Market
from engine.units import BP, cost_micro, proceeds_micro


@dataclass(frozen=True, slots=True)
class WindowResult:
    """One arm in one window. Money in micro-dollars."""

    slug: str
    asset: str
    start: int
    """Unix seconds of the window's start: the slot it belongs to."""
    known: bool
    """Whether the tape knows the outcome; the amounts of one that it does not know are no
    results and enter no sum."""
    executable: bool
    """Whether the tape has the window's books; without them only `pnl_mid` means anything."""
    pnl: int
    """Realised, after fees."""
    pnl_mid: int
    """Of the upstream accounting: every action filled at mid, at once, free."""
    fees: int
    beyond_mid: int
    """Paid above or received below the mid of the books that the fills met; never negative."""
    trades: tuple[int, ...]
    """Result of each round trip, from the first buy to nothing held."""


@dataclass(slots=True)
class _Trade:
    pnl: int = 0
    fills: int = 0
    """Not voided."""

    @property
    def happened(self) -> bool:
        """False: every match was taken back and left nothing behind, not even a rounding."""
        return self.fills > 0 or self.pnl != 0


@dataclass(slots=True)
class _Window:
    market: Market
    pnl: int = 0
    pnl_mid: int = 0
    fees: int = 0
    beyond_mid: int = 0
    trades: list[_Trade] = field(default_factory=list)
    fills: dict[str, tuple[_Trade, int]] = field(default_factory=dict)
    """Fill -> its trade and its cost beyond the mid, for as long as it may be voided."""
    flat: bool = True

    def match(self, fill: ev.FillMatched, beyond: int, gained: int) -> None:
        if self.flat:
            self.trades.append(_Trade())
        trade = self.trades[-1]
        trade.pnl += gained
        trade.fills += 1
        self.fills[fill.fill_id] = (trade, beyond)
        self._add(gained, fill.fee, beyond)

    def void(self, fill: ev.FillMatched, gained: int) -> None:
        trade, beyond = self.fills.pop(fill.fill_id)
        trade.pnl += gained
        trade.fills -= 1
        self._add(gained, -fill.fee, -beyond)

    def resolve(self, gained: int) -> None:
        if self.trades:
            self.trades[-1].pnl += gained
        self._add(gained, 0, 0)

    def _add(self, pnl: int, fee: int, beyond: int) -> None:
        self.pnl += pnl
        self.fees += fee
        self.beyond_mid += beyond


class WindowJournal(Journal):
    """A journal that keeps each window's account instead of a log: nobody reads one again, and
    those of many arms over days would fill the memory."""

    def __init__(self, book_of: Callable[[str], Book | None], pace: Pace) -> None:
        """`book_of` gives the newest book of a token: at a fill, the one that the fill met."""
        super().__init__(Unlogged(), _no_wall_clock)
        self.pace = pace
        self.witness: Callable[[Decision], None] = _nobody
        """Shown every decision, once it is known what became of it."""
        self._book_of = book_of
        self._windows: dict[str, _Window] = {}

    def decide(self, decision: Decision) -> None:
        """Count only: a tape of days has millions of decisions, and none is read again."""
        self.decisions += 1
        self.pace.add(decision)
        self.witness(decision)

    def record(self, t_ms: int, event: ev.Event) -> None:
        mid_before = self.ledger.mid.total()
        pending = self.ledger.pending.get(getattr(event, "fill_id", ""))
        super().record(t_ms, event)
        gained = self.ledger.realised_by_event
        match event:
            case ev.MarketSeen():
                self._windows[event.slug] = _Window(self.ledger.markets[event.slug])
            case ev.FillMatched():
                window = self._windows[event.slug]
                window.match(event, self._beyond_mid(event), gained)
                window.flat = self._flat(event.slug)
            case ev.FillVoided() if pending is not None:
                window = self._windows[pending.fill.slug]
                window.void(pending.fill, gained)
                window.flat = self._flat(pending.fill.slug)
            case ev.WindowResolved():
                self._windows[event.slug].resolve(gained)
                self._windows[event.slug].pnl_mid += self.ledger.mid.total() - mid_before
            case ev.MidTraded():
                self._windows[event.slug].pnl_mid += self.ledger.mid.total() - mid_before
            case _:
                pass  # nothing else moves money

    def results(self, *, executable: bool) -> tuple[WindowResult, ...]:
        """Every window that began, oldest first. `executable`: whether the tape has books."""
        return tuple(
            self._result(slug, window, executable)
            for slug, window in sorted(
                self._windows.items(), key=lambda item: (item[1].market.window_start, item[0])
            )
        )

    def _result(self, slug: str, window: _Window, executable: bool) -> WindowResult:  # noqa: FBT001 - a fact of the tape, not a mode
        return WindowResult(
            slug=slug,
            asset=window.market.asset,
            start=window.market.window_start,
            known=self.ledger.verdicts.get(slug) is not None,
            executable=executable,
            pnl=window.pnl,
            pnl_mid=window.pnl_mid,
            fees=window.fees,
            beyond_mid=window.beyond_mid,
            trades=tuple(trade.pnl for trade in window.trades if trade.happened),
        )

    def _flat(self, slug: str) -> bool:
        return not any(True for _ in self.ledger.held(slug))

    def _beyond_mid(self, fill: ev.FillMatched) -> int:
        book = self._book_of(fill.token_id)
        if book is None or book.invalid is not None:
            raise AssertionError(f"fill {fill.fill_id} met no valid book")
        return beyond_mid(fill, book)


def beyond_mid(fill: ev.FillMatched, book: Book) -> int:
    """Micro-dollars that `fill` cost against the mid of `book`, the one it met; without the fee."""
    at_mid = fill.shares * (book.bids[0][0] + book.asks[0][0]) // (2 * BP)
    if fill.side == "BUY":
        return cost_micro(fill.shares, fill.price_bp) - at_mid
    return at_mid - proceeds_micro(fill.shares, fill.price_bp)


def _nobody(_decision: Decision) -> None:
    pass


def _no_wall_clock() -> int:
    """What the log's column of real times gets: evaluation happens in market time only."""
    return 0
