from __future__ import annotations

from pathlib import Path

import pytest

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.decision import Action
from engine.errors import LedgerError
from engine.operator import FIXED, NO_CHALLENGER, follow, obey
from engine.safety.breakers import Breaker
from engine.trading_state import Latch, TradingState
from tests.engine.build import START_MS
from tests.engine.fakes import ORDINARY, SURE, always, engine_on, events_of, window
from tests.engine.safety.clocks import ManualClock

UP = always(Action.BUY)


def notes(engine: Engine) -> list[ev.Noted]:
    return [e for e in events_of(engine, ev.Noted) if isinstance(e, ev.Noted)]


@pytest.mark.parametrize("stop", [rq.Halt("key"), rq.Flatten("key")])
def test_a_stop_that_is_asked_for_after_a_resume_wins(
    stop: rq.Halt | rq.Flatten, tmp_path: Path
) -> None:
    latch = Latch(tmp_path / "HALTED")
    engine = engine_on(window(), UP, latch=latch)
    latch.shut_now("halt by key")
    for request in (rq.Halt("key"), rq.Resume("RESUME"), stop):
        obey(engine, request)
    assert engine.state() is TradingState.HALTED
    assert latch.reason == stop.why
    assert Latch(tmp_path / "HALTED").reason == stop.why


def reports(engine: Engine) -> list[ev.StopReported]:
    return [e for e in events_of(engine, ev.StopReported) if isinstance(e, ev.StopReported)]


def run_on(engine: Engine, until_ms: int) -> None:
    """As a thread drives it: market time in turns, and a look at the stop after each."""
    for t_ms in range(engine.t_ms + 50, until_ms + 1, 50):
        engine.advance(t_ms)
        follow(engine)


def test_F12_a_halt_cancels_what_is_under_way_and_reports_what_the_venue_said() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 100)
    assert engine.journal.ledger.working
    obey(engine, rq.Halt("key"))
    run_on(engine, START_MS + 5_000)
    first, last = reports(engine)
    assert "cancels 0/1 confirmed; held nothing" in first.sentence
    assert "cancels 1/1 confirmed; held nothing" in last.sentence
    assert (first.done, last.done) == (False, True)
    assert [e.how for e in events_of(engine, ev.OrderDone)] == ["cancelled"]  # type: ignore[union-attr]  # events of one kind
    assert engine.journal.ledger.open_slugs() == []


def test_a_match_that_the_cancel_came_too_late_for_is_told_and_held() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 200)
    obey(engine, rq.Halt("key"))
    run_on(engine, START_MS + 60_000)
    last = reports(engine)[-1]
    assert "cancels 1/1 confirmed; 1 filled before the cancel; held BTC UP 257.50" in last.sentence
    assert len(events_of(engine, ev.OrderSent)) == 1


def test_F16_an_order_without_an_answer_is_named_with_its_last_moment() -> None:
    lost = SURE.model_copy(update={"lost_answer_rate": 1.0, "unknown_ms": 20_000})
    engine = engine_on(window(), UP, ORDINARY.model_copy(update={"paper": lost}))
    engine.advance(START_MS + 300)
    obey(engine, rq.Halt("key"))
    assert "1 ambiguous until 08:00:20" in reports(engine)[0].sentence
    run_on(engine, START_MS + 30_000)
    assert "cancels 1/1 confirmed" in reports(engine)[-1].sentence
    assert "ambiguous" not in reports(engine)[-1].sentence


def test_a_halt_holds_what_is_held_and_says_so() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    answer = obey(engine, rq.Halt("key"))
    (report,) = reports(engine)
    assert report.done
    assert answer == report.sentence
    assert "no order was under way; held BTC UP 257.50" in answer
    engine.advance(START_MS + 120_000)
    assert engine.journal.ledger.open_slugs() != []


def test_a_halt_that_cannot_be_written_down_says_so_and_holds(tmp_path: Path) -> None:
    engine = engine_on(window(), latch=Latch(tmp_path / "nowhere" / "HALTED"))
    obey(engine, rq.Halt("key"))
    assert engine.state() is TradingState.HALTED
    assert any("holds in memory" in note.text for note in notes(engine))


def test_a_halt_sells_what_is_held_where_the_settings_say_so() -> None:
    settings = ORDINARY.model_copy(update={"when_halted": "flatten"})
    engine = engine_on(window(), UP, settings)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Halt("key"))
    engine.advance(START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() == []
    assert engine.state() is TradingState.HALTED


def test_a_wrong_word_leaves_a_sentence_and_the_halt() -> None:
    engine = engine_on(window())
    obey(engine, rq.Halt("key"))
    obey(engine, rq.Resume("please"))
    assert engine.state() is TradingState.HALTED
    assert notes(engine)[-1].text == "type RESUME to leave HALTED; 'please' was typed"


def test_the_gate_is_shut_and_the_cancels_sent_though_the_log_can_take_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latch = Latch(tmp_path / "HALTED")
    engine = engine_on(window(), UP, latch=latch)
    engine.advance(START_MS + 100)

    def full(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(engine.journal, "record", full)
    with pytest.raises(LedgerError):
        obey(engine, rq.Halt("key"))
    assert Latch(tmp_path / "HALTED").shut
    ended = [event for _, event in engine.venue.due(START_MS + 5_000, engine.intake.book)]
    assert [event.how for event in ended if isinstance(event, ev.OrderDone)] == ["cancelled"]


# ---- one stop meets another ----------------------------------------------------------------


def test_the_same_stop_twice_is_one_stop_with_its_first_orders() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 100)
    obey(engine, rq.Halt("key"))
    first = engine.stop
    engine.advance(START_MS + 150)
    obey(engine, rq.Halt("control socket"))
    assert engine.stop is first
    run_on(engine, START_MS + 5_000)
    assert [report.origin for report in reports(engine)] == ["key", "key"]


def test_a_stop_after_one_that_is_over_is_another() -> None:
    engine = engine_on(window(), UP)
    for origin in ("key", "signal SIGUSR1"):
        obey(engine, rq.Halt(origin))
    assert [report.origin for report in reports(engine)] == ["key", "signal SIGUSR1"]


def test_flatten_after_halt_sells_what_the_halt_held() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Halt("key"))
    obey(engine, rq.Flatten("key"))
    assert engine.stop is not None
    assert not engine.stop.done(engine.t_ms)
    run_on(engine, START_MS + 70_000)
    assert engine.stop.done(engine.t_ms)
    assert "held nothing" in reports(engine)[-1].sentence
    assert engine.state() is TradingState.HALTED


def test_halt_after_flatten_ends_the_selling() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Flatten("key"))
    obey(engine, rq.Halt("key"))
    run_on(engine, START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() != []
    assert reports(engine)[-1].grade == "halt"


def test_a_watchdog_that_bites_ends_no_flatten() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 60_000)
    obey(engine, rq.Flatten("key"))
    obey(engine, rq.Halt(rq.WATCHDOG))
    run_on(engine, START_MS + 70_000)
    assert engine.journal.ledger.open_slugs() == []


@pytest.mark.parametrize("stop", [rq.Halt("key"), rq.Flatten("key")])
@pytest.mark.parametrize("before", [rq.ReduceOnly(), rq.CloseOut("quit"), rq.AdmitOpens(), None])
def test_a_stop_from_any_state_halts(stop: rq.Stopping, before: rq.Request | None) -> None:
    engine = engine_on(window(), UP)
    if before is not None:
        obey(engine, before)
    obey(engine, stop)
    run_on(engine, START_MS + 5_000)
    assert engine.state() is TradingState.HALTED
    assert events_of(engine, ev.OrderSent) == []


def test_a_stop_before_the_start_is_a_stop_after_it() -> None:
    latch = Latch(None)
    latch.shut_now("halt by key")
    engine = engine_on(window(), UP, latch=latch)
    obey(engine, rq.Halt("key"))
    run_on(engine, START_MS + 5_000)
    assert engine.state() is TradingState.HALTED
    assert events_of(engine, ev.OrderSent) == []
    assert reports(engine)[-1].done


# ---- how long the gate was open ------------------------------------------------------------


def test_the_evidence_tells_how_long_the_gate_was_open_after_the_question() -> None:
    clock = ManualClock(now=10.0)
    engine = engine_on(window(), latch=Latch(None, clock))
    clock.now = 10.031
    engine.latch.shut_now("halt by key")
    obey(engine, rq.Halt("key", asked_mono=10.0))
    assert engine.stop is not None
    assert engine.stop.view(engine.t_ms).latched_ms == pytest.approx(31.0)
    assert reports(engine)[0].sentence.startswith("latched 31 ms")


def test_a_gate_that_was_shut_before_this_run_has_no_such_time(tmp_path: Path) -> None:
    (tmp_path / "HALTED").write_text("halt by key\n")
    engine = engine_on(window(), latch=Latch(tmp_path / "HALTED"))
    obey(engine, rq.Halt("key", asked_mono=10.0))
    assert reports(engine)[0].sentence.startswith("latched before this run")


# ---- out of it again -----------------------------------------------------------------------


def test_resume_waits_for_the_stop_to_be_done() -> None:
    engine = engine_on(window(), UP)
    engine.advance(START_MS + 100)
    obey(engine, rq.Halt("key"))
    refused = obey(engine, rq.Resume("RESUME"))
    assert refused.startswith("still HALTED: the halt is not done (latched")
    assert notes(engine)[-1].text == refused
    assert engine.state() is TradingState.HALTED
    run_on(engine, START_MS + 5_000)
    assert obey(engine, rq.Resume("RESUME")) == ""
    assert engine.state() is TradingState.ACTIVE
    assert engine.stop is None


def test_resume_waits_for_a_known_account_and_for_the_stop_file(tmp_path: Path) -> None:
    (tmp_path / "STOP").touch()
    latch = Latch(tmp_path / "HALTED", stop_file=tmp_path / "STOP")
    engine = engine_on(window(), latch=latch)
    obey(engine, rq.Halt("stop file"))
    engine.reconciled = False
    refused = obey(engine, rq.Resume("RESUME"))
    assert "our account has not been compared with the venue's; the stop file" in refused
    assert engine.state() is TradingState.HALTED


def test_orders_leave_again_after_a_resume() -> None:
    engine = engine_on(window(), UP)
    obey(engine, rq.Halt("key"))
    run_on(engine, START_MS + 5_000)
    obey(engine, rq.Resume("RESUME"))
    run_on(engine, START_MS + 6_000)
    assert len(events_of(engine, ev.OrderSent)) == 1


def test_admitting_opens_resets_breakers_and_says_which_remain() -> None:
    engine = engine_on(window())
    engine.trip(Breaker.REJECTS, "5 of 5")
    engine.over(Breaker.REJECTS)
    engine.trip(Breaker.DATA_GAP, "61 s without a book")
    refused = obey(engine, rq.AdmitOpens())
    assert refused.startswith("still REDUCING: ")
    assert "61 s without a book" in refused
    assert "5 of 5" not in refused
    engine.over(Breaker.DATA_GAP)
    assert obey(engine, rq.AdmitOpens()) == ""
    assert engine.state() is TradingState.ACTIVE


def test_admitting_opens_opens_no_halt() -> None:
    engine = engine_on(window())
    obey(engine, rq.Halt("key"))
    assert obey(engine, rq.AdmitOpens()) == "still HALTED: halt by key"
    assert engine.state() is TradingState.HALTED


def test_resume_ends_a_flatten() -> None:
    engine = engine_on(window(), UP)
    seen = []
    for request in (rq.Flatten("key"), rq.Resume("RESUME")):
        obey(engine, request)
        seen.append((engine.flattening, engine.state()))
    assert seen == [(True, TradingState.HALTED), (False, TradingState.ACTIVE)]


def test_a_rung_that_does_not_exist_changes_no_model_and_says_so() -> None:
    engine = engine_on(window())
    obey(engine, rq.PickModel(9))
    assert events_of(engine, ev.ModelChanged) == []
    assert notes(engine)[-1].text == "there is no such rung on the model ladder"


@pytest.mark.parametrize(
    ("request_", "reason"), [(rq.FallBack(), "picked"), (rq.PickModel(2), "picked")]
)
def test_a_change_of_model_is_an_event_with_its_reason(request_: rq.Request, reason: str) -> None:
    engine = engine_on(window())
    obey(engine, request_)
    (changed,) = events_of(engine, ev.ModelChanged)
    assert isinstance(changed, ev.ModelChanged)
    assert (changed.before, changed.reason) == ("champion", reason)


def test_every_change_of_state_is_written_once() -> None:
    engine = engine_on(window())
    for request in (rq.ReduceOnly(), rq.ReduceOnly(), rq.AdmitOpens(), rq.Halt("key")):
        obey(engine, request)
    changes = [(e.before, e.after) for e in events_of(engine, ev.StateChanged)]  # type: ignore[union-attr]  # events of one kind
    assert changes == [
        ("STARTING", "RECONCILING"),
        ("RECONCILING", "ACTIVE"),
        ("ACTIVE", "REDUCING"),
        ("REDUCING", "ACTIVE"),
        ("ACTIVE", "HALTED"),
    ]


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (rq.SetLearning(True), NO_CHALLENGER),
        (rq.SetLearning(False), NO_CHALLENGER),
        (rq.Promote(), NO_CHALLENGER),
        (rq.RollBack(), FIXED),
    ],
)
def test_what_cannot_be_granted_leaves_a_sentence_and_changes_nothing(
    request_: rq.Request, text: str
) -> None:
    engine = engine_on(window())
    obey(engine, request_)
    assert [note.text for note in notes(engine)] == [text]
    assert engine.state() is TradingState.ACTIVE
