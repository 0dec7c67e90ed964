from __future__ import annotations

from dataclasses import replace

import pytest

from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.messages import BookSnapshot, MarketListed, Message, MidQuote, PriceToBeat
from engine.operator import obey
from engine.picture import picture
from engine.snapshot import AssetView, MemoryView, Snapshot
from engine.units import MICRO
from tests.engine.build import MARKET, START_MS
from tests.engine.fakes import DEEP, HOLDS, ORDINARY, SURE, always, engine_on, window

UP = always(Action.BUY)
LATER = START_MS + 10_000


def shown(engine: Engine) -> Snapshot:
    return picture(engine, 1, 0.0, 1.0)


def btc(engine: Engine) -> AssetView:
    return shown(engine).assets[0]


def up_to(t_ms: int) -> list[Message]:
    """A window whose books stop at `t_ms`."""
    return [m for m in window() if not isinstance(m, BookSnapshot) or m.t_ms < t_ms]


def test_between_windows_everything_of_a_window_is_unknown_and_not_zero() -> None:
    seen = btc(engine_on([]))
    assert (seen.slug, seen.prob, seen.seconds_left, seen.price_to_beat) == (None,) * 4
    assert (seen.probs, seen.action, seen.value, seen.features, seen.order_size) == (None,) * 5
    assert (seen.up.bids, seen.up.invalid, seen.up.age_s) == ((), "no book yet", None)


def test_the_size_is_spelled_out_from_the_price_and_the_stake() -> None:
    engine = engine_on(window())
    engine.advance(LATER)
    seen = btc(engine)
    assert seen.prob == 0.495
    assert seen.confidence == pytest.approx(0.25 + 0.75 * 2 * 0.005)
    assert seen.order_size == pytest.approx(500 * (0.25 + 0.75 * 2 * 0.005))


def test_a_position_is_worth_what_the_bids_would_pay_after_the_fee() -> None:
    engine = engine_on(window(), UP)
    engine.advance(LATER)
    holding = engine.journal.ledger.holdings[MARKET.up_token]
    fee = MARKET.fee.taker_fee_micro(holding.shares, 4_900)
    position = btc(engine).position
    assert position is not None
    assert position.bid_value is not None
    assert position.bid_value == pytest.approx((holding.shares * 0.49 - fee) / MICRO, abs=1e-5)
    assert position.unrealised == pytest.approx(position.bid_value - position.cost)
    assert shown(engine).unrealised == position.unrealised


def test_what_the_bids_cannot_take_is_worth_nothing() -> None:
    at = START_MS + 20_000
    thin = BookSnapshot(at, MARKET.up_token, ((4_900, MICRO),), DEEP[1])
    engine = engine_on([*up_to(at), thin], UP)
    engine.advance(at)
    position = btc(engine).position
    assert position is not None
    assert position.bid_value == pytest.approx(0.49, abs=0.02)


def test_a_position_on_an_invalid_book_has_an_unknown_value_and_so_has_the_sum() -> None:
    at = START_MS + 20_000
    engine = engine_on([*up_to(at), BookSnapshot(at, MARKET.up_token, (), DEEP[1])], UP)
    engine.advance(at)
    seen = shown(engine)
    assert seen.assets[0].position is not None
    assert (seen.assets[0].position.bid_value, seen.unrealised) == (None, None)
    assert seen.assets[0].up.invalid == "one-sided book: no bids"


def test_a_held_position_says_why_it_is_still_held() -> None:
    engine = engine_on(up_to(MARKET.end_ms - 300_000), UP)
    engine.advance(START_MS + 2_000)
    assert _note(engine) == "settling"
    engine.advance(MARKET.end_ms - 100_000)
    assert _note(engine).startswith("exit blocked: the book of UP is")
    engine.advance(MARKET.end_ms + 1_000)
    assert _note(engine).startswith("awaiting resolution: ")
    assert btc(engine).awaiting == (MARKET.slug,)


def _note(engine: Engine) -> str:
    position = btc(engine).position
    assert position is not None
    return position.note


def test_an_order_on_its_way_is_told_in_words() -> None:
    slow = ORDINARY.model_copy(update={"paper": SURE.model_copy(update={"taker_delay_ms": 5_000})})
    engine = engine_on(window(), UP, slow)
    engine.advance(START_MS + 3_000)
    assert btc(engine).working == "BUY UP $128.75 in flight"


def test_a_mid_result_that_cannot_be_marked_is_unknown_and_so_is_the_sum() -> None:
    mids: list[Message] = [
        MarketListed(START_MS, MARKET),
        *(MidQuote(START_MS + i * 1_000, MARKET.slug, 0.5) for i in range(5)),
    ]
    engine = engine_on(mids, UP, has=frozenset({"mid"}))
    engine.advance(START_MS + 4_000)
    assert shown(engine).pnl_mid == 0.0
    engine.advance(START_MS + 60_000)
    assert shown(engine).pnl_mid is None


@pytest.mark.parametrize(
    ("has", "at_ms", "status"),
    [
        (frozenset({"book"}), LATER, {"book": "ok", "binance": "absent", "mid": "absent"}),
        (frozenset({"book", "binance"}), LATER, {"book": "ok", "binance": "silent"}),
        (frozenset({"book"}), LATER + 11_000, {"book": "stale"}),
    ],
)
def test_a_stream_is_ok_stale_silent_or_absent(
    has: frozenset[str], at_ms: int, status: dict[str, str]
) -> None:
    engine = engine_on(up_to(LATER), has=has)
    engine.advance(at_ms)
    found = {stream.name: stream.status for stream in shown(engine).streams}
    assert status.items() <= found.items()


def test_the_state_is_what_the_gate_does_and_says_who_wanted_it() -> None:
    engine = engine_on(window())
    told = []
    for request in (rq.ReduceOnly(), rq.AdmitOpens(), rq.Halt("key")):
        obey(engine, request)
        told.append((shown(engine).state, shown(engine).state_reason))
    assert told == [("REDUCING", "operator"), ("ACTIVE", ""), ("HALTED", "halt by key")]


def test_the_limits_show_what_is_used_of_them() -> None:
    engine = engine_on(window(), UP)
    engine.advance(LATER)
    used = {limit.name: limit.used for limit in shown(engine).limits}
    cost = engine.journal.ledger.holdings[MARKET.up_token].cost / MICRO
    assert used["one asset"] == used["all assets"] == pytest.approx(cost)
    assert used["day, worst"] == pytest.approx(cost)
    assert used["opens"] == 1


def test_only_ten_levels_of_a_book_are_shown_best_first() -> None:
    asks = tuple((5_000 + 100 * i, MICRO) for i in range(20))
    engine = engine_on(window(shown=(DEEP[0], asks)), HOLDS)
    engine.advance(LATER)
    prices = [price for price, _ in btc(engine).up.asks]
    assert prices == pytest.approx([0.50 + i / 100 for i in range(10)])


def test_the_price_to_beat_is_that_of_the_running_window() -> None:
    beat = PriceToBeat(START_MS, MARKET.slug, 90_000.0)
    engine = engine_on([*window(), beat, replace(beat, slug="another", price=1.0)])
    engine.advance(LATER)
    assert btc(engine).price_to_beat == 90_000.0


def test_a_picture_changes_nothing_of_the_engine() -> None:
    engine = engine_on(window(), UP)
    engine.advance(LATER)
    before = engine.journal.log.digest()
    first, second = (replace(shown(engine), memory=MemoryView()) for _ in range(2))
    assert first == second
    assert engine.journal.log.digest() == before


def test_where_nothing_learns_it_is_still_known_who_decides() -> None:
    engine = engine_on(window())
    learner = shown(engine).learning
    assert learner.champion.policy_id == engine.ladder.policy.policy_id
    assert (learner.phase, learner.challenger.policy_id) == ("off", "")
