"""Paper that flattered: fills at mid, at once, free, and never refused."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from engine import events as ev
from engine.decision import Action
from engine.settings import PaperVenue
from engine.units import cost_micro, proceeds_micro
from tests.accidents.stage import fills, held, scene, steady, told
from tests.engine.build import LIMITS, MARKET, START_MS, market
from tests.engine.fakes import ORDINARY, SURE, always, events_of

UP = always(Action.BUY)


def flips(call: int) -> Action:
    return Action(1 + call // 20 % 2)


def test_F57_a_round_trip_in_a_still_market_loses_the_spread_and_two_fees() -> None:
    engine, _ = scene(told(steady), flips)
    engine.advance(START_MS + 12_000)
    bought, sold = fills(engine)[:2]
    spread = cost_micro(bought.shares, 5_000) - proceeds_micro(sold.shares, 4_900)
    lost = spread + bought.fee + sold.fee
    assert engine.journal.ledger.realised < 0
    assert -engine.journal.ledger.cash >= lost - 10_000


def test_F58_a_delayed_order_meets_the_book_of_its_arrival() -> None:
    late = SURE.model_copy(update={"delay_rate": 1.0, "delay_ms": 5_000})
    jump = told(lambda s: 4_900 if s < 3 else 3_900, every_ms=500)
    engine, _ = scene(jump, UP, ORDINARY.model_copy(update={"paper": late}))
    engine.advance(START_MS + 10_000)
    matches = fills(engine)
    assert {f.price_bp for f in matches} == {4_000}
    worse = told(lambda s: 4_900 if s < 3 else 6_900, every_ms=500)
    engine, _ = scene(worse, UP, ORDINARY.model_copy(update={"paper": late}))
    engine.advance(START_MS + 5_900)
    assert fills(engine) == []


@pytest.mark.parametrize("seed", range(6))
def test_F59_no_order_of_a_whole_window_pays_less_than_the_ask(seed: int) -> None:
    wander = told(lambda s: 4_000 + (s * (seed + 3) * 37 % 19) * 100)
    engine, _ = scene(wander, flips)
    asks = {m.t_ms: m.asks[0][0] for m in wander if getattr(m, "token_id", "") == MARKET.up_token}  # type: ignore[union-attr]  # books have a token
    engine.advance(START_MS + 400_000)
    bought = [
        (r.t_ms, r.event)
        for r in engine.journal.log.replay()
        if isinstance(r.event, ev.FillMatched) and r.event.outcome == "UP" and r.event.side == "BUY"
    ]
    assert bought
    for at, fill in bought:
        assert fill.price_bp >= asks[at - at % 1_000]


def test_F60_every_kind_of_refusal_and_failure_happens_on_paper() -> None:
    rough = PaperVenue(
        reject_rate=0.2, delay_rate=0.2, settle_failure_rate=0.2, lost_answer_rate=0.2
    )
    limits = LIMITS.model_copy(update={"opens_per_minute": 600})
    safety = ORDINARY.safety.model_copy(update={"rejects": 1_000, "errors": 1.0})
    changed = {"paper": rough, "limits": limits, "safety": safety, "trade_size": Decimal(40)}
    engine, _ = scene(told(steady), flips, ORDINARY.model_copy(update=changed))
    engine.advance(START_MS + 700_000)
    kinds = Counter(type(r.event).__name__ for r in engine.journal.log.replay())
    for kind in ("OrderRejected", "FillVoided", "OrderAmbiguous", "FillSettled"):
        assert kinds[kind] > 0, kind


def test_F61_every_open_has_an_end_and_every_share_is_accounted_for() -> None:
    later = market(start=MARKET.window_start + 900)
    messages = [*told(steady), *told(lambda s: 3_000 if s % 7 else 3_400, later)]
    engine, _ = scene(messages, flips)
    engine.advance(later.end_ms + 120_000)
    left: Counter[str] = Counter()
    for fill in fills(engine):
        left[fill.token_id] += fill.shares if fill.side == "BUY" else -fill.shares
    verdicts = {e.slug for e in events_of(engine, ev.WindowResolved)}  # type: ignore[union-attr]  # as above
    assert verdicts == {MARKET.slug, later.slug}
    assert (held(engine), held(engine, later)) == (0, 0)
    paid = left[MARKET.up_token] + left[later.up_token]  # both windows went UP
    moved = sum(_moved(f) for f in fills(engine))
    assert engine.journal.ledger.cash == moved + paid
    assert engine.journal.ledger.working == {}


def _moved(fill: ev.FillMatched) -> int:
    if fill.side == "BUY":
        return -cost_micro(fill.shares, fill.price_bp) - fill.fee
    return proceeds_micro(fill.shares, fill.price_bp) - fill.fee
