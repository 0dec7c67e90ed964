from __future__ import annotations

from dataclasses import fields

import orjson

from engine.core import Engine
from engine.decision import Action
from engine.market import Outcome
from engine.messages import BadMessage, BookSnapshot, Message
from engine.summary import Summary, summarise
from engine.units import dollars
from tests.engine.build import MARKET, START_MS
from tests.engine.fakes import always, engine_on, window

UP = always(Action.BUY)
AFTER = MARKET.end_ms + 120_000

PROMISED = {
    "windows", "decisions", "orders", "fills", "rejects", "pnl_executable", "pnl_mid", "fees",
    "open_positions", "unmanaged_expiries", "loop_gap_ms", "rss_mb", "model", "profile",
    "event_hash",
}  # fmt: skip
"""The names that DESIGN 7 promises to whoever reads the JSON."""


def summed(engine: Engine, real_seconds: float = 2.0) -> Summary:
    engine.finish("complete")
    return summarise(engine, 1, real_seconds, ())


def finished(messages: list[Message]) -> Summary:
    engine = engine_on(messages, UP)
    engine.advance(AFTER)
    return summed(engine)


def test_every_promised_name_is_in_the_json() -> None:
    printed = orjson.loads(orjson.dumps(finished(window())))
    assert printed.keys() >= PROMISED
    assert printed["loop_gap_ms"].keys() == {"p50", "p99", "max"}
    assert len(printed) == len(fields(Summary))


def test_the_numbers_are_those_of_the_ledger() -> None:
    engine = engine_on(window(), UP)
    engine.advance(AFTER)
    summary = summed(engine)
    ledger = engine.journal.ledger
    assert summary.pnl_executable == dollars(ledger.realised) < 0
    assert summary.fees == dollars(ledger.fees) > 0
    assert (summary.windows, summary.orders, summary.fills) == (1, 2, 2)
    assert (summary.open_positions, summary.unmanaged_expiries) == (0, 0)


def test_market_time_is_counted_from_the_first_tick_and_against_real_time() -> None:
    summary = finished(window())
    assert summary.market_seconds == (AFTER - START_MS) / 1000
    assert summary.x_realtime == summary.market_seconds / 2.0


def test_no_real_time_is_no_division() -> None:
    engine = engine_on([])
    assert summed(engine, real_seconds=0.0).x_realtime == 0.0


def _books_until(t_ms: int, verdict: Outcome | None) -> list[Message]:
    return [m for m in window(verdict=verdict) if not isinstance(m, BookSnapshot) or m.t_ms < t_ms]


def test_a_position_whose_outcome_nobody_knows_is_listed_with_both_reasons() -> None:
    summary = finished(_books_until(MARKET.end_ms - 300_000, None))
    (held,) = summary.open_position_details
    assert summary.open_positions == 1
    assert summary.unmanaged_expiries == 0
    assert held.why.startswith("the source says that nobody knows the outcome; the book of UP")


def test_a_position_of_a_window_that_still_runs_says_so() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    engine.finish("left")
    (held,) = summarise(engine, 1, 1.0, ()).open_position_details
    assert held.why == "the window is still running"
    assert held.cost > 0


def test_when_the_data_end_before_the_verdict_the_position_says_so() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    (held,) = summed(engine).open_position_details
    assert held.why == "the data ended before the window was resolved"


def test_a_run_that_ended_halted_says_so_and_why() -> None:
    engine = engine_on(window(), UP)
    engine.advance(AFTER)
    assert summed(engine).state == "ACTIVE"
    engine.latch.shut_now("the chain breaks at event 3")
    halted = summed(engine)
    assert (halted.state, halted.why) == ("HALTED", "the chain breaks at event 3")


def test_absent_sources_are_counted_and_never_silently_neutral() -> None:
    assert finished(window()).neutral_features == "10 of 18 features neutral"


def test_bad_messages_are_counted_by_source() -> None:
    bad: list[Message] = [BadMessage(START_MS, "tape", "cut"), BadMessage(START_MS, "tape", "cut")]
    assert finished([*window(), *bad]).bad_messages == {"tape": 2}


def test_without_a_decision_its_time_is_unknown() -> None:
    assert summed(engine_on([])).decision_us is None


def test_what_the_feed_lacks_is_neutral_though_no_window_ever_ran() -> None:
    assert finished([]).neutral_features == "10 of 18 features neutral"
