"""The running model's result, window slot by window slot, and what may be said of it.

Owns which slots are complete and which of them the weights that decide now traded alone. It adds up
no money of its own: every amount is what the ledger realised by an event. The judgement is that of
`engine.evaluation`, so a verdict on the screen means what it means in a report.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from engine import events as ev
from engine.evaluation.verdict import judge_quickly
from engine.journal import Log
from engine.learning_view import VerdictView
from engine.ledger import Ledger
from engine.market import Market
from engine.units import SELLABLE_STEP

SEED = 0
"""Of the resampling: the same results always get the same verdict."""


@dataclass(slots=True)
class _Window:
    """A window of which something may still come."""

    market: Market
    shares: dict[str, int] = field(default_factory=dict)
    """Micro-shares by outcome token."""
    owed: set[str] = field(default_factory=set)
    """Fills that have not settled."""
    over: bool = False
    """The asset's next window has begun."""
    resolved: bool = False

    @property
    def complete(self) -> bool:
        """Whether its result is known: paid out, or over with nothing left to be paid out."""
        return not self.owed and (self.resolved or (self.over and self._flat))

    @property
    def _flat(self) -> bool:
        return all(abs(held) < SELLABLE_STEP for held in self.shares.values())

    def match(self, fill: ev.FillMatched) -> None:
        self.owed.add(fill.fill_id)
        self._trade(fill, 1)

    def void(self, fill: ev.FillMatched) -> None:
        self.owed.discard(fill.fill_id)
        self._trade(fill, -1)

    def _trade(self, fill: ev.FillMatched, sign: int) -> None:
        bought = fill.shares if fill.side == "BUY" else -fill.shares
        self.shares[fill.token_id] = self.shares.get(fill.token_id, 0) + sign * bought


class Scorecard:
    """Executable realised PnL by slot since the deciding weights last changed."""

    def __init__(self) -> None:
        self.policy_id: str | None = None
        """The weights that decide; None: no session has said so yet."""
        self.fills = 0
        """Matches in the slots followed, the running one with them."""
        self._windows: dict[str, _Window] = {}
        self._fills: dict[str, ev.FillMatched] = {}
        self._pnl: dict[int, int] = {}
        """Slot (start, unix seconds) -> micro-dollars so far."""
        self._newest = 0
        """Start of the newest window that began."""
        self._after = 0
        """Slots that began no later than this were traded by other weights too."""

    @classmethod
    def of_log(cls, log: Log) -> Scorecard:
        """What following `log` from its first event would have made. Reads the log once."""
        card, ledger = cls(), Ledger()
        for recorded in log.replay():
            slug = ledger.window_of(recorded.event)
            ledger.apply(recorded.t_ms, recorded.event)
            card.happened(slug, recorded.event, ledger.realised_by_event)
        return card

    def happened(self, slug: str, event: ev.Event, realised: int) -> None:
        """An event of the window `slug` ("": of none) realised so many micro-dollars
        (`engine.journal.Listener`)."""
        match event:
            case ev.SessionOpened() | ev.ModelChanged():
                self._decides(event.policy_id)
            case ev.MarketSeen():
                self._begun(event.market())
        window = self._windows.get(slug)
        if window is not None:
            self._pnl[window.market.window_start] += realised
            self._believe(window, event)

    def begin(self) -> None:
        """Forget all results; the next slot to begin is the first."""
        self._windows.clear()
        self._fills.clear()
        self._pnl.clear()
        self.fills = 0
        self._after = self._newest

    def results(self) -> dict[int, int]:
        """Complete slots, oldest first: start in unix seconds -> micro-dollars."""
        running = {w.market.window_start for w in self._windows.values() if not w.complete}
        return {start: self._pnl[start] for start in sorted(self._pnl.keys() - running)}

    def verdict(self) -> VerdictView:
        """The model against doing nothing. Computed anew only where a complete slot changed."""
        return _judged(tuple(self.results().values()))

    def _decides(self, policy_id: str) -> None:
        if policy_id != self.policy_id:
            self.policy_id = policy_id
            self.begin()

    def _begun(self, market: Market) -> None:
        for window in self._windows.values():
            window.over |= (
                window.market.asset == market.asset
                and window.market.window_start < market.window_start
            )
        self._newest = max(self._newest, market.window_start)
        if market.window_start > self._after:
            self._windows[market.slug] = _Window(market)
            self._pnl.setdefault(market.window_start, 0)

    def _believe(self, window: _Window, event: ev.Event) -> None:
        match event:
            case ev.FillMatched():
                self.fills += 1
                self._fills[event.fill_id] = event
                window.match(event)
            case ev.FillSettled():
                self._fills.pop(event.fill_id, None)
                window.owed.discard(event.fill_id)
            case ev.FillVoided():
                window.void(self._fills.pop(event.fill_id))
            case ev.WindowResolved():
                window.resolved = event.outcome is not None
        if window.resolved and window.complete:
            del self._windows[window.market.slug]  # nothing can come after this


def compare(ours: Scorecard, theirs: Scorecard) -> VerdictView:
    """`ours` less `theirs`, over the slots that both have complete."""
    mine, other = ours.results(), theirs.results()
    return _judged(tuple(mine[start] - other[start] for start in mine if start in other))


@lru_cache(maxsize=8)
def _judged(differences: Sequence[int]) -> VerdictView:
    if not differences:
        return VerdictView()
    found = judge_quickly(differences, SEED)
    return VerdictView(
        verdict=found.verdict,
        slots=found.slots,
        differing=found.differing,
        mean=found.mean,
        low=found.low,
        high=found.high,
        why=found.why,
    )
