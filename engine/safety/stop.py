"""An emergency stop from the question to its evidence.

Owns what became of the orders that were under way, and the sentence that says so. It sends
nothing, cancels nothing and reads no clock: it is told of events, and asked at an instant of market
time what is known by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from engine import events as ev
from engine.exposure import exposure_of
from engine.ledger import Ledger
from engine.order import Side
from engine.requests import Flatten, Stopping
from engine.safety_view import AmbiguousView, StopView
from engine.units import dollars, shares_float

REPORT_MS = 1_000
"""Market time between two reports of one stop, unless it is done."""


class Stop:
    """One stop. Use from the engine's thread only.

    A stop with nothing under way is done at once. One that meets a running stop is another `Stop`,
    with the orders that are under way by then; whoever asked for it decides which one is followed.
    """

    def __init__(
        self,
        request: Stopping,
        ledger: Ledger,
        t_ms: int,
        latched_ms: float | None,
        *,
        sells: bool,
    ) -> None:
        """Begins at market time `t_ms` with whatever `ledger` knows to be under way.

        `latched_ms`: real milliseconds from the question to the shut gate; None: it was shut before
        this run.
        """
        self.request = request
        self.asked_ms = t_ms
        self.kept: bool | None = None
        """Whether the next start finds the latch shut; None: being written."""
        self._ledger = ledger
        self._latched_ms = latched_ms
        self.sells = sells
        """It is not done before everything is sold that can be."""
        self._orders = frozenset(ledger.working)
        self._filled: set[str] = set()
        self._told: tuple[str, bool] | None = None
        self._told_ms = t_ms

    @property
    def grade(self) -> str:
        return "flatten" if isinstance(self.request, Flatten) else "halt"

    def happened(self, _slug: str, event: ev.Event, _realised: int) -> None:
        """A `engine.journal.Listener`: an order that was under way may have filled after all."""
        if isinstance(event, ev.FillMatched) and event.order_id in self._orders:
            self._filled.add(event.order_id)

    # ---- what is known ---------------------------------------------------------------------

    def done(self, t_ms: int) -> bool:
        """Every order is over or has a known last moment, and what was to be sold is sold, with
        sales that can no longer fail to settle and bring the shares back."""
        ledger = self._ledger
        open_ended = self._orders & ledger.working.keys() - ledger.ambiguous.keys()
        return not open_ended and not any(self._for_sale(t_ms)) and not self._unsettled(t_ms)

    def over(self, t_ms: int) -> bool:
        """Done, and nothing can be learned of it any more."""
        return self.done(t_ms) and not self._orders & self._ledger.working.keys()

    def view(self, t_ms: int) -> StopView:
        """All evidence at market time `t_ms`."""
        worst = dollars(exposure_of(self._ledger).worst_day)
        return StopView(
            grade=self.grade,
            origin=self.request.origin,
            asked_ms=self.asked_ms,
            latched_ms=self._latched_ms,
            kept=self.kept,
            orders=len(self._orders),
            confirmed=len(self._orders - self._ledger.working.keys()),
            filled=len(self._filled),
            ambiguous=self._ambiguous(),
            held=tuple(self._held()),
            worst_case=worst,
            done=self.done(t_ms),
            sentence=self._sentence(t_ms, worst),
        )

    def report(self, t_ms: int) -> ev.StopReported | None:
        """What is to be written down now: the first word, the last, and between them whatever is
        new, at most once a second of market time; else None."""
        done = self.done(t_ms)
        sentence = self._sentence(t_ms, dollars(exposure_of(self._ledger).worst_day))
        told = (sentence, done)
        if told == self._told:
            return None
        finished = done and (self._told is None or not self._told[1])
        if self._told is not None and not finished and t_ms - self._told_ms < REPORT_MS:
            return None
        self._told, self._told_ms = told, t_ms
        return ev.StopReported(self.grade, self.request.origin, sentence, done)

    # ---- in words --------------------------------------------------------------------------

    def _sentence(self, t_ms: int, worst: float) -> str:
        sign = "-" if worst < 0 else ""
        return "; ".join(
            [
                _latched(self._latched_ms, self.kept),
                *self._ends(),
                f"held {', '.join(self._held()) or 'nothing'}",
                *self._unsold(t_ms),
                f"worst case {sign}${abs(worst):.2f}",
            ]
        )

    def _ends(self) -> Iterator[str]:
        if self._orders:
            confirmed = len(self._orders - self._ledger.working.keys())
            yield f"cancels {confirmed}/{len(self._orders)} confirmed"
        else:
            yield "no order was under way"
        if self._filled:
            yield f"{len(self._filled)} filled before the cancel"
        unknown = self._ambiguous()
        if unknown:
            last = max(order.until_ms for order in unknown)
            yield f"{len(unknown)} ambiguous until {_time(last)}"

    def _unsold(self, t_ms: int) -> Iterator[str]:
        left = sum(1 for _ in self._for_sale(t_ms))
        if left:
            yield f"selling in {left} window{'s' if left > 1 else ''}"
        unsettled = self._unsettled(t_ms)
        if unsettled:
            yield f"{unsettled} sale{'s' if unsettled > 1 else ''} not settled"

    def _ambiguous(self) -> tuple[AmbiguousView, ...]:
        ledger = self._ledger
        return tuple(
            AmbiguousView(order_id, lost.until_ms, dollars(ledger.working[order_id].reserve))
            for order_id, lost in ledger.ambiguous.items()
        )

    def _held(self) -> Iterator[str]:
        for holding in self._ledger.holdings.values():
            if not holding.dust:
                shares = shares_float(holding.shares)
                yield f"{holding.asset} {holding.outcome} {shares:.2f}"

    def _for_sale(self, t_ms: int) -> Iterator[str]:
        """Windows that run and of which the venue would still buy what is to be sold."""
        if not self.sells:
            return
        for slug in self._ledger.open_slugs():
            market = self._ledger.markets[slug]
            least = market.min_shares
            if t_ms < market.end_ms and any(h.shares >= least for h in self._ledger.held(slug)):
                yield slug

    def _unsettled(self, t_ms: int) -> int:
        """Sales that may still come back while they could be made again."""
        if not self.sells:
            return 0
        fills = (booked.fill for booked in self._ledger.pending.values())
        return sum(
            f.side == Side.SELL and t_ms < self._ledger.markets[f.slug].end_ms for f in fills
        )


def _latched(ms: float | None, kept: bool | None) -> str:  # noqa: FBT001 - a state, not a mode
    when = "latched before this run" if ms is None else f"latched {_real(ms)}"
    return f"{when}, in memory only" if kept is False else when


def _real(ms: float) -> str:
    return "under 1 ms" if ms < 1 else f"{ms:.0f} ms"


def _time(t_ms: int) -> str:
    """UTC, as every time on the screen."""
    return f"{datetime.fromtimestamp(t_ms / 1000, UTC):%H:%M:%S}"
