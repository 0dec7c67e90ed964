"""From decisions and realised money to transitions, window by window.

Owns which money belongs to which decision: what a window realised after one decision and up to the
next is the reward of the first. A decision waits until its successor, its window's verdict or a cut
completes it. Nothing here judges a decision, changes it, or computes it again; what a rule did
(a sale before the end, a flatten) appears only as money.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engine import events as ev
from engine.core import Engine
from engine.decision import Decision, Floats
from engine.history import HISTORY_LEN, ROW_SIZE
from engine.learning.transition import Transition
from engine.trading_state import TradingState
from engine.units import dollars

PATIENCE_MS = 3_600_000
"""Market time after a window's end for which its last decision waits for a verdict."""

VERDICT_MS = 120_000
"""Market time after a window's end within which its verdict usually comes."""


@dataclass(slots=True)
class _Pending:
    """A decision whose consequences are not complete."""

    decision: Decision
    tick: int
    """Number of the tick at which it was made."""
    realised: int = 0
    """Micro-dollars since then."""


class Trajectories:
    """Follows one engine (`engine.core.Observer`, `engine.journal.Journal.listeners`)."""

    def __init__(self, take: Callable[[Transition], None]) -> None:
        """`take` is given every transition as it is completed; those of one window in order."""
        self._take = take
        self._pending: dict[str, _Pending] = {}
        self._ends: dict[str, int] = {}
        self._tick = 0
        self.unattributed = 0
        """Micro-dollars that windows realised while no decision of theirs was waiting. They were
        earned before a cut, so no later decision may have them."""
        self.cuts: Counter[str] = Counter()
        """Decisions cut off from what came after them, by reason."""

    @property
    def waiting(self) -> int:
        """Micro-dollars of decisions that are not complete."""
        return sum(pending.realised for pending in self._pending.values())

    def verdict_due(self, t_ms: int) -> bool:
        """Whether the last decision of a window that just ended still waits for its verdict.

        Other weights from now on would cut the decision off from it.
        """
        return any(0 <= t_ms - self._end(slug) < VERDICT_MS for slug in self._pending)

    def follow(self, engine: Engine) -> None:
        """Attach to an engine. What it holds already was not decided under these eyes."""
        self._ends |= {slug: m.end_ms for slug, m in engine.journal.ledger.markets.items()}
        engine.observer = self
        engine.journal.listeners.append(self.happened)

    def ticked(self, t_ms: int, decisions: Sequence[Decision], state: TradingState) -> None:
        """Complete the decisions of the tick before and let this tick's wait in their place.

        Outside ACTIVE others decide what is bought or sold: no decision is opened, and those of
        running windows are cut. A window that has ended still gets its verdict.
        """
        self._tick += 1
        self._give_up(t_ms)
        if state is not TradingState.ACTIVE:
            self._cut([s for s in self._pending if t_ms < self._end(s)], state.value)
            return
        for decision in decisions:
            self._decided(decision)

    def happened(self, slug: str, event: ev.Event, realised_micro: int) -> None:
        """An event of the window `slug` realised so much (micro-dollars)."""
        if isinstance(event, ev.MarketSeen):
            self._ends[slug] = event.market().end_ms
        if isinstance(event, ev.ReferenceChanged):
            self.cut("the reference venue changed")
        pending = self._pending.get(slug)
        if pending is None:
            self.unattributed += realised_micro
            return
        pending.realised += realised_micro
        if isinstance(event, ev.WindowResolved):
            self._resolved(slug, event)

    def cut(self, why: str) -> None:
        """Another policy decides from now on, or none."""
        self._cut(list(self._pending), why)

    # ---- how a decision is completed ---------------------------------------------------------

    def _decided(self, decision: Decision) -> None:
        before = self._pending.get(decision.slug)
        if before is not None and before.decision.policy_id != decision.policy_id:
            self._cut([decision.slug], "another policy")
        elif before is not None:
            gap = before.tick < self._tick - 1
            if gap:
                self.cuts["gap"] += 1
            self._complete(decision.slug, next_value=decision.value, truncated=gap)
        self._pending[decision.slug] = _Pending(decision, self._tick)

    def _resolved(self, slug: str, event: ev.WindowResolved) -> None:
        if event.outcome is None:
            self._cut([slug], "no verdict")
        else:
            self._complete(slug, done=True)
        self._ends.pop(slug, None)

    def _give_up(self, t_ms: int) -> None:
        late = [slug for slug, end in self._ends.items() if end + PATIENCE_MS <= t_ms]
        self._cut([slug for slug in late if slug in self._pending], "no verdict")
        for slug in late:
            del self._ends[slug]

    def _cut(self, slugs: Iterable[str], why: str) -> None:
        for slug in slugs:
            self.cuts[why] += 1
            self._complete(slug, truncated=True)

    def _complete(
        self,
        slug: str,
        *,
        next_value: float | None = None,
        done: bool = False,
        truncated: bool = False,
    ) -> None:
        """Give away a window's waiting decision; without `next_value` its own stands for it."""
        pending = self._pending.pop(slug)
        decision = pending.decision
        self._take(
            Transition(
                environment=decision.asset,
                episode=slug,
                observation=decision.observation,
                temporal=temporal_of(decision.history),
                mask=decision.mask,
                action=decision.action,
                log_prob=decision.log_prob,
                value=decision.value,
                policy_id=decision.policy_id,
                reward=dollars(pending.realised),
                done=done,
                truncated=truncated,
                next_value=decision.value if next_value is None else next_value,
            )
        )

    def _end(self, slug: str) -> float:
        return self._ends.get(slug, math.inf)


def temporal_of(history: Sequence[Sequence[float]]) -> Floats:
    """Shape (90,) float32 of up to five rows of 18, oldest first, zeros in front."""
    flat = np.zeros(HISTORY_LEN * ROW_SIZE, np.float32)
    if history:
        flat[-len(history) * ROW_SIZE :] = np.asarray(history, np.float32).ravel()
    return flat
