"""The account of a finished run, as ``--headless --json`` prints it (DESIGN 7).

Owns the names and units of the summary. Every number is read from the ledger or the meters.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.core import Engine
from engine.learning.challenger import Challenger
from engine.memory import measure
from engine.meters import LoopGaps
from engine.units import dollars, shares_float


@dataclass(frozen=True, slots=True)
class Gap:
    """Real time between two turns of the loop, milliseconds."""

    p50: float
    """Of the turns that `engine.meters` remembers, as is `p99`."""
    p99: float
    max: float
    """Of the whole run."""


@dataclass(frozen=True, slots=True)
class OpenPosition:
    """A position at the end of the run, with its explanation."""

    slug: str
    outcome: str
    shares: float
    cost: float
    """Dollars, fees included."""
    why: str


@dataclass(frozen=True, slots=True)
class LearningSummary:
    """What the challenger did in the run."""

    updates: int
    """Judged, over the challenger's whole life."""
    accepted: int
    """Since it last started from the champion."""
    refused: int
    """In this run: rejected, dropped or quarantined."""
    last_refusal: str
    """"": none."""
    challenger: str
    """Policy id of its weights."""
    pnl_challenger: float
    """Dollars realised on its own paper account, after fees."""
    slice_ms: Gap
    """How long each slice of learning held the loop."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One run."""

    feed: str
    seed: int
    windows: int
    decisions: int
    orders: int
    fills: int
    rejects: int
    denials: dict[str, int]
    """By typed code."""
    pnl_executable: float
    """Realised dollars after fees."""
    pnl_mid: float
    """Realised dollars of the upstream accounting: at mid, at once, free."""
    fees: float
    """Dollars."""
    open_positions: int
    open_position_details: tuple[OpenPosition, ...]
    mid_open: int
    """Positions of the mid account whose windows nobody resolved."""
    unmanaged_expiries: int
    """Windows that ended with a position that no rule had tried to sell."""
    neutral_features: str
    """``n of 18 features neutral``: their source does not exist in this feed."""
    bad_messages: dict[str, int]
    warnings: tuple[str, ...]
    loop_gap_ms: Gap
    decision_us: float | None
    """Median microseconds from features to actions, all assets in one call."""
    market_seconds: float
    real_seconds: float
    x_realtime: float
    rss_mb: float | None
    model: str
    """Rung and policy that decided at the end."""
    falls: int
    """How often the model ladder changed the rung that decides."""
    last_fall: str
    """Why it did so last; "": it never did."""
    state: str
    """Trading state at the end."""
    why: str
    """The reason of that state."""
    profile: str
    learning: LearningSummary | None
    """None: nothing learned in this run."""
    event_hash: str


def summarise(
    engine: Engine,
    seed: int,
    real_seconds: float,
    warnings: tuple[str, ...],
    challenger: Challenger | None = None,
) -> Summary:
    """The summary of an engine that has finished."""
    ledger, meters, info = engine.journal.ledger, engine.meters, engine.feed.info
    market_seconds = (engine.t_ms - info.start_ms) / 1000
    positions = _positions(engine)
    rss = measure().rss
    return Summary(
        feed=info.name,
        seed=seed,
        windows=meters.windows,
        decisions=engine.journal.decisions,
        orders=ledger.counts["OrderSent"],
        fills=ledger.counts["FillMatched"],
        rejects=ledger.counts["OrderRejected"],
        denials=dict(engine.journal.denials.most_common()),
        pnl_executable=dollars(ledger.realised),
        pnl_mid=dollars(ledger.mid.total()),
        fees=dollars(ledger.fees),
        open_positions=len(positions),
        open_position_details=positions,
        mid_open=len(ledger.mid.open),
        unmanaged_expiries=meters.unmanaged,
        neutral_features=f"{_neutral(engine)} of 18 features neutral",
        bad_messages=dict(engine.intake.bad),
        warnings=warnings,
        loop_gap_ms=_gap(meters.gaps),
        decision_us=meters.usual_decision_us,
        market_seconds=market_seconds,
        real_seconds=round(real_seconds, 3),
        x_realtime=round(market_seconds / real_seconds, 1) if real_seconds else 0.0,
        rss_mb=None if rss is None else round(rss / 2**20, 1),
        model=f"{engine.ladder.name} {engine.ladder.policy.policy_id}".strip(),
        falls=ledger.counts["ModelChanged"],
        last_fall=meters.last_fall,
        state=engine.state().value,
        why=engine.why(),
        profile=engine.settings.ppo.profile,
        learning=None if challenger is None else _learning(challenger),
        event_hash=engine.journal.log.digest(),
    )


def _learning(challenger: Challenger) -> LearningSummary:
    learner = challenger.learner
    refusals = [u.reason for u in learner.updates if u.verdict != "accepted"]
    return LearningSummary(
        updates=learner.number,
        accepted=learner.accepted,
        refused=learner.refused,
        last_refusal=refusals[-1] if refusals else "",
        challenger=learner.policy_id,
        pnl_challenger=dollars(challenger.shadow.engine.journal.ledger.realised),
        slice_ms=_gap(challenger.slices),
    )


def _positions(engine: Engine) -> tuple[OpenPosition, ...]:
    ledger = engine.journal.ledger
    return tuple(
        OpenPosition(
            h.slug,
            h.outcome.value,
            shares_float(h.shares),
            dollars(h.cost),
            _why(engine, h.slug),
        )
        for h in ledger.holdings.values()
        if not h.dust
    )


def _why(engine: Engine, slug: str) -> str:
    ledger = engine.journal.ledger
    reason = ledger.awaiting.get(slug, "the window is still running")
    if slug in ledger.verdicts:
        return f"the source says that nobody knows the outcome; {reason}"
    return reason


def _neutral(engine: Engine) -> int:
    """The most features that were neutral because the feed lacks their source."""
    return max((desk.neutral for desk in engine.desks.values()), default=0)


def _gap(gaps: LoopGaps) -> Gap:
    return Gap(
        round(gaps.quantile_ms(0.50), 3),
        round(gaps.quantile_ms(0.99), 3),
        round(gaps.longest_ms, 3),
    )
